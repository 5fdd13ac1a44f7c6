"""House rules: reasons of a site's own are given by moderators, told to authors, and teach what they say they teach."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from service.core.policy import Policy
from service.core.policy.house_rules import HouseRule
from tests.support.desk import Desk, seat
from tests.support.platform import Platform
from tests.support.queue import hold

_RULES = (
    HouseRule("no-links", "No links", "We take no links here, please write in your own words.", "spam"),
    HouseRule("spoilers", "Spoilers"),
)


@pytest.fixture
async def ruled(platform: Platform, services: Services) -> Platform:
    platform.site = await services.policies.save("blog", Policy(house_rules=_RULES), by="operator")
    return platform


def rejection(*reasons: str, **more: Any) -> dict[str, Any]:
    return {"outcome": "reject", "reasons": list(reasons)} | more


async def test_a_house_rule_is_given_told_and_taught(ruled: Platform, moderator: Desk, services: Services) -> None:
    links, spoils, both = await hold(ruled, 1, 2, 3)
    for comment, reasons in ((links, ["no-links"]), (spoils, ["spoilers"]), (both, ["spoilers", "insult"])):
        await moderator.send("POST", f"/comments/{comment}/decision", rejection(*reasons, revision=2))
    detail = await moderator.get(f"/comments/{links}")
    assert [one["code"] for one in detail["comment"]["decision"]["reasons"]] == ["no-links"]
    said = await (await ruled.ask("GET", ruled.path("1", "/statement"))).json()
    assert (said["codes"], said["facts"]) == (["other"], [_RULES[0].text])
    said = await (await ruled.ask("GET", ruled.path("2", "/statement"))).json()
    assert said["facts"] == ["Spoilers"]
    said = await (await ruled.ask("GET", ruled.path("3", "/statement"))).json()
    assert said["facts"] == ["It insults somebody.", "Spoilers"]
    taught = {one.comment: one.labels async for one in services.examples.all("blog")}
    assert taught == {links: {"spam": 1.0}, spoils: {}, both: {"insult": 1.0}}


async def test_words_that_were_said_outlive_the_rule(ruled: Platform, moderator: Desk, services: Services) -> None:
    (comment,) = await hold(ruled, 1)
    await moderator.send("POST", f"/comments/{comment}/decision", rejection("no-links", revision=2))
    ruled.site = await services.policies.save("blog", Policy(), by="operator")
    said = await (await ruled.ask("GET", ruled.path("1", "/statement"))).json()
    assert said["facts"] == [_RULES[0].text]
    again = rejection("no-links", revision=3)
    assert (await moderator.send("POST", f"/comments/{comment}/decision", again, status=422))["pointer"] == "/reasons"


async def test_a_platform_gives_them_as_well(ruled: Platform, shop: Platform) -> None:
    await hold(ruled, 1)
    await hold(shop, 1)
    body = {"decision": "reject", "reasons": ["spoilers"]}
    assert (await ruled.ask("POST", ruled.path("1", "/decision"), json=body)).status == 200
    refused = await shop.ask("POST", shop.path("1", "/decision"), json=body)
    assert refused.status == 422
    assert "off-topic" in (await refused.json())["detail"]


async def test_many_at_once_only_for_what_every_site_of_theirs_has(
    ruled: Platform, shop: Platform, client: TestClient[Any, Any], services: Services
) -> None:
    lead = await seat(client, services, "lea", Role.LEAD)
    ours, theirs = await hold(ruled, 1), await hold(shop, 1)
    refused = await lead.send("POST", "/bulk", {"ids": ours + theirs, "action": rejection("spoilers")}, status=422)
    assert refused["pointer"] == "/reasons"
    plan = await lead.send("POST", "/bulk", {"ids": ours, "action": rejection("spoilers")})
    assert plan["count"] == 1


async def test_the_page_is_told_of_the_rules_of_the_sites_that_one_sees(
    ruled: Platform, shop: Platform, client: TestClient[Any, Any], services: Services
) -> None:
    both = await seat(client, services, "lea", Role.LEAD)
    other = await seat(client, services, "mel", Role.MODERATOR, ["shop"])
    assert (await both.get("/session"))["house_rules"] == {
        "blog": [
            {"code": "no-links", "name": "No links", "text": _RULES[0].text},
            {"code": "spoilers", "name": "Spoilers", "text": "Spoilers"},
        ]
    }
    assert (await other.get("/session"))["house_rules"] == {}
