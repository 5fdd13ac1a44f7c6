"""Passages: what a text is cut into, and that what is said of each does not depend on what stands around it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Input, Model
from classifier.inputs import distinct
from classifier.passages import LEAST, MOST, passages

WORDS = st.sampled_from(
    [
        "a",
        "word",
        "idiot",
        "example.com/x",
        "!",
        "?)",
        "end.",
        "Ende。",
        "\n",
        "日本",
        "A Word",
        "Ärger",
        "long" * 60,
        "…",
        " ",
    ]
)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join) | st.text(max_size=400)
INSULT = "You are a pathetic idiot and everybody here knows it."
SENTENCES = (
    "The second chapter explains how the bridge was built.",
    "My brother has lived in that town for eleven years now.",
    "We took the early train and were home before it got dark.",
    "There is a small museum behind the church, which is free.",
    "Most of the figures in the report are from last autumn.",
)


@given(TEXTS, st.booleans())
def test_nothing_is_lost_but_white_space(text: str, cased: bool) -> None:
    spans = passages(text, cased=cased)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    for (_, end), (start, _) in pairwise(spans):
        assert start in (end, end + 1)
        assert text[end:start].strip() == ""
    assert all(end > start for start, end in spans) or not text


@given(TEXTS, st.booleans())
def test_no_passage_is_long(text: str, cased: bool) -> None:
    assert all(end - start <= MOST + LEAST for start, end in passages(text, cased=cased))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_forgotten_point_hides_no_sentence(sentence: str) -> None:
    for text in (f"{INSULT[:-1]} {sentence}", f"{sentence[:-1]} {INSULT}"):
        assert [text[start:end] for start, end in passages(text)] == [text]
        first, second = (text[start:end] for start, end in passages(text, cased=True))
        assert {first.removesuffix("."), second.removesuffix(".")} == {INSULT[:-1], sentence[:-1]}


def test_sentences_are_brought_together_to_some_length() -> None:
    text = f"No. Never! {INSULT} And so on, as I have said before, more than once. Right."
    assert [text[start:end] for start, end in passages(text)] == [
        f"No. Never! {INSULT}",
        "And so on, as I have said before, more than once. Right.",
    ]


def test_who_repeats_himself_has_said_it_once() -> None:
    assert distinct(" ".join([INSULT] * 1000)) == distinct(INSULT)


@pytest.mark.parametrize("label", ["spam", "threat"])
def test_a_passage_says_the_same_wherever_it_stands(random_model: Model, label: str) -> None:
    """The worst passage decides before, after and amid others, or the whole, if that is worse; which of them is pointed at."""

    def said(text: str) -> tuple[float, str]:
        explanation = random_model.explain(Input(text), label)
        spans = sum(part.contribution for part in explanation.parts if part.kind == "span")
        return spans, text[explanation.start : explanation.end]

    alone = {text: said(text)[0] for text in (INSULT, *SENTENCES)}
    worst = max(alone, key=lambda text: alone[text])
    others = [text for text in alone if text != worst]
    for at in range(len(others) + 1):
        text = " ".join((*others[:at], worst, *others[at:]))
        together, pointed_at = said(text)
        assert pointed_at in {worst, text}
        assert together >= alone[worst] - 1e-4
        assert (pointed_at == worst) == (together == pytest.approx(alone[worst], abs=1e-4))


def test_repeating_changes_nothing(random_model: Model) -> None:
    once = random_model.score([Input(f"{INSULT} {SENTENCES[0]}")])[0].scores
    often = random_model.score([Input(" ".join((INSULT, SENTENCES[0])) + f" {SENTENCES[0]}" * 200)])[0].scores
    for label in ("insult", "threat", "identity_attack"):
        assert often[label] == pytest.approx(once[label], abs=0.15)
