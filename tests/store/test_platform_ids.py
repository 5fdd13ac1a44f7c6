"""Names of comments, promises of a later word, and the tally that is kept with the decisions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.container import Services
from service.core.comment import Actor
from service.core.delivery import ReturnAddress, read_address
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.site import Known
from service.core.submission import comment_id
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
ADDRESS = ReturnAddress("https://blog.example/back", "mark", "7", "0")


@pytest.fixture
async def site(services: Services) -> Known:
    return await services.accounts.add("blog", "https://blog.example")


async def _judge(services: Services, site: Known) -> None:
    jobs = await services.work.claim("w", count=10, idle_ms=60_000, block_ms=1)
    await services.classification.judge(jobs, {site.site.id: site.site}, WordScorer())


async def _tally(services: Services) -> dict[str, int]:
    (name,) = await services.connection.client.keys("*:tally:*")
    first = date.fromisoformat(f"{name.decode()[-7:]}-01")
    days = await services.platform_ids.days("blog", first, first + timedelta(days=30))
    (day,) = days or [None]
    return {word: value for word, value in day._asdict().items() if word != "day" and value} if day else {}


async def test_a_name_lives_with_its_comment(services: Services, site: Known) -> None:
    await services.moderation.submit(site.site, submission(services))
    comment = comment_id("blog", "1")
    await services.platform_ids.name("blog", "n1", comment)
    await services.platform_ids.name("blog", "n2", "c0000")  # there is no such comment
    assert await services.platform_ids.named("blog", "n1") == comment
    assert await services.platform_ids.named("blog", "n2") is None
    assert await services.platform_ids.named("other", "n1") is None
    await services.moderation.erase(site.site, comment, EVE)
    assert await services.platform_ids.named("blog", "n1") is None
    await services.platform_ids.name("blog", "n1", comment)  # a request that was under way
    assert await services.platform_ids.named("blog", "n1") is None


async def test_a_promise_sees_what_was_decided_before_it(services: Services, site: Known) -> None:
    comment = comment_id("blog", "1")
    assert await services.platform_ids.promise(comment, ADDRESS) is None
    await services.moderation.submit(site.site, submission(services))
    assert await services.platform_ids.promise(comment, ADDRESS) is State.PENDING
    await _judge(services, site)
    assert await services.platform_ids.promise(comment, ADDRESS) is State.APPROVED
    (delivery,) = [waiting.delivery for waiting in await services.outbox.queue("blog")]
    assert (delivery.type, read_address(delivery.body)) == ("akismet.approved", ADDRESS)
    await services.moderation.erase(site.site, comment, EVE)
    assert await services.platform_ids.promise(comment, ADDRESS) is State.ERASED
    assert await services.connection.client.hget(services.connection.keys.comment(comment), "back") is None


async def test_a_word_is_told_once(services: Services, site: Known) -> None:
    comment = comment_id("blog", "1")
    await services.moderation.submit(site.site, submission(services))
    await services.platform_ids.promise(comment, ADDRESS)
    await _judge(services, site)
    await services.moderation.submit(site.site, submission(services, content="Edited"))
    await _judge(services, site)
    assert len(await services.connection.client.lrange(services.connection.keys.queue("blog", comment), 0, -1)) == 1


async def test_a_contradiction_counts_until_it_is_taken_back(services: Services, site: Known) -> None:
    for number, content in enumerate(("fine", "pills", "maybe")):
        await services.moderation.submit(site.site, submission(services, str(number), content))
    await _judge(services, site)
    said = {"approve": 1, "hold": 1, "reject": 1}
    assert await _tally(services) == said

    async def decide(number: int, outcome: Outcome) -> dict[str, int]:
        await services.moderation.decide(site.site, comment_id("blog", str(number)), outcome, actor=EVE)
        return await _tally(services)

    assert await decide(0, Outcome.REJECT) == said | {"missed": 1}
    assert await decide(0, Outcome.REJECT) == said | {"missed": 1}
    assert await decide(1, Outcome.APPROVE) == said | {"missed": 1, "false_alarm": 1}
    assert await decide(2, Outcome.REJECT) == said | {"missed": 1, "false_alarm": 1}
    assert await decide(0, Outcome.APPROVE) == said | {"false_alarm": 1}
    assert await decide(1, Outcome.HOLD) == said


async def test_an_edited_text_is_another_one(services: Services, site: Known) -> None:
    comment = comment_id("blog", "1")
    await services.moderation.submit(site.site, submission(services))
    await _judge(services, site)
    await services.moderation.submit(site.site, submission(services, content="pills"))
    await services.moderation.decide(site.site, comment, Outcome.REJECT, actor=EVE)  # before the machine spoke
    assert await _tally(services) == {"approve": 1}


async def test_requests_are_counted_by_the_day(services: Services, site: Known) -> None:
    for _ in range(3):
        await services.platform_ids.count_check("blog", date(2026, 2, 28))
    await services.platform_ids.count_check("blog", date(2026, 2, 1))
    days = await services.platform_ids.days("blog", date(2026, 2, 1), date(2026, 2, 28))
    assert [(day.day, day.checks) for day in days] == [(date(2026, 2, 1), 1), (date(2026, 2, 28), 3)]
    assert await services.platform_ids.days("blog", date(2026, 3, 1), date(2026, 3, 31)) == []
