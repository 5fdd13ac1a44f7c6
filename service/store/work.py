"""The work stream: comments that wait for the classifier, claimed in batches and never forgotten."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from service.store.client import Connection, ReplyFailed, Wire, now_ms
from service.store.keys import GROUP

_LOOK = 1.0  # seconds, at most, between looks for jobs that another worker left idle


class Job(NamedTuple):
    """One work entry: judge this comment's text of this revision."""

    entry: str
    comment: str
    site: str
    revision: int
    wake: str  # process whose request waits, or ""
    tries: int  # how often it was handed out, this time included


class Dead(NamedTuple):
    """A work entry that no worker could answer."""

    entry: str
    comment: str
    site: str
    revision: int
    why: str
    at: int


class Work:
    """The work stream and its dead letters."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._reading = Wire(connection.url)  # of its own, since a blocking read holds up what comes behind it
        self._keys = connection.keys
        self._look_again = 0.0  # when to look for idle jobs again, by the monotonic clock

    async def close(self) -> None:
        """Close the reading connection."""
        await self._reading.close()

    async def prepare(self) -> None:
        """Create the consumer group unless it is there."""
        try:
            await self._wire.call("XGROUP", "CREATE", self._keys.work, GROUP, "0", "MKSTREAM")
        except ReplyFailed as error:
            if "BUSYGROUP" not in error.reply:
                raise

    async def claim(self, worker: str, *, count: int, idle_ms: int, block_ms: int) -> list[Job]:
        """Up to `count` jobs: those that another worker left idle, then new ones; waits up to `block_ms` for one."""
        work = self._keys.work
        try:
            jobs = await self._take_over(worker, count, idle_ms)
            if len(jobs) < count:
                block = () if jobs else ("BLOCK", block_ms)
                fresh = await self._reading.call(
                    "XREADGROUP", "GROUP", GROUP, worker, "COUNT", count - len(jobs), *block, "STREAMS", work, ">"
                )
                jobs += [_job(row, 1) for row in fresh[0][1]] if fresh else []
        except ReplyFailed as error:
            if "NOGROUP" not in error.reply:  # the stream was removed under us, as by FLUSHALL
                raise
            await self.prepare()
            return []
        return jobs

    async def _take_over(self, worker: str, count: int, idle_ms: int) -> list[Job]:
        """Jobs that another worker left idle; looked for often enough, and not before every read."""
        if time.monotonic() < self._look_again:
            return []
        work = self._keys.work
        _, rows, *_ = await self._reading.call("XAUTOCLAIM", work, GROUP, worker, idle_ms, "0-0", "COUNT", count)
        idle = [row for row in rows if row[1]]
        if len(idle) < count:
            self._look_again = time.monotonic() + min(idle_ms / 4_000, _LOOK)
        pending = await self._reading.call_all([("XPENDING", work, GROUP, row[0], row[0], 1) for row in idle])
        return [_job(row, found[0][3] if found else 1) for row, found in zip(idle, pending, strict=True)]

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

    async def acknowledge(self, entries: list[str]) -> None:
        """Answer entries that need no judgement any more."""
        if entries:
            await self._wire.call_all([("XACK", self._keys.work, GROUP, *entries), ("XDEL", self._keys.work, *entries)])

    async def bury(self, job: Job, why: str) -> None:
        """Move a job to the dead letters. `why` is ours, never an exception's text."""
        await self._wire.run(
            "bury", [self._keys.work, self._keys.dead], job.entry, job.comment, job.site, job.revision, why, now_ms()
        )

    async def dead(self, limit: int = 1_000) -> list[Dead]:
        """The dead letters, oldest first."""
        rows = await self._wire.call("XRANGE", self._keys.dead, "-", "+", "COUNT", limit)
        return [_dead(entry, _fields(fields)) for entry, fields in rows]

    async def backlog(self) -> int:
        """How many comments wait or are being judged."""
        return int(await self._wire.call("XLEN", self._keys.work))

    async def dead_count(self) -> int:
        """How many dead letters there are."""
        return int(await self._wire.call("XLEN", self._keys.dead))

    async def oldest_age(self, now: int) -> float:
        """Seconds since the oldest unanswered comment came in; 0 when none waits."""
        rows = await self._wire.call("XRANGE", self._keys.work, "-", "+", "COUNT", 1)
        return max(0.0, (now - int(rows[0][0].partition(b"-")[0])) / 1000) if rows else 0.0


def _fields(flat: list[Any]) -> dict[bytes, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _job(row: Any, tries: Any) -> Job:
    entry, fields = row[0], _fields(row[1])
    wake, comment, site = fields[b"w"].decode(), fields[b"c"].decode(), fields[b"s"].decode()
    return Job(entry.decode(), comment, site, int(fields[b"r"]), wake, int(tries))


def _dead(entry: bytes, fields: dict[bytes, bytes]) -> Dead:
    return Dead(
        entry.decode(), fields[b"c"].decode(), fields[b"s"].decode(), int(fields[b"r"]),
        fields[b"why"].decode(), int(fields[b"at"]),
    )  # fmt: skip
