"""Intervals hold what they promise: in repeated simulation, about as often as stated."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from service.learning.measures import EDGES, Stratum, recall, shares, stability, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (990, 1000)])
def test_wilson_is_the_textbooks(hits: int, n: int) -> None:
    known = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    found = wilson(hits, n)
    assert (found.low, found.high) == (pytest.approx(known.low, abs=1e-9), pytest.approx(known.high, abs=1e-9))
    assert found.low <= found.estimate <= found.high


def test_nothing_seen_means_nothing_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    unseen = recall([Stratum(100, 0, 0, caught=False), Stratum(100, 9, 10, caught=True)])
    assert (unseen.low, unseen.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("sizes", "rates", "looked_at"),
    [((8000, 1000, 1000), (0.01, 0.95, 0.4), (80, 30, 1000)), ((2000, 100, 200), (0.002, 0.9, 0.3), (20, 10, 200))],
)
def test_recall_covers_the_truth(sizes: tuple[int, ...], rates: tuple[float, ...], looked_at: tuple[int, ...]) -> None:
    rng, runs, covered = random.Random(1), 400, 0
    bad = [size * rate for size, rate in zip(sizes, rates, strict=True)]
    truth = sum(bad[1:]) / sum(bad)
    for _ in range(runs):
        strata = [
            Stratum(size, sum(rng.random() < rate for _ in range(n)), n, caught=place > 0)
            for place, (size, rate, n) in enumerate(zip(sizes, rates, looked_at, strict=True))
        ]
        found = recall(strata)
        covered += found.low <= truth <= found.high
    assert covered / runs > 0.92  # 0.95 less three standard errors


def test_bins_hold_everything_and_no_change_is_no_drift() -> None:
    scores = [0.0, *EDGES, 1.0]
    assert math.isclose(sum(shares(scores)), 1.0)
    assert stability(shares(scores), shares(scores)) == 0.0
    assert stability(shares([0.02] * 90 + [0.97] * 10), shares([0.02] * 50 + [0.97] * 50)) > 0.25
    assert shares([]) == ()
