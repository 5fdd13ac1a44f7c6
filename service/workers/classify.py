"""The classify worker: claims comments in batches, has them judged, and never loses or repeats one.

A job is acknowledged by the same script that writes its decision. When the worker dies in between, the job stays claimed
and another worker takes it over; one that keeps failing ends among the dead letters, its comment held.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Sequence

import structlog

from service import metrics
from service.clock import now_ms
from service.container import Services
from service.core.errors import StoreUnavailable
from service.core.site import Site
from service.core.work import Job, Lane
from service.usecases.classification import Classified, Scorer
from service.usecases.health import say_unavailable

_BLOCK_MS = 250  # how long one read waits for work; bounds how long a stop takes
_OVERLAP = 2  # batches of a lane under way at once: one is scored while the other is read or written
_LINGER = 0.005  # seconds that what nobody waits for may wait for company
_TURN = 0.04  # seconds that a batch may take, so that nobody waits long behind it
_FIRST, _LEAST = 16, 8  # comments in a batch: before it is known how long one takes, and however long it takes
_PAUSE = 0.5  # seconds before Redis is tried again

log = structlog.get_logger(__name__)


async def run_classify(services: Services, stop: asyncio.Event, scorer: Scorer | None) -> None:
    """Judge comments until `stop` is set; then finish what is claimed and leave."""
    await Worker(services, scorer).run(stop)


class Worker:
    """One worker of the group. `scorer` None: there is no model, and each site's failure policy decides."""

    def __init__(self, services: Services, scorer: Scorer | None) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._services = services
        self._settings = services.settings
        self._scorer = scorer
        self._tasks: set[asyncio.Task[None]] = set()
        self._pace = _TURN / _FIRST  # seconds a comment, lately

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and judge until `stop` is set; drains before it returns."""
        async with asyncio.TaskGroup() as group:
            for lane in Lane:
                turns = asyncio.Semaphore(_OVERLAP)
                for partition in range(len(self._services.work.streams)):
                    group.create_task(self._serve(lane, partition, turns, stop))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.drain_timeout)
        try:
            await self._services.work.release(self.name)
        except StoreUnavailable as error:
            say_unavailable("classify", error)

    async def _serve(self, lane: Lane, partition: int, turns: asyncio.Semaphore, stop: asyncio.Event) -> None:
        """Claim and judge a lane's of a partition, beside the other lane: what somebody waits for stands behind nothing else.

        Each partition is waited for and claimed by itself; in being judged they take turns.
        """
        slots, more = asyncio.Semaphore(_OVERLAP), False
        while not stop.is_set():
            await slots.acquire()
            try:
                count = min(self._settings.worker_batch, max(_LEAST, int(_TURN / self._pace)))
                jobs = await self._next(partition, lane, count, more)
            except StoreUnavailable as error:
                slots.release()
                say_unavailable("classify", error)
                await asyncio.sleep(_PAUSE)
                continue
            more = len(jobs) == count
            if not jobs:
                slots.release()
                continue
            task = asyncio.create_task(self._in_turn(turns, jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(lambda _: slots.release())

    async def _in_turn(self, turns: asyncio.Semaphore, jobs: Sequence[Job]) -> None:
        async with turns:
            await self._work(jobs)

    async def _next(self, partition: int, lane: Lane, count: int, more: bool) -> list[Job]:
        """Up to `count` of a lane, once it has something. `more`: a moment ago it had no fewer."""
        if lane is Lane.AWAITED:
            return await self._claim(count, _BLOCK_MS, (lane,), partition)
        if not more and await self._services.work.streams[partition].wait((lane,), _BLOCK_MS):
            await asyncio.sleep(_LINGER)
        return await self._claim(count, 0, (lane,), partition)

    async def drain(self) -> int:
        """Burst mode, for tests and imports: judge all that waits, then return how many jobs there were."""
        count = 0
        while jobs := await self._claim(self._settings.worker_batch, 1, tuple(Lane)):
            await self._work(jobs)
            count += len(jobs)
        return count

    async def _claim(
        self, count: int, block_ms: int, lanes: tuple[Lane, ...], partition: int | None = None
    ) -> list[Job]:
        idle_ms, work = int(self._settings.claim_idle * 1000), self._services.work
        source = work if partition is None else work.streams[partition]
        return await source.claim(self.name, count=count, idle_ms=idle_ms, block_ms=block_ms, lanes=lanes)

    async def _work(self, jobs: Sequence[Job]) -> None:
        """Judge a batch. Jobs that were handed out before are judged alone: one of them may be what killed a worker."""
        fresh = [job for job in jobs if job.tries == 1]
        if fresh:
            await self._attempt(fresh)
        for job in jobs:
            if job.tries > 1:
                await self._attempt([job])

    async def _attempt(self, jobs: Sequence[Job]) -> None:
        started = time.perf_counter()
        try:
            sites = await self._sites(jobs)
            if len(jobs) == 1 and jobs[0].tries > self._settings.max_attempts:
                await self._give_up(jobs[0], sites)
                return
            judged = await self._services.classification.judge(jobs, sites, self._scorer)
        except StoreUnavailable as error:
            say_unavailable("classify", error, jobs=len(jobs))
            return  # still claimed; they come again
        except Exception as error:  # whatever a model may raise: no job is lost to it
            metrics.FAILURES.labels("classify").inc()
            log.error("judging failed", role="classify", jobs=len(jobs), error=type(error).__name__)
            if len(jobs) > 1:
                for job in jobs:
                    await self._attempt([job])
            return
        self._count(judged, time.perf_counter() - started)

    async def _give_up(self, job: Job, sites: dict[str, Site]) -> None:
        await self._services.classification.give_up(job, sites.get(job.site), "judging failed again and again")
        metrics.JUDGED.labels("dead").inc()
        log.error("job buried", role="classify", comment=job.comment, site=job.site, tries=job.tries)

    async def _sites(self, jobs: Sequence[Job]) -> dict[str, Site]:
        known = [await self._services.accounts.find(name) for name in {job.site for job in jobs}]
        return {entry.site.id: entry.site for entry in known if entry is not None}

    def _count(self, judged: Sequence[Classified], seconds: float) -> None:
        self._pace += (seconds / len(judged) - self._pace) / 8
        metrics.JUDGE_SECONDS.observe(seconds)
        now = now_ms()
        for outcome, count in Counter(o if word == "applied" else word for _, word, o in judged).items():
            metrics.JUDGED.labels(outcome).inc(count)
        for job, _, _ in judged:
            metrics.PENDING_SECONDS.observe((now - job.since) / 1000)
