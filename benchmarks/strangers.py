"""Base models that have not learnt from some of the corpora, so that a replay of those proves something. For benchmarks.

Made by the shipped model's own training, of which only the spam label is made anew; the others stay the shipped ones.
Each takes some minutes, and is kept in a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from unittest.mock import patch

import numpy as np

from classifier import Model, artifact, load, training
from classifier.training import corpora, cross_validation, lessons, mixture
from classifier.training.corpora import Table
from classifier.training.crew import Crew
from classifier.training.mixture import SPAM

Unseen = Callable[[Table], "np.typing.NDArray[np.bool_]"]


def stranger(root: Path, folder: Path, left_out: Collection[str], unseen: Unseen | None = None) -> Model:
    """A base that has seen none of the corpora `left_out`, nor the rows that `unseen` names; made once, kept in `folder`.

    Raises `corpora.CorpusError` for a corpus that is not there.
    """
    if (folder / artifact.METADATA).exists():
        return load(folder)
    corpora.folder(root)
    with patch.dict(mixture.SOURCES):
        for name in left_out:
            del mixture.SOURCES[name]
        mixed = mixture.assemble(root, training.SEED)
    speaks = mixed.weights[:, SPAM] > 0
    kept = speaks if unseen is None else speaks & ~unseen(mixed.table)
    mixed = mixed.take(np.flatnonzero(kept))
    padded = int(lessons.PADDED * len(mixed.table) / max(len(speaks), 1))
    taught = lessons.prepare(mixed, training.SEED, training.ORDERS, training.POOLING, padded)
    with Crew(taught) as crew:
        judged = crew.judge(SPAM, training.LEARNERS["spam"])
        learning = crew.fit(SPAM, training.LEARNERS["spam"], taught.weights[:, SPAM])
        found = judged()
        held, author = cross_validation.authors(taught, found, training.praise_of(found))
        head = learning.result()
    line = cross_validation.calibrate(held, cross_validation.PRIORS["spam"], spam=True)
    arrays, described = artifact.read(training.DEFAULT)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    arrays["hashed"][:, SPAM], arrays["dense"][:, SPAM] = head.hashed, head.dense
    arrays["intercept"][SPAM] = head.intercept
    arrays["author_hashed"], arrays["author_dense"] = author.hashed.astype(np.float16), author.dense
    own = ("version", "sha256", "format", "name", "arrays")
    metadata = {key: value for key, value in described.items() if key not in own}
    metadata["calibration"]["spam"] = line.knots()
    metadata["thresholds"]["spam"] = cross_validation.thresholds(held, line, "spam", training.STEPS["spam"])
    artifact.write(folder, "stranger", arrays, metadata)
    return load(folder)
