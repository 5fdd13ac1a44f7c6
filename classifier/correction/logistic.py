"""Logistic regression that starts from a given logit and pays for leaving it. For `classifier.correction.training` and its kin.

scikit-learn's has no starting point: it shrinks towards zero, and a correction must shrink towards the base model. Nor
can it learn from a row by parts. Evidence comes in *kinds* (the text, the author, signals); kinds that always came
together would share what they teach, and each alone would say too little as soon as the other changes, as it does from
one wave of spam to the next. So a row also teaches by single kinds, with nothing else in sight. That is drop-out of
whole groups of features (Srivastava et al. 2014), with all cases counted instead of drawn.

Solved by SciPy's L-BFGS over the columns that occur, or where rows are few, over what they span (`spanned`), which is the same
in a fraction of the time; convex, so that the same rows give the same weights.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, sparse, special

Numbers = npt.NDArray[np.float64]
_LEAVING = np.array([4.0, 4.0, 4.0])
_MOST_STEPS, _TOLERANCE = 200, 1e-4
_MOST_SHARE, _LEAST_SHARE = 2.0, 0.1
_MOST_SPANNED = 2_000
_JITTER = 1e-9


class Kinds(NamedTuple):
    """Rows by kinds of evidence: what is known of a row is the sum over its kinds."""

    features: tuple[Any, ...]
    """One matrix a kind, all over the same columns: sparse over those that occur, or dense over what the rows span."""
    base: Numbers
    """What each kind adds to the base model's logit: (rows, kinds)."""

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Kinds":
        """Some of the rows."""
        return Kinds(tuple(kind[rows] for kind in self.features), self.base[rows])

    def below(self, others: "Kinds") -> "Kinds":
        """With other rows of the same columns behind them."""
        pairs = zip(self.features, others.features, strict=True)
        stacked = tuple(
            sparse.vstack(pair, format="csr") if sparse.issparse(pair[0]) else np.vstack(pair) for pair in pairs
        )
        return Kinds(stacked, np.vstack([self.base, others.base]))

    def whole(self) -> Numbers:
        """The base model's logit of each row."""
        return np.asarray(self.base.sum(axis=1))


class Fit(NamedTuple):
    """logit = the base model's + features @ weights + intercept."""

    weights: Numbers
    intercept: float

    def logits(self, rows: Kinds) -> Numbers:
        """One logit a row, of all its kinds together."""
        return rows.whole() + self.added(rows)

    def added(self, rows: Kinds) -> Numbers:
        """What is added to the base model's logit of each row."""
        return np.asarray(sum(kind @ self.weights for kind in rows.features) + self.intercept)


def unmoved(columns: int) -> Fit:
    """The base model as it is."""
    return Fit(np.zeros(columns), 0.0)


def narrowed(kinds: Sequence[sparse.csr_matrix]) -> tuple[tuple[sparse.csr_matrix, ...], npt.NDArray[np.intp]]:
    """The columns in which anything stands, side by side, and which they are; in float64, as `fit` wants them."""
    columns = np.unique(np.concatenate([kind.indices for kind in kinds]))
    places = np.zeros(kinds[0].shape[1], np.int32)
    places[columns] = np.arange(len(columns))
    shape = (kinds[0].shape[0], len(columns))
    return tuple(
        sparse.csr_matrix((kind.data.astype(np.float64), places[kind.indices], kind.indptr), shape) for kind in kinds
    ), columns


def spanned(kinds: tuple[sparse.csr_matrix, ...]) -> tuple[tuple[Any, ...], Callable[[Fit], Fit]]:
    """The same rows over an orthonormal basis of what they span, and the way back for what is learnt there.

    The best weights are a sum of rows, and their square is the same in any orthonormal basis: so nothing is lost, and instead of
    a hundred thousand columns there are as many as rows (the kernel trick, by Cholesky's decomposition of the rows' products).
    Rows that span too much stay as they are.
    """
    filled = [np.flatnonzero(np.diff(kind.indptr)) for kind in kinds]
    count = sum(len(rows) for rows in filled)
    if not 0 < count <= min(_MOST_SPANNED, kinds[0].shape[1]):
        return kinds, lambda fit: fit
    every = sparse.vstack([kind[rows] for kind, rows in zip(kinds, filled, strict=True)], format="csr")
    products = (every @ every.T).toarray()
    products[np.diag_indices(count)] += _JITTER * max(float(products.trace()) / count, 1e-12)
    lower = linalg.cholesky(products, lower=True)
    dense: list[Any] = []
    first = 0
    for kind, rows in zip(kinds, filled, strict=True):
        own = np.zeros((kind.shape[0], count))
        own[rows] = lower[first : first + len(rows)]
        dense.append(own if len(rows) else sparse.csr_matrix(own.shape))
        first += len(rows)

    def back(fit: Fit) -> Fit:
        sums = linalg.solve_triangular(lower, fit.weights, lower=True, trans="T")
        return Fit(np.asarray(every.T @ sums), fit.intercept)

    return tuple(dense), back


def fit(rows: Kinds, truth: Numbers, weights: Numbers, start: Fit | None = None, *, alone: Sequence[int] = ()) -> Fit:
    """Minimise the weighted log loss plus half the square of the distance from `unmoved`.

    `rows` had better be `narrowed`. `truth` lies between 0 and 1; `weights` are the rows' (their size sets how much
    the rows may move). `alone` names kinds by which a row also teaches by itself: half its weight is for all kinds
    together, the rest is shared by those of them that it has. `start` is where the search begins: it saves time and
    changes the result within its tolerance.
    """
    seen = np.vstack([np.ones(len(rows.features)), np.eye(len(rows.features))[list(alone)]])
    shares = _shares(rows, alone) * weights[:, None]
    base, targets = rows.base @ seen.T, truth[:, None]
    turned = [kind.T.tocsr() if sparse.issparse(kind) else kind.T for kind in rows.features]

    def loss(point: Numbers) -> tuple[float, Numbers]:
        step, intercept = point[:-1], point[-1]
        logits = np.stack([kind @ step for kind in rows.features], axis=1) @ seen.T + base + intercept
        value = (shares * (np.logaddexp(0.0, logits) - targets * logits)).sum() + 0.5 * point @ point
        slope = shares * (special.expit(logits) - targets)
        by_kind = slope @ seen
        inner = sum(kind @ by_kind[:, at] for at, kind in enumerate(turned)) + step
        return float(value), np.append(inner, slope.sum() + intercept)

    begin = unmoved(rows.features[0].shape[1]) if start is None else start
    options = {"maxiter": _MOST_STEPS, "ftol": _TOLERANCE, "gtol": 1e-3}
    first = np.append(begin.weights, begin.intercept)
    found = optimize.minimize(loss, first, jac=True, method="L-BFGS-B", options=options).x
    return Fit(found[:-1], float(found[-1]))


def _shares(rows: Kinds, alone: Sequence[int]) -> Numbers:
    """How much of each row's weight is for all its kinds together, and for each of `alone`: (rows, 1 + alone)."""
    if not alone:
        return np.ones((len(rows.base), 1))
    has = np.stack([_filled(rows.features[kind]) for kind in alone], axis=1)
    single = 0.5 * has / np.maximum(has.sum(axis=1, keepdims=True), 1)
    return np.hstack([1 - single.sum(axis=1, keepdims=True), single])


def _filled(kind: Any) -> npt.NDArray[np.bool_]:
    """Which rows have anything of a kind."""
    return np.asarray(np.diff(kind.indptr) > 0 if sparse.issparse(kind) else kind.any(axis=1))


class Line(NamedTuple):
    """The base model's calibration: the calibrated logit is `slope * logit + shift`."""

    slope: float
    shift: float

    def logits(self, logits: Numbers) -> Numbers:
        """Calibrated logits."""
        return self.slope * logits + self.shift

    def knots(self) -> dict[str, list[float]]:
        """As `classifier.calibration` reads it."""
        ends = [-10.0, 10.0]
        return {"x": ends, "y": [round(self.slope * end + self.shift, 6) for end in ends]}


class Scale(NamedTuple):
    """How much the base model and a correction count, and what is added to all logits beside."""

    base: float
    share: float
    shift: float

    def logits(self, base: Numbers, added: Numbers) -> Numbers:
        """Calibrated logits, of the base model's and of what a correction adds to each."""
        return self.base * base + self.share * added + self.shift


AS_LEARNT = Scale(1.0, 1.0, 0.0)


def calibrate(base: Numbers, added: Numbers, truth: Numbers, weights: Numbers) -> Scale:
    """Platt's scaling (Platt 1999) with a slope for each of the two, which leaves `AS_LEARNT` only as far as the rows insist.

    Rows that the correction tells apart without fail say nothing about how far the base model is to be believed elsewhere:
    so its slope is one of its own, and the targets are not smoothed, which would flatten both. It never grows.
    """
    start = np.array(AS_LEARNT)

    def loss(point: Numbers) -> tuple[float, Numbers]:
        z = Scale(*point).logits(base, added)
        error = weights * (special.expit(z) - truth)
        away = _LEAVING * (point - start)
        value = weights @ (np.logaddexp(0.0, z) - truth * z) + 0.5 * away @ (point - start)
        return float(value), np.array([error @ base, error @ added, error.sum()]) + away

    bounds = [(_LEAST_SHARE, 1.0), (_LEAST_SHARE, _MOST_SHARE), (None, None)]
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Scale(*(float(one) for one in found))


def mean(fits: Sequence[Fit]) -> Fit:
    """The average of several fits of the same columns."""
    return Fit(np.mean([one.weights for one in fits], axis=0), float(np.mean([one.intercept for one in fits])))
