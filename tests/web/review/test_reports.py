"""Readers' reports and moderators' words: who was right, and what an undone word takes back of it."""

from __future__ import annotations

from typing import Any

from service.container import Services
from tests.support.desk import Desk
from tests.support.platform import Platform
from tests.support.queue import hold

_APPROVE = {"outcome": "approve"}
_SPAM = {"outcome": "reject", "reasons": ["spam"]}


async def test_undoing_takes_back_what_readers_are_worth(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    (comment,) = await hold(platform, 1)
    client, keys = services.connection.client, services.connection.keys

    async def kept() -> list[Any]:
        return [
            await client.hgetall(keys.site("blog", "reporters")),
            await client.zscore(keys.site("blog", "reports"), comment),
            await client.smembers(keys.reporters(comment)),
            await client.smembers(keys.answered(comment)),
        ]

    await services.redress.report(platform.site, comment, "always")
    done = await moderator.send("POST", f"/comments/{comment}/decision", {**_SPAM, "revision": 2})
    await moderator.send("POST", f"/comments/{comment}/undo", {"revision": done["undo"]["revision"]})
    assert await kept() == [{}, 1.0, {b"always"}, set()]
    await services.redress.report(platform.site, comment, "never")
    before = await kept()
    for action, right in (
        (_SPAM, {b"always": b"1", b"never": b"1"}),
        (_APPROVE, {b"always:no": b"1", b"never:no": b"1"}),
    ):
        revision = (await moderator.get(f"/comments/{comment}"))["comment"]["revision"]
        done = await moderator.send("POST", f"/comments/{comment}/decision", {**action, "revision": revision})
        assert await kept() == [right, None, set(), {b"always", b"never"}]
        await moderator.send("POST", f"/comments/{comment}/undo", {"revision": done["undo"]["revision"]})
        assert await kept() == before


async def test_a_report_between_a_decision_and_its_undoing_waits(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    (comment,) = await hold(platform, 1)
    done = await moderator.send("POST", f"/comments/{comment}/decision", {**_SPAM, "revision": 2})
    await services.redress.report(platform.site, comment, "somebody")
    await moderator.send("POST", f"/comments/{comment}/undo", {"revision": done["undo"]["revision"]})
    assert [row["id"] for row in (await moderator.get("/comments", list="reported"))["items"]] == [comment]
