"""Editions of a policy on a real server, what a decision says of them, and a policy rehearsed on a site's history."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from service.core.comment import Actor
from service.core.errors import Conflict, InvalidPolicy, NotFound
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.lists import WordList
from service.core.policy import Policy, Thresholds
from service.core.rules import Rule
from service.core.submission import comment_id
from service.resources import Resources
from service.store import policies as editions
from service.store.accounts import Accounts, Known
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
HOLD_ALL = Policy(mode="hold-everything")
LINKS = Policy(rules=(Rule(name="links", when="links >= 1", then="hold"),))


async def take(resources: Resources, site: Known, **texts: str) -> None:
    """Submit comments and have them judged under the policy as it stands."""
    for name, content in texts.items():
        await resources.moderation.submit(site.site, submission(resources, name, content))
    await Worker(resources, WordScorer()).drain()


async def test_every_change_is_an_edition(resources: Resources, site: Known) -> None:
    await resources.policies.save("blog", HOLD_ALL, by="moderator:eve", note="Write to ann@example.com.")
    saved = await resources.policies.save("blog", LINKS, by="operator")
    assert saved.edition.version == 2
    kept = await resources.policies.history("blog")
    assert [(one.edition.version, one.edition.by, one.policy) for one in kept] == [
        (2, "operator", LINKS), (1, "moderator:eve", HOLD_ALL), (0, "", Policy()),
    ]  # fmt: skip
    assert "ann@" not in kept[1].edition.note
    assert (await resources.policies.edition("blog", 1)).policy == HOLD_ALL
    (newest, *_) = await resources.accounts.audited(5)
    assert (newest.what, newest.actor, newest.site) == ("sites.policy", "operator", "blog")


async def test_the_same_policy_again_is_no_edition(resources: Resources, site: Known) -> None:
    for _ in range(2):
        assert (await resources.policies.save("blog", LINKS, by="operator")).edition.version == 1
    assert len(await resources.policies.history("blog")) == 2


async def test_restoring_makes_a_new_edition(resources: Resources, site: Known) -> None:
    await resources.policies.save("blog", HOLD_ALL, by="operator")
    restored = await resources.policies.restore("blog", 0, by="operator", note="It was too much.")
    assert (restored.policy, restored.edition.version) == (Policy(), 2)
    assert restored.edition.note == "Edition 0 again. It was too much."
    with pytest.raises(NotFound):
        await resources.policies.restore("blog", 9, by="operator")


async def test_whoever_saw_an_older_edition_is_told(resources: Resources, site: Known) -> None:
    await resources.policies.save("blog", HOLD_ALL, by="moderator:eve", version=0)
    with pytest.raises(Conflict, match="edition 1 now, saved by moderator:eve"):
        await resources.policies.save("blog", LINKS, by="operator", version=0)
    assert (await resources.policies.site("blog")).policy == HOLD_ALL


async def test_many_at_once_lose_no_edition(resources: Resources, site: Known) -> None:
    policies = [Policy(release_after=number) for number in range(2, 6)]
    await asyncio.gather(*(resources.policies.save("blog", policy, by="operator") for policy in policies))
    kept = await resources.policies.history("blog")
    assert [one.edition.version for one in kept] == [4, 3, 2, 1, 0]
    assert {one.policy.release_after for one in kept} == {1, 2, 3, 4, 5}


async def test_other_changes_of_a_site_lose_no_policy(resources: Resources, site: Known) -> None:
    """Each sees the site as it stands, also when a stale copy of it is cached."""
    accounts = Accounts(resources.connection, resources.secrets.master, cache_seconds=60)
    await accounts.get("blog")
    await resources.policies.save("blog", HOLD_ALL, by="operator")
    await asyncio.gather(
        accounts.rotate("blog", 60),
        accounts.change("blog", lambda site: msgspec.structs.replace(site, url="https://other.example"), "sites.set"),
        resources.policies.save("blog", LINKS, by="operator"),
    )
    after = (await resources.accounts.get("blog")).site
    assert (after.policy, after.url, after.edition.version) == (LINKS, "https://other.example", 2)
    assert len(after.generations) == 2


async def test_what_cant_be_used_is_not_saved(resources: Resources, site: Known) -> None:
    broken = Policy(rules=(Rule(name="r", when="links >", then="hold"),))
    with pytest.raises(InvalidPolicy):
        await resources.policies.save("blog", broken, by="operator")
    with pytest.raises(InvalidPolicy):
        await resources.policies.rehearse(site.site, broken)
    with pytest.raises(NotFound):
        await resources.policies.save("nobody", LINKS, by="operator")
    assert (await resources.policies.site("blog")).edition.version == 0


async def test_old_editions_are_dropped(resources: Resources, site: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "MAX_EDITIONS", 2)
    for number in range(2, 7):
        await resources.policies.save("blog", Policy(release_after=number), by="operator")
    assert [one.edition.version for one in await resources.policies.history("blog")] == [5, 4, 3]


async def test_a_decision_names_rule_phase_tags_and_edition(resources: Resources, site: Known) -> None:
    shadow = Rule(name="watch", when='content mentions "pills"', then="reject", status="shadow")
    tagging = WordList(name="words", entries=("pills",), then="tag", tags=("medicine",))
    policy = msgspec.structs.replace(LINKS, rules=(*LINKS.rules, shadow), lists=(tagging,))
    await resources.policies.save("blog", policy, by="operator")
    await take(resources, site, a="pills at https://shop.example/x")
    decision = (await resources.moderation.get(site.site, comment_id("blog", "a"))).decision
    assert decision is not None
    assert (decision.outcome, decision.policy, decision.tags) == (Outcome.HOLD, 1, ("medicine",))
    assert [(one.rule or one.code, one.phase) for one in decision.reasons] == [
        ("links", "rules"), ("words", "lists"), ("spam", "scores"),
    ]  # fmt: skip
    assert decision.reasons[2].explanation is not None, "the score is explained, although a rule decided"
    assert [one.rule for one in decision.shadow] == ["watch"]


async def test_erasing_leaves_no_word_of_a_list(resources: Resources, site: Known) -> None:
    quoting = WordList(name="words", entries=("sesame",), then="hold", status="shadow")
    await resources.policies.save("blog", Policy(lists=(quoting,)), by="operator")
    await take(resources, site, a="Open sesame.")
    identity = comment_id("blog", "a")
    await resources.moderation.erase(site.site, identity, EVE)
    history = await resources.comments.history(identity)
    assert b"sesame" not in msgspec.msgpack.encode(history)


async def test_a_rehearsal_compares_and_splits_by_what_humans_decided(resources: Resources, site: Known) -> None:
    await take(
        resources, site, a="pills", b="maybe", c="I liked this.", d="See https://x.example", e="maybe https://x.example"
    )
    for name, outcome in (("a", Outcome.REJECT), ("d", Outcome.APPROVE)):
        await resources.moderation.decide(site.site, comment_id("blog", name), outcome, actor=EVE)
    wanted = msgspec.structs.replace(LINKS, thresholds={"spam": Thresholds(hold=0.9)})
    found = await resources.policies.rehearse(site.site, wanted)
    assert (found.looked, found.without_text, found.without_scores, found.edition) == (5, 0, 0, 0)
    assert msgspec.to_builtins(found.all.before) == {"approve": 2, "hold": 2, "reject": 1}
    assert msgspec.to_builtins(found.all.after) == {"approve": 2, "hold": 3, "reject": 0}
    assert found.approved_by_humans.approve.hold == 1
    assert found.rejected_by_humans.reject.hold == 1
    assert found.undecided.hold.approve == 1
    hits = found.hits["links"]
    assert (msgspec.to_builtins(hits.fired), hits.decided) == ({"approve": 1, "reject": 0, "nobody": 1}, hits.fired)
    assert set(hits.newest) == {comment_id("blog", "d"), comment_id("blog", "e")}
    changes = {one.comment: (one.before, one.after, one.human, one.reasons[0]) for one in found.changed}
    assert changes[comment_id("blog", "d")] == (Outcome.APPROVE, Outcome.HOLD, Outcome.APPROVE, "links")
    assert len(changes) == 3
    assert (await resources.moderation.get(site.site, comment_id("blog", "c"))).state is State.APPROVED


async def test_a_rehearsal_is_bounded_and_says_what_it_could_not_see(resources: Resources, site: Known) -> None:
    await take(resources, site, **{f"n{number}": "maybe" for number in range(6)})
    assert (await resources.policies.rehearse(site.site, HOLD_ALL, last=4)).looked == 4
    comments = [await resources.moderation.get(site.site, comment_id("blog", f"n{number}")) for number in range(2)]
    stripped = [msgspec.structs.replace(one.submission, content="") for one in comments if one.submission]
    await resources.retention.drop_texts(comments, stripped)
    found = await resources.policies.rehearse(site.site, HOLD_ALL)
    assert (found.looked, found.without_text) == (4, 2)


async def test_a_shadow_shows_its_hits_in_a_rehearsal(resources: Resources, site: Known) -> None:
    await take(resources, site, a="pills")
    watching: Any = Rule(name="watch", when='content contains "pill"', then="approve", status="shadow")
    found = await resources.policies.rehearse(site.site, Policy(rules=(watching,)))
    assert found.hits["watch"].fired.nobody == 1
    assert found.hits["watch"].decided.nobody == 0
    assert found.changed == []
