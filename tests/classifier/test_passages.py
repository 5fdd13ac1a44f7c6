"""Passages: what a text is cut into, and that what is said of each does not depend on what stands around it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Input, Model
from classifier.inputs import cut, distinct
from classifier.normalise import normalise
from classifier.passages import LEAST, MOST, at_capitals, at_openers, begun, passages

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
def test_nothing_is_lost_but_white_space(text: str, as_written: bool) -> None:
    spans = passages(text, begun(text, at_capitals) if as_written else ())
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    for (_, end), (start, _) in pairwise(spans):
        assert start in (end, end + 1)
        assert text[end:start].strip() == ""
    assert all(end > start for start, end in spans) or not text


@given(TEXTS, st.booleans())
def test_no_passage_is_long(text: str, as_written: bool) -> None:
    assert all(
        end - start <= MOST + LEAST for start, end in passages(text, begun(text, at_capitals) if as_written else ())
    )


@given(TEXTS)
def test_a_sentence_begins_at_a_word_of_the_folded_text(text: str) -> None:
    folded = normalise(text)
    starts = begun(text, at_openers, folded.text)
    assert starts == sorted(set(starts))
    assert all(folded.text[at - 1] == " " != folded.text[at] for at in starts)
    spans = cut(folded)
    assert (spans[0][0], spans[-1][1]) == (0, len(folded.text))
    assert all(start in (end, end + 1) for (_, end), (start, _) in pairwise(spans))


HIDDEN = {
    "as it is": INSULT[:-1],
    "shouted": INSULT[:-1].upper(),
    "with emoji": f"{INSULT[:-1]} 😂😂",
    "with a number": f"{INSULT[:-1]} 100",
    "beside an address": f"see https://example.com/a-long-way/to-go?really=yes {INSULT[:-1]}",
    "in markup": f"<p class='comment-body'><b>{INSULT[:-1]}</b></p>",
    "in disguise": INSULT[:-1].replace("idiot", "1d10t"),
    "with invisible letters": "\u200b".join(INSULT[:-1]),
}


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("insult", HIDDEN.values(), ids=HIDDEN)
def test_a_forgotten_point_hides_no_sentence(insult: str, sentence: str) -> None:
    """Whatever stands before it, and on a line of its own."""
    alone = distinct(normalise(insult))
    for between in (" ", "\n", "\r\n\r\n  "):
        found = distinct(normalise(f"{insult}{between}{sentence}"))
        assert found == [*alone, sentence.lower().encode()]


def test_a_new_line_is_a_new_sentence() -> None:
    lines = [
        "You are a pathetic idiot",
        "Second chapter of a bridge",
        "7 days a week it is free",
        "Ümit was here as well",
    ]
    for between in ("\n", "\r\n", "\n\n", "\n \n"):
        assert distinct(normalise(between.join(lines))) == [normalise(line).text.encode() for line in lines]
    small = [line.lower() for line in lines]
    assert distinct(normalise("\n\n".join(small))) == [normalise(line).text.encode() for line in small]


def test_a_sentence_broken_at_some_width_is_one() -> None:
    text = "Most of the figures in the report that we read are\nfrom the autumn in which my brother lived there."
    assert distinct(normalise(text)) == [normalise(text).text.encode()]


def test_a_name_is_no_sentence_to_a_reader_of_words() -> None:
    text = "Those who came from Russia with Ivan Petrov said nothing of German Shepherd dogs"
    assert distinct(normalise(text)) == [text.lower().encode()]


def test_words_without_end_are_read_in_pieces() -> None:
    found = distinct(normalise("you are a pathetic idiot " + "and the bridge was built in some other way " * 9))
    assert len(found) > 1
    assert all(len(one) <= MOST for one in found)


def test_sentences_are_brought_together_to_some_length() -> None:
    text = f"No. Never! {INSULT} And so on, as I have said before, more than once. Right."
    assert [text[start:end] for start, end in passages(text)] == [
        f"No. Never! {INSULT}",
        "And so on, as I have said before, more than once. Right.",
    ]


def test_who_repeats_himself_has_said_it_once() -> None:
    assert distinct(normalise(" ".join([INSULT] * 1000))) == distinct(normalise(INSULT))


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
