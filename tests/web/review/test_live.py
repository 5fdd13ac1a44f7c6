"""What happens reaches the pages that may know of it, and the stream ends when it should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.errors import Busy
from service.core.moderator import Role
from service.core.submission import comment_id
from service.web.review import live as events
from service.web.subscribers import MOST_UNREAD, Listener, Live
from tests.support.desk import COOKIE, Desk, seat
from tests.support.platform import Platform
from tests.support.queue import hold


class Stream:
    """A page's event stream."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def next(self, kind: str = "") -> tuple[str, Any]:
        """The next event, of a kind."""
        async with asyncio.timeout(10):
            while True:
                name, data = "", ""
                while (line := (await self._response.content.readline()).decode()).strip():
                    name = line.removeprefix("event: ").strip() if line.startswith("event") else name
                    data = line.removeprefix("data: ") if line.startswith("data") else data
                if data and kind in ("", name):
                    return name, json.loads(data)
                if self._response.content.at_eof():
                    return "", None


@asynccontextmanager
async def reloader(desk: Desk) -> AsyncIterator[Stream]:
    headers = {"Cookie": f"{COOKIE}={desk.token}"}
    async with desk.client.get("/review/api/events", headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        stream = Stream(response)
        assert (await stream.next())[0] == "hello"
        yield stream


async def _heard(client: TestClient[Any, Any], services: Services) -> None:
    """Wait until the process listens."""
    async with asyncio.timeout(10):
        while not await services.connection.client.execute_command(
            "PUBLISH", services.connection.keys.partitions[0].live, b'{"site": "nowhere"}'
        ):
            await asyncio.sleep(0.01)


async def test_arrivals_decisions_and_claims_are_told(
    client: TestClient[Any, Any], services: Services, platform: Platform, moderator: Desk, operator: Desk
) -> None:
    await _heard(client, services)
    async with reloader(moderator) as stream:
        (held,) = await hold(platform, 1)
        _, arrival = await stream.next("comment")
        assert (arrival["comment"], arrival["state"], arrival["list"], arrival["what"]) == (
            held, "flagged", "flagged", "decided",
        )  # fmt: skip
        await operator.send("POST", f"/comments/{held}/claim")
        _, claim = await stream.next("claim")
        assert (claim["comment"], claim["by"]) == (held, "olga")
        assert claim["until"]
        await operator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
        _, decided = await stream.next("comment")
        assert (decided["state"], decided["actor"], decided["revision"]) == ("approved", "moderator:olga", 3)
        await operator.send("POST", f"/comments/{held}/undo", {"revision": 3})
        assert (await stream.next("comment"))[1]["what"] == "undone"


async def test_other_sites_are_not_told_of(
    client: TestClient[Any, Any], services: Services, platform: Platform, shop: Platform, moderator: Desk
) -> None:
    await _heard(client, services)
    async with reloader(moderator) as stream:
        await hold(shop, 1)
        await hold(platform, 2)
        assert (await stream.next())[1]["comment"] == comment_id("blog", "2")


async def test_progress_of_ones_own_bulk_decisions_is_told(
    client: TestClient[Any, Any], services: Services, platform: Platform, moderator: Desk
) -> None:
    await _heard(client, services)
    ids = await hold(platform, *range(3))
    action = {"outcome": "approve", "reasons": [], "note": ""}
    plan = await moderator.send("POST", "/bulk", {"ids": ids, "action": action})
    async with reloader(moderator) as stream:
        await moderator.send("POST", "/bulk", {"token": plan["token"]}, status=202)
        while (view := (await stream.next("bulk"))[1])["state"] != "done":
            pass
        assert (view["id"], view["done"]) == (plan["token"], 3)


async def test_the_stream_ends_with_the_session(
    monkeypatch: pytest.MonkeyPatch, moderator: Desk, services: Services
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    async with reloader(moderator) as stream:
        await services.moderators.sign_out_everywhere("mo")
        assert await stream.next("bye") == ("bye", {"why": "sign-out"})


async def test_the_stream_ends_with_the_process(client: TestClient[Any, Any], moderator: Desk) -> None:
    async with reloader(moderator) as stream:
        closing = asyncio.create_task(client.server.close())
        assert await stream.next("bye") == ("bye", {"why": "shutdown"})
        await closing


async def test_a_page_that_falls_behind_is_let_go_and_one_comment_counts_once() -> None:
    live, page = Live(1), Listener("moderator:mo", lambda site: site == "blog")
    with live.joined(page):
        for number in range(MOST_UNREAD):
            live.heard(b'{"site": "blog", "comment": "c%d", "state": "flagged", "revision": 1}' % number)
            live.heard(b'{"site": "blog", "comment": "c0", "state": "approved", "revision": 2}')
        live.heard(b"not JSON")
        assert not page.ended
        messages = await page.unread()
        assert len(messages) == MOST_UNREAD
        assert messages[-1].state == "approved"
        for number in range(MOST_UNREAD + 1):
            live.heard(b'{"site": "blog", "comment": "c%d", "state": "flagged"}' % number)
        assert page.ended == "slow"


def test_a_process_has_only_so_many_pages() -> None:
    live = Live(1)
    mo, pat = (Listener(f"moderator:{name}", lambda _: True) for name in ("mo", "pat"))
    with live.joined(mo), pytest.raises(Busy), live.joined(pat):
        pass
    live.close()
    with pytest.raises(Busy), live.joined(mo):
        pass


async def test_one_member_leaves_pages_for_the_others(
    client: TestClient[Any, Any], services: Services, operator: Desk
) -> None:
    other = await seat(client, services, "lou", Role.OPERATOR)
    each = services.settings.review_streams_each

    async def follow(desk: Desk) -> Any:
        return await client.get("/review/api/events", headers={"Cookie": f"{COOKIE}={desk.token}"})

    streams = [await follow(operator) for _ in range(each + 5)]
    assert [one.status for one in streams] == [200] * each + [503] * 5
    assert streams[-1].headers["Retry-After"]
    theirs = await follow(other)
    assert theirs.status == 200
    for one in (*streams, theirs):
        one.close()
