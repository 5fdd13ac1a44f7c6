"""Cusdis's webhook, and the way that decisions have back: its approve link. Bodies are as its webhook service makes them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from service.container import Services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.site import Known
from service.core.submission import comment_id
from service.settings import Settings
from tests.support.delivering import attempts, delivering
from tests.support.moderation import submission
from tests.support.platform import Platform
from tests.support.receivers import Receiver, http_receiver
from tests.web.hooks.test_platforms import all_kept, kept, send


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, site_cache=0.0, callback_allow="127.0.0.0/8", deliver_schedule="0,0.05")


@pytest.fixture
async def site(services: Services) -> Known:
    """It hears of nothing but what Cusdis does."""
    return await services.accounts.add("blog", "https://blog.example")


def token(comment: str) -> str:
    """A token as jsonwebtoken makes it."""
    claims = {"commentId": comment, "owner": {"id": "o1"}, "iat": 1, "exp": 2}
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "HS256"}, claims)
    ]
    return ".".join([*parts, "c2lnbmF0dXJl"])


def cusdis(text: str = "I liked this.", comment: str = "5f0c-1", host: str = "http://cusdis.example") -> dict[str, Any]:
    return {
        "type": "new_comment",
        "data": {
            "by_nickname": "Ann",
            "by_email": "ann@example.com",
            "content": text,
            "page_id": "/bread",
            "page_title": "Bread",
            "project_title": "My blog",
            "approve_link": f"{host}/open/approve?token={token(comment)}",
        },
    }


async def tell(platform: Platform, body: Any) -> Any:
    return await send(platform, f"/hooks/blog/cusdis?key={platform.key}", body)


def host(receiver: Receiver) -> str:
    return receiver.url.removesuffix("/hook")


async def test_a_comment_of_cusdis_is_known_by_its_id_there(platform: Platform) -> None:
    assert (await tell(platform, cusdis())).status == 200
    comment = await kept(platform, "cusdis:5f0c-1")
    assert comment.submission is not None
    assert comment.submission.page.url == "https://blog.example/bread"
    assert comment.submission.page.title == "Bread"
    assert comment.submission.author.email is not None
    await tell(platform, cusdis())
    assert len(await all_kept(platform)) == 1


@pytest.mark.parametrize("by", ["moderator", "policy"])
async def test_what_is_approved_here_is_approved_there(platform: Platform, by: str) -> None:
    async with http_receiver() as receiver, delivering(platform.services):
        await tell(platform, cusdis("maybe" if by == "moderator" else "fine", host=host(receiver)))
        await platform.judge()
        if by == "moderator":
            assert receiver.heard == []
            mo = Actor(ActorKind.MODERATOR, "mo")
            comment = comment_id("blog", "cusdis:5f0c-1")
            await platform.services.moderation.decide(platform.site, comment, Outcome.APPROVE, actor=mo)
        (heard,) = await receiver.wait_for(1)
        assert heard.body == b"{}"
    assert receiver.paths == [f"/api/open/approve?token={token('5f0c-1')}"]


async def test_what_was_approved_before_the_link_could_be_noted_is_approved_there_once(platform: Platform) -> None:
    async with http_receiver() as receiver, delivering(platform.services):
        early = submission(platform.services, "cusdis:5f0c-1", "fine", page_url="https://blog.example/bread")
        await platform.services.moderation.submit(platform.site, early)
        await platform.judge()
        assert (await kept(platform, "cusdis:5f0c-1")).state is State.APPROVED
        await tell(platform, cusdis("fine", host=host(receiver)))
        await receiver.wait_for(1)
        await tell(platform, cusdis("fine", host=host(receiver)))
        await tell(platform, cusdis("fine", host=host(receiver)))
        await attempts(platform.services, "blog", 1)
        assert len(receiver.heard) == 1


async def test_what_is_rejected_stays_where_it_is(platform: Platform) -> None:
    async with http_receiver() as receiver, delivering(platform.services):
        await tell(platform, cusdis("pills", host=host(receiver)))
        await platform.judge()
        (attempt,) = await attempts(platform.services, "blog", 1)
        assert (attempt.result, attempt.status) == ("delivered", 0)
    assert receiver.heard == []


async def test_a_link_that_is_used_up_pauses_nothing_and_is_given_up(platform: Platform) -> None:
    async with http_receiver() as receiver, delivering(platform.services):
        receiver.answer = lambda _: web.Response(status=410)
        await tell(platform, cusdis("fine", host=host(receiver)))
        await platform.judge()
        lines = await attempts(platform.services, "blog", 2)
        assert [one.result for one in lines] == ["retry", "dead"]
        assert (await platform.services.outbox.endpoint("blog")).paused_until == 0


@pytest.mark.parametrize(
    "link",
    [
        "", "javascript:alert(1)", "https://cusdis.example/open/approve", "https://cusdis.example/other?token=a.b.c",
        "https://user:word@cusdis.example/open/approve?token=a.b.c", "file:///open/approve?token=a.b.c",
        "https://cusdis.example/open/approve?token=a.b.c&then=https://x.example",
    ],
)  # fmt: skip
async def test_a_link_that_is_none_of_cusdis_is_not_followed(platform: Platform, link: str) -> None:
    body = cusdis("maybe")
    body["data"]["approve_link"] = link
    assert (await tell(platform, body)).status == 200
    (comment,) = await all_kept(platform)
    assert await platform.services.connection.wire.call("HGET", f"ac:{{p0}}:c:{comment}", "back") is None


async def test_what_is_no_new_comment_is_left_alone(platform: Platform) -> None:
    for body in (
        {"type": "new_comment"},
        cusdis(" "),
        cusdis() | {"type": "other"},
        {"type": "new_comment", "data": {}},
    ):
        assert (await tell(platform, body)).status == 200
    assert await all_kept(platform) == []
    assert (await send(platform, "/hooks/blog/cusdis?key=wrong", cusdis())).status == 401
