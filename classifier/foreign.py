"""Heads over the vectors of an encoder that is not ours: what another model's embeddings say of spam and abuse. Public.

Whoever runs such a model has no labelled corpora, so the heads learn from sentences that were written for this project, and from
what people decided. Some of both is kept back, and they are measured on it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier import artifact
from classifier.artifact import ArtifactError
from classifier.correction.decisions import Decided
from classifier.model import LABELS as ALL

LABELS = ("spam", "toxicity")
"""What there is a head for."""
Floats = npt.NDArray[np.float64]
_NAME = "other-reader"
_EACH = 2  # sentences of a template
_SEED = 20261130
_STRENGTH = 1e-3  # scikit-learn's C over standardised vectors
_PRIOR = 0.1  # of comments, what is spam or toxic
_NEWEST = 10  # one part in so many of what people decided is kept back: the newest


class Lessons(NamedTuple):
    """What is learnt from and measured on: parallel."""

    texts: list[str]
    labels: npt.NDArray[np.float32]
    """1, 0 or, where nothing is said, NaN: (texts, labels)."""
    held: npt.NDArray[np.bool_]
    """Of templates that nothing is learnt from."""
    kinds: npt.NDArray[np.str_]


def lessons(decided: Sequence[tuple[Decided, str]] = ()) -> Lessons:
    """Sentences in thirty languages, the same each time, and what was `decided`, oldest first, each with where it is from."""
    from classifier.training import corpora, writing  # noqa: PLC0415 - slow, and nothing that serves needs it

    parts = [writing.comments(_SEED, _EACH, held_back=held) for held in (False, True)]
    table = corpora.join(parts)
    newest = len(decided) - len(decided) // _NEWEST
    said = [[round(one.labels[label]) if label in one.labels else np.nan for label in LABELS] for one, _ in decided]
    return Lessons(
        [*(item.text for item in table.items), *(one.item.text for one, _ in decided)],
        np.concatenate(
            [
                table.labels[:, [ALL.index(label) for label in LABELS]],
                np.array(said, np.float32).reshape(-1, len(LABELS)),
            ]
        ),
        np.concatenate([np.arange(len(table)) >= len(parts[0]), np.arange(len(decided)) >= newest]),
        np.array([*table.corpora, *(f"decided {origin}" for _, origin in decided)]),
    )


class Heads:
    """Two logistic heads over standardised vectors. Immutable."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, Any]) -> None:
        """From what `artifact.read` returns. Raises `ArtifactError`."""
        try:
            self._middle, self._spread = arrays["middle"], arrays["spread"]
            self._weights, self._intercept = arrays["weights"], arrays["intercept"]
            self.model: str = metadata["model"]
            self.measured: Mapping[str, Mapping[str, float]] = metadata["measured"]
            """By label and by what it was measured on, the area under the ROC curve."""
        except KeyError as error:
            raise ArtifactError(f"the other reader's heads lack {error}") from None
        self.width = len(self._middle)
        if self._spread.shape != (self.width,) or self._weights.shape != (self.width, len(LABELS)):
            raise ArtifactError("the other reader's heads don't fit each other")

    def __call__(self, vectors: Sequence[Sequence[float]]) -> Floats:
        """How likely each label is: (texts, labels). Raises ValueError for vectors of another length, or that are not finite."""
        if any(len(vector) != self.width for vector in vectors):
            raise ValueError(f"vectors that are not of {self.width} numbers, which the heads were learnt on")
        found = np.array(vectors, np.float64).reshape(len(vectors), self.width)
        with np.errstate(all="ignore"):
            logits = (found - self._middle) / self._spread @ self._weights + self._intercept
        if not np.isfinite(logits).all():
            raise ValueError("vectors of numbers that are too large, or none")
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def learn(vectors: Sequence[Sequence[float]], lessons: Lessons, model: str, target: Path) -> Heads:
    """Learn the heads from the vectors of `lessons`, measure them, and write them into directory `target`.

    `model`: what the model is called. Raises ValueError if vectors differ in length or say nothing.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow, and nothing that serves needs it
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    from classifier.training import corpora  # noqa: PLC0415

    if len({len(vector) for vector in vectors}) != 1:
        raise ValueError("its vectors differ in length; is there more than one model behind that address?")
    found = np.array(vectors, np.float64)
    with np.errstate(all="ignore"):
        middle, spread = found[~lessons.held].mean(axis=0), found[~lessons.held].std(axis=0)
    if not np.isfinite(found).all() or not np.isfinite(spread).all():
        raise ValueError("its vectors hold numbers that are too large to reckon with")
    if not (spread > 0).any():
        raise ValueError("its vectors are empty or all the same; is that a model of embeddings?")
    spread = np.maximum(spread, 1e-9)
    even = (found - middle) / spread
    weights, intercept = np.zeros((found.shape[1], len(LABELS))), np.zeros(len(LABELS))
    measured = {}
    for at, label in enumerate(LABELS):
        truth = lessons.labels[:, at]
        rows = np.flatnonzero(~lessons.held & ~np.isnan(truth))
        fitted = LogisticRegression(C=_STRENGTH, max_iter=500)
        counts = corpora.balanced(truth[rows], lessons.kinds[rows], _PRIOR) * len(rows)
        fitted.fit(even[rows], truth[rows], sample_weight=counts)
        weights[:, at], intercept[at] = fitted.coef_[0], fitted.intercept_[0]
        held = np.flatnonzero(lessons.held & ~np.isnan(truth))
        logits = even[held] @ weights[:, at]
        measured[label] = {
            name: round(float(roc_auc_score(truth[held][chosen], logits[chosen])), 3)
            for name, chosen in _parts(lessons.kinds[held])
            if len(np.unique(truth[held][chosen])) == 2
        }
    arrays = {"middle": middle, "spread": spread, "weights": weights, "intercept": intercept}
    artifact.write(target, _NAME, arrays, {"model": model, "measured": measured})
    return load(target)


def _parts(kinds: npt.NDArray[np.str_]) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """What was written here, and what people decided."""
    decided = np.char.startswith(kinds, "decided ")
    return [("written", ~decided), ("decided", decided)]


def load(path: Path) -> Heads:
    """The heads in a directory. Raises `ArtifactError`."""
    return Heads(*artifact.read(path))
