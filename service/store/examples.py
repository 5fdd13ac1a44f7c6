"""Examples in Redis: append-only. Those of a decision are written by transition.lua together with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from service.core.example import Example
from service.store.client import Connection

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Example).decode
_PAGE = 500


class Examples:
    """The examples of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def add(self, example: Example) -> bool:
        """Keep an example that no decision made. False: it was here already."""
        keys = self._keys
        word = await self._wire.run(
            "teach", [keys.example(example.id), keys.site(example.site, "examples")], example.id, example.at, _encode(example)
        )  # fmt: skip
        return bool(word == b"added")

    async def count(self, site: str) -> int:
        """How many examples a site has."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "examples")))

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
