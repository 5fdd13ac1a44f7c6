"""How many submissions each site has made this minute, counted for all processes together."""

from __future__ import annotations

from typing import NamedTuple

from service.store.client import Connection, now_ms

WINDOW = 60_000
"""Milliseconds of a window; windows are the minutes of the clock."""


class Spent(NamedTuple):
    """Whether it was allowed, how many are left in this window, and the seconds until the next one."""

    allowed: bool
    left: int
    seconds: int


class Rates:
    """The counters."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def spend(self, site: str, cost: int, quota: int) -> Spent:
        """Count `cost` submissions, all or none of them."""
        window, into = divmod(now_ms(), WINDOW)
        word, left = await self._wire.run("spend", [self._keys.rate(site, window)], cost, quota, 2 * WINDOW)
        return Spent(word == b"allowed", left, (WINDOW - into + 999) // 1000)
