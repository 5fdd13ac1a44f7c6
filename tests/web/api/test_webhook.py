"""Webhooks in: signed by Standard Webhooks, and good for one time."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse
from standardwebhooks import Webhook

from tests.support.platform import Platform, body


async def _send(
    platform: Platform, raw: bytes, *, secret: str = "", message: str = "msg_1", at: float | None = None, site: str = "blog",
    **changed: str,
) -> ClientResponse:  # fmt: skip
    """Sign with the reference library and send; the keyword arguments replace headers."""
    secret = secret or (await platform.services.accounts.get("blog")).credentials[0].webhook_secret
    at = time.time() if at is None else at
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": Webhook(secret).sign(message, datetime.fromtimestamp(int(at), UTC), raw.decode("latin-1")),
    }
    platform.key = None
    response = await platform.ask(
        "POST", f"/hooks/{site}", data=raw, headers=headers | {k.replace("_", "-"): v for k, v in changed.items()}
    )
    await response.read()
    return response


def _raw(**fields: Any) -> bytes:
    return json.dumps(body(**fields)).encode()


async def test_a_signed_comment_is_taken_in(platform: Platform) -> None:
    key = platform.key
    response = await _send(platform, _raw())
    assert response.status == 202
    view = await response.json()
    assert response.headers["Location"] == f"/v1/comments/{view['id']}"
    platform.key = key
    assert await (await platform.ask("GET", platform.path())).json() == view
    comment = await platform.services.comments.get(view["id"])
    assert comment is not None
    assert comment.submission is not None
    assert comment.submission.channel == "webhook"


async def test_a_repeated_webhook_gets_the_comment_as_it_stands(platform: Platform) -> None:
    await _send(platform, _raw())
    await platform.judge()
    again = await _send(platform, _raw())
    assert again.status == 200
    assert (await again.json())["state"] == "approved"
    assert (await platform.services.comments.counts("blog"))["approved"] == 1


async def test_a_captured_webhook_brings_no_older_text_back(platform: Platform) -> None:
    await _send(platform, _raw(content="the first text"), message="msg_1")
    await _send(platform, _raw(content="the second text"), message="msg_2")
    replayed = await _send(platform, _raw(content="the first text"), message="msg_1")
    assert replayed.status == 202
    assert (await replayed.json())["content"] == "the second text"
    assert (await replayed.json())["revision"] == 2
    other = await _send(platform, _raw(content="a third text"), message="msg_1")
    assert other.status == 422
    assert (await other.json())["type"] == "/problems/idempotency-mismatch"


async def test_old_and_new_secrets_are_good_while_they_overlap(platform: Platform) -> None:
    old = (await platform.services.accounts.get("blog")).credentials[0].webhook_secret
    new = (await platform.services.accounts.rotate("blog", 60)).credentials[0].webhook_secret
    assert (await _send(platform, _raw(id="1"), message="a", secret=old)).status == 202
    assert (await _send(platform, _raw(id="2"), message="b", secret=new)).status == 202
    await platform.services.accounts.rotate("blog", 0)
    assert (await _send(platform, _raw(id="3"), message="c", secret=old)).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": "v2,AAAA v1a,BBBB"},
        {"webhook_signature": "," * 5_000},
        {"webhook_id": ""},
        {"webhook_id": "msg_2"},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "1"},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": "9" * 30},
    ],
)
async def test_bad_signatures(platform: Platform, changed: dict[str, str]) -> None:
    response = await _send(platform, _raw(), **changed)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "StandardWebhooks"
    assert (await response.json())["type"] == "/problems/unauthenticated"
    assert await platform.kept() == 0


@pytest.mark.parametrize("off", [-302, 303])
async def test_old_and_early_timestamps(platform: Platform, off: int) -> None:
    response = await _send(platform, _raw(), at=time.time() + off)
    assert response.status == 401
    assert "timestamp" in (await response.json())["detail"]
    assert await platform.kept() == 0


async def test_what_is_signed_must_still_be_right(platform: Platform) -> None:
    assert (await _send(platform, _raw(content=""))).status == 422
    assert (await _send(platform, b"{")).status == 400
    assert (await _send(platform, b'{"id": "\xff"}')).status == 401
    assert (await _send(platform, _raw(content="x" * 300_000))).status == 413
    assert (await _send(platform, _raw(), Content_Type="text/plain")).status == 415
    assert (await _send(platform, _raw(), site="nowhere")).status == 401
    assert await platform.kept() == 0
    assert (await _send(platform, _raw())).status == 202  # what failed has not used the id up


async def test_of_two_webhooks_the_later_timestamp_is_the_later_text(platform: Platform) -> None:
    """An edit overtakes its original: what arrives last is not what was said last, unless the bodies tell otherwise."""
    now = time.time()
    await _send(platform, _raw(content="You pills!"), message="msg_2", at=now)
    late = await _send(platform, _raw(content="I liked this."), message="msg_1", at=now - 20)
    assert (await late.json())["content"] == "You pills!"
    told = await _send(platform, _raw(content="I liked this.", revision=7), message="msg_3", at=now + 20)
    assert (await told.json())["content"] == "I liked this."
    older = await _send(platform, _raw(content="Nice.", revision=6), message="msg_4", at=now + 40)
    assert (await older.json())["content"] == "I liked this."


async def test_a_late_original_does_not_publish_an_insulting_edit(platform: Platform) -> None:
    at = "2026-11-24T01:02:03Z"
    edit = {"content": "maybe pills", "created_at": at, "edited_at": "2026-11-24T01:05:00+00:00"}
    assert (await platform.submit(**edit)).status == 202
    await platform.judge()
    late = await (await platform.submit(content="I liked this.", created_at=at)).json()
    assert (late["state"], late["content"], late["revision"]) == ("rejected", "maybe pills", 2)
    assert await platform.services.work.backlog() == 0
