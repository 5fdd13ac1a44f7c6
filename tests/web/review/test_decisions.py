"""Deciding, taking back, passing on, putting aside, noting, looking: each with what it does to the lists and to others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.clock import now_ms
from service.container import Services
from service.core.delivery import ReturnAddress, Settlement
from service.core.example import Example
from service.core.moderator import Role
from service.core.queue import FACETS
from service.core.submission import comment_id
from tests.support.desk import Desk, seat
from tests.support.platform import Platform
from tests.support.queue import hold
from tests.support.waiting import until

_LATER = 60_000  # milliseconds; longer than the time in which a decision can be undone


async def _all(examples: AsyncIterator[Example]) -> list[Example]:
    return [example async for example in examples]


async def _told(services: Services, now: int) -> list[str]:
    """Types of the call-backs that a deliverer would send at a time, each then delivered."""
    types = []
    while True:
        leased = await services.outbox.claim(now=now, leased_until=now + 1, most=100, per_site=100, room={})
        if not leased:
            return types
        for delivery in leased:
            types.append(delivery.type)
            await services.outbox.settle(delivery, Settlement("delivered"), now=now, log=0)


async def _flagged(services: Services, platform: Platform) -> str:
    """A held comment of which the platform has heard."""
    (held,) = await hold(platform, 1)
    assert await _told(services, now_ms() + 1) == ["comment.flagged"]
    return held


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ({"outcome": "approve"}, "approved"),
        ({"outcome": "reject", "reasons": ["spam"]}, "rejected"),
        ({"outcome": "reject", "reasons": ["other"], "note": "ask bo@example.com"}, "rejected"),
        ({"outcome": "hold"}, "flagged"),
    ],
)
async def test_a_word_decides_and_becomes_an_example(
    platform: Platform, moderator: Desk, services: Services, action: dict[str, Any], state: str
) -> None:
    held = await _flagged(services, platform)
    changed = await moderator.send("POST", f"/comments/{held}/decision", action | {"revision": 2})
    row = changed["comment"]
    assert (row["state"], row["revision"], row["decision"]["actor"]) == (state, 3, "moderator:mo")
    assert "bo@" not in row["decision"]["note"]
    assert changed["undo"]["revision"] == 3
    counts = await moderator.get("/counts")
    assert counts["flagged"] == (1 if state == "flagged" else 0)
    assert counts["decided"] == 1
    taught = await _all(services.examples.all("blog"))
    assert [example.source for example in taught] == ([] if state == "flagged" else ["review"])


@pytest.mark.parametrize(
    ("action", "pointer"),
    [
        ({"outcome": "reject"}, "/reasons"),
        ({"outcome": "reject", "reasons": ["boring"]}, "/reasons"),
        ({"outcome": "reject", "reasons": ["other"]}, "/note"),
        ({"outcome": "approve", "note": "a\0b"}, "/note"),
        ({"outcome": "approve", "revision": 0}, "/revision"),
        ({"outcome": "approve", "colour": "red"}, "/colour"),
    ],
)
async def test_words_that_are_none(
    platform: Platform, moderator: Desk, services: Services, action: dict[str, Any], pointer: str
) -> None:
    held = await _flagged(services, platform)
    problem = await moderator.send("POST", f"/comments/{held}/decision", {"revision": 2} | action, status=422)
    assert problem["pointer"] == pointer
    assert (await moderator.get(f"/comments/{held}"))["comment"]["revision"] == 2


async def test_the_loser_hears_who_won(platform: Platform, moderator: Desk, operator: Desk, services: Services) -> None:
    held = await _flagged(services, platform)
    path, approve = f"/comments/{held}/decision", {"outcome": "approve", "revision": 2}
    reject = {"outcome": "reject", "reasons": ["insult"], "revision": 2}
    answers = await asyncio.gather(
        moderator.ask("POST", f"/review/api{path}", json=approve),
        operator.ask("POST", f"/review/api{path}", json=reject),
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    (lost,) = [answer for answer in answers if answer.status == 409]
    problem = await lost.json()
    assert problem["type"] == "/problems/overtaken"
    mo_won = answers[0].status == 200
    assert problem["won"]["actor"] == ("moderator:mo" if mo_won else "moderator:olga")
    assert problem["won"]["state"] == ("approved" if mo_won else "rejected")
    assert problem["won"]["reasons"] == ([] if mo_won else ["insult"])
    assert problem["won"]["revision"] == 3


async def test_nobody_is_told_before_it_can_no_longer_be_undone(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    assert await _told(services, now_ms() + 1_000) == []
    assert await _told(services, now_ms() + _LATER) == ["comment.approved"]


async def test_a_later_call_back_does_not_hurry_one_that_can_be_undone(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    (held,) = await hold(platform, 1)  # the platform has not heard of this yet
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    soon = now_ms() + 1_000
    (first,) = await services.outbox.claim(now=soon, leased_until=soon + 1, most=9, per_site=9, room={})
    assert first.type == "comment.flagged"
    await services.outbox.settle(first, Settlement("delivered"), now=soon, log=0)
    assert await services.outbox.claim(now=soon + 2, leased_until=soon + 3, most=9, per_site=9, room={}) == []
    assert await _told(services, now_ms() + _LATER) == ["comment.approved"]


async def test_undoing_leaves_no_trace_but_in_the_history(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    before = await moderator.get(f"/comments/{held}")
    month = datetime.now(UTC).strftime("%Y-%m")
    tally = await services.connection.client.hgetall(services.connection.keys.tally("blog", month))
    facets = await moderator.get("/facets")
    done = await moderator.send(
        "POST", f"/comments/{held}/decision", {"outcome": "reject", "reasons": ["spam"], "revision": 2}
    )
    assert (await moderator.get(f"/comments/{held}"))["undo"] == done["undo"]
    undone = await moderator.send("POST", f"/comments/{held}/undo", {"revision": 3})
    assert undone["undo"] is None
    after = await moderator.get(f"/comments/{held}")
    changing = {"revision", "entered_at"}
    assert {k: v for k, v in after["comment"].items() if k not in changing} == {
        k: v for k, v in before["comment"].items() if k not in changing
    }
    assert after["comment"]["entered_at"] == before["comment"]["entered_at"]
    assert [change["what"] for change in after["history"]] == ["submitted", "decided", "decided", "undone"]
    assert await moderator.get("/facets") == facets
    assert (await moderator.get("/counts"))["decided"] == 0
    assert await _all(services.examples.all("blog")) == []
    assert await _told(services, now_ms() + _LATER) == []
    kept = await services.connection.client.hgetall(services.connection.keys.tally("blog", month))
    assert {field: n for field, n in kept.items() if n != b"0"} == tally
    (seen,) = [await services.moderation.get(platform.site, held)]
    assert not seen.human
    assert seen.ruled is None


async def test_undone_while_pending_it_is_judged_again(platform: Platform, moderator: Desk, services: Services) -> None:
    await platform.submit(content="maybe")
    pending = comment_id("blog", "1")
    await moderator.send("POST", f"/comments/{pending}/decision", {"outcome": "approve", "revision": 1})
    await platform.judge()
    undone = await moderator.send("POST", f"/comments/{pending}/undo", {"revision": 2})
    assert undone["comment"]["state"] == "pending"
    await platform.judge()
    assert (await moderator.get(f"/comments/{pending}"))["comment"]["state"] == "flagged"


async def test_what_is_told_or_leaving_can_not_be_undone(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    far = now_ms() + _LATER
    assert len(await services.outbox.claim(now=far, leased_until=far + 60_000, most=9, per_site=9, room={})) == 1
    problem = await moderator.send("POST", f"/comments/{held}/undo", {"revision": 3}, status=409)
    assert problem["type"] == "/problems/too-late"
    assert (await moderator.get(f"/comments/{held}"))["comment"]["state"] == "approved"
    problem = await moderator.send("POST", f"/comments/{held}/undo", {"revision": 2}, status=409)
    assert problem["type"] == "/problems/overtaken"


async def test_anothers_decision_is_undone_by_a_lead(
    client: TestClient[Any, Any], platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    lead = await seat(client, services, "lea", Role.LEAD)
    other = await seat(client, services, "pat", Role.MODERATOR)
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    await other.send("POST", f"/comments/{held}/undo", {"revision": 3}, status=403)
    await lead.send("POST", f"/comments/{held}/undo", {"revision": 3})


async def test_a_return_address_is_told_after_the_window_too(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    await services.platform_ids.promise(held, ReturnAddress("https://blog.example/back", "mark"))
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    await moderator.send("POST", f"/comments/{held}/undo", {"revision": 3})
    assert await _told(services, now_ms() + _LATER) == []
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 4})
    assert await _told(services, now_ms() + 1_000) == []
    assert sorted(await _told(services, now_ms() + _LATER)) == ["akismet.approved", "comment.approved"]


async def test_passing_on_putting_aside_and_coming_back(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    done = await moderator.send("POST", f"/comments/{held}/escalate", {"revision": 2, "note": "see bo@example.com"})
    assert (done["comment"]["list"], done["comment"]["state"], done["comment"]["revision"]) == (
        "escalated",
        "flagged",
        3,
    )
    assert [row["id"] for row in (await moderator.get("/comments", list="escalated"))["items"]] == [held]
    assert (await moderator.get("/comments"))["items"] == []
    assert (await moderator.get("/facets"))["label"] == []
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    done = await moderator.send("POST", f"/comments/{held}/snooze", {"revision": 3, "until": tomorrow})
    assert done["comment"]["snoozed_until"] is not None
    counts = await moderator.get("/counts")
    assert (counts["escalated"], counts["snoozed"], counts["flagged"]) == (0, 1, 0)
    await moderator.send("POST", f"/comments/{held}/return", {"revision": 4})
    assert (await moderator.get("/counts"))["flagged"] == 1
    detail = await moderator.get(f"/comments/{held}")
    assert [change["what"] for change in detail["history"]][2:] == ["escalated", "snoozed", "returned"]
    assert len(detail["notes"]) == 1
    assert "bo@" not in detail["notes"][0]["text"]
    assert await _told(services, now_ms() + _LATER) == []


async def test_a_snoozed_comment_comes_back_by_itself(platform: Platform, moderator: Desk, services: Services) -> None:
    held = await _flagged(services, platform)
    soon = (datetime.now(UTC) + timedelta(milliseconds=150)).isoformat()
    await moderator.send("POST", f"/comments/{held}/snooze", {"revision": 2, "until": soon})

    async def back() -> Any:
        return (await moderator.get("/comments"))["items"]

    await until(back)
    assert (await moderator.get("/counts"))["snoozed"] == 0
    assert [one["count"] for one in (await moderator.get("/facets"))["label"]] == [1]


async def test_an_escalated_comment_that_is_decided_and_undone_is_escalated_again(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    await moderator.send("POST", f"/comments/{held}/escalate", {"revision": 2})
    await moderator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 3})
    assert (await moderator.get("/counts"))["escalated"] == 0
    done = await moderator.send("POST", f"/comments/{held}/undo", {"revision": 4})
    assert done["comment"]["list"] == "escalated"
    assert (await moderator.get("/counts"))["escalated"] == 1


@pytest.mark.parametrize("days", [-1, 91])
async def test_it_is_put_aside_until_a_time_to_come(
    platform: Platform, moderator: Desk, services: Services, days: int
) -> None:
    held = await _flagged(services, platform)
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    problem = await moderator.send("POST", f"/comments/{held}/snooze", {"revision": 2, "until": until}, status=422)
    assert problem["pointer"] == "/until"


async def test_only_what_is_held_is_put_aside(platform: Platform, moderator: Desk) -> None:
    await platform.submit(content="fine")
    await platform.judge()
    problem = await moderator.send("POST", f"/comments/{comment_id('blog', '1')}/escalate", {"revision": 2}, status=409)
    assert problem["type"] == "/problems/conflict"


async def test_who_looks_first_is_named(
    platform: Platform, moderator: Desk, operator: Desk, services: Services
) -> None:
    held = await _flagged(services, platform)
    mine = await moderator.send("POST", f"/comments/{held}/claim")
    assert (mine["by"], mine["mine"]) == ("mo", True)
    theirs = await operator.send("POST", f"/comments/{held}/claim")
    assert (theirs["by"], theirs["mine"]) == ("mo", False)
    (row,) = (await operator.get("/comments"))["items"]
    assert row["claim"]["by"] == "mo"
    await operator.send("DELETE", f"/comments/{held}/claim", status=204)
    assert (await operator.get(f"/comments/{held}"))["comment"]["claim"]["by"] == "mo"
    await moderator.send("DELETE", f"/comments/{held}/claim", status=204)
    assert (await operator.get(f"/comments/{held}"))["comment"]["claim"] is None
    await moderator.send("POST", f"/comments/{held}/claim")
    await operator.send("POST", f"/comments/{held}/decision", {"outcome": "approve", "revision": 2})
    assert (await operator.get(f"/comments/{held}"))["comment"]["claim"] is None


async def test_notes_go_with_the_comment(platform: Platform, moderator: Desk, services: Services) -> None:
    held = await _flagged(services, platform)
    note = await moderator.send("POST", f"/comments/{held}/notes", {"text": " call me@example.com "}, status=201)
    assert note["by"] == "moderator:mo"
    assert "me@" not in note["text"]
    assert (await moderator.get(f"/comments/{held}"))["notes"] == [note]
    await moderator.send("POST", f"/comments/{held}/notes", {"text": "  "}, status=422)
    assert (await platform.ask("DELETE", platform.path())).status == 204
    await moderator.get(f"/comments/{held}", status=404)
    keys = services.connection.keys
    assert await services.connection.client.exists(keys.of("notes", held), keys.of("claim", held)) == 0


async def test_erasing_leaves_nothing_in_the_lists_and_nothing_to_undo(
    platform: Platform, moderator: Desk, services: Services
) -> None:
    ids = await hold(platform, 1, 2, 3)
    await moderator.send("POST", f"/comments/{ids[0]}/decision", {"outcome": "approve", "revision": 2})
    await moderator.send("POST", f"/comments/{ids[1]}/escalate", {"revision": 2})
    for number in "123":
        assert (await platform.ask("DELETE", platform.path(number))).status == 204
    assert set((await moderator.get("/counts")).values()) == {0}
    facets = await moderator.get("/facets")
    assert not any(facets[name] for name in ("site", *FACETS))
    names = await services.connection.client.keys("*:q:*")
    assert [name for name in names if b":s:blog:q:" in name] == []
    assert await services.connection.client.exists(services.connection.keys.of("was", ids[0])) == 0


async def test_an_edited_comment_leaves_the_queue_until_it_is_judged(platform: Platform, moderator: Desk) -> None:
    await hold(platform, 1)
    await platform.submit(id="1", content="maybe, but better")
    assert (await moderator.get("/counts"))["flagged"] == 0
    assert (await moderator.get("/facets"))["label"] == []
    await platform.judge()
    detail = await moderator.get(f"/comments/{comment_id('blog', '1')}")
    assert [text["content"] for text in detail["earlier"]] == ["maybe 1"]
    assert (await moderator.get("/counts"))["flagged"] == 1
