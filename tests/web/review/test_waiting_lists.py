"""What waits for moderators beside the queue: what was published first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from service.clock import now_ms
from service.container import Services
from service.core.policy import Policy
from service.core.submission import comment_id
from service.workers.housekeeping import drop_old_texts
from tests.support.desk import Desk
from tests.support.platform import Platform
from tests.support.queue import hold

_SPAM = {"outcome": "reject", "reasons": ["spam"]}


async def _ids(desk: Desk, name: str) -> list[str]:
    page = await desk.get("/comments", list=name)
    assert len(page["items"]) == page["total"] == (await desk.get("/counts"))[name]
    return [row["id"] for row in page["items"]]


@pytest.fixture
async def publishing(platform: Platform, services: Services) -> Platform:
    """The site publishes first."""
    await services.policies.save("blog", Policy(mode="approve-first"), by="operator")
    platform.site = await services.policies.site("blog")
    return platform


@pytest.mark.parametrize(
    "action", [{"outcome": "approve"}, _SPAM, {"outcome": "hold"}], ids=["approved", "rejected", "held"]
)
async def test_what_was_published_first_waits_until_a_human_has_seen_it(
    publishing: Platform, moderator: Desk, action: dict[str, Any]
) -> None:
    first, second = await hold(publishing, 1, 2)
    await publishing.submit(id="3", content="fine")
    await publishing.judge()
    assert await _ids(moderator, "later") == [first, second]
    (row, _) = (await moderator.get("/comments", list="later"))["items"]
    assert (row["state"], row["list"]) == ("approved", "later")
    done = await moderator.send("POST", f"/comments/{first}/decision", {**action, "revision": 2})
    assert await _ids(moderator, "later") == [second]
    await moderator.send("POST", f"/comments/{first}/undo", {"revision": done["undo"]["revision"]})
    assert await _ids(moderator, "later") == [first, second]


async def test_what_is_gone_does_not_wait(publishing: Platform, moderator: Desk, services: Services) -> None:
    _, _, third = await hold(publishing, 1, 2, 3)
    assert (await publishing.submit(id="1", content="another text")).status == 202
    assert (await publishing.ask("DELETE", publishing.path("2"))).status == 204
    assert await _ids(moderator, "later") == [third]
    await publishing.judge()
    assert await _ids(moderator, "later") == [third], "the new text is harmless"
    assert await drop_old_texts(services, now_ms() + 400 * 86_400_000) > 0
    assert await _ids(moderator, "later") == [], "without its text nobody can review it"


async def test_a_rule_may_ask_for_a_look_later(platform: Platform, moderator: Desk, services: Services) -> None:
    document = {"rules": [{"name": "glad", "when": 'content contains "glad"', "then": "tag", "tags": ["review"]}]}
    await services.policies.save("blog", msgspec.convert(document, Policy), by="operator")
    platform.site = await services.policies.site("blog")
    await platform.submit(id="1", content="I am glad")
    await platform.judge()
    assert await _ids(moderator, "later") == [comment_id("blog", "1")]
