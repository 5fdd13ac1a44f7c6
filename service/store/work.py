"""The work stream: comments that wait for the classifier, claimed in turn by site and never forgotten; and who is woken by it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from service.clock import now_ms
from service.core.errors import StoreUnavailable
from service.core.work import Dead, Job, Lane
from service.store.client import Connection, Wire
from service.store.keys import GROUP, Partition
from service.store.link import ReplyFailed
from service.store.script import Argument, script_command

# Hears, over Redis's publish/subscribe, what has happened to comments: those that requests of this process wait for, or all.
#
# A wake is a hint, not a promise: what is published while the connection is lost is lost, so whoever waits also looks from
# time to time.


_RENEW = 1.0  # seconds between subscriptions: nothing changes for one that stands, and a lost one is back soon


async def listen(connection: Connection, process: str, heard: Callable[[str], None]) -> None:
    """Call `heard` with the id of each comment that was decided; runs until it is cancelled."""
    await _follow(connection, [connection.keys.wake(process)], lambda comment: heard(comment.decode()))


async def follow(connection: Connection, heard: Callable[[bytes], None]) -> None:
    """Call `heard` with each message (JSON) of what happens to comments; runs until it is cancelled."""
    await _follow(connection, [one.live for one in connection.keys.partitions], heard)


async def _follow(connection: Connection, channels: Sequence[str], heard: Callable[[bytes], None]) -> None:
    wire = Wire(connection.url, heard)
    try:
        while True:
            with contextlib.suppress(StoreUnavailable):  # then the next turn tries again
                await wire.call_all([("SUBSCRIBE", one) for one in channels])
            await asyncio.sleep(_RENEW)
    finally:
        await wire.close()


_LOOK = 1.0  # seconds, at most, between looks for jobs that another worker left idle
_PAGE = 1_000  # entries that a script reads at a time
BOTH = (Lane.AWAITED, Lane.WAITING)
"""The lanes, in the order in which they are claimed."""


class Stream:
    """The work stream of one partition, and its dead letters."""

    def __init__(self, connection: Connection, partition: Partition) -> None:
        self._wire = connection.wire
        self._keys = partition
        # Of their own, since a blocking read holds up what comes behind it.
        self._reading: dict[tuple[Lane, ...], Wire] = {
            lanes: Wire(connection.url) for lanes in (BOTH, (Lane.AWAITED,), (Lane.WAITING,))
        }
        for wire in self._reading.values():
            wire.failed = connection.failed
        self._bells = {Lane.AWAITED: partition.bell_now, Lane.WAITING: partition.bell}
        self._look_again = 0.0  # when to look for idle jobs again, by the monotonic clock

    async def close(self) -> None:
        """Close the reading connections."""
        for wire in self._reading.values():
            await wire.close()

    async def prepare(self) -> None:
        """Create the consumer group unless it is there."""
        try:
            await self._wire.call("XGROUP", "CREATE", self._keys.work, GROUP, "0", "MKSTREAM")
        except ReplyFailed as error:
            if "BUSYGROUP" not in error.reply:
                raise

    async def claim(
        self, worker: str, *, count: int, idle_ms: int, block_ms: int, lanes: tuple[Lane, ...] = BOTH
    ) -> list[Job]:
        """Up to `count` jobs: those that another worker left idle, then new ones; waits up to `block_ms` for one, 0: not at all.

        Of those that wait, each site has an equal share.
        """
        try:
            jobs = await self._take_over(worker, count, idle_ms) if Lane.WAITING in lanes else []
            if len(jobs) < count:
                fresh = self._claim(worker, count - len(jobs), lanes)
                wait = [self._wait(lanes, block_ms)] if block_ms and not jobs else []
                *_, rows = await self._reading[lanes].call_all([*wait, fresh])
                jobs += [_job(row, 1) for row in rows]
        except ReplyFailed as error:
            if "NOGROUP" not in error.reply:  # the stream was removed under us, as by FLUSHALL
                raise
            await self.prepare()
            return []
        return jobs

    async def wait(self, lanes: tuple[Lane, ...], milliseconds: int) -> bool:
        """Wait until there is something to claim; whether there is, as far as we know."""
        return await self._reading[lanes].call(*self._wait(lanes, milliseconds)) is not None

    def _wait(self, lanes: tuple[Lane, ...], milliseconds: int) -> tuple[Argument, ...]:
        """A command that holds up what follows it until a bell rings: whoever hears it claims, in the same write."""
        return ("BLPOP", *(self._bells[lane] for lane in lanes), milliseconds / 1000)

    def _claim(self, worker: str, most: int, lanes: Sequence[Lane]) -> tuple[Argument, ...]:
        keys = [self._keys.work, self._keys.prefix]
        return script_command("work/claim", keys, worker=worker, most=most, lanes=lanes)

    async def _take_over(self, worker: str, count: int, idle_ms: int) -> list[Job]:
        """Jobs that another worker left idle; looked for often enough, and not before every read."""
        if time.monotonic() < self._look_again:
            return []
        work = self._keys.work
        found = await self._wire.call("XAUTOCLAIM", work, GROUP, worker, idle_ms, "0-0", "COUNT", count)
        idle = [row for row in found[1] if row[1]]
        if len(idle) < count:
            self._look_again = time.monotonic() + min(idle_ms / 4_000, _LOOK)
        await self._wire.run("work/adopt", [work, self._keys.prefix], page=_PAGE)
        pending = await self._wire.call_all([("XPENDING", work, GROUP, row[0], row[0], 1) for row in idle])
        return [_job(row, tries[0][3] if tries else 1) for row, tries in zip(idle, pending, strict=True)]

    async def release(self, worker: str) -> None:
        """Forget a worker that stops, unless something is still claimed by it: that waits to be taken over."""
        if not await self._wire.call("XPENDING", self._keys.work, GROUP, "-", "+", 1, worker):
            await self._wire.call("XGROUP", "DELCONSUMER", self._keys.work, GROUP, worker)

    async def forget_workers(self, idle_ms: int) -> None:
        """Forget workers that gave no sign for so long and have nothing claimed."""
        for row in await self._wire.call("XINFO", "CONSUMERS", self._keys.work, GROUP):
            consumer = _fields(row)
            if int(consumer[b"pending"]) == 0 and int(consumer[b"idle"]) > idle_ms:
                await self.release(consumer[b"name"].decode())

    async def dead(self, limit: int) -> list[Dead]:
        """The dead letters, oldest first."""
        rows = await self._wire.call("XRANGE", self._keys.dead, "-", "+", "COUNT", limit)
        return [_dead(entry, _fields(fields)) for entry, fields in rows]


class Work:
    """The work streams of all partitions together. Whoever claims does so from each by itself: `streams`."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self.streams = tuple(Stream(connection, one) for one in connection.keys.partitions)

    async def close(self) -> None:
        """Close the reading connections."""
        for stream in self.streams:
            await stream.close()

    async def prepare(self) -> None:
        """Create the consumer groups unless they are there."""
        await asyncio.gather(*[stream.prepare() for stream in self.streams])

    async def release(self, worker: str) -> None:
        """Forget a worker that stops, where nothing is still claimed by it: that waits to be taken over."""
        await asyncio.gather(*[stream.release(worker) for stream in self.streams])

    async def forget_workers(self, idle_ms: int) -> None:
        """Forget workers that gave no sign for so long and have nothing claimed."""
        await asyncio.gather(*[stream.forget_workers(idle_ms) for stream in self.streams])

    async def claim(
        self, worker: str, *, count: int, idle_ms: int, block_ms: int, lanes: tuple[Lane, ...] = BOTH
    ) -> list[Job]:
        """Up to `count` jobs of the first partition that has any, as `Stream.claim`: for whoever drains them one by one."""
        for stream in self.streams:
            if jobs := await stream.claim(worker, count=count, idle_ms=idle_ms, block_ms=block_ms, lanes=lanes):
                return jobs
        return []

    async def acknowledge(self, jobs: Sequence[Job]) -> None:
        """Answer jobs that need no judgement any more."""
        work = [(self._keys.home(job.site).work, job.entry) for job in jobs]
        answers: list[tuple[Argument, ...]] = [("XACK", stream, GROUP, entry) for stream, entry in work]
        await self._wire.call_all([*answers, *[("XDEL", stream, entry) for stream, entry in work]])

    async def bury(self, job: Job, why: str) -> None:
        """Move a job to the dead letters. `why` is ours, never an exception's text."""
        home = self._keys.home(job.site)
        await self._wire.run(
            "work/dead_letter",
            [home.work, home.dead],
            entry=job.entry,
            comment=job.comment,
            site=job.site,
            revision=job.revision,
            why=why,
            now=now_ms(),
        )

    async def dead(self, limit: int = 1_000) -> list[Dead]:
        """The dead letters, oldest first."""
        found = await asyncio.gather(*[stream.dead(limit) for stream in self.streams])
        return sorted((one for some in found for one in some), key=lambda one: _order(one.entry))[:limit]

    async def backlog(self) -> int:
        """How many comments wait or are being judged, in the partitions that can be reached."""
        return sum(map(int, await self._wire.call_reachable([("XLEN", one.work) for one in self._keys.partitions])))

    async def dead_count(self) -> int:
        """How many dead letters there are."""
        return sum(map(int, await self._wire.call_all([("XLEN", one.dead) for one in self._keys.partitions])))

    async def oldest_age(self, now: int) -> float:
        """Seconds since the oldest unanswered comment came in; 0 when none waits."""
        heads = await self._wire.call_all([("XRANGE", one.work, "-", "+", "COUNT", 1) for one in self._keys.partitions])
        oldest = min((int(rows[0][0].partition(b"-")[0]) for rows in heads if rows), default=now)
        return max(0.0, (now - oldest) / 1000)


def _order(entry: str) -> tuple[int, int]:
    at, _, number = entry.partition("-")
    return int(at), int(number)


def _fields(flat: list[Any]) -> dict[bytes, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _job(row: Any, tries: Any) -> Job:
    entry, fields = row[0], _fields(row[1])
    wake, comment, site = fields[b"w"].decode(), fields[b"c"].decode(), fields[b"s"].decode()
    return Job(entry.decode(), comment, site, int(fields[b"r"]), wake, int(tries), fields.get(b"t", b"").decode())


def _dead(entry: bytes, fields: dict[bytes, bytes]) -> Dead:
    return Dead(
        entry.decode(), fields[b"c"].decode(), fields[b"s"].decode(), int(fields[b"r"]),
        fields[b"why"].decode(), int(fields[b"at"]),
    )  # fmt: skip
