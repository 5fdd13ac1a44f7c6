"""The delivery log, and sending again what was given up."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from service.clock import now_ms
from service.container import Services
from service.core.delivery import Settlement
from service.core.moderator import Role
from tests.support.desk import Desk, seat
from tests.support.platform import Platform


async def _given_up(platform: Platform, services: Services) -> str:
    """A call-back that was tried once and given up; its id."""
    await platform.submit(id="1", content="Nice.")
    await platform.judge()
    (delivery,) = await services.outbox.claim(
        now=now_ms() + 60_000, leased_until=now_ms() + 120_000, most=9, per_site=9, room={}
    )
    dead = Settlement("dead", status=500, took_ms=7)
    assert await services.outbox.settle(delivery, dead, now=now_ms(), log=100)
    return delivery.id


async def test_the_log_shows_receivers_tries_and_what_was_given_up(
    platform: Platform, services: Services, operator: Desk
) -> None:
    identity = await _given_up(platform, services)
    log = await operator.get("/deliveries")
    (receiver,) = log["receivers"]
    assert receiver["site"] == "blog"
    assert receiver["callback"] == "https://blog.example/hook"
    assert (receiver["paused_until"], receiver["waiting"], receiver["given_up"]) == (None, 0, 1)
    (attempt,) = log["attempts"]
    assert (attempt["id"], attempt["result"], attempt["status"], attempt["tries"]) == (identity, "dead", 500, 1)
    (dead,) = log["given_up"]
    assert (dead["id"], dead["type"], dead["tries"]) == (identity, "comment.approved", 1)


async def test_what_was_given_up_is_sent_again_and_noted(
    platform: Platform, services: Services, operator: Desk
) -> None:
    identity = await _given_up(platform, services)
    asked = {"site": "blog", "ids": [identity, "msg_nonsense"]}
    assert await operator.send("POST", "/deliveries/replay", asked) == {"count": 1, "unknown": ["msg_nonsense"]}
    assert [one.delivery.id for one in await services.outbox.queue("blog")] == [identity]
    assert (await operator.get("/deliveries"))["given_up"] == []
    line = (await operator.get("/audit-log"))["items"][0]
    assert (line["actor"], line["what"], line["site"], line["note"]) == (
        "moderator:olga", "deliveries.replay", "blog", "1",
    )  # fmt: skip


async def test_everything_at_once(platform: Platform, services: Services, operator: Desk) -> None:
    await _given_up(platform, services)
    asked = {"site": "blog", "everything": True}
    assert (await operator.send("POST", "/deliveries/replay", asked))["count"] == 1
    assert (await operator.send("POST", "/deliveries/replay", asked))["count"] == 0


async def test_one_says_ids_or_everything(operator: Desk) -> None:
    for asked in ({"site": "blog"}, {"site": "blog", "ids": ["x"], "everything": True}):
        assert (await operator.send("POST", "/deliveries/replay", asked, status=422))["pointer"] == "/ids"
    await operator.get("/deliveries", status=400, limit="0")


async def test_tries_of_several_sites_come_by_pages_each_once(
    platform: Platform, shop: Platform, services: Services, operator: Desk, moderator: Desk
) -> None:
    client, keys = services.connection.client, services.connection.keys
    line = {"comment": "c", "type": "t", "result": "retry", "try": 1, "status": 500, "error": "", "ms": 1, "at": 5}
    wanted = []
    for number in range(12):  # the two logs have entries of the same moment, and of one site alone
        entry = f"{1_000 + number // 3}-{number % 3}"
        for site in ("blog", "shop") if number % 4 else ("shop",):
            await client.xadd(keys.site(site, "log"), line | {"id": f"{site} {number}"}, id=entry)
            wanted.append(f"{site} {number}")
    for size in (1, 3, 4, 50):
        seen, cursor = [], ""
        while cursor is not None:
            page = await operator.get("/deliveries", limit=size, **({"cursor": cursor} if cursor else {}))
            assert len(page["receivers"]) == (0 if cursor else 2)
            seen += [one["id"] for one in page["attempts"]]
            cursor = page["next"]
        assert sorted(seen) == sorted(wanted)
        assert [int(one.split()[1]) for one in seen] == sorted((int(one.split()[1]) for one in wanted), reverse=True)
    last = await operator.get("/deliveries", limit=2)
    page = await operator.get("/deliveries", cursor=last["next"], site="blog")
    assert {one["site"] for one in page["attempts"]} == {"blog"}
    for nonsense in ("x", "1-", "1-2", "1-2-", "9" * 16 + "-1-blog"):
        await operator.get("/deliveries", status=400, cursor=nonsense)


async def test_another_site_s_call_back_is_unknown(
    client: TestClient[Any, Any], platform: Platform, shop: Platform, services: Services
) -> None:
    identity = await _given_up(platform, services)
    local = await seat(client, services, "lou", Role.OPERATOR, ["shop"])
    asked = {"site": "shop", "ids": [identity]}
    assert await local.send("POST", "/deliveries/replay", asked) == {"count": 0, "unknown": [identity]}
    assert await local.send("POST", "/deliveries/replay", asked | {"site": "blog"}, status=404)
    assert [receiver["site"] for receiver in (await local.get("/deliveries"))["receivers"]] == ["shop"]
    assert (await local.get("/deliveries"))["attempts"] == []
