"""What is said is the same however it was stored on its way, and nothing that could be read is ever lost from it."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.text.spoken import place, plain, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hi", " Hi\r\n"),
        ("Hi", "<p>Hi</p>"),
        ('"Hi"', '\\"Hi\\"'),
        ("a & b", "a &amp; b"),
        ('<a href="https://x.example/">x</a>', "<a href='https://x.example/' rel=\"nofollow ugc\" class=url>x</a>"),
        ("Line<br>two", "Line<br />two"),
        ("cafe\u0301", "café"),
    ],
)
def test_words_that_are_the_same(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hi", "Hi!"),
        ("Nice.", "Nice. <buy pills now>"),
        ("Nice.", "Nice. <b buy pills>"),
        ("Hi", '<a href="https://x.example">Hi</a>'),
        ('<a href="https://x.example">Hi</a>', '<a href="https://y.example">Hi</a>'),
        ("Hi", '<img src="https://x.example/pills.png">Hi'),
        ("Hi", '<i title="buy pills">Hi</i>'),
    ],
)
def test_words_that_are_others(one: str, other: str) -> None:
    assert words(one) != words(other)


@given(st.text(), st.text())
def test_no_letter_outside_of_known_markup_is_lost(before: str, added: str) -> None:
    """Whatever is added that is no markup is seen."""
    letters = "".join(filter(str.isalpha, added))
    if letters and unicodedata.is_normalized("NFC", letters):
        assert words(before + " xx" + letters) != words(before + " xx")


@given(st.text())
def test_plain_knows_one_form_of_a_text(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert plain(unicodedata.normalize("NFD", text)) == plain(text) == plain(plain(text))
    assert plain(lines.replace("\n", " \r\n") + " ") == plain(text)


@given(st.text(alphabet="ab ", min_size=1), st.integers(0, 20), st.characters(categories=["L", "N", "P", "S"]))
def test_plain_loses_nothing_that_is_seen(text: str, at: int, sign: str) -> None:
    assert plain(text[:at] + sign + text[at:]) != plain(text) or sign in text


@pytest.mark.parametrize("url", ["https://Ann.example/", "http://ann.example", "ann.example", " HTTP://ANN.EXAMPLE/ "])
def test_an_address_however_written(url: str) -> None:
    assert place(url) == place("https://ann.example/")


@pytest.mark.parametrize("url", ["https://ann.example/loans", "https://ann.example?q=1", "https://anne.example", ""])
def test_another_address(url: str) -> None:
    assert place(url) != place("https://ann.example/")


def test_no_address_is_in_what_words_are_made_of() -> None:
    assert "ann" not in words("write to ann@example.com or ann&#64;example.com")


@pytest.mark.parametrize(
    "unit", ["<", "<a ", "\\", "&#", "&amp;", "[", "'\\", "href='", "<a href=", "<a x=' ", "<a rel", "<b '"]
)
def test_reading_takes_linear_time(unit: str) -> None:
    began = time.process_time()
    words(unit * (60_000 // len(unit)))
    assert time.process_time() - began < 2
