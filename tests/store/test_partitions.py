"""Data in several partitions: every site's keys lie in its own, what spans them adds up, and their number is settled once."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.clock import now_ms
from service.container import Opening, Services, open_services
from service.core import partition
from service.core.comment import Actor
from service.core.errors import StoreUnavailable, WrongInstallation
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.partition import MOST, Partitions
from service.core.review import Progress
from service.core.submission import comment_id
from service.imports import record as history
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.store.box import FORMAT, PARTITIONED, BoxStore, Record
from service.store.client import Connection
from service.store.keys import Keys
from service.store.server import EmbeddedServer
from service.usecases.importing import Import, Source
from service.usecases.review.queue import Filters
from service.workers.classify import Worker, run_classify
from tests.support.moderation import WordScorer, submission
from tests.support.waiting import until

COUNT = 4
SITES = [f"site{number}" for number in range(12)]
EVE = Actor(ActorKind.MODERATOR, "eve")
SAME = "Nobody needs these maybe pills but here is where to buy them anyway: https://shop.example/now"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.fixture
async def parted(emptied: EmbeddedServer, secrets: KeyFiles, tmp_path: Path) -> AsyncIterator[Services]:
    settings = Settings(data_dir=tmp_path, site_cache=0.0, partitions=COUNT)
    async with open_services(settings, secrets, emptied.url, Opening(recognise=True)) as services:
        for name in SITES:
            await services.accounts.add(name, f"https://{name}.example", f"https://{name}.example/hook")
        yield services
        await services.connection.client.flushall()  # whoever comes next finds no data that has partitions


def test_the_names_of_the_sites_are_of_all_partitions() -> None:
    assert {Partitions(COUNT).of_site(name) for name in SITES} == set(range(COUNT))


@given(WORDS, WORDS, st.integers(2, MOST), st.integers(2, MOST))
def test_an_id_leads_where_its_site_is_and_is_good_for_any_number(site: str, name: str, count: int, other: int) -> None:
    many, comment = Partitions(count), Partitions(count).comment_id(site, name)
    assert many.of_comment(comment) == many.of_campaign(comment[1:13]) == many.of_site(site) < count
    assert comment == Partitions(other).comment_id(site, name)
    assert (len(comment), comment[3:]) == (27, comment_id(site, name)[3:])
    assert Partitions(1).comment_id(site, name) == comment_id(site, name)


@given(WORDS)
def test_what_is_no_id_leads_somewhere(word: str) -> None:
    keys = Keys(COUNT)
    assert keys.comment(word).startswith("ac:{p")
    assert keys.campaign(word).startswith("ac:{p")


async def test_everything_of_a_site_lies_in_its_partition(parted: Services) -> None:
    comments = [await _lived_in(parted, name) for name in SITES]
    client, layout = parted.connection.client, parted.connection.keys.layout
    of = {one: site for site, ids in zip(SITES, comments, strict=True) for one in ids}
    strays, seen = [], set()
    async for key in client.scan_iter("ac:{p*"):
        place, _, rest = key.decode().removeprefix("ac:{p").partition("}:")
        kind, _, name = rest.partition(":")
        site = name.partition(":")[0] if kind == "s" else next((of[one] for one in of if one in rest), "")
        if kind == "d":
            site = (await client.hget(key, "site")).decode()
        if site and layout.of_site(site) != int(place):
            strays.append(key)
        seen.add((kind, place))
    assert strays == []
    every = {str(number) for number in range(COUNT)}
    for kind in ("c", "h", "s", "e", "d", "q", "w", "work", "due", "dead", "was", "notes", "k", "many", "campaigns"):
        assert {place for of_kind, place in seen if of_kind == kind} == every, kind


async def _lived_in(services: Services, name: str) -> list[str]:
    """A site on which much has happened; its comments."""
    site, moderation = (await services.accounts.get(name)).site, services.moderation
    for number, text in enumerate((SAME, SAME, "Fine.", "maybe", "poison", "Fine too.")):
        await moderation.submit(site, submission(services, f"{number}", text))
    ids = [moderation.identify(name, f"{number}") for number in range(6)]
    while jobs := await services.work.claim("w", count=10, idle_ms=60_000, block_ms=0):
        bad = [job for job in jobs if job.comment == ids[4]]
        await services.classification.judge([job for job in jobs if job not in bad], {name: site}, WordScorer())
        for job in bad:
            await services.classification.give_up(job, site, "test")
    await moderation.decide(site, ids[0], Outcome.REJECT, actor=EVE)
    decisions, held = services.review.decisions, await moderation.get(site, ids[3])
    await decisions.note(site, ids[3], "look at it", by=EVE)
    await decisions.decide(site, ids[3], Outcome.APPROVE, revision=held.revision, by=EVE, reasons=())
    await moderation.erase(site, ids[5], EVE)
    assert [one.id for one in await moderation.comments.get_many(ids) if one is not None] == ids
    return ids


async def test_what_spans_partitions_adds_up(parted: Services) -> None:
    for name in SITES:
        await _lived_in(parted, name)
    assert await parted.privacy._personal.sites() == sorted(SITES)
    dead = await parted.work_stream.dead()
    assert [one.site for one in dead] == SITES
    backlog = await parted.work_stream.backlog()
    assert (backlog.waiting, backlog.dead) == (0, len(SITES))
    revived = await parted.work_stream.revive()
    assert {word for _, word in revived.outcomes} == {"applied"}
    gauges = await parted.gauges.measure()
    assert (gauges["antechamber_backlog"], gauges["antechamber_dead_letters"]) == (len(SITES), 0)
    assert gauges["antechamber_sites_due"] == gauges["antechamber_sites_waiting"] == len(SITES)
    spread = await parted.spread.look()
    assert [one.partition for one in spread] == list(range(COUNT))
    assert sorted(name for one in spread for name in one.sites) == sorted(SITES)
    for one in spread:
        assert (one.load.comments, one.load.pending) == (5 * len(one.sites), len(one.sites))
    campaigns = await parted.reputations.campaigns()
    assert {campaign.sites for campaign in campaigns} == {len(one.sites) for one in spread}, "one in each partition"
    for campaign in campaigns:
        members = await parted.reputations.members(campaign.id)
        assert len(members) == campaign.size == 2 * campaign.sites
        assert await parted.reputations.campaign(campaign.id) == campaign


async def test_every_partition_is_judged_and_told(parted: Services) -> None:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_classify(parted, stop, WordScorer()))
    try:
        for number in range(3):
            for name in SITES:
                await parted.moderation.submit(
                    (await parted.accounts.get(name)).site, submission(parted, f"{number}"), waiting="p" * (number % 2)
                )

        async def all_approved() -> bool:
            counts = [await parted.comments.counts(name) for name in SITES]
            return all(one[State.APPROVED] == 3 for one in counts)

        await until(all_approved)
    finally:
        stop.set()
        await worker
    found: list[Any] = []
    while some := await parted.outbox.claim(
        now=now_ms(), leased_until=now_ms() + 60_000, most=5, per_site=2, room={SITES[0]: 1}
    ):
        assert len(some) <= 5
        found += some
    assert sorted({(one.site, one.comment) for one in found}) == sorted((one.site, one.comment) for one in found)
    assert len(found) == 3 * len(SITES)


async def test_any_partition_may_be_told_of_first(parted: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = itertools.count()
    monkeypatch.setattr(random, "randrange", lambda count: next(turns) % count)
    for name in SITES:
        await parted.moderation.submit((await parted.accounts.get(name)).site, submission(parted))
    await Worker(parted, WordScorer()).drain()
    first = [
        (await parted.outbox.claim(now=now_ms(), leased_until=now_ms() + 60_000, most=1, per_site=1, room={}))[0].site
        for _ in range(COUNT)
    ]
    assert {parted.connection.keys.layout.of_site(name) for name in first} == set(range(COUNT))


async def test_histories_are_brought_into_their_partitions_and_taken_back(parted: Services) -> None:
    fates, runs = (history.Fate.HELD, history.Fate.SPAM, history.Fate.SPAM), {}
    for number, name in enumerate(SITES, 3):
        found = [history.Record(f"line {one}", f"{one}", f"Old words {one}", fates[one % 3]) for one in range(number)]
        with history.Leftovers(None) as leftovers:
            job = Import((await parted.accounts.get(name)).site, Source("json", "JSON", name), found, leftovers)
            begun = await parted.importing.begin(job.site, job.source)
            *_, report = [one async for one in parted.importing.bring(job, begun)]
        held = len(range(0, number, 3))
        assert (report.brought, report.examples) == ({"held": held, "spam": number - held}, number - held)
        runs[name] = begun.run
    counts = {name: await parted.comments.counts(name) for name in SITES}
    assert [sum(of.values()) for of in counts.values()] == list(range(3, 3 + len(SITES)))
    done = await parted.importing.take_back(runs[SITES[5]])
    assert (done.taken, done.kept) == (8, 0)
    counts[SITES[5]] = dict.fromkeys(State, 0)
    assert {name: await parted.comments.counts(name) for name in SITES} == counts
    assert await parted.examples.count(SITES[5]) == 0


async def test_one_decision_on_many_goes_over_all_partitions(parted: Services) -> None:
    sites = {name: (await parted.accounts.get(name)).site for name in SITES}
    for site in sites.values():
        for number in range(4):
            await parted.moderation.submit(site, submission(parted, f"{number}", "maybe"))
    await Worker(parted, WordScorer()).drain()
    bulk = parted.review.bulk
    comments = await bulk.matching(Filters(list="flagged"), sites)
    assert len(comments) == 4 * len(SITES)
    token, _, _ = await bulk.plan(comments, Outcome.REJECT, ["spam"], "", among=sites, by=EVE)
    await bulk.begin(token, len(comments), by=EVE)

    async def reached(state: str) -> Progress | None:
        progress = await bulk.look(token, by=EVE)
        return progress if progress.state == state else None

    progress = await until(lambda: reached("done"))
    assert (progress.done, progress.skipped) == (len(comments), 0)
    assert {(await parted.comments.counts(name))[State.REJECTED] for name in SITES} == {4}
    await bulk.undo(token, sites, by=EVE, others=False)
    assert (await until(lambda: reached("undone"))).undone == len(comments)
    assert {(await parted.comments.counts(name))[State.FLAGGED] for name in SITES} == {4}


async def test_their_number_is_settled_when_data_is_begun(
    emptied: EmbeddedServer, secrets: KeyFiles, tmp_path: Path
) -> None:
    async def begin(partitions: int | None, *, folder: str = "a") -> tuple[int, dict[bytes, bytes]]:
        settings = Settings(data_dir=tmp_path / folder, partitions=partitions)
        settings.data_dir.mkdir(exist_ok=True)
        async with open_services(settings, secrets, emptied.url, Opening(recognise=True)) as services:
            if not await services.accounts.all():
                await services.accounts.add("blog", "https://blog.example")
            found: Any = await services.connection.client.hgetall("ac:box")
            return services.connection.keys.layout.count, found

    count, box = await begin(COUNT)
    assert (count, int(box[b"partitions"]), int(box[b"format"])) == (COUNT, COUNT, PARTITIONED)
    assert (await begin(None))[0] == (await begin(None, folder="b"))[0] == COUNT
    for other in (1, COUNT + 1):
        with pytest.raises(WrongInstallation, match=f"has 4 partitions, and PARTITIONS asks for {other}"):
            await begin(other)


async def test_one_partition_is_what_it_always_was(emptied: EmbeddedServer, secrets: KeyFiles, tmp_path: Path) -> None:
    """Earlier versions read it, and so it is noted in no other way; data without a record is of one, too."""
    settings = Settings(data_dir=tmp_path)
    opening = Opening(recognise=True)
    async with open_services(settings, secrets, emptied.url, opening) as services:
        await services.accounts.add("blog", "https://blog.example")
        client: Any = services.connection.client
        box = await client.hgetall("ac:box")
        assert (int(box[b"format"]), b"partitions" in box) == (FORMAT, False)
        await client.delete("ac:box")
    several = Settings(data_dir=tmp_path, partitions=COUNT)
    with pytest.raises(WrongInstallation, match="has one partition, and PARTITIONS asks for 4"):
        async with open_services(several, secrets, emptied.url, opening):
            pass
    async with open_services(settings, secrets, emptied.url, opening) as services:
        assert services.connection.keys.layout.count == 1


async def test_who_begins_in_another_number_at_the_same_moment_is_refused(
    emptied: EmbeddedServer, secrets: KeyFiles, tmp_path: Path
) -> None:
    async with (
        Connection(emptied.url, partitions=2) as early,
        Connection(emptied.url, partitions=3) as late,
    ):
        for connection in (early, late):
            await connection.wait_ready()
        assert await BoxStore(early).write({}) != ""
        assert await BoxStore(late).write({}) == ""
        assert (await BoxStore(late).read() or Record("", 0, {})).partitions == 2


async def test_data_that_is_away_is_remembered_as_it_was(parted: Services, secrets: KeyFiles, tmp_path: Path) -> None:
    """A server that came back empty may be filled again: whoever began meanwhile must find all."""
    url, client = parted.connection.url, parted.connection.client
    async with open_services(Settings(data_dir=tmp_path), secrets, url, Opening(recognise=True)):
        pass  # notes in the folder that there are sites
    kept = {key: await client.dump(key) async for key in client.scan_iter("*")}
    await client.flushall()
    async with open_services(Settings(data_dir=tmp_path), secrets, url, Opening(recognise=True)) as services:
        assert services.box.lost
        for key, value in kept.items():
            await client.restore(key, 0, value, replace=True)
        site = (await services.accounts.get(SITES[0])).site
        await services.moderation.submit(site, submission(services))
        assert await parted.comments.find(site.id, parted.comments.identify(site.id, "1")) is not None


async def test_what_can_be_reached_answers_though_others_do_not(parted: Services) -> None:
    wire, first = parted.connection.wire, parted.connection.keys.partitions[0]
    await wire.call("DEL", first.due)
    await wire.call("SET", first.due, "spoilt")  # so that it answers with an error
    await wire.call("ZADD", parted.connection.keys.partitions[1].due, 5, SITES[0])
    assert await parted.outbox.next_due() == 5
    with pytest.raises(StoreUnavailable):
        await wire.call_reachable([("ZCARD", first.due)])


def test_nobody_makes_ids_but_by_the_partitions_of_the_data() -> None:
    """The plain id is good where there is one partition alone."""
    room = Path(partition.__file__).parents[1]
    used = {path.name for path in room.rglob("*.py") if re.search(r"import .*\bcomment_id\b", path.read_text())}
    assert used == {"partition.py"}
