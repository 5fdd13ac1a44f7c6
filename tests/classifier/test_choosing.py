"""Choosing what to ask: unsure before sure, different before alike, the same pool the same choice."""

import random

import pytest

from classifier import Input, Version, load
from classifier.choosing import choose
from tests.classifier.decisions import text

SURE = [Input(f"Thank you, that was a very helpful article, part {at} of it above all.") for at in range(20)]
DOUBTFUL = Input("cheap casino bonus here, see my profile")


@pytest.fixture(scope="module")
def version() -> Version:
    return Version(load())


def test_the_unsure_one_comes_first(version: Version) -> None:
    pool = [*SURE, DOUBTFUL]
    scores = [prediction.scores["spam"] for prediction in version.score(pool)]
    unsure = max(range(len(pool)), key=lambda at: min(scores[at], 1 - scores[at]))
    assert unsure == 20
    assert choose(version, pool, 3)[0] == unsure


def test_of_twins_only_one_is_asked(version: Version) -> None:
    pool = [*[DOUBTFUL] * 10, Input("win money now with this one trick, visit http://win.example/now"), *SURE]
    chosen = choose(version, pool, 4)
    assert len(set(chosen) & set(range(10))) == 1
    assert len(set(chosen)) == 4


def test_small_pools_are_chosen_whole(version: Version) -> None:
    rng = random.Random(0)
    pool = [Input(text(rng, ())) for _ in range(5)]
    assert sorted(choose(version, pool, 50)) == list(range(5))
    assert choose(version, [], 5) == []
    assert choose(version, pool, 0) == []
    assert choose(version, [Input("")] * 3, 2) != []


def test_the_same_pool_gives_the_same_choice(version: Version) -> None:
    rng = random.Random(1)
    pool = [Input(text(rng, ("pills", "loans") if rng.random() < 0.5 else ())) for _ in range(60)]
    assert choose(version, pool, 10) == choose(version, pool, 10)
