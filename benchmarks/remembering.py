"""A model that reads each comment once, however many versions are asked about it, and however often. For benchmarks.

What a site's correction adds is a sum over the same features that it was learnt from, so that the base's logits and those
features are all that has to be kept. `agrees` shows that it says what the model says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier import Correction, Input, Model, Prediction, artifact
from classifier.correction import training
from classifier.correction.decisions import Signal, signal_rows
from classifier.model import Second

_READ = training.read
_MOST = 20_000
"""Comments that are kept; then it begins anew."""


class Remembering(Model):
    """A base model as the gate, training and versions ask it. Not for threads."""

    def __init__(self, arrays: artifact.Arrays, metadata: Mapping[str, Any]) -> None:
        super().__init__(arrays, metadata)
        self._places: dict[Input, int] = {}
        self._known: training.Read | None = None
        self._said = np.zeros((0, len(self.labels)), np.float32)

    def known(self, items: Sequence[Input]) -> training.Read:
        """As training reads them."""
        rows = self._rows(items)
        known = self._known
        assert known is not None
        text, author = known.kinds
        return training.Read(known.own[rows], (text[rows], author[rows]), known.logits[rows])

    def logits(self, inputs: Sequence[Input]) -> npt.NDArray[np.float32]:
        """As `Model.logits`."""
        rows = self._rows(inputs)
        return self._said[rows]

    def score(
        self,
        inputs: Sequence[Input],
        signals: Sequence[Mapping[str, Signal]] | None = None,
        corrections: Sequence[Correction | None] | None = None,
        second: Second | None = None,
    ) -> list[Prediction]:
        """As `Model.score`, where all comments have the same correction and nothing but scores is wanted."""
        rows = self._rows(inputs)
        logits = self._said[rows].astype(np.float64)
        correction = corrections[0] if corrections else None
        known = dict.fromkeys(range(len(rows)), correction) if correction is not None else {}
        if correction is not None:
            weights = np.concatenate([correction.hashed, correction.dense])
            assert self._known is not None
            added = self._known.own[rows] @ weights + correction.intercept
            if signals is not None:
                added = added + signal_rows(signals, correction.signals) @ correction.heard
            logits[:, self._columns(correction)] += added
        found = self._probabilities(logits.astype(np.float32), known)  # type: ignore[arg-type]
        return [Prediction(dict(zip(self.labels, row, strict=True)), (), "") for row in found.tolist()]

    def _rows(self, items: Sequence[Input]) -> npt.NDArray[np.intp]:
        """Where they stand among what is kept."""
        if len(self._places) > _MOST:
            self._places, self._said, self._known = {}, self._said[:0], None
        new = list(dict.fromkeys(item for item in items if item not in self._places))
        if new:
            first, read = len(self._places), _READ(self, new)
            self._said = np.concatenate([self._said, read.logits.sum(axis=1).astype(np.float32)])
            self._known = read if self._known is None else _below(self._known, read)
            self._places |= {item: first + at for at, item in enumerate(new)}
        return np.array([self._places[item] for item in items], np.intp)


def _below(known: training.Read, new: training.Read) -> training.Read:
    own, text, author = (
        sparse.vstack(pair, format="csr") for pair in zip((known.own, *known.kinds), (new.own, *new.kinds), strict=True)
    )
    return training.Read(own, (text, author), np.concatenate([known.logits, new.logits]))


def opened(folder: Path) -> Remembering:
    """The model of a folder."""
    return Remembering(*artifact.read(folder))


@contextmanager
def remembered(model: Remembering) -> Iterator[None]:
    """Training, too, takes what `model` has kept."""

    def kept(asked: Model, items: Sequence[Input]) -> training.Read:
        return model.known(items) if asked is model else _READ(asked, items)

    with patch.object(training, "read", kept):
        yield


def agrees(kept: Remembering, model: Model, correction: Correction, items: Sequence[Input]) -> float:
    """The greatest difference between what both say of some comments, as probabilities."""
    mine, its = (
        np.array([list(one.scores.values()) for one in which.score(items, None, [correction] * len(items))])
        for which in (kept, model)
    )
    return float(np.abs(mine - its).max())
