"""Editions of a policy on a real server, what a decision says of them, and a policy rehearsed on a site's history."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from service.container import Services
from service.core.comment import Actor
from service.core.errors import Conflict, InvalidPolicy, NotFound
from service.core.identity import digest_email, digest_ip
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.policy import Policy
from service.core.policy.document import sort_lines
from service.core.policy.measures import WordList
from service.core.policy.rules import Rule
from service.core.policy.thresholds import Thresholds
from service.core.site import Known
from service.core.submission import comment_id
from service.store import sites as editions
from service.store.sites import Accounts
from service.usecases.policies import ImportedList
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
HOLD_ALL = Policy(mode="hold-everything")
LINKS = Policy(rules=(Rule(name="links", when="links >= 1", then="hold"),))


async def take(services: Services, site: Known, **texts: str) -> None:
    """Submit comments and have them judged under the policy as it stands."""
    for name, content in texts.items():
        await services.moderation.submit(site.site, submission(services, name, content))
    await Worker(services, WordScorer()).drain()


async def test_every_change_is_an_edition(services: Services, site: Known) -> None:
    await services.policies.save("blog", HOLD_ALL, by="moderator:eve", note="Write to ann@example.com.")
    saved = await services.policies.save("blog", LINKS, by="operator")
    assert saved.edition.version == 2
    kept = await services.policies.history("blog")
    assert [(one.edition.version, one.edition.by, one.policy) for one in kept] == [
        (2, "operator", LINKS), (1, "moderator:eve", HOLD_ALL), (0, "", Policy()),
    ]  # fmt: skip
    assert "ann@" not in kept[1].edition.note
    assert (await services.policies.edition("blog", 1)).policy == HOLD_ALL
    (newest, *_) = await services.accounts.audited(5)
    assert (newest.what, newest.actor, newest.site) == ("sites.policy", "operator", "blog")


async def test_the_same_policy_again_is_no_edition(services: Services, site: Known) -> None:
    for _ in range(2):
        assert (await services.policies.save("blog", LINKS, by="operator")).edition.version == 1
    assert len(await services.policies.history("blog")) == 2


async def test_restoring_makes_a_new_edition(services: Services, site: Known) -> None:
    await services.policies.save("blog", HOLD_ALL, by="operator")
    restored = await services.policies.restore("blog", 0, by="operator", note="It was too much.")
    assert (restored.policy, restored.edition.version) == (Policy(), 2)
    assert restored.edition.note == "Edition 0 again. It was too much."
    with pytest.raises(NotFound):
        await services.policies.restore("blog", 9, by="operator")


async def test_whoever_saw_an_older_edition_is_told(services: Services, site: Known) -> None:
    await services.policies.save("blog", HOLD_ALL, by="moderator:eve", version=0)
    with pytest.raises(Conflict, match="edition 1 now, saved by moderator:eve"):
        await services.policies.save("blog", LINKS, by="operator", version=0)
    assert (await services.policies.site("blog")).policy == HOLD_ALL


async def test_many_at_once_lose_no_edition(services: Services, site: Known) -> None:
    policies = [Policy(release_after=number) for number in range(2, 6)]
    await asyncio.gather(*(services.policies.save("blog", policy, by="operator") for policy in policies))
    kept = await services.policies.history("blog")
    assert [one.edition.version for one in kept] == [4, 3, 2, 1, 0]
    assert {one.policy.release_after for one in kept} == {1, 2, 3, 4, 5}


async def test_other_changes_of_a_site_lose_no_policy(services: Services, site: Known) -> None:
    """Each sees the site as it stands, also when a stale copy of it is cached."""
    accounts = Accounts(services.connection, services.secrets.master, cache_seconds=60)
    await accounts.get("blog")
    await services.policies.save("blog", HOLD_ALL, by="operator")
    await asyncio.gather(
        accounts.rotate("blog", 60),
        accounts.change("blog", lambda site: msgspec.structs.replace(site, url="https://other.example"), "sites.set"),
        services.policies.save("blog", LINKS, by="operator"),
    )
    after = (await services.accounts.get("blog")).site
    assert (after.policy, after.url, after.edition.version) == (LINKS, "https://other.example", 2)
    assert len(after.generations) == 2


async def test_what_cant_be_used_is_not_saved(services: Services, site: Known) -> None:
    broken = Policy(rules=(Rule(name="r", when="links >", then="hold"),))
    with pytest.raises(InvalidPolicy):
        await services.policies.save("blog", broken, by="operator")
    with pytest.raises(InvalidPolicy):
        await services.policies.preview(site.site, broken)
    with pytest.raises(NotFound):
        await services.policies.save("nobody", LINKS, by="operator")
    assert (await services.policies.site("blog")).edition.version == 0


async def test_old_editions_are_dropped(services: Services, site: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "MAX_EDITIONS", 2)
    for number in range(2, 7):
        await services.policies.save("blog", Policy(release_after=number), by="operator")
    assert [one.edition.version for one in await services.policies.history("blog")] == [5, 4, 3]


async def test_a_decision_names_rule_phase_tags_and_edition(services: Services, site: Known) -> None:
    shadow = Rule(name="watch", when='content mentions "pills"', then="reject", status="shadow")
    tagging = WordList(name="words", entries=("pills",), then="tag", tags=("medicine",))
    policy = msgspec.structs.replace(LINKS, rules=(*LINKS.rules, shadow), lists=(tagging,))
    await services.policies.save("blog", policy, by="operator")
    await take(services, site, a="pills at https://shop.example/x")
    decision = (await services.moderation.get(site.site, comment_id("blog", "a"))).decision
    assert decision is not None
    assert (decision.outcome, decision.policy, decision.tags) == (Outcome.HOLD, 1, ("medicine",))
    assert [(one.rule or one.code, one.phase) for one in decision.reasons] == [
        ("links", "rules"), ("words", "lists"), ("spam", "scores"),
    ]  # fmt: skip
    assert decision.reasons[2].explanation is not None, "the score is explained, although a rule decided"
    assert [one.rule for one in decision.shadow] == ["watch"]


async def test_erasing_leaves_no_word_of_a_list(services: Services, site: Known) -> None:
    quoting = WordList(name="words", entries=("sesame",), then="hold", status="shadow")
    await services.policies.save("blog", Policy(lists=(quoting,)), by="operator")
    await take(services, site, a="Open sesame.")
    identity = comment_id("blog", "a")
    await services.moderation.erase(site.site, identity, EVE)
    history = await services.comments.history(identity)
    assert b"sesame" not in msgspec.msgpack.encode(history)


async def test_a_rehearsal_compares_and_splits_by_what_humans_decided(services: Services, site: Known) -> None:
    await take(
        services, site, a="pills", b="maybe", c="I liked this.", d="See https://x.example", e="maybe https://x.example"
    )
    for name, outcome in (("a", Outcome.REJECT), ("d", Outcome.APPROVE)):
        await services.moderation.decide(site.site, comment_id("blog", name), outcome, actor=EVE)
    wanted = msgspec.structs.replace(LINKS, thresholds={"spam": Thresholds(hold=0.9)})
    found = await services.policies.preview(site.site, wanted)
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
    assert (await services.moderation.get(site.site, comment_id("blog", "c"))).state is State.APPROVED


async def test_a_rehearsal_is_bounded_and_says_what_it_could_not_see(services: Services, site: Known) -> None:
    await take(services, site, **{f"n{number}": "maybe" for number in range(6)})
    assert (await services.policies.preview(site.site, HOLD_ALL, last=4)).looked == 4
    comments = [await services.moderation.get(site.site, comment_id("blog", f"n{number}")) for number in range(2)]
    stripped = [msgspec.structs.replace(one.submission, content="") for one in comments if one.submission]
    await services.retention.drop_texts(comments, stripped)
    found = await services.policies.preview(site.site, HOLD_ALL)
    assert (found.looked, found.without_text) == (4, 2)


async def test_a_shadow_shows_its_hits_in_a_rehearsal(services: Services, site: Known) -> None:
    await take(services, site, a="pills")
    monitoring: Any = Rule(name="watch", when='content contains "pill"', then="approve", status="shadow")
    found = await services.policies.preview(site.site, Policy(rules=(monitoring,)))
    assert found.hits["watch"].fired.nobody == 1
    assert found.hits["watch"].decided.nobody == 0
    assert found.changed == []


async def test_imported_lists_take_the_place_of_those_before_and_block_through_the_log(
    services: Services, site: Known
) -> None:
    own = Policy(lists=(WordList(name="own", entries=("pills",), then="hold"),))
    await services.policies.save("blog", own, by="operator")
    for text, expected in (("casino\nshop.example\nann@example.com\n192.0.2.7\nx@-y.-z\n", 2), ("poker\n", 0)):
        before = len(await services.accounts.audited(100))
        lines = sort_lines(text)
        held = ImportedList("theirs-held", "hold", sort_lines("bob@example.com\nmaybe\n"))
        imported = await services.policies.import_lists(
            "blog", [held, ImportedList("theirs", "reject", lines)], by="moderator:eve"
        )
        log = (await services.accounts.audited(100))[::-1][before:]
        assert [one.what for one in log] == ["sites.policy", *["authors.blocked"] * expected]
        assert {(one.actor, one.site) for one in log} == {("moderator:eve", "blog")}
        assert "example.com" not in str(log)
        assert imported.invalid == len(lines.emails) + len(lines.ips) - expected
    assert [one.name for one in imported.site.policy.lists] == ["own", "theirs-held", "theirs"]
    marks = dict(await services.review.marking.marks(site.site))
    keys = services.secrets.identity.within(site.site.circles)
    assert set(marks) == {
        digest_email("ann@example.com", keys).digest,
        digest_ip("192.0.2.7", keys).digest,
    }
    assert {(one.what, one.note, one.by, one.until) for one in marks.values()} == {
        ("blocked", "Imported from WordPress.", "moderator:eve", 0)
    }
