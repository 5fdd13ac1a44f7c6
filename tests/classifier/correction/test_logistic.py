"""Logistic regression that starts from the base model: what it minimises, and what learning by single kinds changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifier.correction.logistic import Kinds, fit, fits, narrowed, raised, spanned, unmoved

TEXT, AUTHOR = 0, 1


def rows(*kinds: list[list[float]], base: list[float] | None = None) -> Kinds:
    """Rows without a base model unless it is given; then it is all of the first kind's."""
    known = np.zeros((len(kinds[0]), len(kinds)))
    if base is not None:
        known[:, 0] = base
    return Kinds(tuple(sparse.csr_matrix(kind, dtype=np.float64) for kind in kinds), known)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_from_nothing_it_is_the_ordinary_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features, weights = rng.normal(size=(40, 5)), rng.uniform(0.1, 3, 40)
    truth = (features @ rng.normal(size=5) + rng.normal(size=40) > 0).astype(float)
    truth[:2] = 0, 1
    learnt = fit(rows(features.tolist()), truth, weights)
    ordinary = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8).fit(
        np.hstack([features, np.ones((40, 1))]), truth, sample_weight=weights
    )
    assert np.append(learnt.weights, learnt.intercept) == pytest.approx(ordinary.coef_[0], abs=0.05)


def test_what_the_base_model_knows_is_not_learnt_again_nor_taken_back() -> None:
    known = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    truth, weights = np.array([1.0, 1.0, 0.0, 0.0]), np.ones(4)
    sure = fit(rows(known, base=[9.0, 9.0, -9.0, -9.0]), truth, weights)
    unsure = fit(rows(known), truth, weights)
    assert np.abs(sure.weights).max() < 0.01
    assert np.abs(unsure.weights).min() > 0.3
    unseen = Kinds((sparse.csr_matrix((2, 2)),), np.array([[9.0], [-9.0]]))
    assert sure.logits(unseen) == pytest.approx([9.0, -9.0], abs=0.1)


def test_a_kind_that_teaches_alone_says_more_when_it_comes_alone() -> None:
    text, author = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]] * 20, [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]] * 20
    truth, weights = np.array([1.0, 0.0] * 20), np.ones(40)
    seen = rows(text, author)
    together, apart = fit(seen, truth, weights), fit(seen, truth, weights, alone=(TEXT, AUTHOR))
    stranger = rows([[1.0, 0.0, 0.0, 0.0]], [[0.0] * 4])
    assert apart.logits(stranger)[0] > 1.05 * together.logits(stranger)[0] > 0


def test_a_kind_that_a_row_lacks_takes_no_weight_from_the_others() -> None:
    text = [[1.0, 0.0], [0.0, 1.0]] * 10
    truth, weights = np.array([1.0, 0.0] * 10), np.ones(20)
    lacking = rows(text, [[0.0, 0.0]] * 20)
    once, twice = fit(rows(text), truth, weights), fit(lacking, truth, weights, alone=(TEXT, AUTHOR))
    assert twice.weights == pytest.approx(once.weights, abs=0.02)


def test_only_columns_in_which_something_stands_are_kept() -> None:
    wide = [sparse.csr_matrix(([1.0, 2.0], [3, 900], [0, 1, 2]), (2, 1000)), sparse.csr_matrix((2, 1000))]
    kinds, columns = narrowed(wide)
    assert columns.tolist() == [3, 900]
    assert [kind.shape for kind in kinds] == [(2, 2), (2, 2)]
    assert kinds[0].toarray().tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert unmoved(2).logits(Kinds(kinds, np.array([[0.5, 1.0], [0.0, 2.0]]))).tolist() == [1.5, 2.0]


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_over_what_the_rows_span_the_same_is_learnt(seed: int) -> None:
    rng = np.random.default_rng(seed)
    text, author = (rng.uniform(size=(30, 200)) * (rng.uniform(size=(30, 200)) < share) for share in (0.1, 0.05))
    author[::3] = 0  # some have no author, and two comments are the same
    text[1] = text[0]
    kinds = tuple(sparse.csr_matrix(kind) for kind in (text, author, np.zeros((30, 200))))
    base, truth, weights = rng.normal(size=(30, 3)), rng.integers(0, 2, 30).astype(float), rng.uniform(1, 9, 30)
    few, back = spanned(kinds)
    assert few[0].shape[1] < 60
    here = fit(Kinds(kinds, base), truth, weights, alone=(TEXT, AUTHOR))
    there = fit(Kinds(few, base), truth, weights, alone=(TEXT, AUTHOR))
    assert there.logits(Kinds(few, base)) == pytest.approx(here.logits(Kinds(kinds, base)), abs=0.05)
    assert back(there).logits(Kinds(kinds, base)) == pytest.approx(there.logits(Kinds(few, base)), abs=1e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_several_strengths_at_once_find_what_each_finds_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = rows(rng.normal(size=(40, 5)).tolist(), rng.normal(size=(40, 5)).tolist())
    truth, weights = (rng.random(40) < 0.5).astype(float), rng.uniform(0.1, 1, 40)
    together = fits(known, truth, weights, (0.3, 3.0), alone=(TEXT, AUTHOR))
    apart = [fit(known, truth, weights * strength, alone=(TEXT, AUTHOR)) for strength in (0.3, 3.0)]
    for one, other in zip(together, apart, strict=True):
        assert one.weights == pytest.approx(other.weights, abs=0.03)


@given(st.integers(0, 1000), st.floats(-6, 3), st.floats(0.3, 3))
@settings(max_examples=40, deadline=None)
def test_as_many_reach_the_level_as_before(seed: int, moved: float, stretched: float) -> None:
    before = np.random.default_rng(seed).normal(-3, 1.5, 4_000)
    after = before * stretched + moved
    more = raised(before, after, np.ones(4_000), 0.0, 0.5)
    was, would_be, is_now = ((logits >= 0).mean() for logits in (before, after, after + more))
    assert more == 0 if would_be > was + 0.01 else is_now == pytest.approx(was, abs=0.01)


def test_no_more_reach_the_level_than_may() -> None:
    many, few = np.random.default_rng(1).normal(0, 1, 4_000), np.random.default_rng(2).normal(-8, 1, 4_000)
    assert (few + raised(many, few, np.ones(4_000), 0.0, 0.02) >= 0).mean() == pytest.approx(0.02, abs=0.006)
