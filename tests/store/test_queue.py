"""How the queue divides when it is long: counted by bits, one by one, or by sets, the numbers are the same and right."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from service.container import Services
from service.core.comment import Actor, Comment
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.queue import FACETS, Chosen, facets
from service.core.site import Known
from service.store import queue as module
from service.store.queue import QueueFacets
from service.usecases.review import queue as lists
from service.usecases.review.queue import Filters
from tests.support.queue import hold_many

MANY = 1_500
MO = Actor(ActorKind.MODERATOR, "mo")


@pytest.fixture
def dice() -> random.Random:
    return random.Random(4)


@pytest.fixture
async def held(services: Services, site: Known, dice: random.Random) -> list[str]:
    """Many held comments, by the scripts that hold them."""
    return await hold_many(services, site, range(MANY), dice)


async def _expected(services: Services, ids: list[str], chosen: Chosen) -> tuple[int, dict[str, Counter[str]]]:
    """By looking at all of them."""
    counts: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    fits = 0
    comments = [one for one in await services.comments.get_many(ids) if one is not None]
    for seen in await services.review.lists.seen(comments):
        has = facets(seen.comment)
        if seen.standing.list == "flagged" and all(
            set(has[facet]).intersection(values) for facet, values in chosen.items()
        ):
            fits += 1
            for facet, values in has.items():
                counts[facet].update(values)
    return fits, counts


async def _agree(services: Services, ids: list[str], chosen: Chosen) -> int:
    counting = QueueFacets(services.connection)
    fits, counts = await _expected(services, ids, chosen)
    assert await counting.divide(["blog"], chosen, most=200) == counts
    if chosen:
        assert await counting.count("blog", chosen) == fits
    return fits


_CHOICES: list[Chosen] = [
    {}, {"language": ["en"]}, {"label": ["insult"], "model": ["m-1"]}, {"signal": ["author_url"], "language": ["de"]},
    {"language": ["en", "de"]}, {"language": ["none"]}, {"label": ["insult", "threat"], "language": ["de", "none"]},
]  # fmt: skip


@pytest.mark.parametrize("few", [0, 10_000], ids=["by bits and sets", "one by one"])
async def test_counts_are_right_whatever_happens_to_the_comments(
    services: Services,
    site: Known,
    held: list[str],
    *,
    dice: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    client, keys, decisions = services.connection.client, services.connection.keys, services.review.decisions
    assert await client.exists(keys.bits("blog", "language", "en"), keys.bits("blog", "model", "m-1")) == 2
    assert not await client.exists(keys.bits("blog", "author", facets(await _one(services, held[0]))["author"][0]))
    for chosen in _CHOICES:
        await _agree(services, held, chosen)
    author = facets(await _one(services, held[0]))["author"][0]
    assert await _agree(services, held, {"author": [author], "language": ["en"]}) > 0

    async def happens(comment: str) -> None:
        done = await decisions.decide(site.site, comment, Outcome.REJECT, by=MO, revision=2, reasons=["spam"])
        if dice.random() < 0.4:
            await decisions.undo(site.site, comment, done.comment.revision, by=MO, others=False)

    gone = dice.sample(held, 700)
    await asyncio.gather(*map(happens, gone))
    held += await hold_many(services, site, range(MANY, MANY + 200), dice)  # into the places that are free again
    assert int(await client.get(keys.site("blog", "slots"))) <= MANY
    for chosen in _CHOICES:
        await _agree(services, held, chosen)


@pytest.mark.parametrize("few", [0, 200, 10_000], ids=["on a walk", "as few have both", "at once"])
async def test_pages_have_what_values_have_in_common_in_order(
    services: Services, site: Known, held: list[str], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    monkeypatch.setattr(lists, "_WALK", 100)
    comments = [one for one in await services.comments.get_many(held) if one is not None]
    of_author = Counter(facets(one)["author"][0] for one in comments)
    by_number = sorted(of_author, key=lambda one: (of_author[one], one))  # a few have written a great deal
    middle = len(by_number) // 2
    chosen = {"label": ["insult", "threat"], "author": by_number[middle : middle + 2]}
    wanted = {
        one.id
        for one in comments
        if all(set(facets(one)[name]).intersection(values) for name, values in chosen.items())
    }
    assert 0 < len(wanted) <= 200
    found, after = [], None
    while True:
        page = await services.review.lists.page(["blog"], Filters(facets=chosen), limit=7, after=after)
        assert page.total == len(wanted)
        found += [row.comment.id for row in page.rows]
        after = page.next
        if after is None:
            break
    keys = services.connection.keys
    order = [one.decode() for one in await services.connection.client.zrange(keys.site("blog", "queue"), 0, -1)]
    assert found == [one for one in order if one in wanted]


async def test_several_sites_are_counted_together(
    services: Services, site: Known, held: list[str], *, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FEW", 0)
    shop = await services.accounts.add("shop", "https://shop.example")
    few = await hold_many(services, shop, range(30), dice)
    counting = QueueFacets(services.connection)
    for chosen in _CHOICES:
        _, counts = await _expected(services, held + few, chosen)
        assert await counting.divide(["blog", "shop"], chosen, most=200) == counts
    narrow = await counting.divide(["blog", "shop"], {"language": ["de"]}, most=1)
    _, counts = await _expected(services, held + few, {"language": ["de"]})
    assert narrow["author"]
    assert all(count == counts[facet][value] for facet, found in narrow.items() for value, count in found.items())


async def test_bits_go_when_few_are_left(services: Services, site: Known, held: list[str]) -> None:
    client, keys = services.connection.client, services.connection.keys
    for some in _batches(held, 100):
        await asyncio.gather(*[services.moderation.decide(site.site, one, Outcome.APPROVE, actor=MO) for one in some])
        await _agree(services, held, {"language": ["de"], "signal": ["author_url"]})
    assert [name async for name in client.scan_iter(keys.site_prefix("blog") + "bits:*")] == []
    assert not await client.exists(keys.site("blog", "slots"), keys.site("blog", "free_slots"))


async def test_what_was_queued_before_there_were_bits_is_counted_too(
    services: Services, site: Known, held: list[str], dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FEW", 0)
    client, keys = services.connection.client, services.connection.keys
    names = [name async for name in client.scan_iter(keys.site_prefix("blog") + "bits:*")]
    await client.delete(*names, keys.site("blog", "slots"), keys.site("blog", "free_slots"))
    for comment in held:
        await client.hdel(keys.comment(comment), "slot")
    for chosen in _CHOICES:
        await _agree(services, held, chosen)
    held += await hold_many(services, site, range(MANY, MANY + 30), dice)
    assert await client.exists(keys.bits("blog", "language", "en"))
    for chosen in _CHOICES:
        await _agree(services, held, chosen)


async def _one(services: Services, comment: str) -> Comment:
    found = await services.comments.get(comment)
    assert found is not None
    assert found.state is State.FLAGGED
    return found


def _batches(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
