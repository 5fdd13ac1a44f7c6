"""Quality is reckoned from blind answers, from what humans decided otherwise, and from how much was decided in all."""

from __future__ import annotations

import pytest

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor
from service.core.example import SampledDecision
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Known
from service.learning.quality import Quality
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

MODERATOR = Actor(ActorKind.MODERATOR, "ann")


async def judged(services: Services, site: Known, texts: list[str]) -> list[str]:
    taken = [
        await services.moderation.submit(site.site, submission(services, str(number), text))
        for number, text in enumerate(texts)
    ]
    await Worker(services, WordScorer()).drain()
    return [one.comment for one in taken]


async def sample(services: Services, comments: list[str], outcome: Outcome, share: float = 1.0) -> None:
    drawn = [("blog", SampledDecision(comment, now_ms(), outcome, share, "words-1")) for comment in comments]
    await services.quality.quality_sample.add(drawn)


async def test_nothing_drawn_nothing_said(services: Services, site: Known) -> None:
    assert await services.quality.report("blog") is None


async def test_the_shares_are_those_of_the_answers(services: Services, site: Known) -> None:
    quality = services.quality
    comments = await judged(services, site, ["I liked this."] * 6 + ["pills"] * 3 + ["maybe"] * 2)
    approved, rejected, held = comments[:6], comments[6:9], comments[9:]
    await sample(services, approved, Outcome.APPROVE)
    await sample(services, rejected, Outcome.REJECT)
    for comment in approved[:4]:
        assert await quality.answer("blog", comment, Outcome.APPROVE, "ann")
    assert await quality.answer("blog", approved[4], Outcome.REJECT, "ann")
    for comment in rejected:
        await quality.answer("blog", comment, Outcome.REJECT, "ann")
    for comment, outcome in zip(held, (Outcome.REJECT, Outcome.APPROVE), strict=True):
        await services.moderation.decide(site.site, comment, outcome, actor=MODERATOR, reasons=["spam"])
    report = await quality.report("blog")
    assert report is not None
    assert (report.sampled, report.answered, report.cost.waiting) == (9, 8, 1)
    assert (report.precision.estimate, report.precision.n) == (1.0, 3)
    assert (report.missed.estimate, report.missed.n) == (pytest.approx(0.2), 5)
    # 6 approved of which a fifth is bad, 3 rejected that all are, 2 held of which half is.
    assert report.recall.estimate == pytest.approx((3 + 1) / (3 + 1 + 6 / 5))
    assert report.recall.low < report.recall.estimate < report.recall.high


async def test_only_the_first_answer_counts_and_passing_on_is_none(services: Services, site: Known) -> None:
    quality = services.quality
    first, second = await judged(services, site, ["I liked this."] * 2)
    await sample(services, [first, second], Outcome.APPROVE)
    assert await quality.answer("blog", first, Outcome.APPROVE, "ann")
    assert not await quality.answer("blog", first, Outcome.REJECT, "ben")
    assert not await quality.answer("blog", second, Outcome.HOLD, "ann")
    assert not await quality.answer("blog", "c_unknown", Outcome.REJECT, "ann")
    assert await quality.quality_sample.waiting("blog") == 0
    answers = {one.comment: (one.answer, one.by) for one in await quality.quality_sample.entries("blog")}
    assert answers == {first: (Outcome.APPROVE, "ann"), second: (None, "")}


async def test_a_decision_made_elsewhere_is_an_answer_too(services: Services, site: Known) -> None:
    (comment,) = await judged(services, site, ["I liked this."])
    await sample(services, [comment], Outcome.APPROVE)
    await services.moderation.decide(site.site, comment, Outcome.REJECT, actor=MODERATOR, reasons=["spam"])
    report = await services.quality.report("blog")
    assert report is not None
    assert (report.answered, report.missed.estimate) == (1, 1.0)


async def test_a_share_that_was_changed_does_not_bias_the_estimate(services: Services, site: Known) -> None:
    comments = await judged(services, site, [f"I liked part {number}." for number in range(12)])
    often, seldom = comments[:10], comments[10:]
    await sample(services, often, Outcome.APPROVE, share=1.0)  # all of 10, of which all are good
    await sample(services, seldom, Outcome.APPROVE, share=0.1)  # 2 of 20, of which half are bad
    for place, comment in enumerate(comments):
        await services.quality.answer("blog", comment, Outcome.REJECT if place == 11 else Outcome.APPROVE, "ann")
    report = await services.quality.report("blog")
    assert report is not None
    assert report.missed.estimate == pytest.approx(10 / 30)
    assert report.missed.n < 12  # fewer answers' worth than were given


async def test_what_is_old_is_left_out_and_forgotten(services: Services, site: Known) -> None:
    day = 86_400_000
    later = Quality(
        services.quality.quality_sample, services.comments, services.examples, services.platform_ids,
        clock=lambda: now_ms() + 31 * day,
    )  # fmt: skip
    (comment,) = await judged(services, site, ["I liked this."])
    await sample(services, [comment], Outcome.APPROVE)
    assert await later.report("blog") is None
    assert await services.quality.quality_sample.forget("blog", now_ms() + day) == 1
    assert await services.quality.quality_sample.entries("blog") == []
    assert await services.quality.quality_sample.waiting("blog") == 0
