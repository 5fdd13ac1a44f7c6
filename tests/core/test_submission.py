"""Untrusted fields are cleansed once, into a type that holds no address."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys, digest_ip
from service.core.signals.compute import signals
from service.core.signals.subjects import NOTHING_KNOWN, subjects_of
from service.core.submission import (
    MAX_CONTENT_BYTES,
    MAX_FORM_FIELDS,
    MAX_NAME,
    MAX_URL,
    Lenient,
    RawComment,
    Requirements,
    Strict,
    Submission,
    bare,
    comment_id,
    prepare,
)

KEYS = IdentityKeys((("k1", b"1" * 32),))
ALL = Requirements()


def submit(requires: Requirements = ALL, **changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "platform_id": "41",
        "content": "I liked this.",
        "page_url": "https://blog.example/post",
        "name": "Ann",
        "email": "ann@example.com",
        "ip": "192.0.2.7",
    }
    return prepare(RawComment(**(fields | changes)), KEYS, Strict(requires)).submission


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
        ({"platform_id": "ann%40example.com"}, "/id"),
        ({"platform_id": "user/ann%2540example.com#1"}, "/id"),
        ({"platform_id": "ann&#64example.com"}, "/id"),
        ({"platform_id": "x" * 201}, "/id"),
        ({"platform_id": "a b"}, "/id"),
        ({"content": ""}, "/content"),
        ({"content": " \n "}, "/content"),
        ({"content": "\u200b\u2060 &#8203;&nbsp;<wbr>"}, "/content"),
        ({"content": "<p>&nbsp;<br/></p>\n<div class='x'><b></b></div>"}, "/content"),
        ({"content": "\u17b4\U0001d173<!-->"}, "/content"),
        ({"content": "é" * (MAX_CONTENT_BYTES // 2 + 1)}, "/content"),
        ({"name": ""}, "/author/name"),
        ({"name": "\u200b\ufeff"}, "/author/name"),
        ({"platform_id": "a\0b"}, "/id"),
        ({"name": "x" * (MAX_NAME + 1)}, "/author/name"),
        ({"email": ""}, "/author/email"),
        ({"email": "nobody"}, "/author/email"),
        ({"ip": "somewhere"}, "/author/ip"),
        ({"url": "x" * (MAX_URL + 1)}, "/author/url"),
        ({"role": "emperor"}, "/author/role"),
        ({"page_url": "javascript:alert(1)"}, "/page/url"),
        ({"page_url": "/relative"}, "/page/url"),
        ({"form": {"bad name": "x"}}, "/form"),
        ({"form": {f"f{n}": "" for n in range(MAX_FORM_FIELDS + 1)}}, "/form"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        submit(**change)
    assert refused.value.pointer == pointer
    assert refused.value.status == 422


@pytest.mark.parametrize(
    "platform_id", ["a%2Fb?c=d&e=f#1", "https://m.example/%40ann/123", "good-at-python.org-1", "50%25", "a=40"]
)
def test_codes_are_fine_in_an_id_that_spells_no_address(platform_id: str) -> None:
    assert submit(platform_id=platform_id).platform_id == platform_id
    assert submit(parent_id=platform_id).parent_id == platform_id
    assert submit(parent_id="ann%40example.com").parent_id == ""


def test_a_site_may_ask_for_less() -> None:
    submission = submit(name="", email="", requires=Requirements(name=False, email=False))
    assert submission.author.email is None


def test_the_longest_content_is_taken() -> None:
    assert len(submit(content="é" * (MAX_CONTENT_BYTES // 2)).content) == MAX_CONTENT_BYTES // 2


def test_a_fingerprint_changes_with_what_is_said_and_with_nothing_else() -> None:
    same = submit().fingerprint
    around = {"ip": "192.0.2.8", "email": "bob@example.com", "user_agent": "x", "form": {"t": "1"}, "parent_id": "7"}
    assert submit(**around).fingerprint == same
    for change in ({"content": "I liked it."}, {"name": "Bob"}, {"url": "https://x.example"}):
        assert submit(**change).fingerprint != same


def test_comment_ids_depend_on_site_and_platform_id_alone() -> None:
    assert comment_id("blog", "1") == comment_id("blog", "1")
    assert (
        len({comment_id("blog", "1"), comment_id("blog", "2"), comment_id("news", "1"), comment_id("blog1", "")}) == 4
    )


def test_by_lenient_rules_nothing_is_refused_that_can_be_mended() -> None:
    raw = RawComment(
        platform_id="41", content="é" * MAX_CONTENT_BYTES, page_url="/post", name="x" * (MAX_NAME + 1),
        email="nobody", ip="somewhere", user_agent="nobody from somewhere",
    )  # fmt: skip
    submission, mended = prepare(raw, KEYS, Lenient("https://blog.example"))
    assert submission.page.url == "https://blog.example/post"
    assert submission.author.name == "x" * MAX_NAME
    assert submission.author.email is submission.author.ip is None
    assert not {"nobody", "somewhere"} & set(submission.author.user_agent.split())
    assert [what for what in ("e-mail", "IP", "text", "name") if not any(what in note for note in mended)] == []


def test_what_came_in_shows_nothing_of_itself() -> None:
    assert "ann" not in repr(RawComment(platform_id="1", content="x", email="ann@example.com"))


@given(st.text(), st.text(max_size=50), st.text(max_size=50))
def test_any_text_is_taken_or_refused_by_type(content: str, name: str, url: str) -> None:
    try:
        submission = submit(content=content, name=name, url=url)
    except InvalidSubmission:
        return
    msgspec.msgpack.decode(msgspec.msgpack.encode(submission), type=Submission)


@pytest.mark.parametrize("half", ["\ud83d", "\0", "\ude00\ud83d"])
def test_half_a_character_loses_no_comment(half: str) -> None:
    for rules in (Strict(), Lenient("https://blog.example")):
        raw = RawComment(
            platform_id="1", content=f"cut {half}", name=f"Ann{half}", email="ann@example.com",
            page_url=f"https://b.example/{half}",
            page_title=half, parent_text=half, user_agent=half, url=f"https://a.example/{half}", form={"f": half},
        )  # fmt: skip
        kept = prepare(raw, KEYS, rules).submission
        assert kept.content == "cut " + "\ufffd" * len(half)
        assert kept.author.name.startswith("Ann")
        msgspec.msgpack.encode(kept)
        assert "text_damaged" in signals(kept, subjects_of(kept), NOTHING_KNOWN, 0)
    whole = submit(content="whole \U0001f600")
    assert whole.content == "whole \U0001f600"


@pytest.mark.parametrize(
    ("written", "plain"),
    [("192.0.2.7:8080", "192.0.2.7"), ("192.000.002.007", "192.0.2.7"), (" 192.0.2.7 ", "192.0.2.7"), ("[2001:db8::1]",
    "2001:db8::1"),
     ("[2001:db8::1]:443", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"), ("[fe80::1%25eth0]:80", "fe80::1"),
     ("2001:0db8::0001", "2001:db8::1"),
     ("2001:00db8::00001", "2001:db8::1"), ("::ffff:192.0.2.7", "192.0.2.7"), ("[::ffff:192.0.2.7]:1", "192.0.2.7")],
)  # fmt: skip
def test_an_ip_address_is_taken_as_servers_write_it(written: str, plain: str) -> None:
    assert submit(ip=written).author.ip == digest_ip(plain, KEYS)
    assert prepare(
        RawComment(platform_id="1", content="x", ip=written), KEYS, Lenient("https://b.example")
    ).submission.author.ip


@pytest.mark.parametrize("parent", ["ann@example.com", "a b", "post?id=3&x=%20", "<1@blog.example>", "\0", "x" * 300])
def test_what_the_comment_answers_is_a_mere_signal(parent: str) -> None:
    kept = submit(parent_id=parent)
    assert kept.parent_id in ("", parent)
    assert "@" not in kept.parent_id
    assert submit(platform_id="post?id=3&x=%20").platform_id == "post?id=3&x=%20"


PIECES = (*"abc .\n\0\ud800\u200b•\x07@", "ann@mail.example", "(at)", "&#64;", "<b></b>")
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(WRITTEN, WRITTEN, WRITTEN)
@example("write to ann@mail.example", "Ann\0 ann@mail.example ", " https://x.example/?ann@mail.example ")
def test_what_is_only_scored_is_read_like_what_is_taken_in(text: str, name: str, url: str) -> None:
    alone = bare(f"x{text}", name, url)
    taken = submit(Requirements(name=False, email=False), content=f"x{text}", name=name, url=url, email="", ip="")
    assert (alone.content, alone.author.name, alone.author.url) == (taken.content, taken.author.name, taken.author.url)
    assert len(alone.content) == len(text) + 1  # so that places in it are places in what was sent
