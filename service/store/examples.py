"""Examples in Redis: append-only. Those of a decision are written by transition.lua together with it.

What belongs to no comment (suggested scores) is found again by what its text says, so that it can be erased: with a comment
that says the same, by itself (`forget`), and at the latest when its time is over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from service.core.campaigns import sketch
from service.core.example import Example
from service.store.client import Connection, now_ms

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
            "teach", [keys.example(example.id), keys.site(example.site, "")],
            example.id, example.at, _encode(example), sketch(example.text).text, now_ms(), self._lifetime,
        )  # fmt: skip
        return bool(word == b"added")

    async def forget(self, site: str, text: str) -> int:
        """Erase what was suggested about a text, known by its words alone; how many suggestions that were."""
        return int(await self._wire.run("unteach", [self._keys.site(site, "")], sketch(text).text))

    async def count(self, site: str) -> int:
        """How many examples a site has."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "examples")))

    async def chosen(self, site: str) -> set[str]:
        """The comments that were decided while they were marked as worth it for what they teach; the newest 10,000."""
        return {name.decode() for name in await self._wire.call("ZRANGE", self._keys.site(site, "chosen"), 0, -1)}

    async def all(self, site: str, since: int = 0) -> AsyncIterator[Example]:
        """A site's examples that were taught at or after `since` (milliseconds), oldest first."""
        offset = 0
        while True:
            names = await self._wire.call(
                "ZRANGEBYSCORE", self._keys.site(site, "examples"), since, "+inf", "LIMIT", offset, _PAGE
            )
            rows = await self._wire.call_all([("GET", self._keys.example(name.decode())) for name in names])
            for row in rows:
                if row is not None:  # erased meanwhile
                    yield _decode(row)
            if len(names) < _PAGE:
                return
            offset += _PAGE
