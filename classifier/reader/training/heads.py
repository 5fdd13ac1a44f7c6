"""The heads: one regularised logistic regression a label over the vectors of whole texts. For training only."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from classifier.reader.reader import Pooling, pooled
from classifier.reader.training.embedding import Bag

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.floating]
STRENGTH = 2e-4
"""scikit-learn's C over standardised vectors: chosen on the corpora that were left out."""
POOLING = Pooling(chance=0.15)
"""Chosen there too. With less of it more is found beside harmless sentences, with more what has none is ranked better."""


class Head(NamedTuple):
    """logit = vector @ weights + intercept."""

    weights: Floats
    intercept: float


def fit(vectors: Floats, labels: npt.NDArray[np.floating], weights: Weights, strength: float) -> Head:
    """Learn from rows with a positive weight. Raises ValueError if they are all of one class."""
    rows = np.flatnonzero((weights > 0) & ~np.isnan(labels))
    chosen = vectors[rows]
    middle, spread = chosen.mean(axis=0), chosen.std(axis=0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=500)
    model.fit((chosen - middle) / spread, labels[rows].astype(np.int8), sample_weight=weights[rows])
    slopes = (model.coef_[0] / spread).astype(np.float32)
    return Head(slopes, float(model.intercept_[0] - middle @ slopes))


def line(said: Floats, truth: npt.NDArray[np.floating], weights: Weights) -> tuple[float, float]:
    """Platt's scaling: slope and shift that make calibrated logits of what a reader said of rows it had not seen."""
    model = LogisticRegression(C=1e6).fit(said[:, None], truth == 1, sample_weight=weights * 1e4)
    return max(float(model.coef_[0, 0]), 0.05), float(model.intercept_[0])


def moved(head: Head, by: tuple[float, float]) -> Head:
    """The head whose logits are a slope times as much and a shift more."""
    slope, shift = by
    return Head(head.weights * np.float32(slope), head.intercept * slope + shift)


def logits(head: Head, bags: Sequence[Bag], pooling: Pooling = POOLING) -> tuple[Floats, npt.NDArray[np.intp]]:
    """What the reader will say of each text, and how many pieces its worst passage has."""
    found, pieces = np.zeros(len(bags), np.float32), np.ones(len(bags), np.intp)
    for at, bag in enumerate(bags):
        parts, rest, lengths = pooled(bag.vectors.astype(np.float32) @ head.weights[:, None], bag.sizes, pooling)
        found[at], pieces[at] = parts.sum() + rest[0] + head.intercept, lengths[0]
    return found, pieces
