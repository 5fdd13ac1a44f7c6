"""Who types an address is not its owner: trust and standing are earned and spent by the same tie."""

from __future__ import annotations

from typing import Any

import pytest

from service.container import Services
from service.core.comment import Actor, Comment
from service.core.identity import digest_email
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.moderator import Mark
from service.core.policy import Policy
from service.core.policy.rules import Rule
from service.core.signals import value
from service.core.site import Known
from service.core.submission import comment_id
from service.usecases.policies import Policies
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
ANN = {"name": "Ann", "email": "ann@example.com", "ip": "192.0.2.7", "url": "https://ann.example/"}
THIEF = {"name": "Cheap Pills", "email": "ann@example.com", "ip": "198.51.100.9", "url": "https://pills.example/"}


async def say(
    services: Services, site: Known, platform_id: str, content: str = "I liked this.", **author: Any
) -> Comment:
    await services.moderation.submit(site.site, submission(services, platform_id, content, **author))
    await Worker(services, WordScorer()).drain()
    found = await services.comments.get(comment_id("blog", platform_id))
    assert found is not None
    return found


async def trust(services: Services, comment: Comment | None = None) -> None:
    site = (await services.accounts.get("blog")).site
    digest = digest_email("ann@example.com", services.secrets.identity).digest
    await services.review.marking.mark(site, digest, "trusted", until=0, note="", by="moderator:eve", comment=comment)


def code(comment: Comment) -> str:
    assert comment.decision is not None
    return comment.decision.reasons[0].code


async def test_a_trusted_address_that_somebody_types_passes_nothing(services: Services, site: Known) -> None:
    await say(services, site, "1", **ANN)
    await trust(services)
    spam = await say(services, site, "2", "Buy pills", **THIEF)
    assert (spam.state, code(spam)) == (State.REJECTED, "spam")
    assert spam.decision is not None
    assert "unproven-author" in {reason.code for reason in spam.decision.reasons}
    assert spam.verdict is not None
    assert value(spam.verdict.signals, "author_claimed") is True
    assert value(spam.verdict.signals, "author_mark") == ""


@pytest.mark.parametrize(
    "tie",
    [
        {"ip": "192.0.2.200"}, {"url": "http://ANN.example"}, {"role": "member"}, {"vouched": True},
        {"ip": "192.0.2.200", "name": "Annie", "url": ""},
    ],
)  # fmt: skip
async def test_a_tie_shows_that_it_is_theirs(services: Services, site: Known, tie: dict[str, Any]) -> None:
    await say(services, site, "1", **ANN)
    await trust(services)
    again = await say(services, site, "2", "maybe pills", **(THIEF | tie))
    assert (again.state, code(again)) == (State.APPROVED, "trusted-author")


@pytest.mark.parametrize("tie", [{"role": "guest"}, {"name": "Ann"}, {"user_agent": "x"}, {}])
async def test_what_is_no_tie(services: Services, site: Known, tie: dict[str, Any]) -> None:
    await say(services, site, "1", **ANN)
    await trust(services)
    assert (await say(services, site, "2", "Buy pills", **(THIEF | tie))).state is State.REJECTED


async def test_a_harmless_comment_earns_a_thief_nothing_of_what_is_anns(services: Services, site: Known) -> None:
    for number in range(3):
        await say(services, site, f"a{number}", f"I liked this, number {number}.", **ANN)
        await services.moderation.decide(site.site, comment_id("blog", f"a{number}"), Outcome.APPROVE, actor=EVE)
    await trust(services)
    first = await say(services, site, "t1", "Nice indeed.", **THIEF)
    assert first.state is State.APPROVED
    second = await say(services, site, "t2", "Buy pills", **THIEF)
    assert second.state is State.REJECTED
    assert second.verdict is not None
    found = {
        name: value(second.verdict.signals, name)
        for name in ("author_approved", "author_vouched", "author_box_vouched")
    }
    assert found == {"author_approved": 1, "author_vouched": 0, "author_box_vouched": 0}
    mine = await say(services, site, "a9", "maybe", **(ANN | {"ip": "192.0.2.99"}))
    assert mine.verdict is not None
    assert value(mine.verdict.signals, "author_vouched") == 3
    assert value(mine.verdict.signals, "author_refused") == 0
    assert code(mine) == "trusted-author"


async def test_new_authors_are_held_by_the_same_rule(services: Services, site: Known) -> None:
    policies: Policies = services.policies
    rule = Rule(name="regulars", when="author_vouched >= 1", then="approve")
    await policies.save("blog", Policy(mode="hold-new-authors", rules=(rule,)), by="operator")
    known = await services.accounts.get("blog")
    first = await say(services, known, "1", **ANN)
    assert code(first) == "new-author"
    await services.moderation.decide(known.site, first.id, Outcome.APPROVE, actor=EVE)
    assert (await say(services, known, "2", "Hello again.", **ANN)).state is State.APPROVED
    thief = await say(services, known, "3", "Hello.", **THIEF)
    assert (thief.state, code(thief)) == (State.FLAGGED, "new-author")
    bare = await say(services, known, "4", "Hello there.", name="Ann", email="ann@example.com", ip="", url="")
    assert bare.state is State.FLAGGED


async def test_trust_of_an_earlier_version_goes_by_what_stood_approved_then(services: Services, site: Known) -> None:
    first = await say(services, site, "1", **ANN)
    digest = digest_email("ann@example.com", services.secrets.identity).digest
    await services.reputations.mark("blog", digest, Mark("trusted", by="moderator:eve", at=first.created_at + 1))
    assert (await say(services, site, "2", "Buy pills", **THIEF)).state is State.REJECTED
    assert (await say(services, site, "3", "maybe", **ANN)).state is State.APPROVED


async def test_the_comment_that_is_looked_at_counts_too(services: Services, site: Known) -> None:
    held = await say(services, site, "1", "maybe", **ANN)
    assert held.state is State.FLAGGED
    await trust(services, held)
    assert (await say(services, site, "2", "maybe so", **ANN)).state is State.APPROVED
