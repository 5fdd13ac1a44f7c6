"""The deliverer: tells platforms what became of their comments, by signed call-backs, at least once and in order.

A call-back is leased while it is tried, and settled by what the receiver answers (`message.py`). A deliverer that dies
leaves leases that run out by themselves; one that is stopped leaves none. How platforms see it: `docs/webhooks.md`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from service import metrics, tracing
from service.clock import now_ms
from service.container import Services
from service.core.delivery import Delivery, Settlement
from service.core.errors import StoreUnavailable
from service.usecases.health import say_unavailable
from service.workers.deliver.client import Client
from service.workers.deliver.message import Response, compose, heard, settlement
from service.workers.deliver.slots import Round, Slots

_LEASE, _MARGIN = 1.5, 1.0  # a lease is so many time-outs of a try, and seconds more, so that the try can be settled
_SHORTEST, _LONGEST = 0.02, 0.25  # seconds between looks for what is due
_SLOWER = 1.2  # … grow by this while nothing is
_GATHER = 0.005  # seconds in which slots that become free are filled together
_PAUSE = 0.5  # seconds before Redis is tried again
_HAND_BACK = 3.0  # seconds for handing back what a stop interrupts

log = structlog.get_logger(__name__)


async def run_deliver(services: Services, stop: asyncio.Event) -> None:
    """Deliver call-backs until `stop` is set; then finish or hand back what is under way."""
    async with Client(services.settings) as client:
        await Deliverer(services, client).run(stop)


class Deliverer:
    """One deliverer. `jitter` gives a factor for each delay."""

    def __init__(
        self,
        services: Services,
        client: Client,
        jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.1),
    ) -> None:
        self._accounts = services.accounts
        self._outbox = services.outbox
        self._settings = services.settings
        self._client = client
        self._jitter = jitter
        self._slots = Slots(self._settings.deliver_total, self._settings.deliver_per_site)
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
                except StoreUnavailable as error:
                    say_unavailable("deliver", error)
                    await self._rest(_PAUSE)
                    continue
                pause = _SHORTEST if begun else min(pause * _SLOWER, _LONGEST)
                if begun:
                    await asyncio.sleep(_GATHER)
                else:
                    await self._rest(pause)
                    await asyncio.sleep(_GATHER if self._tries else 0)
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
        return await self._claim(self._slots.for_answering()) + await self._claim(self._slots.for_others())

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
            self._slots.take(delivery.site)
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
        seconds = 0.0
        try:
            with tracing.span("call-back", "client", under=delivery.trace) as span:
                response, outcome = await self._try(delivery)
                answered = outcome.result == "delivered" if response is not None else None
                seconds = outcome.took_ms / 1000
                await self._settle(delivery, outcome)
                _note(span, delivery, outcome)
        except asyncio.CancelledError:
            await self._settle(delivery, Settlement("back"))
            raise
        finally:
            self._slots.give_back(delivery.site, answered=answered, seconds=seconds)
            self._look.set()

    async def _try(self, delivery: Delivery) -> tuple[Response | None, Settlement]:
        """One try: what the receiver answered, None when it was not asked, and how the try ends."""
        try:
            known = await self._accounts.find(delivery.site)
        except StoreUnavailable:
            return None, Settlement("back")
        try:
            message = compose(delivery, known, int(time.time())) if known is not None else "no-receiver"
        except Exception as error:  # it is listed then; it must not be tried for ever, nor stop the others
            metrics.FAILURES.labels("deliver").inc()
            log.error("call-back can't be composed", role="deliver", delivery=delivery.id, error=type(error).__name__)
            message = "internal"
        if message is None:
            return None, Settlement("delivered")
        if isinstance(message, str):  # the site, its receiver or its key is gone since the call-back was written
            return None, Settlement("dead", error=message)
        started = time.perf_counter()
        headers = {**message.headers, "traceparent": here} if (here := tracing.here()) else message.headers
        response = heard(message, await self._client.ask(message.url, headers, message.body))
        seconds = time.perf_counter() - started
        metrics.DELIVERY_SECONDS.observe(seconds)
        return response, settlement(
            response, tries=delivery.tries + 1, schedule=self._settings.deliver_schedule, now=now_ms(),
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


def _note(span: tracing.Span, delivery: Delivery, outcome: Settlement) -> None:
    span.note(
        site=delivery.site, comment=delivery.comment, delivery=delivery.id, type=delivery.type, tries=delivery.tries + 1,
        result=outcome.result, **({"status": outcome.status} if outcome.status else {}),
    )  # fmt: skip
    if outcome.error:
        span.fail(outcome.error)
