"""Numbers of whole sites, each read from a counter or an index in a time that does not grow with the comments.

Tallies are kept by `comment/transition.lua`, day by day (see `core.counters`); arrivals are counted in the index
of all comments, ages are looked up by rank in the index of the held ones: both are logarithmic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from service.core.lifecycle import State
from service.store.client import Connection
from service.store.platform_ids import read_tally


class Held(NamedTuple):
    """What waits for moderators. Times are when a comment was held, milliseconds since 1970; 0: there is none."""

    number: int
    oldest: int
    ninetieth: int  # nine of ten wait for less long
    median: int


class Tally(NamedTuple):
    """A month's counts as they came from the store. Reading them takes a while for a long time: do it in a thread."""

    month: str
    rows: Sequence[bytes]

    def read(self) -> Mapping[date, Mapping[str, int]]:
        """Day -> word -> count, of the days on which there was anything."""
        return read_tally(self.month, self.rows)


class Numbers:
    """The numbers of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def tallies(self, site: str, months: Sequence[str]) -> list[Tally]:
        """What was counted in each of the months ("2026-11")."""
        rows = await self._wire.call_all([("HGETALL", self._keys.tally(site, month)) for month in months])
        return list(map(Tally, months, rows))

    async def arrivals(self, site: str, spans: Sequence[tuple[int, int]]) -> list[int]:
        """How many comments came in in each span of time, [from, to) in milliseconds; those that were erased don't count."""
        name = self._keys.site(site, "all")
        return list(await self._wire.call_all([("ZCOUNT", name, start, f"({end}") for start, end in spans]))

    async def pending(self, site: str) -> int:
        """How many comments wait for the machine."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, State.PENDING)))

    async def held(self, site: str) -> Held:
        """What waits for moderators."""
        name = self._keys.site(site, State.FLAGGED)
        count = int(await self._wire.call("ZCARD", name))
        ranks = (0, count // 10, count // 2)
        rows = await self._wire.call_all([("ZRANGE", name, rank, rank, "WITHSCORES") for rank in ranks])
        return Held(count, *(int(float(row[1])) if row else 0 for row in rows))
