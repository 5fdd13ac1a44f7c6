"""Marks by a comment: whom a moderator sees can be blocked, with or without an e-mail address, and what is promised happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from service.core.policy import Policy
from service.core.policy.rules import Rule
from service.core.site import Known
from service.core.submission import comment_id
from tests.support.desk import Desk, seat
from tests.support.platform import Platform


async def say(platform: Platform, services: Services, number: int, **author: Any) -> dict[str, Any]:
    assert (await platform.submit(id=str(number), content=f"Number {number}, fine.", author=author)).status == 202
    platform.site = (await services.accounts.get("blog")).site
    await platform.judge()
    return dict(await (await platform.ask("GET", platform.path(str(number)))).json())


@pytest.fixture
async def lead(client: TestClient[Any, Any], services: Services, site: Known) -> Desk:
    return await seat(client, services, "lea", Role.LEAD, ["blog"])


@pytest.fixture
async def relaxed(platform: Platform, services: Services) -> Platform:
    await services.sites.change("blog", require_email=False)
    return platform


def mark(number: int, whom: str, **more: Any) -> dict[str, Any]:
    return {"site": "blog", "comment": comment_id("blog", str(number)), "whom": whom, "what": "blocked"} | more


async def test_a_network_is_blocked_by_a_comment_without_an_address(
    relaxed: Platform, services: Services, lead: Desk, moderator: Desk
) -> None:
    await say(relaxed, services, 1, name="Bo", ip="192.0.2.7")
    view = await lead.get(f"/comments/{comment_id('blog', '1')}")
    assert (view["author"], view["address_known"]) == (None, True)
    await moderator.send("PUT", "/authors", mark(1, "network"), status=403)
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    kept = await lead.send("PUT", "/authors", mark(1, "network", until=until))
    assert kept["digest"].startswith("n2.")
    assert kept["until"]
    assert (await lead.get(f"/comments/{comment_id('blog', '1')}"))["marks"] == [kept]
    blocked = await say(relaxed, services, 2, name="Cy", ip="192.0.2.99")
    assert (blocked["state"], blocked["decision"]["reasons"][0]["code"]) == ("rejected", "blocked-network")
    assert (await say(relaxed, services, 3, name="Cy", ip="198.51.100.9"))["state"] == "approved"
    await lead.send("DELETE", "/authors", {"site": "blog", "digest": kept["digest"]}, status=204)
    assert (await say(relaxed, services, 4, name="Cy", ip="192.0.2.99"))["state"] == "approved"


async def test_an_address_is_blocked_and_its_neighbours_are_not(
    relaxed: Platform, services: Services, lead: Desk
) -> None:
    await say(relaxed, services, 1, name="Bo", ip="192.0.2.7")
    assert (await lead.send("PUT", "/authors", mark(1, "address")))["digest"].startswith("i2.")
    assert (await say(relaxed, services, 2, name="Cy", ip="192.0.2.7"))["state"] == "rejected"
    assert (await say(relaxed, services, 3, name="Cy", ip="192.0.2.8"))["state"] == "approved"


async def test_what_a_comment_came_without_can_not_be_marked(relaxed: Platform, services: Services, lead: Desk) -> None:
    await say(relaxed, services, 1, name="Bo", ip="192.0.2.7")
    await say(relaxed, services, 2, name="Bo")
    for number, whom in ((1, "author"), (2, "author"), (2, "address"), (2, "network")):
        assert (await lead.send("PUT", "/authors", mark(number, whom), status=422))["pointer"] == "/whom"
    assert (await lead.send("PUT", "/authors", {"site": "blog", "what": "blocked"}, status=422))["pointer"] == "/digest"
    assert (await lead.get(f"/comments/{comment_id('blog', '2')}"))["address_known"] is False


async def test_a_comment_of_another_site_is_not_there(
    platform: Platform, shop: Platform, services: Services, lead: Desk
) -> None:
    await shop.submit()
    await lead.send("PUT", "/authors", mark(1, "author") | {"comment": comment_id("shop", "1")}, status=404)


async def test_what_the_dialogs_promise_is_what_happens(platform: Platform, services: Services, lead: Desk) -> None:
    """Before any list, rule or score: trusted is approved, blocked is rejected."""
    ann = {"name": "Ann", "email": "ann@example.com", "ip": "192.0.2.7"}
    await say(platform, services, 1, **ann)
    rules = (Rule(name="no", when="words > 0", then="reject"),)
    await services.policies.save("blog", Policy(rules=rules, mode="hold-everything"), by="operator")
    await lead.send("PUT", "/authors", mark(1, "author", what="trusted"))
    trusted = await say(platform, services, 2, **ann)
    assert (trusted["state"], trusted["decision"]["reasons"][0]["code"]) == ("approved", "trusted-author")
    stranger = await say(platform, services, 3, **(ann | {"ip": "198.51.100.1"}))
    assert (stranger["state"], stranger["decision"]["reasons"][0]["code"]) == ("rejected", "rule")
    approving = (Rule(name="yes", when="words > 0", then="approve"),)
    await services.policies.save("blog", Policy(rules=approving), by="operator")
    await lead.send("PUT", "/authors", mark(1, "author"))
    blocked = await say(platform, services, 4, **(ann | {"ip": "198.51.100.1"}))
    assert (blocked["state"], blocked["decision"]["reasons"][0]["code"]) == ("rejected", "blocked-author")


async def test_the_platforms_people_are_nobodies_here(platform: Platform, services: Services, operator: Desk) -> None:
    """Whoever is called as a moderator here is not them, and keeps nobody here from judging an appeal."""
    await platform.submit(content="maybe you fool")
    await platform.judge()
    path = platform.path(more="/decision")
    answer = await platform.ask("POST", path, json={"decision": "reject", "moderator": "olga", "reasons": ["insult"]})
    assert (await answer.json())["decision"]["actor"] == "platform:blog/olga"
    statement = await (await platform.ask("GET", platform.path(more="/statement"))).json()
    url = statement["appeal"]["url"].removeprefix("http://127.0.0.1:8080")
    sent = await platform.client.post(url, data={"text": "I meant it well."})
    assert sent.status == 200, await sent.text()
    seen = (await operator.get(f"/comments/{comment_id('blog', '1')}"))["comment"]
    body = {"outcome": "approve", "revision": seen["revision"]}
    changed = await operator.send("POST", f"/comments/{comment_id('blog', '1')}/decision", body)
    assert changed["comment"]["state"] == "approved"
