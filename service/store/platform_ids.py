"""What we remember of platforms that send no ids of their own: names of comments, return addresses, and a daily tally.

A return address is where a platform wants to hear of a comment later (Akismet's `callback`). comment/transition.lua sends there
what was promised, through the same outbox as every call-back. The tally counts what the machine said on a day, and how
much of it humans have contradicted since; comment/transition.lua keeps it, together with each decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from service.core.counters import Day, months
from service.core.delivery import ReturnAddress
from service.core.lifecycle import State
from service.store.client import Connection

_encode = msgspec.json.Encoder().encode


MOST_KIN: Final = 20
"""Of an author's comments on a page, the newest that are looked at."""


class PlatformIds:
    """Names, promises and tallies of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def named(self, site: str, name: str) -> str | None:
        """The comment that a platform knows by this name (a digest), or None."""
        found = await self._wire.call("GET", self._keys.name(site, name))
        return found.decode() if found is not None else None

    async def kin(self, site: str, indexes: Sequence[str]) -> list[str]:
        """The comments of some indexes of authors on pages, the newest first, each once."""
        rows = await self._wire.call_all(
            [("ZREVRANGE", self._keys.kin(site, index), 0, MOST_KIN - 1) for index in indexes]
        )
        return list(dict.fromkeys(comment.decode() for row in rows for comment in row))

    async def named_otherwise(self, comments: Sequence[str], name: str) -> set[str]:
        """Which of some comments the platform knows by names of its own, none of which is this one."""
        rows = await self._wire.call_all([("SMEMBERS", self._keys.names(comment)) for comment in comments])
        own = [{word for word in map(bytes.decode, row) if not word.startswith(self._keys.kin_names)} for row in rows]
        return {comment for comment, names in zip(comments, own, strict=True) if names and name not in names}

    async def name(self, site: str, name: str, comment: str, kin: Sequence[str] = (), now: int = 0) -> None:
        """Remember a name of a comment ("": it has none), and in which indexes of authors on pages it stands."""
        await self._wire.run(
            "platform/alias",
            [self._keys.names(comment), self._keys.comment(comment), self._keys.site_prefix(site)],
            name=name,
            comment=comment,
            kin=kin,
            now=now,
            most=MOST_KIN,
        )

    async def promise(self, comment: str, address: ReturnAddress) -> State | None:
        """Note a return address; the state of the comment at that moment. None: there is no such comment.

        While the comment is pending or flagged, a word is owed: it is sent when the comment is approved or rejected.
        """
        owed_in = {str(State.PENDING): True, str(State.FLAGGED): True}
        state, _ = await self._wire.run(
            "platform/callback", [self._keys.comment(comment)], address=_encode(address), owed_in=owed_in
        )
        return State(state.decode()) if state else None

    async def count_check(self, site: str, day: date) -> None:
        """Count one request."""
        await self._wire.call("HINCRBY", self._keys.tally(site, f"{day:%Y-%m}"), f"{day:%d}:checks", 1)

    async def days(self, site: str, first: date, last: date) -> list[Day]:
        """The days of a span on which anything happened, in order."""
        names = months(first, last)
        rows = await self._wire.call_all([("HGETALL", self._keys.tally(site, month)) for month in names])
        counted = [
            pair for month, row in zip(names, rows, strict=True) for pair in sorted(read_tally(month, row).items())
        ]
        return [_day(day, words) for day, words in counted if first <= day <= last]


def read_tally(month: str, rows: Sequence[bytes]) -> dict[date, dict[str, int]]:
    """A month's hash, taken apart: day -> word -> count."""
    days: dict[date, dict[str, int]] = {}
    year, number = int(month[:4]), int(month[5:])
    for field, value in zip(rows[::2], rows[1::2], strict=True):
        day, _, word = field.decode().partition(":")
        days.setdefault(date(year, number, int(day)), {})[word] = int(value)
    return days


def _day(day: date, counted: Mapping[str, int]) -> Day:
    known = {word: value for word, value in counted.items() if word in Day._fields}
    return Day(day=day, **known)
