"""Promises: thresholds that keep them on fresh comments, as often as was stated, and no thresholds where they can't."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from classifier.correction.thresholds import Promise, keep, most, standing

MISTAKEN = 0.006
"""Share of bad comments among those with the highest scores that humans call good, in `population`."""


def population(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truth of comments: good ones mostly low, some high; scores rounded, so that many are tied."""
    bad = rng.random(size) < 0.3
    scores = np.where(bad, rng.beta(5, 1.2, size), rng.beta(1, 6, size))
    scores[~bad & (rng.random(size) < MISTAKEN)] = 0.9
    return np.round(scores, 3), bad


def above(ordered: np.ndarray, threshold: float) -> int:
    return len(ordered) - int(np.searchsorted(ordered, threshold))


def test_promises_hold_as_often_as_stated() -> None:
    """In each of 400 repetitions thresholds are set on fresh decisions; broken ones must be as rare as was said."""
    rng = np.random.default_rng(1)
    far, truth = population(rng, 2_000_000)
    far_good, far_bad = np.sort(far[~truth]), np.sort(far[truth])
    promise = Promise(0.02, 0.93, 0.9)
    broken = both = 0
    for _ in range(400):
        kept = keep(promise, *map(np.ndarray.tolist, population(rng, 1500)))
        hold, reject = kept.hold.threshold, kept.reject.threshold
        both += hold is not None and reject is not None
        too_many = hold is not None and above(far_good, hold) > promise.max_good_held * len(far_good)
        caught = above(far_bad, reject) if reject is not None else 1
        wrong = above(far_good, reject) if reject is not None else 0
        broken += too_many or caught < promise.min_reject_precision * (caught + wrong)
    assert both > 300
    assert broken <= stats.binom.ppf(0.999, 400, 1 - promise.confidence)


def test_more_decisions_allow_lower_thresholds() -> None:
    rng = np.random.default_rng(2)
    scores, bad = population(rng, 40_000)
    few, many = (keep(Promise(0.01, 0.98), scores[:n].tolist(), bad[:n].tolist()) for n in (1500, 40_000))
    assert few.hold.threshold is not None
    assert many.hold.threshold is not None
    assert many.hold.threshold < few.hold.threshold
    assert many.reject.threshold is not None


@pytest.mark.parametrize(("good", "missing"), [(0, 736), (1, 735), (735, 1), (736, 0)])
def test_it_says_how_many_are_missing(good: int, missing: int) -> None:
    """Without any mistake, n good ones prove a share below 1 - risk^(1/n): 736 for 0.5 % at 97.5 %."""
    kept = keep(Promise(), [0.1] * good + [0.9], [False] * good + [True])
    assert kept.hold.missing == missing
    assert (kept.hold.threshold is None) == bool(missing)
    assert 1 - (1 - 0.005) ** 736 >= 0.975 > 1 - (1 - 0.005) ** 735


def test_what_is_safe_now_is_said() -> None:
    kept = keep(Promise(), [0.2] * 200 + [0.9] * 300, [False] * 200 + [True] * 300)
    assert kept.hold.threshold is None
    assert kept.hold.safe is not None
    assert 0.2 < kept.hold.safe < 0.21
    assert kept.hold.bound == pytest.approx(1 - 0.025 ** (1 / 200))
    assert kept.reject.threshold is None
    assert kept.reject.missing > 0


def test_precision_that_is_not_there_is_never_promised() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(5000)
    kept = keep(Promise(), scores.tolist(), (rng.random(5000) < 0.9).tolist())
    assert kept.reject.threshold is None
    assert kept.reject.missing > 0
    assert kept.reject.bound < 0.95


def test_clean_decisions_promise_rejection() -> None:
    kept = keep(Promise(), [0.1] * 800 + [0.5 + at / 4000 for at in range(1800)], [False] * 800 + [True] * 1800)
    assert kept.reject.threshold is not None
    assert 0.1 < kept.reject.threshold < 0.9
    assert kept.reject.bound >= 0.99


def test_every_score_is_looked_at_and_not_the_rungs_alone() -> None:
    """95 % are promised with 90 % confidence; .976 and above hold no mistake, and below it are many."""
    scores = [0.976 + 0.02 * at / 200 for at in range(200)] + [0.97 - 0.5 * at / 400 for at in range(400)]
    kept = keep(Promise(0.2, 0.95, 0.9), scores, [at < 200 or at % 2 == 0 for at in range(600)])
    assert kept.reject.threshold is not None
    assert 0.94 < kept.reject.threshold <= 0.976  # a few mistakes below are borne too
    assert kept.reject.bound >= 0.95


def test_the_outcomes_stay_in_their_order() -> None:
    """Rejection that is proven from a lower score than holding begins where holding does."""
    rng = np.random.default_rng(4)
    scores, bad = population(rng, 4_000)
    for held, precision in itertools.product((0.001, 0.01, 0.1), (0.5, 0.8, 0.95)):
        kept = keep(Promise(held, precision, 0.9), scores.tolist(), bad.tolist())
        if kept.hold.threshold is not None and kept.reject.threshold is not None:
            assert kept.hold.threshold <= kept.reject.threshold
            assert kept.reject.bound >= precision


def test_what_later_decisions_say_of_a_promise() -> None:
    promise = Promise(0.05, 0.9, 0.9)
    held, rejected = standing(promise, [0.1] * 90 + [0.9] * 20, [False] * 90 + [True] * 20, hold=0.5, reject=0.8)
    assert (held.rows, held.mistakes, held.missing) == (90, 0, 0)
    assert (rejected.rows, rejected.mistakes) == (20, 0)
    assert rejected.missing == 29 - 20  # ln(0.05) / ln(0.9)
    assert held.bound == pytest.approx(1 - 0.05 ** (1 / 90))
    nothing = standing(promise, [0.1], [False], hold=0.5, reject=None)[1]
    assert (nothing.rows, nothing.bound) == (0, 0.0)


@given(st.integers(1, 3000), st.data(), st.floats(0.001, 0.4))
@settings(max_examples=200)
def test_the_bound_is_clopper_and_pearsons(n: int, data: st.DataObject, risk: float) -> None:
    hits = data.draw(st.integers(0, n - 1))
    bound = most(hits, n, risk)
    assert stats.binom.cdf(hits, n, bound) == pytest.approx(risk, rel=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_any_decisions_give_an_answer(rows: list[tuple[float, bool]]) -> None:
    kept = keep(Promise(0.2, 0.7, 0.8), [score for score, _ in rows], [bad for _, bad in rows])
    good = [score for score, bad in rows if not bad]
    if kept.hold.threshold is not None:
        assert sum(score >= kept.hold.threshold for score in good) <= 0.2 * len(good)
    for limit in (kept.hold, kept.reject):
        assert (limit.threshold is None) == (limit.missing > 0)
        assert 0 <= limit.bound <= 1


@pytest.mark.parametrize("promise", [Promise(0.0), Promise(0.1, 1.0), Promise(0.1, 0.9, 1.5)])
def test_impossible_promises_are_refused(promise: Promise) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        keep(promise, [0.5], [True])


def test_scores_must_be_numbers() -> None:
    with pytest.raises(ValueError, match="finite score"):
        keep(Promise(), [float("nan")], [True])
