"""The heads: regularised logistic regression over the vectors of whole texts, a head a label. For training only.

Half of a head of abuse is learnt from all corpora together, half is the mean of what each corpus says by itself. Together they
also teach how one corpus differs from another, which has more trouble; what they agree in one by one is what they share with
strangers (averaging what was learnt apart: Wortsman et al. 2022, "Model soups").
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from classifier.reader.reader import Pooling, pooled
from classifier.reader.training.embedding import Bag
from classifier.training.writing import PREFIX

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.floating]
STRENGTH = 2e-4
"""scikit-learn's C over standardised vectors: chosen on the corpora that were left out."""
FEWEST = 100
"""Rows of each class with which a corpus speaks for itself."""
_MADE = 4.0  # how much of that is what was made up here; as one of many, less is found of what is meant and not said
POOLING = Pooling(chance=0.15)
"""Chosen there too. With less of it more is found beside harmless sentences, with more what has none is ranked better."""


class Head(NamedTuple):
    """logit = vector @ weights + intercept."""

    weights: Floats
    intercept: float


def fit(
    vectors: Floats,
    labels: npt.NDArray[np.floating],
    weights: Weights,
    strength: float,
    corpora: npt.NDArray[np.str_] | None = None,
) -> Head:
    """Learn from rows with a positive weight; with `corpora` half of it from each by itself.

    Raises ValueError if all rows are of one class.
    """
    rows = np.flatnonzero((weights > 0) & ~np.isnan(labels))
    middle, spread = vectors[rows].mean(axis=0), vectors[rows].std(axis=0) + 1e-6
    even, truth, counts = (vectors[rows] - middle) / spread, labels[rows].astype(np.int8), weights[rows]
    model = _regression(even, truth, counts, strength)
    slopes = model.coef_[0]
    if corpora is not None:
        slopes = _with_each(slopes, _each(even, truth, counts, corpora[rows], strength), even)
    slopes = (slopes / spread).astype(np.float32)
    return Head(slopes, float(model.intercept_[0] - middle @ slopes))


def _regression(vectors: Floats, truth: npt.NDArray[np.int8], weights: Weights, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=500).fit(vectors, truth, sample_weight=weights)


def _each(
    vectors: Floats, truth: npt.NDArray[np.int8], weights: Weights, corpora: npt.NDArray[np.str_], strength: float
) -> list[tuple[Floats, float]]:
    """What each corpus says that has enough of both classes, and how much it counts; what was made up here is one."""
    names = np.where(np.char.startswith(corpora, PREFIX), PREFIX, corpora)
    found = []
    for name in np.unique(names):
        its = np.flatnonzero(names == name)
        if min(np.bincount(truth[its], minlength=2)) >= FEWEST:
            alone = _regression(vectors[its], truth[its], weights[its] / weights[its].mean(), strength)
            found.append((alone.coef_[0], _MADE if name == PREFIX else 1.0))
    return found


def _with_each(every: Floats, each: Sequence[tuple[Floats, float]], vectors: Floats) -> Floats:
    """The mean of what was learnt from all corpora and of what each says, all logits being as far apart as those of the first."""
    if not each:
        return every
    width = (vectors @ every).std()
    alike = [one * (width / (vectors @ one).std()) for one, _ in each]
    return np.asarray((every + np.average(alike, axis=0, weights=[count for _, count in each])) / 2)


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
