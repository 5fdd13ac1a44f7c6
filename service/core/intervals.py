"""Shares with their uncertainty, for reports and the quality panel. Pure; nothing here knows what is counted."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, quantiles

from msgspec import Struct

CONFIDENCE = 0.95
_DRAWS = 4_000


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

    The estimate weights each stratum's share by its size. The interval draws each share from its Jeffreys posterior,
    Beta(hits + ½, misses + ½), and takes the draws' percentiles (Brown, Cai and DasGupta 2001 on single shares); the
    draws are seeded, so that the same numbers give the same interval.
    """
    n = sum(one.n for one in strata)
    caught = sum(one.size * one.hits / one.n for one in strata if one.caught and one.n)
    total = sum(one.size * one.hits / one.n for one in strata if one.n)
    if total <= 0 or any(one.size > 0 and one.n == 0 for one in strata):
        return Interval(caught / total if total else 0.0, 0.0, 1.0, n)
    rng = random.Random(0)
    drawn = sorted(_one_draw(strata, rng) for _ in range(_DRAWS))
    cuts = quantiles(drawn, n=2_000)
    tail = round((1 - confidence) / 2 * 2_000)
    estimate = caught / total
    return Interval(estimate, min(cuts[tail - 1], estimate), max(cuts[-tail], estimate), n)


def _one_draw(strata: Sequence[Stratum], rng: random.Random) -> float:
    caught = total = 0.0
    for one in strata:
        if one.size:
            bad = one.size * rng.betavariate(one.hits + 0.5, one.n - one.hits + 0.5)
            total += bad
            caught += bad if one.caught else 0.0
    return caught / total
