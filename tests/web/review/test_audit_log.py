"""The audit log: in order, by pages, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from tests.support.desk import Desk, seat


async def _lines(desk: Desk) -> list[Any]:
    found, query = [], {}
    while True:
        page = await desk.get("/audit-log", **query)
        found += page["items"]
        if page["next"] is None:
            return found
        query = {"cursor": page["next"]}


async def test_every_line_comes_once_newest_first(operator: Desk, services: Services) -> None:
    for number in range(250):
        await services.accounts.audit("test", f"{number}", site="blog" if number % 2 else "shop", note="why")
    lines = [line for line in await _lines(operator) if line["what"] == "test"]
    assert [line["subject"] for line in lines] == [f"{number}" for number in range(249, -1, -1)]
    assert {(line["actor"], line["note"]) for line in lines} == {("operator", "why")}


async def test_who_sees_some_sites_pages_through_these_only(
    client: TestClient[Any, Any], services: Services, operator: Desk
) -> None:
    await services.accounts.add("shop", "https://shop.example")
    for number in range(450):
        await services.accounts.audit("test", f"{number}", site="blog" if number % 3 else "shop")
    local = await seat(client, services, "lou", Role.OPERATOR, ["shop"])
    lines = [line for line in await _lines(local) if line["what"] == "test"]
    assert [line["subject"] for line in lines] == [f"{number}" for number in range(447, -1, -3)]


async def test_lines_of_before_there_were_actors_are_the_operator_s(operator: Desk, services: Services) -> None:
    await services.connection.client.xadd("ac:audit", {"what": "sites.set", "subject": "blog", "at": 1_700_000_000_000})
    line = (await operator.get("/audit-log"))["items"][0]
    assert (line["actor"], line["what"], line["at"]) == ("operator", "sites.set", "2023-11-14T22:13:20.000Z")


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1", "1-1 ", "(1-1", "9" * 21 + "-0"])
async def test_a_cursor_that_is_none(operator: Desk, cursor: str) -> None:
    await operator.get("/audit-log", status=400, cursor=cursor)


async def test_it_honours_the_site(client: TestClient[Any, Any], services: Services, operator: Desk) -> None:
    await services.accounts.add("shop", "https://shop.example")
    for number in range(310):
        await services.accounts.audit("test", f"{number}", site="blog" if number % 3 else "shop")
    local = await seat(client, services, "lou", Role.OPERATOR, ["shop"])
    for desk in (operator, local):
        page = await desk.get("/audit-log", site="shop")
        found = page["items"]
        while page["next"]:
            page = await desk.get("/audit-log", site="shop", cursor=page["next"])
            found += page["items"]
        assert {line["site"] for line in found} == {"shop"}
        assert [line["subject"] for line in found if line["what"] == "test"] == [
            f"{number}" for number in range(309, -1, -3)
        ]
    for unseen in ("blog", "nowhere"):
        await local.get("/audit-log", status=404, site=unseen)
    await operator.get("/audit-log", status=404, site="nowhere")


async def test_it_is_filtered_by_who_and_what_and_holds_refused_sign_ins(
    client: TestClient[Any, Any], services: Services, operator: Desk
) -> None:
    await services.accounts.audit("test", "blog", actor="moderator:kim")
    stranger = Desk(client, operator.name)
    assert (await stranger.sign_in("not this one, surely")).status == 401
    assert (await Desk(client, "nobody-of-ours").sign_in("not this one, surely")).status == 401
    (refused,) = (await operator.get("/audit-log", what="session.refused"))["items"]
    assert (refused["actor"], refused["subject"], refused["note"]) == ("stranger", operator.name, "wrong")
    await services.accounts.add("shop", "https://shop.example")
    local = await seat(client, services, "lou", Role.OPERATOR, ["shop"])
    assert (await local.get("/audit-log", what="session.refused"))["items"] == []
    assert (await Desk(client, local.name).sign_in("not this one either")).status == 401
    (own,) = (await local.get("/audit-log", what="session.refused"))["items"]
    assert own["subject"] == local.name
    assert [one["what"] for one in (await operator.get("/audit-log", actor="moderator:kim"))["items"]] == ["test"]
    assert (await operator.get("/audit-log", actor="moderator:kim", what="session.begin"))["items"] == []
