"""What no worker could judge, as an operator sees it and tries it again."""

from __future__ import annotations

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Known
from service.core.submission import comment_id
from service.usecases.work import WorkStream
from tests.support.moderation import submission


async def bury(services: Services, site: Known, *names: str) -> None:
    for name in names:
        await services.moderation.submit(site.site, submission(services, name, "poison"))
    for job in await services.work.claim("worker", count=10, idle_ms=1_000, block_ms=10):
        await services.work.bury(job, "timeout")


async def test_the_backlog_tells_what_waits_how_long_and_what_nobody_could_judge(
    services: Services, site: Known
) -> None:
    await bury(services, site, "c1")
    await services.moderation.submit(site.site, submission(services, "c2", "next"))
    later = WorkStream(services.work, services.moderation, services.accounts, clock=lambda: now_ms() + 90_000)
    waiting, oldest, dead = await later.backlog()
    assert (waiting, dead) == (1, 1)
    assert 89 < oldest < 120


async def test_some_are_tried_again_and_the_log_says_how_many_of_which_site(services: Services, site: Known) -> None:
    await bury(services, site, "c1", "c2", "c3")
    first, _, third = await services.work_stream.dead()
    outcomes, unknown = await services.work_stream.revive({first.entry, third.entry, "1-1"})
    assert [(one.comment, word) for one, word in outcomes] == [(first.comment, "applied"), (third.comment, "applied")]
    assert unknown == {"1-1"}
    assert len(await services.work_stream.dead()) == 1
    (line, *_) = await services.accounts.audited(5)
    assert (line.what, line.subject, line.actor, line.note) == ("comments.requeue", "blog", "operator", "2")


async def test_what_a_human_has_decided_meanwhile_is_left_and_is_no_dead_letter_any_more(
    services: Services, site: Known
) -> None:
    await bury(services, site, "c1")
    eve = Actor(ActorKind.MODERATOR, "eve")
    await services.moderation.decide(site.site, comment_id("blog", "c1"), Outcome.APPROVE, actor=eve)
    ((_, word),) = (await services.work_stream.revive()).outcomes
    assert word == "human"
    assert await services.work_stream.dead() == []
