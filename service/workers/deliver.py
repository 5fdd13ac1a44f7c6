"""The deliverer: tells platforms what became of their comments, by signed call-backs, at least once and in order.

A call-back is leased while it is tried, and settled by what the receiver answers (`answers.py`). A deliverer that dies
leaves leases that run out by themselves; one that is stopped leaves none. How platforms see it: `docs/webhooks.md`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from service import metrics
from service.core.errors import StoreUnavailable
from service.resources import Resources
from service.store.client import now_ms
from service.store.outbox import Delivery, Settlement
from service.workers.answers import Answer, settlement
from service.workers.letters import compose, heard
from service.workers.receivers import Receivers
from service.workers.shares import Round, Shares

_LEASE, _MARGIN = 1.5, 1.0  # a lease is so many time-outs of a try, and seconds more, so that the try can be settled
_SHORTEST, _LONGEST = 0.02, 0.25  # seconds between looks for what is due
_SLOWER = 1.2  # … grow by this while nothing is
_PAUSE = 0.5  # seconds before Redis is tried again
_HAND_BACK = 3.0  # seconds for handing back what a stop interrupts

log = structlog.get_logger(__name__)


async def run_deliver(resources: Resources, stop: asyncio.Event) -> None:
    """Deliver call-backs until `stop` is set; then finish or hand back what is under way."""
    async with Receivers(resources.settings) as receivers:
        await Deliverer(resources, receivers).run(stop)


class Deliverer:
    """One deliverer. `jitter` gives a factor for each delay."""

    def __init__(
        self,
        resources: Resources,
        receivers: Receivers,
        jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.1),
    ) -> None:
        self._accounts = resources.accounts
        self._outbox = resources.outbox
        self._settings = resources.settings
        self._receivers = receivers
        self._jitter = jitter
        self._shares = Shares(self._settings.deliver_total, self._settings.deliver_per_site)
        self._tries: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()  # a slot is free again, or it is time to stop

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and deliver until `stop` is set; drains before it returns."""
        watch = asyncio.create_task(stop.wait())
        watch.add_done_callback(lambda _: self._look.set())
        pause = _SHORTEST
        try:
            while not stop.is_set():
                self._look.clear()
                try:
                    begun = await self._begin()
                except StoreUnavailable:
                    log.warning("store unavailable", role="deliver")
                    await self._rest(_PAUSE)
                    continue
                pause = _SHORTEST if begun else min(pause * _SLOWER, _LONGEST)
                if not begun:
                    await self._rest(pause)
        finally:
            watch.cancel()
            await self._drain()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._look.wait()

    async def _begin(self) -> int:
        """Claim what is due and there are slots for, and begin to deliver it; how many."""
        due = await self._outbox.next_due()
        if due is None or due > now_ms():
            return 0
        return await self._claim(self._shares.for_answering()) + await self._claim(self._shares.for_others())

    async def _claim(self, share: Round) -> int:
        if share.most <= 0:
            return 0
        now = now_ms()
        claimed = await self._outbox.claim(
            now=now,
            leased_until=now + int((self._settings.deliver_timeout * _LEASE + _MARGIN) * 1000),
            most=share.most,
            per_site=share.per_site,
            room=share.room,
        )
        for delivery in claimed:
            self._shares.take(delivery.site)
            task = asyncio.create_task(self._deliver(delivery))
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)
        return len(claimed)

    async def _drain(self) -> None:
        """Let what is under way finish, within the drain time-out; hand back the rest, so that it is due at once."""
        if self._tries:
            await asyncio.wait(self._tries, timeout=self._settings.drain_timeout)
        unfinished = list(self._tries)
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=_HAND_BACK)

    async def _deliver(self, delivery: Delivery) -> None:
        answered: bool | None = None
        try:
            answer, outcome = await self._try(delivery)
            answered = outcome.result == "delivered" if answer is not None else None
            await self._settle(delivery, outcome)
        except asyncio.CancelledError:
            await self._settle(delivery, Settlement("back"))
            raise
        finally:
            self._shares.give_back(delivery.site, answered=answered)
            self._look.set()

    async def _try(self, delivery: Delivery) -> tuple[Answer | None, Settlement]:
        """One try: what the receiver answered, None when it was not asked, and how the try ends."""
        try:
            known = await self._accounts.find(delivery.site)
        except StoreUnavailable:
            return None, Settlement("back")
        try:
            letter = compose(delivery, known, int(time.time())) if known is not None else "no-receiver"
        except Exception as error:  # it is listed then; it must not be tried for ever, nor stop the others
            metrics.FAILURES.labels("deliver").inc()
            log.error("call-back can't be composed", role="deliver", delivery=delivery.id, error=type(error).__name__)
            letter = "internal"
        if isinstance(letter, str):  # the site, its receiver or its key is gone since the call-back was written
            return None, Settlement("dead", error=letter)
        started = time.perf_counter()
        answer = heard(letter, await self._receivers.ask(letter.url, letter.headers, letter.body))
        seconds = time.perf_counter() - started
        metrics.DELIVERY_SECONDS.observe(seconds)
        return answer, settlement(
            answer, tries=delivery.tries + 1, schedule=self._settings.deliver_schedule, now=now_ms(),
            jitter=self._jitter(), took_ms=int(seconds * 1000),
        )  # fmt: skip

    async def _settle(self, delivery: Delivery, outcome: Settlement) -> None:
        """Note how a try ended. While Redis is away this is repeated as long as the lease lasts; then it is due again."""
        while True:
            try:
                word = await self._outbox.settle(delivery, outcome, now=now_ms(), log=self._settings.delivery_log)
                break
            except StoreUnavailable:
                if outcome.result == "back" or now_ms() > delivery.lease:
                    word = "unsettled"
                    break
                await asyncio.sleep(_PAUSE)
        metrics.DELIVERIES.labels(word).inc()
        say = log.info if word in ("delivered", "back", "gone") else log.warning
        say(
            "call-back", role="deliver", site=delivery.site, delivery=delivery.id, type=delivery.type, result=word,
            tries=delivery.tries + 1, status=outcome.status, error=outcome.error, ms=outcome.took_ms,
        )  # fmt: skip
