"""Shares with their uncertainty, and how far scores have moved: the population stability index over ten fixed bins. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from statistics import NormalDist

from msgspec import Struct

EDGES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Where one bin of scores ends and the next begins: finer at both ends, where decisions are made."""
_FLOOR = 1e-4  # an empty bin counts as this share, so that the index stays finite


def shares(scores: Iterable[float]) -> tuple[float, ...]:
    """Which share of the scores lies in each bin; () for no scores."""
    counts = [0] * (len(EDGES) + 1)
    for score in scores:
        counts[bisect_right(EDGES, score)] += 1
    total = sum(counts)
    return tuple(count / total for count in counts) if total else ()


def stability(reference: Sequence[float], present: Sequence[float]) -> float:
    """The population stability index of two histograms: 0 is no change; above 0.25 is by convention a shift.

    Sum over the bins of (present - reference) · ln(present / reference) (Siddiqi 2006).
    """
    pairs = [(max(a, _FLOOR), max(b, _FLOOR)) for a, b in zip(reference, present, strict=True)]
    return sum((b - a) * math.log(b / a) for a, b in pairs)


CONFIDENCE = 0.95


class Interval(Struct, frozen=True):
    """A share with its confidence interval; `n` is how many observations it rests on (0: nothing is known)."""

    estimate: float
    low: float
    high: float
    n: float


def wilson(hits: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval for a share (Wilson 1927). `n` may be an effective size, and so not whole."""
    if n <= 0:
        return Interval(0.0, 0.0, 1.0, 0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(share, min(low, share), max(high, share), n)


class Stratum(Struct, frozen=True):
    """A part of a population of which some were looked at: how many there are, how many of `n` looked at were hits."""

    size: float
    hits: float
    n: float
    caught: bool  # whether the hits of this part count as caught


def recall(strata: Sequence[Stratum], confidence: float = CONFIDENCE) -> Interval:
    """Which share of all hits lies in the strata that were caught: a stratified estimate.

    The estimate weights each stratum's share by its size. The interval is the delta method's on the logit scale, for
    which the shares are smoothed by half a hit and half a miss (Jeffreys), so that a stratum without any hit still
    has a spread. A stratum of which nothing was looked at leaves everything possible.
    """
    n = sum(one.n for one in strata)
    caught, missed = (
        sum(one.size * one.hits / one.n for one in strata if one.caught is side and one.n) for side in (True, False)
    )
    estimate = caught / (caught + missed) if caught + missed else 0.0
    sides = [_side([one for one in strata if one.caught is side and one.size]) for side in (True, False)]
    if any(side is None for side in sides) or not caught + missed:
        return Interval(estimate, 0.0, 1.0, n)
    (more, more_spread), (less, less_spread) = (side for side in sides if side is not None)
    if not more or not less:
        return Interval(estimate, estimate, estimate, n)
    middle = math.log(more / less)
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.hypot(more_spread / more, less_spread / less)
    low, high = (1 / (1 + math.exp(-logit)) for logit in (middle - half, middle + half))
    return Interval(estimate, min(low, estimate), max(high, estimate), n)


def _side(strata: Sequence[Stratum]) -> tuple[float, float] | None:
    """(hits, their standard deviation) in some strata, smoothed; None when one of them was not looked at."""
    if any(one.n == 0 for one in strata):
        return None
    shares = [(one.size, (one.hits + 0.5) / (one.n + 1), one.n) for one in strata]
    variance = sum((size * size * share * (1 - share) / (n + 2)) for size, share, n in shares)
    return sum(size * share for size, share, _ in shares), math.sqrt(variance)
