"""Hygiene of decisions: repeats, contradictions, loud voices, labels that look wrong, and the bounds that hold them."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Decided, Input, Model, load
from classifier.correction.label_quality import (
    ENOUGH,
    REPEATS,
    SHARE,
    contradictions,
    doubtful,
    near_duplicates,
    quieted,
    weigh,
)
from classifier.correction.training import train
from classifier.features.transformer import CommentFeatures
from tests.classifier.decisions import SPAMMY, moderated, text

LONG = text(random.Random(1), SPAMMY, size=60)


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def groups(*texts: str) -> list[int]:
    return near_duplicates(CommentFeatures().transform([Input(one) for one in texts])).tolist()


def test_near_duplicates_are_found_and_others_are_not() -> None:
    changed = LONG.replace("garden", "meadow", 1)
    other = text(random.Random(2), SPAMMY, size=60)
    assert groups(LONG, other, changed, LONG.upper(), "", "") == [0, 1, 0, 0, 4, 5]


def test_near_duplicates_count_together_only_so_much() -> None:
    rows = [Decided(Input(LONG), {"spam": 1.0})] * 40 + [Decided(Input("hello there"), {"spam": 0.0})]
    weights = weigh(rows, np.array([1.0] * 40 + [0.0]), np.array([0] * 40 + [40]))
    assert weights[:40].sum() == pytest.approx(REPEATS)
    assert weights[40] == 1.0


def test_contradictions_teach_only_what_they_outnumber() -> None:
    rows = [Decided(Input(LONG), {"spam": spam}) for spam in (1.0, 1.0, 1.0, 0.0)]
    weights = weigh(rows, np.array([1.0, 1.0, 1.0, 0.0]), np.zeros(4, np.intp))
    assert weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0.0])
    even = weigh(rows[2:], np.array([1.0, 0.0]), np.zeros(2, np.intp))
    assert even.tolist() == [0.0, 0.0]


def test_contradictions_are_listed_label_by_label() -> None:
    rows = [
        Decided(Input(LONG), {"spam": 1.0, "toxicity": 0.0}),
        Decided(Input("something else that was written here"), {"spam": 0.0}),
        Decided(Input(LONG), {"spam": 0.0, "toxicity": 0.0}),
    ]
    (found,) = contradictions(rows)
    assert (found.label, found.rows, found.positives) == ("spam", (0, 2), 1)
    assert contradictions([]) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 400)), min_size=1, max_size=30))
def test_no_voice_carries_more_than_its_share(rows: list[tuple[str, float]]) -> None:
    voices, given_weights = [voice for voice, _ in rows], np.array([weight for _, weight in rows])
    weights = quieted(given_weights, voices)
    sums = {voice: sum(w for v, w in zip(voices, weights, strict=True) if v == voice) for voice in set(voices)}
    loudest = max(sums.values())
    assert (weights <= given_weights + 1e-9).all()
    assert loudest <= SHARE * sum(sums.values()) + 1e-6 or sum(sums.values()) - loudest < ENOUGH


def test_an_import_of_wrong_labels_loses_its_say(model: Model) -> None:
    """Two moderators agree; an import calls everything the other way round. It is trusted less until it harms nobody."""
    honest = [
        row._replace(voice=f"moderator:{'ann' if at % 4 < 2 else 'ben'}") for at, row in enumerate(moderated(200))
    ]
    wrong = [
        row._replace(labels={"spam": 1 - row.labels["spam"]}, voice="import:other", at=row.at - 500_000)
        for row in moderated(160, seed=3)
    ]
    voices = train(model, [*honest, *wrong], "blog-1").card["labels"]["spam"]["voices"]
    assert voices["import:other"]["trust"] <= 0.25
    assert voices["moderator:ann"]["trust"] == voices["moderator:ben"]["trust"] == 1.0


def test_a_right_import_keeps_its_say(model: Model) -> None:
    honest = moderated(120)
    right = [row._replace(voice="import:other", at=row.at - 500_000) for row in moderated(160, seed=3)]
    voices = train(model, [*honest, *right], "blog-1").card["labels"]["spam"]["voices"]
    assert {voice["trust"] for voice in voices.values()} == {1.0}


def test_wrong_labels_are_doubted(model: Model) -> None:
    rows = moderated(240)
    wrong = set(random.Random(5).sample(range(len(rows)), 12))
    told = [
        row._replace(labels={"spam": 1 - row.labels["spam"]}) if at in wrong else row for at, row in enumerate(rows)
    ]
    found = doubtful(model, told, "spam")
    first = [doubt.row for doubt in found[:12]]
    assert len(wrong & set(first)) >= 10
    assert all(abs(doubt.said - doubt.expected) > 0.5 for doubt in found)


def test_too_few_answers_are_not_doubted(model: Model) -> None:
    assert doubtful(model, moderated(8), "spam") == []
    assert doubtful(model, moderated(40), "toxicity") == []
