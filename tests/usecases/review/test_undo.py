"""A decision that is taken back leaves nothing behind: all of Redis is as it was, but for what says that it happened."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Known
from service.core.submission import comment_id
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


async def everything(services: Services, comment: str) -> dict[str, Any]:
    """All of Redis, by key and field, without what may say that a decision on the comment was made and undone."""
    client = services.connection.client
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


async def stands(services: Services, known: Known, state: str) -> str:
    """A comment in a state, third of a campaign, whose author, network and domain have a record; its id."""
    site, text = known.site, TEXTS[state]
    for number in ("1", "2"):
        await services.moderation.submit(site, submission(services, number, text.format(number)))
    await Worker(services, WordScorer()).drain()
    await services.moderation.decide(site, comment_id("blog", "1"), Outcome.APPROVE, actor=ANN)
    await services.moderation.decide(site, comment_id("blog", "2"), Outcome.REJECT, actor=ANN, reasons=["spam"])
    await services.moderation.submit(site, submission(services, "3", text.format("so")))
    if state != "pending":
        await Worker(services, WordScorer()).drain()
    comment = comment_id("blog", "3")
    found = await services.comments.get(comment)
    assert found is not None
    assert found.state == state
    return comment


async def revision(services: Services, comment: str) -> int:
    found = await services.comments.get(comment)
    assert found is not None
    return found.revision


async def decide(services: Services, known: Known, comment: str, outcome: Outcome) -> int:
    """The revision that undoes it."""
    reasons = ["spam"] if outcome is Outcome.REJECT else []
    seen = await revision(services, comment)
    done = await services.review.decisions.decide(known.site, comment, outcome, by=ANN, revision=seen, reasons=reasons)
    return done.comment.revision


async def undo(services: Services, known: Known, comment: str, at: int) -> None:
    await services.review.decisions.undo(known.site, comment, at, by=ANN, others=False)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize(
    ("state", "situation"),
    [
        ("approved", "seen"), ("approved", "reported"), ("flagged", "seen"), ("flagged", "escalated"), ("flagged", "snoozed"),
        ("flagged", "edited"), ("rejected", "seen"),
    ],
)  # fmt: skip
async def test_nothing_is_left_of_it(
    services: Services, site: Known, state: str, situation: str, outcome: Outcome
) -> None:
    comment = await stands(services, site, state)
    decisions, seen = services.review.decisions, await revision(services, comment)
    match situation:
        case "reported":
            for reader in ("eve", "bob"):
                await services.redress.report(site.site, comment, reader)
        case "escalated":
            await decisions.escalate(site.site, comment, seen, by=ANN)
        case "snoozed":
            await decisions.snooze(site.site, comment, seen, by=ANN, until=now_ms() + 3_600_000)
        case "edited":
            await services.moderation.submit(site.site, submission(services, "3", "maybe something else"))
            await Worker(services, WordScorer()).drain()
    before = await everything(services, comment)
    at = await decide(services, site, comment, outcome)
    assert difference(before, await everything(services, comment)) != {}
    await undo(services, site, comment, at)
    assert difference(before, await everything(services, comment)) == {}


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_what_came_meanwhile_counts_as_if_it_had_not_been(
    services: Services, site: Known, outcome: Outcome
) -> None:
    """Another comment of the same author and campaign comes, and is decided, between the decision and its undoing."""
    known = []
    for undone in (True, False):
        await services.connection.client.flushdb()
        await services.work.prepare()
        await services.accounts.add("blog", "https://blog.example", "https://blog.example/hook")
        comment = await stands(services, site, "flagged")
        at = await decide(services, site, comment, outcome) if undone else 0
        await services.moderation.submit(site.site, submission(services, "4", TEXTS["flagged"].format("and")))
        await Worker(services, WordScorer()).drain()
        await decide(services, site, comment_id("blog", "4"), Outcome.APPROVE)
        if undone:
            await undo(services, site, comment, at)
        known.append(
            {
                key: float(value)
                for key, value in (await everything(services, comment)).items()
                if re.search(r":[wk]:\S+ ([avrxfgbn]|size|sites|s:blog)$", key)
            }
        )
    with_it, without = known
    assert sum(key.endswith((" a", " r", " g", " size")) for key in without) > 10
    for key in with_it.keys() | without:
        assert with_it.get(key, 0) == pytest.approx(without.get(key, 0), rel=1e-4), key  # weights grow with the clock
