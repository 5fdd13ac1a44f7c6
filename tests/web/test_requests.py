"""Forms as clients write them, and what of them counts as the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import MalformedRequest
from service.core.text.spoken import words
from service.web.requests import MAX_FIELDS, charset_of, parse_form, truth, unslashed


def test_names_without_a_value_arrays_and_doubles() -> None:
    form = parse_form(b"a=1&a=2&empty&none=&tags[]=x&tags[]=y&tags[5]=z&nested[a][b]=1&%C3%BC=%C3%A4")
    assert form == {"a": "2", "empty": "", "none": "", "tags": "x\ny\nz", "nested[a][b]": "1", "ü": "ä"}


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "iso-8859-1", "gbk", "big5", "iso-8859-99"]))
def test_whatever_bytes_come_text_comes_out_that_can_be_stored(body: bytes, charset: str) -> None:
    for name, value in parse_form(body, charset).items():
        (name + value).encode()
        assert "\0" not in value


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(MalformedRequest):
        parse_form(b"a&" * (MAX_FIELDS + 1))


def test_only_character_sets_of_forms_are_one() -> None:
    assert charset_of("zlib", None, "ISO-8859-1") == "ISO-8859-1"
    assert charset_of("rot13", "hex") == "utf-8"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (r"It\'s \"fine\"", 'It\'s "fine"'),
        (r"C:\\dir", r"C:\dir"),
        ('It\'s "fine"', 'It\'s "fine"'),
        (r"C:\dir", r"C:\dir"),
        (r'a \"b\" and "c"', r'a \"b\" and "c"'),
        ("no slash", "no slash"),
        ("ends in one\\", "ends in one\\"),
    ],
)
def test_slashes_go_only_where_addslashes_put_them(sent: str, meant: str) -> None:
    assert unslashed(sent) == meant


@given(st.text(max_size=80))
def test_what_addslashes_did_is_undone(text: str) -> None:
    text = text.replace("\0", "")
    slashed = text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    assert unslashed(slashed) == text or "\\" not in slashed
    assert words(slashed) == words(text)


@pytest.mark.parametrize("value", ["1", "true", "True", " TRUE "])
def test_what_is_true(value: str) -> None:
    assert truth({"is_test": value}, "is_test")


@pytest.mark.parametrize("value", ["0", "false", "False", "", "None"])
def test_what_is_not(value: str) -> None:
    assert not truth({"is_test": value}, "is_test")
