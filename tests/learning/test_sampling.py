"""What is noted beside decisions: the audit sample, and where a shadow disagrees. Neither changes what is decided."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from service.container import Services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.site import Known
from service.core.verdict import LABELS, Case, Verdict
from service.usecases.classification import Classification
from service.usecases.sampling import Sampling
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission


class Shadowed(WordScorer):
    """Has a shadow that rejects what says "quiet"."""

    def shadows(self, cases: Sequence[Case]) -> list[Verdict | None]:
        return [
            Verdict(
                dict.fromkeys(LABELS, 0.0) | {"spam": 0.99 if "quiet" in case.submission.content else 0.01}, "next-1"
            )
            for case in cases
        ]


class Breaking(WordScorer):
    def shadows(self, cases: Sequence[Case]) -> list[Verdict | None]:
        raise RuntimeError("the shadow can't read that")


def sampling(services: Services, share: float, numbers: Sequence[float] = ()) -> Sampling:
    drawn = iter(numbers)
    return Sampling(
        services.quality.quality_sample, services.shadow_verdicts, share=share, draw=lambda: next(drawn, 0.0)
    )


async def judge(services: Services, site: Known, sampling: Sampling, scorer: WordScorer, *texts: str) -> list[str]:
    """Submit and judge texts; their comments' ids."""
    taken = [
        await services.moderation.submit(site.site, submission(services, str(number), text))
        for number, text in enumerate(texts)
    ]
    classification: Classification = services.classification
    classification._sampling = sampling
    await Worker(services, scorer).drain()
    return [one.comment for one in taken]


async def test_the_sample_is_drawn_from_approvals_and_rejections(services: Services, site: Known) -> None:
    approved, held, rejected = await judge(
        services, site, sampling(services, 0.5), WordScorer(), "I liked this.", "maybe", "pills"
    )
    entries = await services.quality.quality_sample.entries("blog")
    assert {one.comment: one.outcome for one in entries} == {approved: Outcome.APPROVE, rejected: Outcome.REJECT}
    assert {one.share for one in entries} == {0.5}
    assert held not in {one.comment for one in entries}
    assert (await services.moderation.get(site.site, rejected)).state is State.REJECTED


async def test_what_is_not_drawn_is_not_in_it(services: Services, site: Known) -> None:
    numbers = [0.4, 0.6, 0.49999]
    first, _, third = await judge(
        services, site, sampling(services, 0.5, numbers), WordScorer(), "I liked this.", "So did I.", "And I."
    )
    assert {one.comment for one in await services.quality.quality_sample.entries("blog")} == {first, third}


async def test_disagreements_with_a_shadow_are_counted_and_listed(services: Services, site: Known) -> None:
    _, quiet, _ = await judge(
        services, site, sampling(services, 0.0), Shadowed(), "I liked this.", "a quiet offer", "pills"
    )
    counts = await services.shadow_verdicts.counts("blog", "next-1")
    approve, reject = Outcome.APPROVE, Outcome.REJECT
    assert counts == {(approve, approve): 1, (approve, reject): 1, (reject, approve): 1}
    listed = {one.comment: one for one in await services.shadow_verdicts.disagreements("blog", "next-1")}
    assert (listed[quiet].ours, listed[quiet].theirs) == (approve, reject)
    assert (listed[quiet].label, listed[quiet].their_score) == ("spam", 0.99)
    assert len(listed) == 2
    assert (await services.moderation.get(site.site, quiet)).state is State.APPROVED


@pytest.mark.parametrize("text", ["I liked this.", "pills"])
async def test_a_shadow_that_breaks_keeps_nothing_from_being_decided(
    services: Services, site: Known, text: str
) -> None:
    (comment,) = await judge(services, site, sampling(services, 0.0), Breaking(), text)
    assert (await services.moderation.get(site.site, comment)).state in (State.APPROVED, State.REJECTED)


async def test_an_erased_comment_leaves_the_list(services: Services, site: Known) -> None:
    (comment,) = await judge(services, site, sampling(services, 1.0), WordScorer(), "I liked this.")
    assert await services.quality.quality_sample.waiting("blog") == 1
    await services.moderation.erase(site.site, comment, Actor(ActorKind.OPERATOR))
    assert await services.quality.quality_sample.waiting("blog") == 0


async def test_a_site_may_say_how_much_of_its_own_is_drawn(services: Services, site: Known) -> None:
    for share, drawn in ((0.75, 1), (0.0, 0)):
        policy = msgspec.structs.replace(site.site.policy, audit_share=share)
        own = site._replace(site=await services.policies.save("blog", policy, by="operator"))
        before = len(await services.quality.quality_sample.entries("blog"))
        await judge(services, own, sampling(services, 0.5, [0.6]), WordScorer(), f"A share of {share}.")
        entries = await services.quality.quality_sample.entries("blog")
        assert len(entries) == before + drawn
        assert {one.share for one in entries} == {0.75}  # what was drawn earlier keeps its own probability
