"""Handing a held comment over: to a person or a role, who find it among theirs, with the note; until it is decided."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from tests.support.desk import Desk, seat
from tests.support.platform import Platform
from tests.support.queue import hold

MINE = {"list": "escalated", "handed": "me"}


@pytest.fixture
async def lead(client: TestClient[Any, Any], services: Services) -> Desk:
    return await seat(client, services, "lea", Role.LEAD, ["blog"])


async def _hand(desk: Desk, comment: str, to: str, revision: int = 2, *, status: int = 200, note: str = "") -> Any:
    body = {"revision": revision, "to": to, "note": note}
    return await desk.send("POST", f"/comments/{comment}/escalate", body, status)


async def _mine(desk: Desk) -> list[str]:
    """What is among somebody's, by the list, its total and the count."""
    page = await desk.get("/comments", **MINE)
    found = [row["id"] for row in page["items"]]
    assert page["total"] == len(found) == (await desk.get("/counts"))["mine"]
    assert (await desk.get("/facets", **MINE))["counted"] >= len(found)
    return found


async def test_a_person_finds_it_with_the_note(platform: Platform, moderator: Desk, lead: Desk) -> None:
    first, second = await hold(platform, 1, 2)
    changed = await _hand(lead, first, "moderator:mo", note="You know him. Ask bo@example.com")
    assert (changed["comment"]["handed"], changed["comment"]["list"]) == ("moderator:mo", "escalated")
    await _hand(lead, second, "")
    assert (await _mine(moderator), await _mine(lead)) == ([first], [])
    detail = await moderator.get(f"/comments/{first}")
    handed = detail["handed"]
    assert (handed["to"], handed["by"], handed["mine"]) == ("moderator:mo", "moderator:lea", True)
    assert handed["note"] == "You know him. Ask ••@•••••••••••"
    assert (detail["history"][-1]["what"], detail["history"][-1]["to"]) == ("escalated", "moderator:mo")
    assert not (await lead.get(f"/comments/{first}"))["handed"]["mine"]
    assert (await moderator.get(f"/comments/{second}"))["handed"] is None
    assert (await moderator.get("/counts"))["escalated"] == 2


async def test_a_role_is_whoever_has_it_or_a_higher_one(
    platform: Platform, moderator: Desk, lead: Desk, operator: Desk
) -> None:
    first, second = await hold(platform, 1, 2)
    await _hand(moderator, first, "role:lead")
    await _hand(moderator, second, "role:operator")
    assert await _mine(moderator) == []
    assert await _mine(lead) == [first]
    assert await _mine(operator) == [first, second]


@pytest.mark.parametrize(
    "to", ["moderator:nobody", "moderator:shopkeeper", "role:moderator", "role:king", "mo", "x:mo"]
)
async def test_nobody_else_is_handed_anything(
    client: TestClient[Any, Any], services: Services, platform: Platform, shop: Platform, *, moderator: Desk, to: str
) -> None:
    await seat(client, services, "shopkeeper", Role.LEAD, ["shop"])
    (held,) = await hold(platform, 1)
    assert (await _hand(moderator, held, to, status=422))["pointer"] == "/to"
    row = (await moderator.get(f"/comments/{held}"))["comment"]
    assert (row["list"], row["revision"]) == ("flagged", 2)
    people = (await moderator.get(f"/comments/{held}/colleagues"))["items"]
    assert [one["to"] for one in people] == ["role:lead", "role:operator", "moderator:mo"]


async def test_it_is_handed_on_and_returned(platform: Platform, moderator: Desk, lead: Desk) -> None:
    (held,) = await hold(platform, 1)
    await _hand(moderator, held, "moderator:lea")
    await _hand(lead, held, "moderator:mo", 3, note="Rather you")
    assert (await _mine(moderator), await _mine(lead)) == ([held], [])
    assert (await moderator.get(f"/comments/{held}"))["handed"]["note"] == "Rather you"
    await moderator.send("POST", f"/comments/{held}/return", {"revision": 4})
    assert await _mine(moderator) == []
    assert (await moderator.get(f"/comments/{held}"))["handed"] is None


async def test_deciding_ends_it_and_undoing_brings_it_back(
    platform: Platform, moderator: Desk, lead: Desk, services: Services
) -> None:
    (held,) = await hold(platform, 1)
    await _hand(moderator, held, "moderator:lea", note="Please")
    before = (await lead.get(f"/comments/{held}"))["handed"]
    await lead.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 3})
    assert await _mine(lead) == []
    assert (await lead.get(f"/comments/{held}"))["handed"] is None
    await lead.send("POST", f"/comments/{held}/undo", {"revision": 4})
    assert await _mine(lead) == [held]
    assert (await lead.get(f"/comments/{held}"))["handed"] == before
    await services.erasure.comment("blog", held)
    assert await _mine(lead) == []
    assert await services.connection.client.keys("*for:*") == []


async def test_an_authors_new_text_is_nobodys(platform: Platform, moderator: Desk, lead: Desk) -> None:
    (held,) = await hold(platform, 1)
    await _hand(moderator, held, "moderator:lea")
    await platform.submit(content="maybe something else")
    await platform.judge()
    assert await _mine(lead) == []
    assert (await lead.get(f"/comments/{held}"))["comment"]["list"] == "flagged"


async def test_a_name_that_is_used_again_has_none_of_it(
    client: TestClient[Any, Any], platform: Platform, moderator: Desk, lead: Desk, services: Services
) -> None:
    (held,) = await hold(platform, 1)
    await _hand(moderator, held, "moderator:lea")
    await services.team.remove(None, "lea")
    other = await seat(client, services, "lea", Role.MODERATOR, ["blog"])
    assert await _mine(other) == []
    assert not (await other.get(f"/comments/{held}"))["handed"]["mine"]
    assert (await other.get("/counts"))["escalated"] == 1


async def test_who_decided_is_a_filter(platform: Platform, moderator: Desk, lead: Desk) -> None:
    first, second = await hold(platform, 1, 2)
    await moderator.send("POST", f"/comments/{first}/decision", {"outcome": "approve", "revision": 2})
    await lead.send("POST", f"/comments/{second}/decision", {"outcome": "approve", "revision": 2})
    page = await lead.get("/comments", list="decided", by="moderator:mo")
    assert ([row["id"] for row in page["items"]], page["total"]) == ([first], None)
    facets = await lead.get("/facets", list="decided", by="moderator:mo")
    assert [one["count"] for one in facets["site"]] == [1]
    for wrong in ({"by": "moderator:mo"}, {"handed": "me"}):
        await lead.get("/comments", 400, list="audit", **wrong)
    await lead.get("/comments", 400, list="escalated", handed="you")
