"""A human's word, readers' reports, and erasure."""

from __future__ import annotations

from typing import Any

import pytest

from service.core.policy import Policy
from service.core.policy.house_rules import HouseRule
from service.core.submission import comment_id
from service.core.verdict import HUMAN_REASONS
from service.web.schema import MAX_DECISION_NOTE
from tests.support.platform import Platform


async def _decide(platform: Platform, **fields: Any) -> Any:
    return await platform.ask("POST", platform.path(more="/decision"), json=fields)


async def test_a_human_decides(platform: Platform) -> None:
    await platform.submit(content="maybe spam")
    await platform.judge()
    response = await _decide(
        platform, decision="reject", reasons=["spam", "off-topic"], note="asked bob@example.com", moderator="Eve",
    )  # fmt: skip
    view = await response.json()
    assert response.status == 200
    assert view["state"] == "rejected"
    assert view["decision"]["actor"] == "platform:blog/Eve"
    assert [reason["code"] for reason in view["decision"]["reasons"]] == ["spam", "off-topic"]
    assert view["decision"]["note"].startswith("asked ")
    assert "bob" not in view["decision"]["note"]
    confirmed = await (await _decide(platform, decision="reject")).json()
    assert confirmed["decision"]["actor"] == "platform:blog"
    assert confirmed["revision"] == view["revision"] + 1


async def test_a_revision_makes_it_compare_and_set(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    assert (await _decide(platform, decision="hold", revision=2)).status == 200
    stale = await _decide(platform, decision="reject", revision=2)
    assert stale.status == 409
    assert (await stale.json())["type"] == "/problems/conflict"
    assert (await (await platform.ask("GET", platform.path())).json())["state"] == "flagged"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/decision"),
        ({"decision": "delete"}, "/decision"),
        ({"decision": "approve", "reasons": ["because"]}, "/reasons"),
        ({"decision": "approve", "reasons": ["spam"] * 50}, "/reasons"),
        ({"decision": "approve", "revision": 0}, "/revision"),
        ({"decision": "approve", "note": "x" * (MAX_DECISION_NOTE + 1)}, "/note"),
        ({"decision": "approve", "note": "a\0b"}, "/note"),
        ({"decision": "approve", "moderator": "x" * 101}, "/moderator"),
        ({"decision": "approve", "moderator": "op\u202e1"}, "/moderator"),
        ({"decision": "approve", "moderator": "op\u200b1"}, "/moderator"),
        ({"decision": "approve", "moderator": "op\u00071"}, "/moderator"),
        ({"decision": "approve", "moderater": "x"}, "/moderater"),
    ],
)
async def test_decisions_that_are_none(platform: Platform, fields: dict[str, Any], pointer: str) -> None:
    await platform.submit()
    response = await _decide(platform, **fields)
    assert response.status == 422
    assert (await response.json())["pointer"] == pointer
    assert (await (await platform.ask("GET", platform.path())).json())["revision"] == 1


async def test_enough_readers_send_a_comment_to_the_moderators(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    path = platform.path(more="/report")
    for reader, count in (("r1", 1), ("r1", 1), ("r2", 2), ("r3@example.com", 3)):
        response = await platform.ask("POST", path, json={"reporter": reader})
        assert response.status == 200
        assert (await response.json()) == {"id": comment_id("blog", "1"), "reports": count}
    view = await (await platform.ask("GET", platform.path())).json()
    assert view["state"] == "flagged"
    assert view["decision"]["reasons"][0]["code"] == "reported"
    kept = await platform.services.connection.client.smembers(
        platform.services.connection.keys.reporters(comment_id("blog", "1"))
    )
    assert all(member.startswith(b"r1.k1.") and len(member) == 38 for member in kept)
    for wrong in ({}, {"reporter": ""}, {"reporter": "x" * 201}, {"reporter": 3}, {"reporter": "a\0"}):
        assert (await platform.ask("POST", path, json=wrong)).status == 422


async def test_a_report_says_why(platform: Platform) -> None:
    await platform.submit()
    await platform.judge()
    path, services = platform.path(more="/report"), platform.services
    house = HouseRule("recipes", "No recipes")
    platform.site = await services.policies.save("blog", Policy(house_rules=(house,)), by="operator")
    said = [("r1", "spam"), ("r1", "insult"), ("r2", "spam"), ("r3", "recipes"), ("r4", None)]
    for reader, reason in said:
        response = await platform.ask("POST", path, json={"reporter": reader, "reason": reason})
        assert response.status == 200, await response.text()
    codes = (*HUMAN_REASONS, "recipes")
    assert await services.comments.reported_as(comment_id("blog", "1"), codes) == {"spam": 2, "recipes": 1}
    for wrong in ("rude", "", "reported", "x" * 41, 3):
        response = await platform.ask("POST", path, json={"reporter": "r5", "reason": wrong})
        assert (response.status, (await response.json())["pointer"]) == (422, "/reason"), wrong
    assert (await (await platform.ask("POST", path, json={"reporter": "r5"})).json())["reports"] == 5


async def test_erasing(platform: Platform) -> None:
    await platform.submit()
    for _ in range(2):
        assert (await platform.ask("DELETE", platform.path())).status == 204
    for method, more, json in (
        ("GET", "", None), ("GET", "/explanation", None),
        ("POST", "/decision", {"decision": "approve"}), ("POST", "/report", {"reporter": "r"}),
    ):  # fmt: skip
        response = await platform.ask(method, platform.path(more=more), json=json)
        assert response.status == 410
        assert (await response.json())["type"] == "/problems/gone"
    assert (await platform.ask("DELETE", platform.path("2"))).status == 404
