"""The use case of looking at how much waits: the gauges of `service.metrics`, and whether more can be taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from service.clock import now_ms
from service.core.errors import StoreUnavailable
from service.store.box import BoxStore
from service.store.client import Connection
from service.store.outbox import Outbox
from service.store.sites import Accounts
from service.store.work import Work
from service.usecases.health import Health, not_ready


class Gauges:
    """What waits in the work stream and for receivers. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        connection: Connection,
        health: Health,
        *,
        work: Work,
        outbox: Outbox,
        accounts: Accounts,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._connection = connection
        self._box = BoxStore(connection)
        self._health = health
        self._work = work
        self._outbox = outbox
        self._accounts = accounts
        self._clock = clock

    async def backlog(self) -> int:
        """How many comments wait to be judged. Raises StoreUnavailable."""
        return await self._work.backlog()

    async def ready(self) -> int:
        """The same, after making sure that more could be taken in. Raises NotReady."""
        await self._health.ready(self._connection)
        try:
            return await self.backlog()
        except StoreUnavailable as error:
            raise not_ready(error) from None

    async def measure(self) -> Mapping[str, float]:
        """Every gauge, by its name; without Redis, that it is away."""
        try:
            await self._health.ready(self._connection)
            writable = 1.0
        except StoreUnavailable:
            writable = 0.0
        try:
            return {"antechamber_store_up": 1.0, "antechamber_store_writable": writable, **await self._measured()}
        except StoreUnavailable:
            return {"antechamber_store_up": 0.0, "antechamber_store_writable": 0.0}

    async def _measured(self) -> dict[str, float]:
        now = self._clock()
        due, some = await self._outbox.waiting(now)
        endpoints = [await self._outbox.endpoint(site.id) for site in await self._accounts.all()]
        record = await self._box.read()
        return {
            "antechamber_backlog": await self._work.backlog(),
            "antechamber_oldest_pending_seconds": await self._work.oldest_age(now),
            "antechamber_dead_letters": await self._work.dead_count(),
            "antechamber_sites_due": due,
            "antechamber_sites_waiting": some,
            "antechamber_sites_failing": sum(1 for one in endpoints if one.failing_since or one.paused_until),
            "antechamber_undelivered": sum(endpoint.undelivered for endpoint in endpoints),
            "antechamber_backup_timestamp_seconds": record.backed_up / 1000 if record is not None else 0,
        }
