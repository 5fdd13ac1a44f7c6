"""What we remember of platforms that send no ids of their own: names of comments, return addresses, and a daily tally.

A return address is where a platform wants to hear of a comment later (Akismet's `callback`). transition.lua sends there
what was promised, through the same outbox as every call-back. The tally counts what the machine said on a day, and how
much of it humans have contradicted since; transition.lua keeps it, together with each decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from msgspec import Struct

from service.core.days import months
from service.core.lifecycle import State
from service.store.client import Connection

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder


class ReturnAddress(Struct, frozen=True):
    """Where a later word goes, and what it must carry to be understood there."""

    url: str
    mark: str  # which generation of the site's credentials the platform used; see `Credentials.mark`
    post: str = ""  # the platform's id of the page
    parent: str = ""  # … and of the comment that this one answers


class Day(NamedTuple):
    """What was said on a day, and what of that is contradicted by now."""

    day: date
    approve: int = 0
    hold: int = 0
    reject: int = 0
    missed: int = 0  # approved by the machine, rejected by a human
    false_alarm: int = 0  # rejected by the machine, approved by a human
    checks: int = 0  # requests


read_address = _decode(ReturnAddress).decode
"""A return address from the body of a delivery of type `akismet.*`. Raises msgspec.DecodeError."""


class Correspondence:
    """Names, promises and tallies of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def named(self, site: str, name: str) -> str | None:
        """The comment that a platform knows by this name (a digest), or None."""
        found = await self._wire.call("GET", self._keys.name(site, name))
        return found.decode() if found is not None else None

    async def name(self, site: str, name: str, comment: str) -> None:
        """Remember a name of a comment."""
        await self._wire.run(
            "name", [self._keys.name(site, name), self._keys.comment(comment), self._keys.names(comment)], name, comment
        )

    async def promise(self, comment: str, address: ReturnAddress) -> State | None:
        """Note a return address; the state of the comment at that moment. None: there is no such comment.

        While the comment is pending or flagged, a word is owed: it is sent when the comment is approved or rejected.
        """
        states = f" {State.PENDING} {State.FLAGGED} "
        state, _ = await self._wire.run("promise", [self._keys.comment(comment)], _encode(address), states)
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
