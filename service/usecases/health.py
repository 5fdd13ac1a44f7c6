"""The use case of looking at the store's health: whether writes succeed, what was wrong when a call failed, and saying so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from service import metrics
from service.clock import now_ms
from service.core.errors import NotReady, StoreUnavailable
from service.core.server import TROUBLES
from service.store.client import Connection
from service.store.script import COMMANDS, script_command

_REMEMBERED = 1.0  # seconds: however many ask, one write a second
_SAY_AGAIN = 10.0  # seconds between lines about the same trouble
_LIVES = 60_000  # milliseconds

log = structlog.get_logger(__name__)
metrics.begin(metrics.STORE_FAILURES, TROUBLES)


class Health:
    """What a process knows of its Redis. `heard` is what its connections tell of each trouble; it is logged if it is `logged`.

    `full` tells whether the disk of a server that is ours is full: such a one dies of it, and can't say so itself.
    """

    def __init__(self, *, logged: bool = False, full: Callable[[], bool] = lambda: False) -> None:
        self._logged = logged
        self._full = full
        self._said: dict[str, float] = {}
        self._looked = 0.0
        self._found: StoreUnavailable | None = None
        self._doubted = True  # whether our user may do all that is needed
        self._turn = asyncio.Lock()

    def heard(self, why: str) -> str:
        """Count a trouble, and say it unless that was said just now; its word, by what else is known here."""
        why = "disk" if why != "empty" and self._full() else why
        self._doubted = self._doubted or why == "not-allowed"
        metrics.STORE_FAILURES.labels(why).inc()
        now = time.monotonic()
        if self._logged and now - self._said.get(why, -_SAY_AGAIN) >= _SAY_AGAIN:
            self._said[why] = now
            log.warning("store trouble", why=why, error=TROUBLES[why])
        return why

    async def ready(self, connection: Connection) -> None:
        """Make sure that a write to Redis succeeds, in some partition. Raises NotReady, which says why it does not."""
        async with self._turn:
            if time.monotonic() - self._looked > _REMEMBERED:
                self._found = await self._look(connection)
                self._looked = time.monotonic()
        if self._found is not None:
            raise not_ready(self._found)

    async def _look(self, connection: Connection) -> StoreUnavailable | None:
        if self._full():  # the next comment would be the server's end, though what we write may still fit
            return StoreUnavailable(why=self.heard("disk"))
        doubted = self._doubted
        commands = COMMANDS if doubted else ()
        probes = [
            script_command("store/probe", [one.probe], now=now_ms(), lives=_LIVES, commands=commands)
            for one in connection.keys.partitions
        ]
        try:
            await connection.wire.call_reachable(probes)
            await connection.whole()
        except StoreUnavailable as error:
            return error
        self._doubted = self._doubted and not doubted
        return None


def not_ready(error: StoreUnavailable) -> NotReady:
    """The same, with its reason told."""
    return NotReady(error.amiss, why=error.why or "refused")


def say_unavailable(role: str, error: StoreUnavailable, **more: int) -> None:
    """Log that a role can't do its work now, and why."""
    log.warning("store unavailable", role=role, why=error.why, error=TROUBLES[error.why or "refused"], **more)
