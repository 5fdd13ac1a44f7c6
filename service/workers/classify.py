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
from service.core.errors import StoreUnavailable
from service.core.site import Site
from service.judging import Judged, Scorer
from service.resources import Resources
from service.store.client import now_ms
from service.store.work import Job

_BLOCK_MS = 250  # how long one read waits for work; bounds how long a stop takes
_OVERLAP = 2  # batches under way at once: one is scored while the other is read or written
_PAUSE = 0.5  # seconds before Redis is tried again

log = structlog.get_logger(__name__)


async def run_classify(resources: Resources, stop: asyncio.Event, scorer: Scorer | None) -> None:
    """Judge comments until `stop` is set; then finish what is claimed and leave."""
    await Worker(resources, scorer).run(stop)


class Worker:
    """One worker of the group. `scorer` None: there is no model, and each site's failure policy decides."""

    def __init__(self, resources: Resources, scorer: Scorer | None) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._resources = resources
        self._settings = resources.settings
        self._scorer = scorer
        self._slots = asyncio.Semaphore(_OVERLAP)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and judge until `stop` is set; drains before it returns."""
        while not stop.is_set():
            await self._slots.acquire()
            try:
                jobs = await self._claim(_BLOCK_MS)
            except StoreUnavailable:
                self._slots.release()
                log.warning("store unavailable", role="classify")
                await asyncio.sleep(_PAUSE)
                continue
            if not jobs:
                self._slots.release()
                continue
            task = asyncio.create_task(self._work(jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(lambda _: self._slots.release())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.drain_timeout)
        try:
            await self._resources.work.release(self.name)
        except StoreUnavailable:
            log.warning("store unavailable", role="classify")

    async def drain(self) -> int:
        """Burst mode, for tests and imports: judge all that waits, then return how many jobs there were."""
        count = 0
        while jobs := await self._claim(1):
            await self._work(jobs)
            count += len(jobs)
        return count

    async def _claim(self, block_ms: int) -> list[Job]:
        settings = self._settings
        return await self._resources.work.claim(
            self.name, count=settings.worker_batch, idle_ms=int(settings.claim_idle * 1000), block_ms=block_ms
        )

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
            judged = await self._resources.judging.judge(jobs, sites, self._scorer)
        except StoreUnavailable:
            log.warning("store unavailable", role="classify", jobs=len(jobs))
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
        await self._resources.judging.give_up(job, sites.get(job.site), "judging failed again and again")
        metrics.JUDGED.labels("dead").inc()
        log.error("job buried", role="classify", comment=job.comment, site=job.site, tries=job.tries)

    async def _sites(self, jobs: Sequence[Job]) -> dict[str, Site]:
        known = [await self._resources.accounts.find(name) for name in {job.site for job in jobs}]
        return {entry.site.id: entry.site for entry in known if entry is not None}

    def _count(self, judged: Sequence[Judged], seconds: float) -> None:
        metrics.JUDGE_SECONDS.observe(seconds)
        now = now_ms()
        for outcome, count in Counter(o if word == "applied" else word for _, word, o in judged).items():
            metrics.JUDGED.labels(outcome).inc(count)
        for job, _, _ in judged:
            metrics.PENDING_SECONDS.observe((now - int(job.entry.partition("-")[0])) / 1000)
