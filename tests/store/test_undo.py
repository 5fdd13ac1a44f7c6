"""A decision that is taken back leaves nothing behind: all of Redis is as it was, but for what says that it happened."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.submission import comment_id
from service.resources import Resources
from service.store.accounts import Known
from service.store.client import now_ms
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

ANN = Actor(ActorKind.MODERATOR, "ann")
WAVE = "{} this wave of words about a maybe rather dear garden chair comes again and again"
TEXTS = {
    "pending": WAVE,
    "approved": WAVE.replace("maybe ", ""),
    "flagged": WAVE + " see http://chairs.example/x",
    "rejected": WAVE + " pills",
}
THE_COMMENT = ("rev", "text_rev", "updated", "seen", "slot")
"""Fields of its hash that count changes and say when the last was; and its number in the queue, which may be any."""


async def everything(resources: Resources, comment: str) -> dict[str, Any]:
    """All of Redis, by key and field, without what may say that a decision on the comment was made and undone."""
    client = resources.connection.client
    found: dict[str, Any] = {}
    async for raw in client.scan_iter():
        key = raw.decode().removeprefix("ac:")
        match await client.type(raw):
            case b"hash":
                found |= {f"{key} {field.decode()}": value for field, value in (await client.hgetall(raw)).items()}
            case b"zset":
                found |= {f"{key} {member!r}": at for member, at in await client.zrange(raw, 0, -1, withscores=True)}
            case b"set":
                found[key] = await client.smembers(raw)
            case b"list":
                found[key] = await client.lrange(raw, 0, -1)
            case b"string":
                found[key] = await client.get(raw)
            case b"stream":
                found[key] = [fields for _, fields in await client.xrange(raw)]
    for queue in ("slots", "slots:free"):
        found.pop(f"{{p0}}:s:blog:{queue}", None)
    traces = {f"{{p0}}:h:{comment}", f"{{p0}}:was:{comment}", *(f"{{p0}}:c:{comment} {name}" for name in THE_COMMENT)}
    return {key: value for key, value in found.items() if key not in traces}


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is not the same. A count of nothing is no count, and sums of weights may differ in the last digit."""
    pairs = {key: (before.get(key), after.get(key)) for key in before.keys() | after}
    return {key: (then, now) for key, (then, now) in pairs.items() if not _same(then, now)}


def _same(then: Any, now: Any) -> bool:
    try:
        return math.isclose(float(then or 0), float(now or 0), rel_tol=1e-12, abs_tol=1e-9)
    except (TypeError, ValueError):
        return bool(then == now)


async def stands(resources: Resources, known: Known, state: str) -> str:
    """A comment in a state, third of a campaign, whose author, network and domain have a record; its id."""
    site, text = known.site, TEXTS[state]
    for number in ("1", "2"):
        await resources.moderation.submit(site, submission(resources, number, text.format(number)))
    await Worker(resources, WordScorer()).drain()
    await resources.moderation.decide(site, comment_id("blog", "1"), Outcome.APPROVE, actor=ANN)
    await resources.moderation.decide(site, comment_id("blog", "2"), Outcome.REJECT, actor=ANN, reasons=["spam"])
    await resources.moderation.submit(site, submission(resources, "3", text.format("so")))
    if state != "pending":
        await Worker(resources, WordScorer()).drain()
    comment = comment_id("blog", "3")
    found = await resources.comments.get(comment)
    assert found is not None
    assert found.state == state
    return comment


async def revision(resources: Resources, comment: str) -> int:
    found = await resources.comments.get(comment)
    assert found is not None
    return found.revision


async def decide(resources: Resources, known: Known, comment: str, outcome: Outcome) -> int:
    """The revision that undoes it."""
    reasons = ["spam"] if outcome is Outcome.REJECT else []
    seen = await revision(resources, comment)
    done = await resources.reviewing.deciding.decide(
        known.site, comment, outcome, by=ANN, revision=seen, reasons=reasons
    )
    return done.comment.revision


async def undo(resources: Resources, known: Known, comment: str, at: int) -> None:
    await resources.reviewing.deciding.undo(known.site, comment, at, by=ANN, others=False)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize(
    ("state", "situation"),
    [
        ("approved", "seen"), ("approved", "reported"), ("flagged", "seen"), ("flagged", "escalated"), ("flagged", "snoozed"),
        ("flagged", "chosen to teach"), ("flagged", "edited"), ("rejected", "seen"),
    ],
)  # fmt: skip
async def test_nothing_is_left_of_it(
    resources: Resources, site: Known, state: str, situation: str, outcome: Outcome
) -> None:
    comment = await stands(resources, site, state)
    deciding, seen = resources.reviewing.deciding, await revision(resources, comment)
    match situation:
        case "reported":
            for reader in ("eve", "bob"):
                await resources.redress.report(site.site, comment, reader)
        case "escalated":
            await deciding.escalate(site.site, comment, seen, by=ANN)
        case "snoozed":
            await deciding.snooze(site.site, comment, seen, by=ANN, until=now_ms() + 3_600_000)
        case "chosen to teach":
            assert await resources.models.teach("blog", [comment]) == 1
        case "edited":
            await resources.moderation.submit(site.site, submission(resources, "3", "maybe something else"))
            await Worker(resources, WordScorer()).drain()
    before = await everything(resources, comment)
    at = await decide(resources, site, comment, outcome)
    assert difference(before, await everything(resources, comment)) != {}
    await undo(resources, site, comment, at)
    assert difference(before, await everything(resources, comment)) == {}


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_what_came_meanwhile_counts_as_if_it_had_not_been(
    resources: Resources, site: Known, outcome: Outcome
) -> None:
    """Another comment of the same author and campaign comes, and is decided, between the decision and its undoing."""
    known = []
    for undone in (True, False):
        await resources.connection.client.flushdb()
        await resources.work.prepare()
        await resources.accounts.add("blog", "https://blog.example", "https://blog.example/hook")
        comment = await stands(resources, site, "flagged")
        at = await decide(resources, site, comment, outcome) if undone else 0
        await resources.moderation.submit(site.site, submission(resources, "4", TEXTS["flagged"].format("and")))
        await Worker(resources, WordScorer()).drain()
        await decide(resources, site, comment_id("blog", "4"), Outcome.APPROVE)
        if undone:
            await undo(resources, site, comment, at)
        known.append(
            {
                key: float(value)
                for key, value in (await everything(resources, comment)).items()
                if re.search(r":[wk]:\S+ ([avrxfgbn]|size|sites|s:blog)$", key)
            }
        )
    with_it, without = known
    assert sum(key.endswith((" a", " r", " g", " size")) for key in without) > 10
    for key in with_it.keys() | without:
        assert with_it.get(key, 0) == pytest.approx(without.get(key, 0), rel=1e-4), key  # weights grow with the clock
