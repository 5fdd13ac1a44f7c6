"""Quality is reckoned from blind answers, from what humans decided otherwise, and from how much was decided in all."""

from __future__ import annotations

import pytest

from service.core.audit import Audited
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.learning.quality import Quality
from service.resources import Resources
from service.store.accounts import Known
from service.store.client import now_ms
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

MODERATOR = Actor(ActorKind.MODERATOR, "ann")


async def judged(resources: Resources, site: Known, texts: list[str]) -> list[str]:
    taken = [
        await resources.moderation.submit(site.site, submission(resources, str(number), text))
        for number, text in enumerate(texts)
    ]
    await Worker(resources, WordScorer()).drain()
    return [one.comment for one in taken]


async def sample(resources: Resources, comments: list[str], outcome: Outcome, share: float = 1.0) -> None:
    drawn = [("blog", Audited(comment, now_ms(), outcome, share, "words-1")) for comment in comments]
    await resources.quality.audits.add(drawn)


async def test_nothing_drawn_nothing_said(resources: Resources, site: Known) -> None:
    assert await resources.quality.report("blog") is None


async def test_the_shares_are_those_of_the_answers(resources: Resources, site: Known) -> None:
    quality = resources.quality
    comments = await judged(resources, site, ["I liked this."] * 6 + ["pills"] * 3 + ["maybe"] * 2)
    approved, rejected, held = comments[:6], comments[6:9], comments[9:]
    await sample(resources, approved, Outcome.APPROVE)
    await sample(resources, rejected, Outcome.REJECT)
    for comment in approved[:4]:
        assert await quality.answer("blog", comment, Outcome.APPROVE, "ann")
    assert await quality.answer("blog", approved[4], Outcome.REJECT, "ann")
    for comment in rejected:
        await quality.answer("blog", comment, Outcome.REJECT, "ann")
    for comment, outcome in zip(held, (Outcome.REJECT, Outcome.APPROVE), strict=True):
        await resources.moderation.decide(site.site, comment, outcome, actor=MODERATOR, reasons=["spam"])
    report = await quality.report("blog")
    assert report is not None
    assert (report.sampled, report.answered, report.cost.waiting) == (9, 8, 1)
    assert (report.precision.estimate, report.precision.n) == (1.0, 3)
    assert (report.missed.estimate, report.missed.n) == (pytest.approx(0.2), 5)
    # 6 approved of which a fifth is bad, 3 rejected that all are, 2 held of which half is.
    assert report.recall.estimate == pytest.approx((3 + 1) / (3 + 1 + 6 / 5))
    assert report.recall.low < report.recall.estimate < report.recall.high


async def test_only_the_first_answer_counts_and_passing_on_is_none(resources: Resources, site: Known) -> None:
    quality = resources.quality
    first, second = await judged(resources, site, ["I liked this."] * 2)
    await sample(resources, [first, second], Outcome.APPROVE)
    assert await quality.answer("blog", first, Outcome.APPROVE, "ann")
    assert not await quality.answer("blog", first, Outcome.REJECT, "ben")
    assert not await quality.answer("blog", second, Outcome.HOLD, "ann")
    assert not await quality.answer("blog", "c_unknown", Outcome.REJECT, "ann")
    assert await quality.audits.waiting("blog") == 0
    answers = {one.comment: (one.answer, one.by) for one in await quality.audits.entries("blog")}
    assert answers == {first: (Outcome.APPROVE, "ann"), second: (None, "")}


async def test_a_decision_made_elsewhere_is_an_answer_too(resources: Resources, site: Known) -> None:
    (comment,) = await judged(resources, site, ["I liked this."])
    await sample(resources, [comment], Outcome.APPROVE)
    await resources.moderation.decide(site.site, comment, Outcome.REJECT, actor=MODERATOR, reasons=["spam"])
    report = await resources.quality.report("blog")
    assert report is not None
    assert (report.answered, report.missed.estimate) == (1, 1.0)


async def test_a_share_that_was_changed_does_not_bias_the_estimate(resources: Resources, site: Known) -> None:
    comments = await judged(resources, site, [f"I liked part {number}." for number in range(12)])
    often, seldom = comments[:10], comments[10:]
    await sample(resources, often, Outcome.APPROVE, share=1.0)  # all of 10, of which all are good
    await sample(resources, seldom, Outcome.APPROVE, share=0.1)  # 2 of 20, of which half are bad
    for place, comment in enumerate(comments):
        await resources.quality.answer("blog", comment, Outcome.REJECT if place == 11 else Outcome.APPROVE, "ann")
    report = await resources.quality.report("blog")
    assert report is not None
    assert report.missed.estimate == pytest.approx(10 / 30)
    assert report.missed.n < 12  # fewer answers' worth than were given


async def test_what_is_old_is_left_out_and_forgotten(resources: Resources, site: Known) -> None:
    day = 86_400_000
    later = Quality(
        resources.quality.audits, resources.comments, resources.examples, resources.correspondence,
        clock=lambda: now_ms() + 31 * day,
    )  # fmt: skip
    (comment,) = await judged(resources, site, ["I liked this."])
    await sample(resources, [comment], Outcome.APPROVE)
    assert await later.report("blog") is None
    assert await resources.quality.audits.forget("blog", now_ms() + day) == 1
    assert await resources.quality.audits.entries("blog") == []
    assert await resources.quality.audits.waiting("blog") == 0
