"""Examples in Redis: append-only. Those of a decision are written by comment/transition.lua together with it.

What belongs to no comment (suggested scores) is found again by what its text says, so that it can be erased: with a comment
that says the same, by itself (`forget`), and at the latest when its time is over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from service.clock import now_ms
from service.core.example import Example
from service.core.text.similarity import sketch
from service.store.client import Connection

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Example).decode
_PAGE = 500
DAY = 86_400_000


class Examples:
    """The examples of all sites."""

    def __init__(self, connection: Connection, *, lifetime: int = 365 * DAY) -> None:
        """`lifetime`: milliseconds that an example of no comment is kept."""
        self._wire = connection.wire
        self._keys = connection.keys
        self._lifetime = lifetime

    async def add(self, example: Example) -> bool:
        """Keep an example that no decision made, for as long as such are kept. False: it was here already."""
        keys = self._keys
        word = await self._wire.run(
            "examples/add", [keys.example(example.site, example.id), keys.site_prefix(example.site)],
            example=example.id, taught_at=example.at, lesson=_encode(example), text=sketch(example.text).text, now=now_ms(),
            lives=self._lifetime,
        )  # fmt: skip
        return bool(word == b"added")

    async def forget(self, site: str, text: str) -> int:
        """Erase what was suggested about a text, known by its words alone; how many suggestions that were."""
        keys = [self._keys.site_prefix(site), self._keys.site(site, "examples")]
        return int(await self._wire.run("examples/erase", keys, text=sketch(text).text))

    async def count(self, site: str) -> int:
        """How many examples a site has."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "examples")))

    async def after(self, site: str, moment: int) -> int:
        """How many of a site's examples were taught after a moment (milliseconds)."""
        return int(await self._wire.call("ZCOUNT", self._keys.site(site, "examples"), f"({moment}", "+inf"))

    async def newest(self, site: str) -> int:
        """When a site's newest example was taught; 0 where there is none."""
        found = await self._wire.call("ZRANGE", self._keys.site(site, "examples"), -1, -1, "WITHSCORES")
        return int(float(found[-1])) if found else 0

    async def all(self, site: str, since: int = 0) -> AsyncIterator[Example]:
        """A site's examples that were taught at or after `since` (milliseconds), oldest first."""
        offset = 0
        while True:
            names = await self._wire.call(
                "ZRANGEBYSCORE", self._keys.site(site, "examples"), since, "+inf", "LIMIT", offset, _PAGE
            )
            rows = await self._wire.call_all([("GET", self._keys.example(site, name.decode())) for name in names])
            for row in rows:
                if row is not None:  # erased meanwhile
                    yield _decode(row)
            if len(names) < _PAGE:
                return
            offset += _PAGE
