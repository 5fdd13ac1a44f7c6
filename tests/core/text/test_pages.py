"""One page has one address for comparing, however a visitor came to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.text.pages import TRACKING, same_page

part = st.text(alphabet="abcXYZ019-_.%", max_size=8)
pair = st.builds("{}={}".format, part.filter(lambda name: name and name.lower() not in TRACKING), part)
tracked = st.builds(
    "{}={}".format, st.sampled_from(sorted([*TRACKING, "utm_source", "UTM_Medium", "utm_x", "FBCLID"])), part
)


@pytest.mark.parametrize(
    "url",
    [
        "https://blog.example/post", "http://blog.example/post/", "https://blog.example/post#comment-7", "https://Blog.example/post?",
        "https://blog.example/post/?utm_source=a&UTM_campaign=b", "https://blog.example/post?fbclid=1#respond",
        "https://blog.example/post/?replytocom=12#respond", "https://blog.example/post?unapproved=3&moderation-hash=abc#comment-3",
        "https://blog.example/post#:~:text=some%20words", " https://blog.example/post ",
    ],
)  # fmt: skip
def test_addresses_of_one_page(url: str) -> None:
    assert same_page(url) == "blog.example/post"


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("https://blog.example/?p=1", "https://blog.example/?p=2"),
        ("https://blog.example/?p=1&utm_source=a", "https://blog.example/?utm_source=a"),
        ("https://blog.example/a", "https://blog.example/b"),
        ("https://blog.example/#/a", "https://blog.example/#/b"),
        ("https://blog.example/#!a", "https://blog.example/"),
        ("https://blog.example/?utm=1", "https://blog.example/?utm=2"),
    ],
)
def test_addresses_of_two_pages(url: str, other: str) -> None:
    assert same_page(url) != same_page(other)


@given(part, st.lists(pair, max_size=3), st.lists(tracked, max_size=3), part)
def test_what_tracks_changes_nothing(path: str, pairs: list[str], more: list[str], fragment: str) -> None:
    plain = f"https://blog.example/{path}" + (f"?{'&'.join(pairs)}" if pairs else "")
    mixed = [*more, *pairs]
    followed = f"http://blog.example/{path}" + (f"?{'&'.join(mixed)}" if mixed else "") + f"#{fragment}"
    assert same_page(followed) == same_page(plain)
    assert same_page(same_page(plain)) == same_page(plain)


@given(st.text(max_size=60))
def test_it_reads_anything(text: str) -> None:
    same_page(text)


@given(part, st.lists(pair, max_size=3))
def test_what_has_nothing_of_this_is_known_as_before(path: str, pairs: list[str]) -> None:
    """Comments of an earlier version are found again under the same name."""
    url = f"https://blog.example/{path}" + (f"?{'&'.join(pairs)}" if pairs else "")
    assert same_page(url) == url.partition("://")[2].rstrip("/").lower()
