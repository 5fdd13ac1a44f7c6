"""Sites take turns at the classifier, whoever comes, claims, dies, comes back or is of an older version: held against a model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.container import Services, open_services
from service.core.errors import BacklogFull
from service.core.site import Known
from service.core.submission import comment_id
from service.core.work import Job, Lane
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.store.server import EmbeddedServer
from service.store.work import Work
from service.usecases.moderation import Moderation
from service.workers.classify import Worker
from tests.support.moderation import LINKS, WordScorer, submission
from tests.support.waiting import until

SITES = ("a", "b", "c")
_STEP = st.one_of(
    st.tuples(st.sampled_from(["submit", "await", "edit", "older"]), st.integers(0, 2), st.integers(1, 6)),
    st.tuples(st.sampled_from(["claim", "claim awaited", "claim waiting"]), st.just(0), st.integers(1, 9)),
    st.tuples(st.sampled_from(["answer", "die", "adopt", "forget"]), st.integers(0, 2), st.integers(1, 4)),
)


class Crowd:
    """Sites whose comments wait, and what a model of them says."""

    def __init__(self, services: Services, sites: Sequence[Known]) -> None:
        self.services = services
        self.sites = sites
        self.taken = 0
        self.claimed: list[Job] = []

    async def step(self, what: str, which: int, count: int) -> None:
        services, site = self.services, self.sites[which].site
        wire, keys = services.connection.wire, services.connection.keys.partitions[0]
        match what:
            case "submit" | "await":
                for _ in range(count):
                    self.taken += 1
                    waiting = "p" if what == "await" else ""
                    await services.moderation.submit(site, submission(services, f"{self.taken}"), waiting=waiting)
            case "edit" if self.taken:
                await services.moderation.submit(site, submission(services, f"{count}", f"again {self.taken}"))
                self.taken += 1
            case "older":  # as the version before wrote it, in the stream alone
                self.taken += 1
                await wire.call("XADD", keys.work, "*", "c", f"c{self.taken}", "s", site.id, "r", 1, "w", "")
            case "claim":
                await self._claim(count, tuple(Lane))
            case "claim awaited" | "claim waiting":
                await self._claim(count, (Lane(what.removeprefix("claim ")),))
            case "answer":
                done, self.claimed = self.claimed[:count], self.claimed[count:]
                await services.work.acknowledge(done)
            case "die":  # what it had claimed is taken over
                again = await services.work.claim("heir", count=1_000, idle_ms=0, block_ms=0)
                assert {job.entry for job in self.claimed} <= {job.entry for job in again}
                assert all(job.tries > 1 for job in again if job in self.claimed)
                self.claimed = again
            case "adopt":
                await wire.run("work/adopt", [keys.work, keys.prefix], page=2)
            case "forget":  # as `erase NAME --all` may
                await wire.call("DEL", services.connection.keys.site(site.id, "waiting"))

    async def _claim(self, count: int, lanes: tuple[Lane, ...]) -> None:
        before = await self.waiting()
        wire = self.services.connection.wire
        rows = await wire.call_all([self.services.work.streams[0]._claim("w", count, lanes)])
        entries = {row[0].decode(): dict(zip(row[1][::2], row[1][1::2], strict=True)) for row in rows[0]}
        got: dict[Lane, Counter[str]] = {lane: Counter() for lane in Lane}
        for lane in Lane:
            for name, listed in before[lane].items():
                mine = [entry for entry in listed if entry in entries]
                assert mine == listed[: len(mine)], "of a site, the first come first"
                got[lane][name] = len(mine)
                assert all(entries[entry][b"s"].decode() == name for entry in mine)
        assert sum(map(Counter.total, got.values())) == len(entries), "nothing is claimed that nobody waited for"
        left = count
        for lane in (Lane.AWAITED, Lane.WAITING):
            if lane not in lanes:
                assert not got[lane].total()
                continue
            there = {name: len(listed) for name, listed in before[lane].items()}
            assert got[lane].total() == min(left, sum(there.values())), "as much as there is, and who is awaited first"
            left -= got[lane].total()
            most = max(got[lane].values(), default=0)
            assert all(got[lane][name] in (most, most - 1, there[name]) for name in there), "equal shares"
        self.claimed += [
            Job(entry, fields[b"c"].decode(), fields[b"s"].decode(), 1, "", 1) for entry, fields in entries.items()
        ]

    async def waiting(self) -> dict[Lane, dict[str, list[str]]]:
        client: Any = self.services.connection.client
        keys = self.services.connection.keys
        return {
            lane: {
                known.site.id: [row.decode() for row in await client.lrange(keys.site(known.site.id, lane), 0, -1)]
                for known in self.sites
            }
            for lane in Lane
        }

    async def check(self, *, whole: bool) -> None:
        """`whole`: nothing is in the stream that an older version, or nobody, has lined up."""
        client: Any = self.services.connection.client
        keys = self.services.connection.keys.partitions[0]
        stream = {entry.decode() for entry, _ in await client.xrange(keys.work)}
        pending = await client.xpending_range(keys.work, "classify", "-", "+", 10_000)
        claimed = {row["message_id"].decode() for row in pending}
        waiting = await self.waiting()
        listed = [entry for lane in waiting.values() for entries in lane.values() for entry in entries]
        assert len(set(listed)) == len(listed), "each waits once"
        assert not claimed & set(listed), "what is claimed does not wait"
        assert claimed == {job.entry for job in self.claimed}
        assert claimed | set(listed) <= stream
        if whole:
            assert claimed | set(listed) == stream, "nothing is forgotten"
        for lane, ring, bell in ((Lane.AWAITED, "turns:now", keys.bell_now), (Lane.WAITING, "turns", keys.bell)):
            turns = [row.decode() for row in await client.lrange(keys.prefix + ring, 0, -1)]
            some = {name for name, entries in waiting[lane].items() if entries}
            assert some <= set(turns)
            if whole:
                assert sorted(turns) == sorted(some), "who has work stands in the ring once, and nobody else"
            assert await client.llen(bell) == bool(turns)


async def _live(server: EmbeddedServer, secrets: KeyFiles, folder: Path, steps: Sequence[tuple[str, int, int]]) -> None:
    async with open_services(Settings(data_dir=folder, site_cache=0.0), secrets, server.url) as services:
        await services.connection.client.flushall()
        await services.work.prepare()
        crowd = Crowd(services, [await services.accounts.add(name, f"https://{name}.example", "") for name in SITES])
        whole = True
        for what, which, count in steps:
            await crowd.step(what, which, count)
            whole = what in ("adopt", "die") or (whole and what not in ("older", "forget"))
            await crowd.check(whole=whole)
        await crowd.step("die", 0, 1)
        while await services.work.backlog():
            await crowd.step("answer", 0, 1_000)
            await crowd.step("die", 0, 1)
            await crowd.check(whole=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, min_size=4, max_size=24))
def test_sites_take_turns_and_nothing_is_forgotten_or_claimed_twice(
    server: EmbeddedServer, secrets: KeyFiles, tmp_path: Path, steps: list[tuple[str, int, int]]
) -> None:
    asyncio.run(_live(server, secrets, tmp_path, steps))


@pytest.fixture
async def other(services: Services) -> Known:
    return await services.accounts.add("other", "https://other.example", "")


async def _approved(services: Services, site: str, count: int) -> bool:
    return (await services.comments.counts(site))["approved"] >= count


@pytest.mark.parametrize("waiting", ["", "process"])
async def test_one_comment_passes_thousands_of_another_site(
    services: Services, site: Known, other: Known, waiting: str
) -> None:
    for first in range(0, 2_000, 200):
        await asyncio.gather(
            *[services.moderation.submit(site.site, submission(services, f"{n}")) for n in range(first, first + 200)]
        )
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(services, WordScorer()).run(stop))
    await until(lambda: _approved(services, "blog", 100), look=0)
    await services.moderation.submit(other.site, submission(services, "1"), waiting=waiting)
    ahead = (await services.comments.counts("blog"))["approved"]
    await until(lambda: _approved(services, "other", 1), look=0)
    passed = (await services.comments.counts("blog"))["approved"] - ahead
    stop.set()
    await task
    batch = services.settings.worker_batch
    assert passed <= 4 * batch, "what is under way, and half of its own batch"


async def test_a_site_that_fills_its_share_leaves_room_for_the_others(
    services: Services, site: Known, other: Known
) -> None:
    tight = Moderation(services.comments, services.work, links=LINKS, backlog=5, site_backlog=3)
    for number in range(3):
        await tight.submit(site.site, submission(services, f"{number}"))
    with pytest.raises(BacklogFull):
        await tight.submit(site.site, submission(services, "3"))
    with pytest.raises(BacklogFull):  # an edit that would be judged again, too
        await tight.submit(site.site, submission(services, "0", "Other words."))
    for number in range(2):
        await tight.submit(other.site, submission(services, f"{number}"))
    with pytest.raises(BacklogFull):  # all there is
        await tight.submit(other.site, submission(services, "2"))


async def test_what_an_older_version_left_is_judged(services: Services, site: Known) -> None:
    """Its entries are in the stream alone: some claimed by a worker that is gone, some by nobody."""
    wire, keys = services.connection.wire, services.connection.keys.partitions[0]
    for number in range(3):
        await services.moderation.submit(site.site, submission(services, f"{number}"))
    for name in ("turns", "bell", "s:blog:work"):
        await wire.call("DEL", keys.prefix + name)
    assert await wire.call("XREADGROUP", "GROUP", "classify", "gone", "COUNT", 1, "STREAMS", keys.work, ">")
    worker = Worker(services, WordScorer())
    assert await worker.drain() == 2, "what nobody has claimed"
    heir = Work(services.connection)
    (job,) = await heir.claim("heir", count=9, idle_ms=0, block_ms=0)
    await heir.close()
    assert (job.comment, job.tries) == (comment_id("blog", "0"), 2)
