"""A verdict that is late: `false` with a promise, kept through the outbox at the request's `callback`, in Akismet's shape."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.site import Known
from service.settings import Settings
from service.store.server import EmbeddedServer
from tests.support.akismet import AkismetClient
from tests.support.delivering import delivering
from tests.support.platform import Platform
from tests.support.receivers import Heard, Receiver, http_receiver
from tests.support.waiting import until


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "akismet_deadline": 0.2,
            "callback_allow": (ip_network("127.0.0.0/8"),),
            "deliver_schedule": (0.0, 0.05, 0.05),
        }
    )


@pytest.fixture
async def site(services: Any) -> Known:
    return await services.accounts.add("blog", "https://blog.example")


@pytest.fixture
async def akismet(platform: Platform, site: Known) -> AkismetClient:
    return AkismetClient(platform, site)


@pytest.fixture
async def wordpress() -> AsyncIterator[Receiver]:
    """Answers as the plugin's route does when it finds the comment."""
    async with http_receiver() as receiver:
        receiver.answer = found
        yield receiver


def found(heard: Heard) -> web.Response:
    return web.json_response(
        {"comments": {comment["guid"]: {"status": "success"} for comment in heard.event["comments"]}}
    )


def not_found(heard: Heard) -> web.Response:
    error = {"status": "error", "message": "Could not find matching comment."}
    return web.json_response({"comments": {comment["guid"]: error for comment in heard.event["comments"]}})


async def test_late_is_false_with_a_promise_and_in_time(akismet: AkismetClient) -> None:
    began = time.monotonic()
    answer = await akismet.call("comment-check", comment_content="Buy pills")
    assert time.monotonic() - began < 0.8
    assert (answer.status, await answer.read()) == (200, b"false")
    comment = await akismet.only()
    assert comment.state is State.PENDING
    assert answer.headers["X-akismet-guid"] == comment.id
    assert int(answer.headers["X-akismet-recheck-after"]) == 120
    await akismet.platform.judge()
    assert await akismet.says("comment-check", comment_content="Buy pills") == "true"


async def test_the_later_verdict_is_told_in_akismets_shape(akismet: AkismetClient, wordpress: Receiver) -> None:
    fields = {"callback": wordpress.url, "comment_post_ID": "7", "comment_parent": "3"}
    answer = await akismet.call("comment-check", comment_content="Buy pills", **fields)
    # WordPress publishes by itself after twice this time, so it must not be short where we call back
    assert int(answer.headers["X-akismet-recheck-after"]) == 86_400
    await akismet.call("comment-check", comment_content="fine", **fields)
    async with delivering(akismet.platform.services):
        await akismet.platform.judge()
        heard = await wordpress.wait_for(2)
    by_guid = {event["comments"][0]["guid"]: event for event in (json.loads(call.body) for call in heard)}
    spam = by_guid[answer.headers["X-akismet-guid"]]
    assert spam == {
        "key": akismet.key,
        "endpoint": "comment-check",
        "comments": [
            {"guid": answer.headers["X-akismet-guid"], "result": "true", "comment_post_ID": "7", "comment_parent": "3"}
        ],
    }
    assert sorted(event["comments"][0]["result"] for event in by_guid.values()) == ["false", "true"]
    assert all(call.headers["X-Akismet-Webhook"] for call in heard)
    assert all(call.headers["Content-Type"] == "application/json" for call in heard)


async def test_it_is_told_again_while_the_platform_does_not_know_the_comment_yet(
    akismet: AkismetClient, wordpress: Receiver
) -> None:
    answers = iter([not_found, lambda _: web.Response(status=503), found])

    def answer(heard: Heard) -> web.Response:
        return next(answers)(heard)

    wordpress.answer = answer
    await akismet.call("comment-check", callback=wordpress.url)
    async with delivering(akismet.platform.services):
        await akismet.platform.judge()
        heard = await wordpress.wait_for(3)
    assert len({call.body for call in heard}) == 1
    log = await akismet.platform.services.outbox.log("blog")
    assert [(line.result, line.error) for line in reversed(log)] == [
        ("retry", "unknown-comment"), ("retry", "refused"), ("delivered", ""),
    ]  # fmt: skip


async def test_what_is_given_up_is_listed_and_one_who_is_gone_pauses_nobody(
    akismet: AkismetClient, wordpress: Receiver
) -> None:
    wordpress.answer = lambda _: web.Response(status=410)
    await akismet.call("comment-check", callback=wordpress.url)
    outbox = akismet.platform.services.outbox
    async with delivering(akismet.platform.services):
        await akismet.platform.judge()
        (dead,) = await until(lambda: outbox.undelivered("blog"))
    assert dead.type == "akismet.approved"
    assert (await outbox.endpoint("blog")).paused_until == 0


async def test_what_is_answered_in_time_is_not_told_again(akismet: AkismetClient, wordpress: Receiver) -> None:
    await akismet.call("comment-check", callback=wordpress.url)
    await akismet.platform.judge()
    await akismet.call("comment-check", comment_content="another", callback=wordpress.url)
    async with delivering(akismet.platform.services):
        await wordpress.wait_for(1)
        answer = await akismet.call("comment-check", callback=wordpress.url)
        assert "X-akismet-recheck-after" not in answer.headers
    assert await akismet.platform.services.outbox.waiting(10**14) == (0, 0)
    assert len(wordpress.heard) == 1


async def test_a_held_comment_is_told_of_when_a_moderator_decides(akismet: AkismetClient, wordpress: Receiver) -> None:
    services, site = akismet.platform.services, akismet.known.site
    await akismet.call("comment-check", comment_content="maybe", callback=wordpress.url)
    await akismet.platform.judge()
    comment = await akismet.only()
    assert comment.state is State.FLAGGED
    assert await services.outbox.waiting(10**14) == (0, 0)  # Akismet has no word for it
    moderator = Actor(ActorKind.MODERATOR, "eve")
    await services.moderation.decide(site, comment.id, Outcome.APPROVE, actor=moderator)
    async with delivering(services):
        (heard,) = await wordpress.wait_for(1)
        assert heard.event["comments"][0]["result"] == "false"
        # a moderator who changes their mind is heard, though nothing is owed any more
        await services.moderation.decide(site, comment.id, Outcome.REJECT, actor=moderator)
        await wordpress.wait_for(2)
    assert wordpress.heard[1].event["comments"][0]["result"] == "true"


async def test_the_platforms_own_correction_is_not_told_back(akismet: AkismetClient, wordpress: Receiver) -> None:
    await akismet.call("comment-check", callback=wordpress.url)
    await akismet.call("submit-spam", reporter="eve")
    await akismet.platform.judge()
    assert (await akismet.only()).state is State.REJECTED
    assert await akismet.platform.services.outbox.waiting(10**14) == (0, 0)


async def test_an_erased_comment_is_told_of_to_nobody(akismet: AkismetClient, wordpress: Receiver) -> None:
    services, site = akismet.platform.services, akismet.known.site
    await akismet.call("comment-check", callback=wordpress.url)
    await akismet.platform.judge()
    assert (await services.outbox.waiting(10**14))[1] == 1
    await services.moderation.erase(site, (await akismet.only()).id, Actor(ActorKind.PLATFORM, site.id))
    assert await services.outbox.waiting(10**14) == (0, 0)
    assert [key for key in await services.connection.client.keys("*") if b"akm_" in key] == []


async def test_the_key_that_was_used_is_the_key_that_is_said(akismet: AkismetClient, wordpress: Receiver) -> None:
    """The plugin compares it with the one it is configured with, which it goes on using until somebody changes it there."""
    accounts = akismet.platform.services.accounts
    await akismet.call("comment-check", callback=wordpress.url)
    fresh = await accounts.rotate("blog", overlap_seconds=60)
    assert fresh.credentials[0].akismet_key != akismet.key
    async with delivering(akismet.platform.services):
        await akismet.platform.judge()
        (heard,) = await wordpress.wait_for(1)
    assert heard.event["key"] == akismet.key


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "javascript:alert(1)", "", "http://" + "x" * 600])
async def test_a_callback_that_is_none_is_left_alone(akismet: AkismetClient, url: str) -> None:
    answer = await akismet.call("comment-check", callback=url)
    assert answer.headers["X-akismet-recheck-after"] == "120"


async def test_a_callback_into_the_private_network_is_blocked(akismet: AkismetClient) -> None:
    await akismet.call("comment-check", callback="http://169.254.169.254/latest/meta-data")
    outbox = akismet.platform.services.outbox
    async with delivering(akismet.platform.services):
        await akismet.platform.judge()
        await until(lambda: outbox.undelivered("blog"))
    assert {line.error for line in await outbox.log("blog")} == {"blocked-address"}


async def test_a_store_that_hangs_is_a_failed_request_in_time(akismet: AkismetClient, server: EmbeddedServer) -> None:
    """Clients hold the comment, or try again; none waits for our store."""
    await akismet.call("comment-check")
    pid = int((await akismet.platform.services.connection.client.info("server"))["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = await akismet.call("comment-check", comment_content="another")
        assert time.monotonic() - began < 2
        assert (answer.status, await answer.text()) == (503, "store-unavailable")
        assert answer.headers["Retry-After"]
    finally:
        os.kill(pid, signal.SIGCONT)
