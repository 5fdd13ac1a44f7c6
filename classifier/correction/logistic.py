"""Logistic regression that starts from a given logit and pays for leaving it. For `classifier.correction.training` and its kin.

scikit-learn's has no starting point: it shrinks towards zero, and a correction must shrink towards the base model. Nor
can it learn from a row by parts. Evidence comes in *kinds* (the text, the author, signals); kinds that always came
together would share what they teach, and each alone would say too little as soon as the other changes, as it does from
one wave of spam to the next. So a row also teaches by single kinds, with nothing else in sight. That is drop-out of
whole groups of features (Srivastava et al. 2014), with all cases counted instead of drawn.

Solved by Newton's method, each step by conjugate gradients (Lin, Weng and Keerthi 2008), over the columns that occur, or where
rows are few, over what they span (`spanned`), which is the same in a fraction of the time; convex, so that the same rows give
the same weights.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, sparse, special

Numbers = npt.NDArray[np.float64]
_LEAVING = np.array([4.0, 4.0, 4.0])
_MOST_STEPS, _TOLERANCE, _LEAST_STEP = 50, 1e-4, 1e-6
_MOST_TURNS, _NEAR = 12, 0.1
_MOST_SHARE, _LEAST_SHARE = 2.0, 0.1
_LEAST_SPREAD = 0.3
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
        return np.asarray(sum(_product(kind, self.weights) for kind in rows.features) + self.intercept)


def unmoved(columns: int) -> Fit:
    """The base model as it is."""
    return Fit(np.zeros(columns), 0.0)


def narrowed(kinds: Sequence[sparse.csr_matrix]) -> tuple[tuple[sparse.csr_matrix, ...], npt.NDArray[np.intp]]:
    """The columns in which anything stands, side by side, those of most rows first, and which they are.

    In single precision and in this order a product takes two thirds of the time: what is asked for often lies together.
    """
    filled = np.sum([np.bincount(kind.indices, minlength=kind.shape[1]) for kind in kinds], axis=0)
    columns = np.argsort(-filled, kind="stable")[: np.count_nonzero(filled)]
    places = np.zeros(len(filled), np.int32)
    places[columns] = np.arange(len(columns))
    shape = (kinds[0].shape[0], len(columns))
    found = tuple(
        sparse.csr_matrix((kind.data.astype(np.float32), places[kind.indices], kind.indptr), shape) for kind in kinds
    )
    for kind in found:
        kind.sort_indices()
    return found, columns


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
    every = sparse.vstack(
        [kind[rows] for kind, rows in zip(kinds, filled, strict=True)], format="csr", dtype=np.float64
    )
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
    return fits(rows, truth, weights, (1.0,), [start] if start else (), alone=alone)[0]


def fits(
    rows: Kinds,
    truth: Numbers,
    weights: Numbers,
    strengths: Sequence[float],
    begin: Sequence[Fit] = (),
    *,
    alone: Sequence[int] = (),
) -> list[Fit]:
    """As `fit`, once with each of several strengths, by which all weights are multiplied.

    `begin`: where each search begins; else where the one before ended.
    """
    asked = _Asked.of(rows, truth, weights, alone)
    found = [unmoved(rows.features[0].shape[1])]
    for at, strength in enumerate(strengths):
        found.append(_found(asked._replace(shares=asked.shares * strength), begin[at] if begin else found[-1]))
    return found[1:]


def _found(asked: "_Asked", begin: Fit) -> Fit:
    """Where the search from somewhere ends."""
    point = np.append(begin.weights, begin.intercept)
    added = asked.added(point)
    loss = asked.loss(point, added)
    for _ in range(_MOST_STEPS):
        step, moved = asked.step(point, added)
        share, before = 1.0, loss
        # A whole step may go too far while the point is far from the best one.
        while (loss := asked.loss(point + share * step, added + share * moved)) > before and share > _LEAST_STEP:
            share /= 2
        if loss >= before:
            break
        point, added = point + share * step, added + share * moved
        if before - loss < _TOLERANCE * loss:
            break
    return Fit(point[:-1], float(point[-1]))


class _Asked(NamedTuple):
    """What is minimised. A row is asked for all its kinds together, and for each that also teaches alone: its *sights*."""

    features: list[Any]
    """Of the kinds in which anything stands."""
    turned: list[Any]
    """The same with columns for rows."""
    squared: list[Any]
    """Those, with every number squared."""
    seen: Numbers
    """Which of these kinds each sight has: (sights, kinds)."""
    shares: Numbers
    """What each row weighs in each sight: (rows, sights)."""
    base: Numbers
    """The base model's logit in each sight: (rows, sights)."""
    truth: Numbers
    """(rows, 1)."""

    @classmethod
    def of(cls, rows: Kinds, truth: Numbers, weights: Numbers, alone: Sequence[int]) -> "_Asked":
        """From `fit`'s arguments."""
        kinds = len(rows.features)
        seen = np.vstack([np.ones(kinds), np.eye(kinds)[list(alone)]])
        filled = [at for at, kind in enumerate(rows.features) if not sparse.issparse(kind) or kind.nnz]
        features = [rows.features[at] for at in filled]
        turned = [kind.T.tocsr() if sparse.issparse(kind) else kind.T for kind in features]
        squared = [_squared(kind) for kind in turned]
        shares = _shares(rows, alone) * weights[:, None]
        return cls(features, turned, squared, seen[:, filled], shares, rows.base @ seen.T, truth[:, None])

    def added(self, point: Numbers) -> Numbers:
        """What weights and an intercept add to the logit of each sight."""
        found = np.full(self.base.shape, point[-1])
        for kind, seen in zip(self.features, self.seen.T, strict=True):
            found += _product(kind, point[:-1])[:, None] * seen
        return found

    def gathered(self, said: Numbers, width: int) -> Numbers:
        """The other way round: what each weight, and the intercept, has of what stands beside each sight."""
        found = np.zeros(width)
        for kind, seen in zip(self.turned, self.seen.T, strict=True):
            found[:-1] += _product(kind, said @ seen)
        found[-1] = said.sum()
        return found

    def loss(self, point: Numbers, added: Numbers) -> float:
        """What is minimised."""
        logits = self.base + added
        return float((self.shares * (np.logaddexp(0.0, logits) - self.truth * logits)).sum() + 0.5 * point @ point)

    def step(self, point: Numbers, added: Numbers) -> tuple[Numbers, Numbers]:
        """About Newton's step, and what it adds to the sights: by conjugate gradients, each weight by its own curvature."""
        likely = special.expit(self.base + added)
        curved = self.shares * likely * (1 - likely)
        downhill = -self.gathered(self.shares * (likely - self.truth), len(point)) - point
        scale = 1 / (1 + self.curvature(curved, len(point)))
        step, moved = np.zeros_like(point), np.zeros_like(added)
        left, towards = downhill, scale * downhill
        rest = first = float(left @ towards)
        for _ in range(_MOST_TURNS):
            if rest <= _NEAR * first:
                break
            seen = self.added(towards)
            bent = self.gathered(curved * seen, len(point)) + towards
            length = rest / float(towards @ bent)
            step, moved, left = step + length * towards, moved + length * seen, left - length * bent
            scaled = scale * left
            rest, before = float(left @ scaled), rest
            towards = scaled + rest / before * towards
        return step, moved

    def curvature(self, curved: Numbers, width: int) -> Numbers:
        """How much the slope along each weight, and along the intercept, changes with it."""
        found = np.zeros(width)
        for kind, seen in zip(self.squared, self.seen.T, strict=True):
            found[:-1] += _product(kind, curved @ seen**2)
        found[-1] = curved.sum()
        return found


def _squared(matrix: Any) -> Any:
    """Every number of it squared, without a copy of where they stand."""
    if not sparse.issparse(matrix):
        return matrix**2
    return sparse.csr_matrix((matrix.data**2, matrix.indices, matrix.indptr), matrix.shape)


def _product(matrix: Any, vector: Numbers) -> Numbers:
    """In the matrix's own precision: else SciPy would copy it."""
    return np.asarray(matrix @ vector.astype(matrix.dtype, copy=False))


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


def raised(before: Numbers, after: Numbers, weights: Numbers, level: float, most: float) -> float:
    """How much to add to the logits of some comments, so that as large a share reaches `level` as did before; never below 0.

    At most the share `most`. They are some dozens, of which hardly one gets there: so the shares are those of normal
    distributions with the same median and ninth decile, whatever lies below.
    """

    def spread(logits: Numbers) -> tuple[float, float]:
        middle, high = np.quantile(logits, (0.5, 0.9), weights=weights, method="inverted_cdf")
        return float(middle), max(float(high - middle) / float(special.ndtri(0.9)), _LEAST_SPREAD)

    (middle, width), (now, wide) = spread(before), spread(after)
    far = max((level - middle) / width, float(special.ndtri(1 - most)))
    return max(level - far * wide - now, 0.0)


def mean(fits: Sequence[Fit]) -> Fit:
    """The average of several fits of the same columns."""
    return Fit(np.mean([one.weights for one in fits], axis=0), float(np.mean([one.intercept for one in fits])))
