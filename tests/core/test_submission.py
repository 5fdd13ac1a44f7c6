"""Untrusted fields are cleansed once, into a type that holds no address."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys
from service.core.submission import (
    MAX_CONTENT_BYTES,
    MAX_FORM_FIELDS,
    MAX_NAME,
    MAX_URL,
    Requirements,
    Submission,
    comment_id,
    fingerprint,
    prepare,
)

KEYS = IdentityKeys((("k1", b"1" * 32),))


def submit(**changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "keys": KEYS,
        "requires": Requirements(),
        "platform_id": "41",
        "content": "I liked this.",
        "page_url": "https://blog.example/post",
        "name": "Ann",
        "email": "ann@example.com",
        "ip": "192.0.2.7",
    }
    return prepare(**(fields | changes))


def test_no_field_holds_what_the_author_gave_as_address() -> None:
    tell = "ann@example.com from 192.0.2.7"
    submission = submit(
        content=f"me: {tell}", name=tell, url="https://x.example/?ann@example.com", page_title=tell, parent_text=tell,
        page_url="https://blog.example/?from=192.0.2.7&mail=ann@example.com", user_agent=tell, form={"f": tell},
    )  # fmt: skip
    stored = msgspec.msgpack.encode(submission)
    assert b"ann@example.com" not in stored
    assert b"192.0.2.7" not in stored
    assert submission.author.email is not None
    assert submission.author.email.digest.startswith("e1.k1.")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"platform_id": ""}, "/id"),
        ({"platform_id": "ann@example.com"}, "/id"),
        ({"platform_id": "x" * 201}, "/id"),
        ({"platform_id": "a b"}, "/id"),
        ({"parent_id": "ann@example.com"}, "/parent_id"),
        ({"content": ""}, "/content"),
        ({"content": " \n "}, "/content"),
        ({"content": "a\0b"}, "/content"),
        ({"content": "\ud800"}, "/content"),
        ({"content": "é" * (MAX_CONTENT_BYTES // 2 + 1)}, "/content"),
        ({"name": ""}, "/author/name"),
        ({"name": "x" * (MAX_NAME + 1)}, "/author/name"),
        ({"email": ""}, "/author/email"),
        ({"email": "nobody"}, "/author/email"),
        ({"ip": "somewhere"}, "/author/ip"),
        ({"url": "x" * (MAX_URL + 1)}, "/author/url"),
        ({"role": "emperor"}, "/author/role"),
        ({"page_url": "javascript:alert(1)"}, "/page/url"),
        ({"page_url": "/relative"}, "/page/url"),
        ({"form": {"bad name": "x"}}, "/form"),
        ({"form": {"x": "\0"}}, "/form"),
        ({"form": {f"f{n}": "" for n in range(MAX_FORM_FIELDS + 1)}}, "/form"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        submit(**change)
    assert refused.value.pointer == pointer
    assert refused.value.status == 422


def test_a_site_may_ask_for_less() -> None:
    submission = submit(name="", email="", requires=Requirements(name=False, email=False))
    assert submission.author.email is None


def test_the_longest_content_is_taken() -> None:
    assert len(submit(content="é" * (MAX_CONTENT_BYTES // 2)).content) == MAX_CONTENT_BYTES // 2


def test_a_fingerprint_changes_with_what_is_said_and_with_nothing_else() -> None:
    same = fingerprint(submit())
    assert fingerprint(submit(ip="192.0.2.8", email="bob@example.com", user_agent="x", form={"t": "1"})) == same
    for change in ({"content": "I liked it."}, {"name": "Bob"}, {"url": "https://x.example"}, {"parent_id": "7"}):
        assert fingerprint(submit(**change)) != same


def test_comment_ids_depend_on_site_and_platform_id_alone() -> None:
    assert comment_id("blog", "1") == comment_id("blog", "1")
    assert (
        len({comment_id("blog", "1"), comment_id("blog", "2"), comment_id("news", "1"), comment_id("blog1", "")}) == 4
    )


@given(st.text(), st.text(max_size=50), st.text(max_size=50))
def test_any_text_is_taken_or_refused_by_type(content: str, name: str, url: str) -> None:
    try:
        submission = submit(content=content, name=name, url=url)
    except InvalidSubmission:
        return
    msgspec.msgpack.decode(msgspec.msgpack.encode(submission), type=Submission)
