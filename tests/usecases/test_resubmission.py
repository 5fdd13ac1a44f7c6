"""A comment that comes again: what is no edit touches no decision, and what is older than what stands changes nothing."""

from __future__ import annotations

import unicodedata
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, Comment
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.signals import value
from service.core.site import Known
from service.core.submission import comment_id
from service.workers.classify import Worker
from service.workers.housekeeping import drop_old_texts
from tests.support.moderation import WordScorer, submission

EVE = Actor(ActorKind.MODERATOR, "eve")
TEXT = "Héllo there, pills are nice.\nI liked the rest of it as well, the bees and the honey."
AROUND = {
    "page_title": "Another title",
    "page_url": "https://blog.example/post/",
    "created_at": 1_700_000_000_000,
    "parent_text": "What it answers to",
    "parent_id": "77",
    "kind": "reply",
    "role": "member",
    "user_agent": "Another browser",
    "email": "ann.new@example.com",
    "ip": "198.51.100.4",
    "form": {"seconds_on_form": "12"},
    "content": TEXT.replace("\n", " \r\n") + " ",
    "name": " Ann",
    "url": "http://ANN.example",
    "edited_at": 1_800_000_000_000,
}
BASE: dict[str, Any] = {"content": TEXT, "url": "https://ann.example/"}


async def submit(services: Services, site: Known, platform_id: str = "1", **fields: Any) -> str:
    taken = await services.moderation.submit(site.site, submission(services, platform_id, **(BASE | fields)))
    return taken.word


async def get(services: Services, platform_id: str = "1") -> Comment:
    found = await services.comments.get(comment_id("blog", platform_id))
    assert found is not None
    return found


async def judge(services: Services) -> int:
    return await Worker(services, WordScorer()).drain()


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.sampled_from(sorted(AROUND)), min_size=1), form=st.sampled_from(["NFC", "NFD"]))
async def test_what_is_no_edit_is_brought_up_to_date_and_touches_no_decision(
    services: Services, site: Known, chosen: set[str], form: Any
) -> None:
    platform_id = f"t{now_ms()}-{hash(frozenset(chosen)) % 10**9}-{form}"
    await submit(services, site, platform_id)
    await judge(services)
    before = await get(services, platform_id)
    assert before.state is State.REJECTED
    approved = await services.moderation.decide(site.site, before.id, Outcome.APPROVE, actor=EVE)
    changed = BASE | {name: AROUND[name] for name in chosen}
    changed["content"] = unicodedata.normalize(form, changed["content"])
    await submit(services, site, platform_id, **changed)
    assert await services.work.backlog() == 0
    after = await get(services, platform_id)
    assert (after.state, after.human, after.revision) == (State.APPROVED, True, approved.revision)
    assert after.submission is not None
    expected = submission(services, platform_id, **changed)
    assert after.submission == expected, "and what differs is kept"
    assert await services.comments.earlier_texts(after.id) == []


@pytest.mark.parametrize(
    "fields",
    [{"content": TEXT + "!"}, {"name": "Anne"}, {"url": "https://loans.example"}, {"url": ""}, {"trigger": "spam"}],
)
async def test_text_name_and_address_are_judged_anew(services: Services, site: Known, fields: dict[str, Any]) -> None:
    await submit(services, site)
    await judge(services)
    await services.moderation.decide(site.site, comment_id("blog", "1"), Outcome.APPROVE, actor=EVE)
    assert await submit(services, site, **fields) == "edited"
    assert await judge(services) == 1
    comment = await get(services)
    assert (comment.state, comment.human) == (State.REJECTED, False)


async def test_an_author_who_gets_another_address_is_found_by_it(services: Services, site: Known) -> None:
    await submit(services, site)
    await submit(services, site, email="ann.new@example.com")
    keys, client = services.connection.keys, services.connection.client
    old, new = (services.secrets.identity.digest("e", who) for who in ("ann@example.com", "ann.new@example.com"))
    assert await client.zcard(keys.author("blog", old)) == 0
    assert await client.zcard(keys.author("blog", new)) == 1


async def test_ones_own_edits_are_no_other_comments(services: Services, site: Known) -> None:
    for number in range(6):
        await submit(services, site, content=f"{TEXT} Number {number} of it.", url=f"https://ann.example/{number}")
        await judge(services)
    comment = await get(services)
    assert comment.verdict is not None
    for signal in (
        "repeats", "campaign_size", "email_10m", "email_1d", "ip_10m", "ip_1d", "network_10m", "network_1d", "domain_comments",
    ):  # fmt: skip
        assert value(comment.verdict.signals, signal) == 0, signal
    await submit(services, site, content=f"{TEXT} number 5 OF it.", url="https://ann.example/5")  # folds to the same
    await judge(services)
    comment = await get(services)
    assert comment.verdict is not None
    assert value(comment.verdict.signals, "repeats") == 0
    await submit(services, site, "2", content=f"{TEXT} Number 5 of it.")
    await judge(services)
    other = await get(services, "2")
    assert other.verdict is not None
    assert [value(other.verdict.signals, signal) for signal in ("repeats", "campaign_size", "email_10m")] == [1, 2, 1]


VERSIONS = [("I liked this.", 1), ("You pills!", 2), ("You fool, maybe.", 3)]


@pytest.mark.parametrize("by", ["revision", "edited_at", "both"])
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_platforms_order_counts_and_not_that_of_arrival(
    services: Services, site: Known, by: str, order: tuple[int, ...]
) -> None:
    for number in order:
        text, version = VERSIONS[number]
        fields = {"revision": version} if by != "edited_at" else {}
        fields |= {"edited_at": version * 1_000} if by != "revision" else {}
        await submit(services, site, content=text, **fields)
        await judge(services)
    comment = await get(services)
    assert comment.submission is not None
    assert comment.submission.content == "You fool, maybe."
    assert comment.state is State.FLAGGED
    assert await submit(services, site, content="I liked this.", revision=1, edited_at=1_000) == "older"


async def test_an_original_is_older_than_its_edit(services: Services, site: Known) -> None:
    await submit(services, site, content="pills", created_at=5_000, edited_at=9_000)
    assert await submit(services, site, content="I liked this.", created_at=5_000) == "older"
    assert await submit(services, site, content="I liked this.", created_at=5_000, edited_at=10_000) == "edited"


async def test_a_text_that_was_dropped_stays_away_until_another_comes(services: Services, site: Known) -> None:
    await submit(services, site)
    await judge(services)
    assert await drop_old_texts(services, now_ms() + 400 * 86_400_000) == 1
    assert await submit(services, site, page_title="Renamed", parent_id="7") == "updated"
    comment = await get(services)
    assert comment.submission is not None
    assert (comment.submission.content, comment.submission.page.title) == ("", "")
    assert await submit(services, site, content=TEXT + " More.") == "edited"
