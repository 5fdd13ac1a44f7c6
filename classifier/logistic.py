"""Logistic regression that starts from a given logit and pays for leaving it. For `classifier.correcting` and its kin.

scikit-learn's has no starting point: it shrinks towards zero, and a correction must shrink towards the base model.
Solved by SciPy's L-BFGS over the columns that occur; convex, so that the same rows give the same weights.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

Numbers = npt.NDArray[np.float64]
_LEAVING_SCALE = 4.0
_LEAVING_LINE = 2.0
_MOST_STEPS, _TOLERANCE = 200, 1e-4
_STEEPEST, _FLATTEST = 5.0, 0.05


class Fit(NamedTuple):
    """logit = scale * base + features @ weights + intercept."""

    weights: Numbers
    scale: float
    intercept: float

    def logits(self, features: sparse.csr_matrix, base: Numbers) -> Numbers:
        """One logit a row."""
        return np.asarray(self.scale * base + features @ self.weights + self.intercept)


def unmoved(columns: int) -> Fit:
    """The base model as it is."""
    return Fit(np.zeros(columns), 1.0, 0.0)


def narrowed(features: sparse.csr_matrix) -> tuple[sparse.csr_matrix, npt.NDArray[np.intp]]:
    """The columns in which anything stands, side by side, and which they are; in float64, as `fit` wants them."""
    columns = np.unique(features.indices)
    places = np.zeros(features.shape[1], np.int32)
    places[columns] = np.arange(len(columns))
    shape = (features.shape[0], len(columns))
    data = features.data.astype(np.float64)
    return sparse.csr_matrix((data, places[features.indices], features.indptr), shape), columns


def fit(features: sparse.csr_matrix, base: Numbers, truth: Numbers, weights: Numbers, start: Fit | None = None) -> Fit:
    """Minimise the weighted log loss plus half the square of the distance from `unmoved`.

    `features` had better be `narrowed`. `truth` lies between 0 and 1; `weights` are the rows' (their size sets how much
    the rows may move). `start` is where the search begins: it saves time and changes the result within its tolerance.
    """

    def loss(point: Numbers) -> tuple[float, Numbers]:
        step, scale, intercept = point[:-2], point[-2], point[-1]
        logits = (1.0 + scale) * base + features @ step + intercept
        value = weights @ (np.logaddexp(0.0, logits) - truth * logits)
        slope = weights * (1.0 / (1.0 + np.exp(-logits)) - truth)
        value += 0.5 * (step @ step + _LEAVING_SCALE * scale * scale + intercept * intercept)
        inner = (slope @ features + step, [base @ slope + _LEAVING_SCALE * scale], [slope.sum() + intercept])
        return float(value), np.concatenate(inner)

    begin = unmoved(features.shape[1]) if start is None else start
    first = np.concatenate((begin.weights, [begin.scale - 1.0, begin.intercept]))
    options = {"maxiter": _MOST_STEPS, "ftol": _TOLERANCE, "gtol": 1e-3}
    found = optimize.minimize(loss, first, jac=True, method="L-BFGS-B", options=options).x
    return Fit(found[:-2], float(1.0 + found[-2]), float(found[-1]))


class Line(NamedTuple):
    """The calibrated logit is `slope * logit + shift`."""

    slope: float
    shift: float

    def logits(self, logits: Numbers) -> Numbers:
        """Calibrated logits."""
        return self.slope * logits + self.shift

    def knots(self) -> dict[str, list[float]]:
        """As `classifier.calibration` reads it."""
        ends = [-10.0, 10.0]
        return {"x": ends, "y": [round(self.slope * end + self.shift, 6) for end in ends]}


def calibrate(logits: Numbers, truth: Numbers, weights: Numbers, start: Line) -> Line:
    """Platt's scaling (Platt 1999, with its smoothed targets), which leaves `start` only as far as the rows insist."""
    positives, negatives = float(truth.sum()), float((1 - truth).sum())
    sure, never = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    target = truth * sure + (1 - truth) * never

    def loss(point: Numbers) -> tuple[float, Numbers]:
        slope, shift = point
        z = slope * logits + shift
        error = weights * (1.0 / (1.0 + np.exp(-z)) - target)
        away = _LEAVING_LINE * (point - np.array(start))
        value = weights @ (np.logaddexp(0.0, z) - target * z) + 0.5 * away @ (point - np.array(start))
        return float(value), np.array([error @ logits, error.sum()]) + away

    bounds = [(_FLATTEST, _STEEPEST), (None, None)]
    found = optimize.minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Line(float(found[0]), float(found[1]))
