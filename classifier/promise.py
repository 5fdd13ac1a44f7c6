"""Thresholds that keep a promise: what an operator states, proven on held-out human decisions. Public. Needs scipy.

An operator states how many good comments may be held back, how precise an automatic rejection must be, and how sure both
must be. Thresholds follow from decisions that the model has not learnt from, by exact bounds on binomial shares (Clopper
and Pearson 1934), in finite samples and whatever the scores' distribution, as in risk control (Bates et al. 2021,
Angelopoulos et al. 2021, "Learn then Test"):

* **Held.** How many of n good comments may lie at or above the threshold, is fixed by n before a score is looked at; the
  threshold is then the score of the next one (a tolerance limit, Wilks 1941). Nothing is searched, so nothing is peeked at.
* **Rejected.** Of the comments above the score of the one ranked m + 1, each is bad with the precision as its chance. Ranks
  m from a fixed ladder are tested, each with its share of what may go wrong (Bonferroni); the lowest threshold that passes
  is taken.

Both together hold with the stated confidence; each takes half of what may go wrong. The bound speaks of comments like the
decisions that it was proven on: a sample of everything (imported history, the audit sample), or, where only held comments
were decided, of those, which is the harder half of the good ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Numbers = npt.NDArray[np.float64]


class Promise(NamedTuple):
    """What the operator states. Raises ValueError from `keep` unless all shares lie strictly between 0 and 1."""

    max_good_held: float = 0.005
    """Most of all good comments that may be held back or rejected."""
    min_reject_precision: float = 0.99
    """Least share of bad ones among what is rejected automatically."""
    confidence: float = 0.95
    """How sure: the chance, over which decisions were made, that both statements hold."""


class Limit(NamedTuple):
    """One threshold and what is proven of it."""

    threshold: float | None
    """Act at this score or above; None: the decisions don't support the promise yet."""
    bound: float
    """With the threshold: most good comments held, least precision. Without: what could be proven at `safe`."""
    safe: float | None
    """The strictest threshold and what `bound` says of it is safe now; None: nothing is. With a threshold: the same."""
    rows: int
    """Decisions that it rests on: good comments, or those ranked above the threshold."""
    missing: int
    """How many more of them the promise takes, at least: if none of them is a mistake."""


class Kept(NamedTuple):
    """A promise, and what it comes to."""

    promise: Promise
    good: int
    bad: int
    hold: Limit
    reject: Limit


def keep(promise: Promise, scores: Sequence[float], bad: Sequence[bool]) -> Kept:
    """The lowest thresholds that keep the promise, from scores of one label and what humans decided.

    The decisions must not have taught, calibrated or chosen the model. Raises ValueError for scores that are not finite.
    """
    if not all(0 < share < 1 for share in promise):
        raise ValueError("a promise states shares between 0 and 1")
    values, wrong = np.asarray(scores, np.float64), np.asarray(bad, np.bool_)
    if values.shape != wrong.shape or values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("a promise needs one finite score for each decision")
    risk = (1 - promise.confidence) / 2
    good = np.sort(values[~wrong])[::-1]
    return Kept(promise, len(good), int(wrong.sum()), _hold(promise, good, risk), _reject(promise, values, wrong, risk))


def most(hits: int, n: int, risk: float) -> float:
    """Clopper and Pearson's upper bound on a share of which `hits` of `n` were seen; wrong with chance `risk` at most."""
    return 1.0 if hits >= n else float(special.betaincinv(hits + 1, n - hits, 1 - risk))


def _hold(promise: Promise, good: Numbers, risk: float) -> Limit:
    n = len(good)
    needed = _fewest(0, promise.max_good_held, risk)
    if n < needed:
        return Limit(None, most(0, n, risk), _above(good[0]) if n else None, n, needed - n)
    allowed = 0
    while most(allowed + 1, n, risk) <= promise.max_good_held:
        allowed += 1
    threshold = _above(good[allowed])
    return Limit(threshold, most(allowed, n, risk), threshold, n, 0)


def _reject(promise: Promise, values: Numbers, wrong: npt.NDArray[np.bool_], risk: float) -> Limit:
    error = 1 - promise.min_reject_precision
    order = np.argsort(-values, kind="stable")
    ranked, mistakes = values[order], np.concatenate(([0], np.cumsum(~wrong[order])))
    ranks = _ladder(len(values), error, risk)
    if not ranks:
        needed = _fewest(0, error, risk) + 1
        return Limit(None, 0.0, None, len(values), needed - len(values))
    each = risk / len(ranks)
    tested = []
    for rank in ranks:
        above = int(np.searchsorted(-ranked, -ranked[rank]))  # fewer than `rank` where scores are tied
        tested.append((most(int(mistakes[above]), above, each), above, float(ranked[rank])))
    passed = [one for one in tested if one[0] <= error]
    if passed:
        bound, above, score = passed[-1]
        return Limit(_above(score), 1 - bound, _above(score), above, 0)
    bound, above, score = min(tested)
    missing = min(_fewest(int(mistakes[above]), error, each) - above for _, above, _ in tested)
    return Limit(None, 1 - bound, _above(score), above, max(missing, 1))


def _ladder(n: int, error: float, risk: float) -> list[int]:
    """Ranks to be tested, each twice the one before, from the fewest that could pass: known before any score is."""
    steps = 0
    while _fewest(0, error, risk / (steps + 1)) << steps < n:
        steps += 1
    return [_fewest(0, error, risk / steps) << step for step in range(steps)]


def _fewest(mistakes: int, error: float, risk: float) -> int:
    """The fewest decisions at which so many mistakes still prove a share of mistakes below `error`."""
    low, high = mistakes, max(2 * mistakes, 1)
    while most(mistakes, high, risk) > error:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if most(mistakes, middle, risk) <= error else (middle, high)
    return high


def _above(score: float) -> float:
    """The least threshold that a comment of this score does not reach."""
    return float(np.nextafter(score, np.inf))
