"""Thresholds that keep a promise: what an operator states, proven on held-out human decisions. Public. Needs scipy.

An operator states how many good comments may be held back, how precise an automatic rejection must be, and how sure both
must be. Thresholds follow from decisions that the model has not learnt from, by exact bounds on binomial shares (Clopper
and Pearson 1934), in finite samples and whatever the scores' distribution, as in risk control (Bates et al. 2021,
Angelopoulos et al. 2021, "Learn then Test"):

* **Held.** How many of n good comments may lie at or above the threshold, is fixed by n before a score is looked at; the
  threshold is then the score of the next one (a tolerance limit, Wilks 1941). Nothing is searched, so nothing is peeked at.
* **Rejected.** Of the comments above the score of the one ranked m + 1, each is bad with the precision as its chance. Ranks
  m from a fixed ladder are tested, each with its share of what may go wrong (Bonferroni). From each rung that passes, every
  lower score is tested in turn, with the same share, until one fails (fixed-sequence testing); the lowest threshold that
  passed is taken. The rungs assume nothing. What is found below them assumes that precision, once it has fallen below what
  is promised, stays below: then of all these tests one alone can be wrong, that of the last score before.

What is rejected is not published either: where rejection is proven from a lower score than holding, it begins at that one.

Both together hold with the stated confidence; each takes half of what may go wrong. The bound speaks of comments like the
decisions that it was proven on: a sample of everything (imported history, the audit sample), or, where only held comments
were decided, of those, which is the harder half of the good ones.
"""

import math
from collections.abc import Callable, Sequence
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
    values, wrong = _decided(promise, scores, bad)
    if values.shape != wrong.shape or values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("a promise needs one finite score for each decision")
    risk = (1 - promise.confidence) / 2
    good = np.sort(values[~wrong])[::-1]
    hold = _hold(promise, good, risk)
    reject = _reject(promise, values, wrong, risk, at_least=hold.threshold)
    return Kept(promise, len(good), int(wrong.sum()), hold, reject)


def _decided(promise: Promise, scores: Sequence[float], bad: Sequence[bool]) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Raises ValueError for a promise that is none."""
    if not all(0 < share < 1 for share in promise):
        raise ValueError("a promise states shares between 0 and 1")
    return np.asarray(scores, np.float64), np.asarray(bad, np.bool_)


class Standing(NamedTuple):
    """What decisions say of thresholds that were set before them."""

    rows: int
    """Decisions that it rests on: good comments, or those at or above the threshold."""
    mistakes: int
    """Good comments among those that are held or rejected, or among those that are rejected."""
    bound: float
    """Most good comments held back, or least precision, with the confidence of the promise."""
    missing: int
    """How many more decisions without a mistake it takes until the bound keeps the promise; 0: it does."""


def standing(
    promise: Promise, scores: Sequence[float], bad: Sequence[bool], *, hold: float, reject: float | None
) -> tuple[Standing, Standing]:
    """How far decisions bear a promise out at its thresholds: of what is held back, and of what is rejected.

    The decisions must have taught neither the model nor the thresholds. Without `reject` nothing is rejected. Raises
    ValueError.
    """
    values, wrong = _decided(promise, scores, bad)
    risk, error = (1 - promise.confidence) / 2, 1 - promise.min_reject_precision
    back = min(hold, reject) if reject is not None else hold
    good, withheld = int((~wrong).sum()), int((~wrong & (values >= back)).sum())
    above = values >= reject if reject is not None else np.zeros(len(values), np.bool_)
    rejected, mistaken = int(above.sum()), int((above & ~wrong).sum())
    return (
        Standing(
            good, withheld, most(withheld, good, risk), max(0, _fewest(withheld, promise.max_good_held, risk) - good)
        ),
        Standing(
            rejected, mistaken, 1 - most(mistaken, rejected, risk), max(0, _fewest(mistaken, error, risk) - rejected)
        ),
    )


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


def _reject(
    promise: Promise, values: Numbers, wrong: npt.NDArray[np.bool_], risk: float, *, at_least: float | None
) -> Limit:
    error = 1 - promise.min_reject_precision
    order = np.argsort(-values, kind="stable")
    ranked, mistakes = values[order], np.concatenate(([0], np.cumsum(~wrong[order])))
    ranks = _ladder(len(values), error, risk)
    if not ranks:
        needed = _fewest(0, error, risk) + 1
        return Limit(None, 0.0, None, len(values), needed - len(values))
    each = risk / len(ranks)

    def tested(rank: int) -> tuple[float, int, float]:
        """(most mistakes, how many stand above, score) of the comments above the one that is ranked behind so many."""
        above = int(np.searchsorted(-ranked, -ranked[rank]))  # fewer than `rank` where scores are tied
        return most(int(mistakes[above]), above, each), above, float(ranked[rank])

    rungs = [tested(rank) for rank in ranks]
    passed = [one for one in rungs if one[0] <= error]
    if passed:
        lowest = max((_lowest(one, tested, error, len(values)) for one in passed), key=lambda one: one[1])
        score = _above(lowest[2])
        if at_least is not None and score < at_least:
            above = int((values >= at_least).sum())
            return Limit(
                at_least, 1 - most(int((~wrong & (values >= at_least)).sum()), above, each), at_least, above, 0
            )
        return Limit(score, 1 - lowest[0], score, lowest[1], 0)
    bound, above, score = min(rungs)
    missing = min(_fewest(int(mistakes[above]), error, each) - above for _, above, _ in rungs)
    return Limit(None, 1 - bound, _above(score), above, max(missing, 1))


Tested = tuple[float, int, float]


def _lowest(begun: Tested, tested: Callable[[int], Tested], error: float, n: int) -> Tested:
    """The last of the scores below one that passed before one fails."""
    last, rank = begun, begun[1] + 1
    while rank < n:
        one = tested(rank)
        if one[1] > last[1]:  # another score, not the same once more
            if one[0] > error:
                break
            last = one
        rank = max(rank, one[1]) + 1
    return last


def _ladder(n: int, error: float, risk: float) -> list[int]:
    """Ranks to be tested, each 1.4 times the one before, from the fewest that could pass: known before any score is."""
    steps = 0
    while _rung(_fewest(0, error, risk / (steps + 1)), steps) < n:
        steps += 1
    first = _fewest(0, error, risk / steps) if steps else 0
    return [_rung(first, step) for step in range(steps)]


def _rung(first: int, step: int) -> int:
    return math.ceil(first * 2 ** (step / 2))


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
