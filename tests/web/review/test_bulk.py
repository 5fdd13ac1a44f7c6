"""Many at once: counted first, confirmed, carried out in the background, told of, and taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.clock import now_ms
from service.container import Services
from service.core.moderator import Role
from tests.support.desk import Desk, seat
from tests.support.platform import Platform
from tests.support.queue import hold

_APPROVE = {"outcome": "approve", "reasons": [], "note": ""}
_SPAM = {"outcome": "reject", "reasons": ["spam"], "note": ""}


@pytest.fixture
async def lead(client: TestClient[Any, Any], services: Services, platform: Platform) -> Desk:
    return await seat(client, services, "lea", Role.LEAD)


async def _settled(desk: Desk, bulk: str) -> Any:
    async with asyncio.timeout(20):
        while (view := await desk.get(f"/bulk/{bulk}"))["state"] in ("running", "undoing"):
            await asyncio.sleep(0.01)
    return view


async def _plan(desk: Desk, action: dict[str, Any] = _APPROVE, **what: Any) -> Any:
    return await desk.send("POST", "/bulk", {"action": action, **what})


async def _carry_out(desk: Desk, plan: Any) -> Any:
    begun = await desk.send("POST", "/bulk", {"token": plan["token"], "confirm": plan["count"]}, status=202)
    assert begun["count"] == plan["count"]
    return await _settled(desk, begun["id"])


async def test_a_selection_is_decided(platform: Platform, moderator: Desk, services: Services) -> None:
    ids = await hold(platform, *range(5))
    plan = await _plan(moderator, _SPAM, ids=[*ids[:3], ids[0], "c" + "0" * 26])
    assert (plan["count"], plan["sites"], plan["confirm"]) == (3, {"blog": 3}, False)
    assert (await moderator.get("/counts"))["flagged"] == 5
    view = await _carry_out(moderator, plan)
    assert (view["state"], view["done"], view["skipped"]) == ("done", 3, 0)
    assert (await moderator.get("/counts"))["rejected"] == 3
    detail = await moderator.get(f"/comments/{ids[0]}")
    assert detail["undo"]["bulk"] == view["id"]
    assert detail["history"][-1]["actor"] == "moderator:mo"
    assert await services.examples.count("blog") == 3
    (line, *_) = await services.accounts.audited(1)
    assert (line.what, line.subject, line.actor, line.site, line.note) == (
        "bulk.decide", view["id"], "moderator:mo", "blog", "reject 3",
    )  # fmt: skip


async def test_what_changed_meanwhile_is_left_alone_and_named(platform: Platform, moderator: Desk) -> None:
    ids = await hold(platform, 1, 2, 3)
    plan = await _plan(moderator, ids=ids)
    await moderator.send("POST", f"/comments/{ids[0]}/decision", {**_SPAM, "revision": 2})
    assert (await platform.ask("DELETE", platform.path("2"))).status == 204
    view = await _carry_out(moderator, plan)
    assert (view["done"], view["skipped"]) == (1, 2)
    assert {one["id"]: one["why"] for one in view["first_skipped"]} == {ids[0]: "changed", ids[1]: "erased"}
    assert (await moderator.get(f"/comments/{ids[0]}"))["comment"]["state"] == "rejected"


async def test_what_was_seen_is_decided_not_what_it_became(platform: Platform, moderator: Desk) -> None:
    ids = await hold(platform, 1, 2)
    seen = {one["id"]: one["revision"] for one in (await moderator.get("/comments?list=flagged"))["items"]}
    (comment, *_) = ids
    await hold(platform, 1, text="maybe other words {}")
    view = await _carry_out(moderator, await _plan(moderator, ids=ids, seen=seen))
    assert (view["done"], view["skipped"]) == (1, 1)
    assert view["first_skipped"] == [{"id": comment, "why": "changed"}]
    assert (await moderator.get(f"/comments/{comment}"))["comment"]["state"] == "flagged"


async def test_what_is_of_the_same_author_or_network_is_decided_with_a_block(
    platform: Platform, shop: Platform, moderator: Desk, lead: Desk
) -> None:
    ann, bo = {"name": "Ann", "ip": "192.0.2.7"}, {"name": "Bo", "ip": "192.0.2.8"}
    mail = {"email": "ann@example.com"}
    first, second = await hold(platform, 1, 2, author=ann | mail)
    (near,) = await hold(platform, 3, author=bo | {"email": "bo@example.com"})
    (far,) = await hold(platform, 4, author=mail | {"name": "Ann", "ip": "198.51.100.7"})
    await moderator.send("POST", f"/comments/{second}/decision", {"outcome": "approve", "revision": 2})
    await hold(shop, 1, author=ann | mail)

    async def found(whom: str, *, published: bool) -> int:
        same = {"comment": first, "whom": whom, "published": published}
        return int((await _plan(lead, _SPAM, same=same))["count"])

    assert [await found(whom, published=False) for whom in ("author", "address", "network")] == [2, 1, 2]
    assert [await found(whom, published=True) for whom in ("author", "address", "network")] == [3, 2, 3]
    await _plan_refused(moderator, 403, same={"comment": first, "whom": "author"})
    await _plan_refused(lead, 404, same={"comment": "c" + "0" * 26, "whom": "author"})
    view = await _carry_out(
        lead, await _plan(lead, _SPAM, same={"comment": first, "whom": "author", "published": True})
    )
    assert (view["done"], view["skipped"]) == (3, 0)
    states = [(await lead.get(f"/comments/{one}"))["comment"]["state"] for one in (first, second, near, far)]
    assert states == ["rejected", "rejected", "flagged", "rejected"]


async def _plan_refused(desk: Desk, status: int, **what: Any) -> None:
    await desk.send("POST", "/bulk", {"action": _SPAM, **what}, status=status)


async def test_all_of_it_is_taken_back(platform: Platform, moderator: Desk, services: Services) -> None:
    ids = await hold(platform, *range(30))
    client, keys = services.connection.client, services.connection.keys
    facets = await moderator.get("/facets")
    plan = await _plan(moderator, _SPAM, ids=ids)
    assert plan["confirm"]
    view = await _carry_out(moderator, plan)
    assert view["done"] == 30
    for comment in ids:
        assert await client.lindex(keys.queue("blog", comment), -1) == f"msg_{comment}_3".encode()
    await moderator.send("POST", f"/bulk/{view['id']}/undo", status=202)
    view = await _settled(moderator, view["id"])
    assert (view["state"], view["undone"], view["skipped"]) == ("undone", 30, 0)
    assert await moderator.get("/facets") == facets
    assert await services.examples.count("blog") == 0
    for comment in ids:
        assert await client.lindex(keys.queue("blog", comment), -1) == f"msg_{comment}_2".encode()


async def test_nobody_is_told_of_a_part_while_the_whole_can_be_undone(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    ids = await hold(platform, *range(3))
    far = now_ms() + 1_000
    while leased := await services.outbox.claim(now=far, leased_until=far + 1, most=9, per_site=9, room={}):
        for one in leased:
            await services.connection.client.lpop(services.connection.keys.queue(one.site, one.comment))
    view = await _carry_out(moderator, await _plan(moderator, ids=ids))
    for comment in ids:
        undo = (await moderator.get(f"/comments/{comment}"))["undo"]
        assert undo["until"] == view["undo_until"]


async def test_the_count_is_confirmed_when_there_are_many(platform: Platform, moderator: Desk) -> None:
    plan = await _plan(moderator, ids=await hold(platform, *range(21)))
    for wrong in ({}, {"confirm": 20}):
        problem = await moderator.send("POST", "/bulk", {"token": plan["token"], **wrong}, status=422)
        assert problem["pointer"] == "/confirm"
    assert (await _carry_out(moderator, plan))["done"] == 21
    await moderator.send("POST", "/bulk", {"token": plan["token"], "confirm": 21}, status=409)


async def test_a_query_is_for_leads(platform: Platform, shop: Platform, moderator: Desk, lead: Desk) -> None:
    await hold(platform, 1, 2, 3, text="maybe red {}")
    await hold(platform, 4, text="maybe blue {}")
    (other,) = await hold(shop, 5, text="maybe red {}")
    query = {"q": "red", "site": "blog"}
    await moderator.send("POST", "/bulk", {"action": _APPROVE, "query": query}, status=403)
    view = await _carry_out(lead, await _plan(lead, query=query))
    assert view["done"] == 3
    assert (await lead.get(f"/comments/{other}"))["comment"]["state"] == "flagged"
    assert (await _plan(lead, query={}))["sites"] == {"blog": 1, "shop": 1}


async def test_a_campaign_is_decided_as_a_unit(
    platform: Platform, shop: Platform, operator: Desk, moderator: Desk
) -> None:
    words = "maybe you want to buy these lovely garden chairs that my uncle makes by hand in his old barn number {}"
    ids = [*await hold(platform, *range(6), text=words), *await hold(shop, 6, 7, text=words)]
    await hold(platform, 9)
    detail = await operator.get(f"/comments/{ids[-1]}")
    campaign = detail["campaign"]
    assert campaign["size"] == 8
    assert campaign["held"] >= 6
    assert len(campaign["members"]) == 7
    mine = await moderator.get(f"/comments/{ids[1]}")
    assert {row["site"] for row in mine["campaign"]["members"]} == {"blog"}
    assert (await _plan(moderator, _SPAM, campaign=campaign["id"]))["sites"] == {"blog": 6}
    view = await _carry_out(operator, await _plan(operator, _SPAM, campaign=campaign["id"]))
    assert view["done"] == 8
    assert (await operator.get("/counts"))["flagged"] == 1


async def test_a_plan_is_ones_own(platform: Platform, moderator: Desk, operator: Desk, lead: Desk) -> None:
    plan = await _plan(moderator, ids=await hold(platform, 1))
    await lead.send("POST", "/bulk", {"token": plan["token"]}, status=404)
    view = await _carry_out(moderator, plan)
    assert (await lead.get(f"/bulk/{view['id']}"))["by"] == "moderator:mo"
    await lead.send("POST", f"/bulk/{view['id']}/undo", status=202)
    assert (await _settled(lead, view["id"]))["undone"] == 1


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/action"),
        ({"action": _APPROVE}, "/ids"),
        ({"action": _APPROVE, "ids": [], "campaign": "x"}, "/ids"),
        ({"action": {"outcome": "reject"}, "ids": []}, "/reasons"),
        ({"action": _APPROVE, "ids": ["nobody"]}, "/ids/0"),
        ({"action": _APPROVE, "query": {"list": "audit"}}, "/query/list"),
    ],
)
async def test_what_can_not_be_planned(operator: Desk, asked: dict[str, Any], pointer: str) -> None:
    assert (await operator.send("POST", "/bulk", asked, status=422))["pointer"] == pointer
