"""The platforms' own hooks: who they are from, what becomes of what they bring, and the answer in the platform's shape."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from aiohttp import ClientResponse

from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.site import Known
from service.core.submission import comment_id
from service.settings import Settings
from tests.support.akismet import classification
from tests.support.legible import legible
from tests.support.platform import Platform

CORAL_SECRET = "a-secret-that-coral-made"
DELETED = "2026-11-25T01:02:03.456Z"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    folder = tmp_path / "secrets" / "platforms"
    folder.mkdir(parents=True)
    (folder / "blog.coral").write_text(f"an-older-one\n{CORAL_SECRET}\n")
    return settings.model_copy(update={"hook_deadline": 5.0})


@pytest.fixture
async def awake(platform: Platform) -> AsyncIterator[Platform]:
    """A service whose worker judges meanwhile."""
    async with classification(platform):
        yield platform


async def send(platform: Platform, path: str, body: Any, **headers: str) -> ClientResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    response = await platform.client.post(path, data=data, headers=headers)
    await response.read()
    return response


def signed(body: Any, secret: str) -> tuple[bytes, str]:
    raw = json.dumps(body).encode()
    return raw, "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()


async def kept(platform: Platform, platform_id: str) -> Comment:
    comment = await platform.services.comments.get(comment_id("blog", platform_id))
    assert comment is not None
    return comment


async def all_kept(platform: Platform) -> list[str]:
    page = await platform.services.comments.page("blog", "all", newest=10**14, oldest=0, after=None, limit=10)
    return [comment for comment, _ in page]


# Coral


def coral(text: str = "<p>I liked this.</p>", **more: Any) -> dict[str, Any]:
    return {
        "action": "NEW",
        "comment": {"body": text, "parentID": None},
        "author": {"id": "a1", "role": "COMMENTER"},
        "story": {"id": "s1", "url": "https://news.example/story"},
        "site": {"id": "x"},
        "tenantID": "t",
        "tenantDomain": "news.example",
    } | more


async def ask_coral(platform: Platform, body: Any, secret: str = CORAL_SECRET) -> ClientResponse:
    raw, signature = signed(body, secret)
    return await send(platform, "/hooks/blog/coral", raw, X_Coral_Signature=signature)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "maybe",
            {"status": "SYSTEM_WITHHELD", "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}]},
        ),
        ("pills", {"status": "REJECTED", "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}]}),
    ],
)
async def test_coral_is_told_in_the_answer(awake: Platform, text: str, answer: Any) -> None:
    response = await ask_coral(awake, coral(text))
    assert response.status == 200
    assert await response.json() == answer
    again = await ask_coral(awake, coral(text))
    assert await again.json() == answer
    assert len(await all_kept(awake)) == 1


async def test_coral_goes_on_by_itself_where_we_have_no_objection(awake: Platform) -> None:
    """Any status would end its pipeline: who is under pre-moderation would be published."""
    for _ in range(2):
        response = await ask_coral(awake, coral("fine"))
        assert (response.status, await response.read()) == (204, b"")
    assert len(await all_kept(awake)) == 1


class TestCoralInAHurry:
    """No worker judges, and the deadline is near."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"hook_deadline": 0.1})

    async def test_it_withholds_what_is_not_decided_in_time(self, platform: Platform) -> None:
        raw, signature = signed(coral(), CORAL_SECRET)
        response = await send(platform, "/hooks/blog/coral", raw, X_Coral_Signature=f"sha256=00, {signature}")
        assert await response.json() == {"status": "SYSTEM_WITHHELD", "actions": []}


async def test_coral_signs(awake: Platform) -> None:
    ours = (await awake.services.accounts.get("blog")).credentials[0].webhook_secret
    for secret in ("an-older-one", ours):
        assert (await ask_coral(awake, coral(), secret)).status == 204
    for secret in ("wrong", ""):
        assert (await ask_coral(awake, coral("else"), secret)).status == 401
    assert (await send(awake, "/hooks/blog/coral", coral("else"))).status == 401
    assert len(await all_kept(awake)) == 1
    await awake.services.accounts.add("other", "https://other.example")
    raw, signature = signed(coral(), CORAL_SECRET)
    unknown = await send(awake, "/hooks/other/coral", raw, X_Coral_Signature=signature)
    assert unknown.status == 401
    assert (await send(awake, "/hooks/nowhere/coral", raw, X_Coral_Signature=signature)).status == 401


async def test_corals_webhooks_bring_no_words(awake: Platform) -> None:
    event = {
        "id": "e",
        "type": "COMMENT_CREATED",
        "data": {"commentID": "c", "storyID": "s"},
        "createdAt": "2026-11-24",
    }
    response = await ask_coral(awake, event)
    assert (response.status, await response.read()) == (204, b"")
    assert await all_kept(awake) == []


async def test_corals_administrators_are_trusted(awake: Platform) -> None:
    response = await ask_coral(awake, coral("pills", author={"id": "a", "role": "ADMIN"}))
    assert response.status == 204


# Discourse


def post(**more: Any) -> dict[str, Any]:
    return {
        "post": {
            "id": 5, "username": "ann", "name": "Ann", "raw": "I liked this.", "cooked": "<p>I liked this.</p>", "topic_id": 9,
            "topic_slug": "bees", "post_number": 2, "post_type": 1, "created_at": "2026-11-24T01:02:03.456Z",
        } | more
    }  # fmt: skip


async def tell_discourse(platform: Platform, event: str, body: Any, secret: str = "") -> ClientResponse:
    known = await platform.services.accounts.get("blog")
    raw, signature = signed(body, secret or known.credentials[0].webhook_secret)
    return await send(
        platform, "/hooks/blog/discourse", raw, X_Discourse_Instance="https://forum.example", X_Discourse_Event_Type="post",
        X_Discourse_Event=event, X_Discourse_Event_Signature=signature,
    )  # fmt: skip


async def test_discourse_posts_come_change_and_go(platform: Platform) -> None:
    response = await tell_discourse(platform, "post_created", post())
    assert response.status == 200
    comment = await kept(platform, "post-5")
    assert await response.json() == {"id": comment.id, "state": "pending"}
    assert comment.submission is not None
    assert comment.submission.page.url == "https://forum.example/t/bees/9/2"
    assert (comment.submission.author.name, comment.submission.kind) == ("Ann", "reply")
    assert comment.submission.created_at == 1_795_482_123_456
    await tell_discourse(platform, "post_edited", post(raw="Changed."))
    comment = await kept(platform, "post-5")
    assert comment.submission is not None
    assert comment.submission.content == "Changed."
    assert (await tell_discourse(platform, "post_destroyed", post(deleted_at=DELETED))).status == 204
    assert (await kept(platform, "post-5")).state is State.ERASED
    assert (await tell_discourse(platform, "post_destroyed", post(id=77, deleted_at=DELETED))).status == 204


@pytest.mark.parametrize(
    "event", ["post_destroyed", "post_edited", "post_recovered", "post_created", "topic_destroyed", ""]
)
@pytest.mark.parametrize("more", [{}, {"deleted_at": None, "user_deleted": False}, {"raw": "Changed."}])
async def test_no_header_deletes_a_post(platform: Platform, event: str, more: Any) -> None:
    """Whatever header a captured body comes with; it is signed, and they are not."""
    await tell_discourse(platform, "post_created", post())
    assert (await tell_discourse(platform, event, post(**more))).status in (200, 204)
    assert (await kept(platform, "post-5")).state is State.PENDING


@pytest.mark.parametrize(
    "more", [{"deleted_at": "2026-11-25T00:00:00Z"}, {"user_deleted": True, "updated_at": "2026-11-25T00:00:00Z"}]
)
@pytest.mark.parametrize("event", ["post_destroyed", "post_edited"])
async def test_a_post_that_is_deleted_and_restored_is_taken_in_again(platform: Platform, more: Any, event: str) -> None:
    await tell_discourse(platform, "post_created", post())
    await platform.judge()
    first = await kept(platform, "post-5")
    await tell_discourse(platform, event, post(**more))
    gone = await kept(platform, "post-5")
    assert gone.state is State.ERASED
    for captured in (
        "post_created",
        "post_edited",
    ):  # what was said before does not bring it back, and turns no hook off
        assert (await tell_discourse(platform, captured, post())).status in (200, 204)
        assert (await kept(platform, "post-5")).state is State.ERASED
    response = await tell_discourse(platform, "post_recovered", post())
    assert (response.status, (await response.json())["state"]) == (200, "pending")
    back = await kept(platform, "post-5")
    assert back.state is State.PENDING
    assert back.submission is not None
    assert back.submission.content == "I liked this."
    assert back.revision > gone.revision > first.revision
    assert await all_kept(platform) == [back.id]
    await platform.judge()
    assert (await kept(platform, "post-5")).state is State.APPROVED
    await tell_discourse(platform, event, post(**more))  # the captured deletion
    assert (await kept(platform, "post-5")).state is State.APPROVED
    later = {"deleted_at": "2026-11-26T00:00:00Z"}
    await tell_discourse(platform, "post_destroyed", post(**later))
    assert (await kept(platform, "post-5")).state is State.ERASED


async def test_what_operators_erase_no_platform_brings_back(platform: Platform) -> None:
    await tell_discourse(platform, "post_created", post())
    await platform.services.erasure.comment("blog", "post-5")
    assert (await tell_discourse(platform, "post_recovered", post())).status == 204
    assert (await kept(platform, "post-5")).state is State.ERASED
    await tell_discourse(platform, "post_created", post(id=6))
    await tell_discourse(platform, "post_destroyed", post(id=6, deleted_at=DELETED))
    await platform.services.erasure.comment("blog", "post-6")
    assert (await tell_discourse(platform, "post_recovered", post(id=6))).status == 204
    assert (await kept(platform, "post-6")).state is State.ERASED


async def test_a_captured_text_brings_no_older_one_back(platform: Platform) -> None:
    await tell_discourse(platform, "post_created", post())
    await tell_discourse(platform, "post_edited", post(raw="Changed."))
    for event in ("post_created", "post_edited", "post_recovered"):
        assert (await tell_discourse(platform, event, post())).status == 200
        found = await kept(platform, "post-5")
        assert found.submission is not None
        assert (found.submission.content, found.revision) == ("Changed.", 2)
    keys = [name async for name in platform.services.connection.client.scan_iter("ac:{p0}:s:blog:i:b*")]
    assert len(keys) == 2
    for key in keys:
        assert 0 < await platform.services.connection.client.pttl(key) <= platform.services.settings.hook_memory * 1_000


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("ping", {"ping": "OK"}),
        ("topic_created", {"topic": {"id": 1}}),
        ("post_created", post(post_type=3)),
        ("post_created", post(topic_archetype="private_message")),
        ("post_liked", post()),
    ],
)
async def test_what_discourse_says_beside(platform: Platform, event: str, body: Any) -> None:
    assert (await tell_discourse(platform, event, body)).status == 204
    assert await all_kept(platform) == []


async def test_discourse_signs(platform: Platform, site: Known) -> None:
    assert (await tell_discourse(platform, "post_created", post(), "wrong")).status == 401
    assert (await send(platform, "/hooks/blog/discourse", post())).status == 401
    rotated = await platform.services.accounts.rotate("blog", overlap_seconds=60)
    old, new = site.credentials[0].webhook_secret, rotated.credentials[0].webhook_secret
    assert old != new
    for secret in (old, new):
        assert (await tell_discourse(platform, "post_created", post(), secret)).status == 200


@pytest.mark.parametrize(
    "orders",
    [
        [{"version": 1}, {"version": 2}],
        [
            {"version": 1, "updated_at": "2026-11-24T01:02:03.456Z"},
            {"version": 1, "updated_at": "2026-11-24T01:04:00.000Z"},
        ],
    ],
)
async def test_discourse_says_which_text_is_the_later_one(platform: Platform, orders: list[dict[str, Any]]) -> None:
    await tell_discourse(platform, "post_edited", post(raw="Changed.", **orders[1]))
    late = await tell_discourse(platform, "post_created", post(**orders[0]))
    assert late.status == 200
    comment = await kept(platform, "post-5")
    assert comment.submission is not None
    assert comment.submission.content == "Changed."
    await tell_discourse(platform, "post_edited", post(raw="Changed.", topic_slug="wasps", **orders[1]))
    comment = await kept(platform, "post-5")
    assert comment.submission is not None
    assert (comment.submission.page.url, comment.revision) == ("https://forum.example/t/wasps/9/2", 1)


# Waline


def waline(**more: Any) -> dict[str, Any]:
    return {
        "type": "new_comment",
        "data": {
            "comment": {
                "objectId": "64f0", "nick": "Ann", "mail": "ann@example.com", "link": "https://ann.example", "url": "/post/",
                "ua": "Mozilla/5.0", "ip": "::ffff:192.0.2.7", "comment": "<p>I <b>liked</b> this.</p>",
                "rawComment": "I **liked** this.", "insertedAt": "2026-11-24T01:02:03.000Z", "status": "approved", "pid": None,
            } | more,
            "reply": None,
        },
    }  # fmt: skip


async def test_walines_webhook(platform: Platform, site: Known) -> None:
    for key in (site.credentials[0].api_key, site.credentials[0].akismet_key):
        response = await send(platform, f"/hooks/blog/waline?key={key}", waline())
        assert response.status == 200
        comment = await kept(platform, "64f0")
        assert await response.json() == {"id": comment.id, "state": "pending"}
    assert comment.submission is not None
    assert comment.submission.content == "I **liked** this."
    assert comment.submission.page.url == "https://blog.example/post/"
    assert comment.submission.author.email is not None
    assert comment.submission.author.ip is not None


async def test_waline_always_reads_json(platform: Platform) -> None:
    key = platform.key
    for body in ({"type": "other", "data": {}}, waline(rawComment="", comment=" ")):
        response = await send(platform, f"/hooks/blog/waline?key={key}", body)
        assert await response.json() == {}
    for path in ("/hooks/blog/waline", "/hooks/blog/waline?key=nope"):
        response = await send(platform, path, waline())
        assert response.status == 401
        assert (await response.json(content_type=None))["title"]
    broken = await send(platform, f"/hooks/blog/waline?key={key}", b"{")
    assert broken.status == 400
    assert (await broken.json(content_type=None))["title"]


# Artalk


def artalk(**more: Any) -> dict[str, Any]:
    comment = {
        "id": 12, "content": "I **liked** this.", "content_marked": "<p>I <b>liked</b> this.</p>", "user_id": 3, "nick": "Ann",
        "email_encrypted": "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514", "link": "https://ann.example",
        "ua": "Mozilla/5.0", "date": "2026-11-24 01:02:03", "is_pending": False, "rid": 11, "page_key": "/post/", "page_url": "",
        "site_name": "blog", "ip_region": "",
    }  # fmt: skip
    parent = {"id": 11, "content": "What of the bees?", "nick": "Bob"}
    return {
        "notify_subject": "",
        "notify_body": "@Ann: I liked this.",
        "comment": comment | more,
        "parent_comment": parent,
    }


async def test_artalks_webhook(platform: Platform) -> None:
    path = f"/hooks/blog/artalk?key={platform.key}"
    for _ in range(2):
        response = await send(platform, path, artalk())
        assert response.status == 200
        comment = await kept(platform, "artalk:12")
        assert await response.json() == {"id": comment.id, "state": "pending"}
    said = comment.submission
    assert said is not None
    assert (said.content, said.author.name, said.author.url) == ("I **liked** this.", "Ann", "https://ann.example")
    assert (said.page.url, said.parent_id, said.parent_text) == (
        "https://blog.example/post/", "artalk:11", "What of the bees?",
    )  # fmt: skip
    assert said.author.email is None  # a plain digest is none of ours, and is not kept either
    async for key, blobs in platform.services.privacy._personal.everything():
        assert b"b4c9a289323b" not in legible(blobs), key


async def test_artalk_is_answered_200_whatever_it_tells(platform: Platform) -> None:
    path = f"/hooks/blog/artalk?key={platform.key}"
    for body in ({}, {"comment": None}, artalk(content=" "), artalk(id=0), {"comment": {}, "parent_comment": {}}):
        response = await send(platform, path, body)
        assert (response.status, await response.json()) == (200, {})
    assert await all_kept(platform) == []
    top = artalk(rid=0) | {"parent_comment": {"id": 0, "content": ""}}
    assert (await send(platform, path, top)).status == 200
    assert (await kept(platform, "artalk:12")).submission.parent_id == ""  # type: ignore[union-attr]
    assert (await send(platform, "/hooks/blog/artalk?key=nope", artalk())).status == 401
    assert (await send(platform, path, b"{")).status == 400


# Remark42


async def test_remark42s_webhook_in_the_form_that_we_recommend(platform: Platform) -> None:
    form = urlencode(
        {
            "id": "b0a1-c2",
            "parent": "",
            "user": "Ann",
            "url": "https://blog.example/post",
            "text": '<p>I "liked" this.</p>\n',
        },
        quote_via=quote,
    )
    response = await send(platform, "/hooks/blog/remark42", form.encode(), Authorization=f"Bearer {platform.key}")
    assert response.status == 200
    comment = await kept(platform, "b0a1-c2")
    assert comment.submission is not None
    assert comment.submission.content == '<p>I "liked" this.</p>\n'
    assert comment.submission.author.name == "Ann"


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b'{"text": "<p>He said "hi"\nand left</p>"}', '<p>He said "hi"\nand left</p>'),
        (b'{"text": "<p>plain</p>"}', "<p>plain</p>"),
        (b'{"id": "x1", "text": "caf\\u00e9", "url": 5, "user": null}', "café"),
    ],
)
async def test_remark42s_default_template_is_read_too(platform: Platform, body: bytes, content: str) -> None:
    response = await send(platform, f"/hooks/blog/remark42?key={platform.key}", body)
    assert response.status == 200
    (identity,) = await all_kept(platform)
    comment = await platform.services.comments.get(identity)
    assert comment is not None
    assert comment.submission is not None
    assert comment.submission.content == content
    await send(platform, f"/hooks/blog/remark42?key={platform.key}", body)
    assert len(await all_kept(platform)) == 1


async def test_remark42_needs_a_key_of_this_site(platform: Platform) -> None:
    other = await platform.services.accounts.add("other", "https://other.example")
    for key in ("", "nope", other.credentials[0].api_key):
        response = await send(platform, "/hooks/blog/remark42", b"text=x", Authorization=f"Bearer {key}")
        assert response.status == 401
        assert response.headers["Content-Type"] == "application/problem+json"
    broken = await send(platform, f"/hooks/blog/remark42?key={platform.key}", b'{"title": "He said "hi""}')
    assert broken.status == 400
    empty = await send(platform, f"/hooks/blog/remark42?key={platform.key}", b"text=")
    assert empty.status == 204
    assert await all_kept(platform) == []


@pytest.mark.parametrize("name", ["coral", "discourse", "waline", "artalk", "remark42", "cusdis", "webmention"])
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 10_000, b"x" * 300_000])
async def test_bad_bodies_are_refused_and_nothing_is_kept(platform: Platform, name: str, body: bytes) -> None:
    secret = (
        CORAL_SECRET
        if name == "coral"
        else (await platform.services.accounts.get("blog")).credentials[0].webhook_secret
    )
    signature = "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()
    response = await send(
        platform, f"/hooks/blog/{name}?key={platform.key}", body, X_Coral_Signature=signature,
        X_Discourse_Event_Signature=signature, X_Discourse_Event="post_created",
    )  # fmt: skip
    assert response.status in (204, 400, 413)
    assert await all_kept(platform) == []


@pytest.mark.parametrize("name", ["", "/coral", "/discourse", "/waline", "/remark42", "/cusdis", "/webmention"])
async def test_nobody_is_told_which_sites_there_are(platform: Platform, site: Known, name: str) -> None:
    """Whatever is sent: the same status, headers and words for a site that is there and for one that is not."""
    raw, signature = signed(post(), "a wrong secret")
    other = (await platform.services.accounts.add("other", "https://other.example")).credentials[0]
    at = str(int(time.time()))
    message = {"webhook_id": "m1", "webhook_timestamp": at, "webhook_signature": "v1,AAAA"}
    tries: list[tuple[str, bytes, dict[str, str]]] = [
        ("", raw, {}), ("", b"", {}), ("", b"{", {"X_Coral_Signature": signature}), ("", b"x" * 400_000, {}),
        ("", raw, {"X_Coral_Signature": signature, "X_Discourse_Event_Signature": signature}),
        ("", raw, {"Authorization": "Bearer nope"}), ("?key=nope", raw, {}), ("", raw, message),
        (f"?key={other.api_key}", raw, {}), ("", raw, {"Authorization": f"Bearer {other.api_key}"}),
        ("", raw, {"Content_Type": "text/plain"}), ("", raw, {"Content_Encoding": "br"}),
    ]  # fmt: skip
    beside = ("x-request-id", "date", "content-length")  # the request's own id, and with it the length
    for query, body, headers in tries:
        answers = []
        for where in ("blog", "nowhere", "-", "..%2Fx", "x" * 300, "BLOG"):
            response = await send(platform, f"/hooks/{where}{name}{query}", body, **headers)
            said = {key: value for key, value in response.headers.items() if key.lower() not in beside}
            answers.append((response.status, said, (await response.text()).partition('"instance"')[0]))
        assert answers.count(answers[0]) == len(answers), (query, headers, answers)
        assert answers[0][0] >= 400


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, 2**70, -1, -(2**64)])
@pytest.mark.parametrize("field", ["id", "version", "topic_id", "post_number", "post_type"])
async def test_numbers_that_nothing_holds_are_no_fault_of_ours(platform: Platform, field: str, number: int) -> None:
    body = post()
    body["post"] |= {field: number}
    assert (await tell_discourse(platform, "post_created", body)).status in (200, 204, 422)
    await platform.judge()
    await tell_discourse(platform, "post_edited", post(raw="Changed.", version=2))
