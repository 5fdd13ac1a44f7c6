"""Names of comments, promises of a later word, and the tally that is kept with the decisions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.submission import comment_id
from service.resources import Resources
from service.store.accounts import Known
from service.store.correspondence import ReturnAddress, read_address
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
ADDRESS = ReturnAddress("https://blog.example/back", "mark", "7", "0")


@pytest.fixture
async def site(resources: Resources) -> Known:
    return await resources.accounts.add("blog", "https://blog.example")


async def _judge(resources: Resources, site: Known) -> None:
    jobs = await resources.work.claim("w", count=10, idle_ms=60_000, block_ms=1)
    await resources.judging.judge(jobs, {site.site.id: site.site}, WordScorer())


async def _tally(resources: Resources) -> dict[str, int]:
    (name,) = await resources.connection.client.keys("*:tally:*")
    first = date.fromisoformat(f"{name.decode()[-7:]}-01")
    days = await resources.correspondence.days("blog", first, first + timedelta(days=30))
    (day,) = days or [None]
    return {word: value for word, value in day._asdict().items() if word != "day" and value} if day else {}


async def test_a_name_lives_with_its_comment(resources: Resources, site: Known) -> None:
    await resources.moderation.submit(site.site, submission(resources))
    comment = comment_id("blog", "1")
    await resources.correspondence.name("blog", "n1", comment)
    await resources.correspondence.name("blog", "n2", "c0000")  # there is no such comment
    assert await resources.correspondence.named("blog", "n1") == comment
    assert await resources.correspondence.named("blog", "n2") is None
    assert await resources.correspondence.named("other", "n1") is None
    await resources.moderation.erase(site.site, comment, EVE)
    assert await resources.correspondence.named("blog", "n1") is None
    await resources.correspondence.name("blog", "n1", comment)  # a request that was under way
    assert await resources.correspondence.named("blog", "n1") is None


async def test_a_promise_sees_what_was_decided_before_it(resources: Resources, site: Known) -> None:
    comment = comment_id("blog", "1")
    assert await resources.correspondence.promise(comment, ADDRESS) is None
    await resources.moderation.submit(site.site, submission(resources))
    assert await resources.correspondence.promise(comment, ADDRESS) is State.PENDING
    await _judge(resources, site)
    assert await resources.correspondence.promise(comment, ADDRESS) is State.APPROVED
    (delivery,) = [waiting.delivery for waiting in await resources.outbox.queue("blog")]
    assert (delivery.type, read_address(delivery.body)) == ("akismet.approved", ADDRESS)
    await resources.moderation.erase(site.site, comment, EVE)
    assert await resources.correspondence.promise(comment, ADDRESS) is State.ERASED
    assert await resources.connection.client.hget(resources.connection.keys.comment(comment), "back") is None


async def test_a_word_is_told_once(resources: Resources, site: Known) -> None:
    comment = comment_id("blog", "1")
    await resources.moderation.submit(site.site, submission(resources))
    await resources.correspondence.promise(comment, ADDRESS)
    await _judge(resources, site)
    await resources.moderation.submit(site.site, submission(resources, content="Edited"))
    await _judge(resources, site)
    assert len(await resources.connection.client.lrange(resources.connection.keys.queue(comment), 0, -1)) == 1


async def test_a_contradiction_counts_until_it_is_taken_back(resources: Resources, site: Known) -> None:
    for number, content in enumerate(("fine", "pills", "maybe")):
        await resources.moderation.submit(site.site, submission(resources, str(number), content))
    await _judge(resources, site)
    said = {"approve": 1, "hold": 1, "reject": 1}
    assert await _tally(resources) == said

    async def decide(number: int, outcome: Outcome) -> dict[str, int]:
        await resources.moderation.decide(site.site, comment_id("blog", str(number)), outcome, actor=EVE)
        return await _tally(resources)

    assert await decide(0, Outcome.REJECT) == said | {"missed": 1}
    assert await decide(0, Outcome.REJECT) == said | {"missed": 1}
    assert await decide(1, Outcome.APPROVE) == said | {"missed": 1, "false_alarm": 1}
    assert await decide(2, Outcome.REJECT) == said | {"missed": 1, "false_alarm": 1}
    assert await decide(0, Outcome.APPROVE) == said | {"false_alarm": 1}
    assert await decide(1, Outcome.HOLD) == said


async def test_an_edited_text_is_another_one(resources: Resources, site: Known) -> None:
    comment = comment_id("blog", "1")
    await resources.moderation.submit(site.site, submission(resources))
    await _judge(resources, site)
    await resources.moderation.submit(site.site, submission(resources, content="pills"))
    await resources.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE)  # before the machine spoke
    assert await _tally(resources) == {"approve": 1}


async def test_requests_are_counted_by_the_day(resources: Resources, site: Known) -> None:
    for _ in range(3):
        await resources.correspondence.count_check("blog", date(2026, 2, 28))
    await resources.correspondence.count_check("blog", date(2026, 2, 1))
    days = await resources.correspondence.days("blog", date(2026, 2, 1), date(2026, 2, 28))
    assert [(day.day, day.checks) for day in days] == [(date(2026, 2, 1), 1), (date(2026, 2, 28), 3)]
    assert await resources.correspondence.days("blog", date(2026, 3, 1), date(2026, 3, 31)) == []
