"""What http:BL said of IP addresses, remembered by their digests for all processes together. For `service.httpbl`."""

from __future__ import annotations

from typing import Final

from service.store.client import Connection

ASKED: Final = "?"
"""Stands for an answer while somebody asks, and after nobody could tell."""


class Lookups:
    """The answers. A digest whose answer has been forgotten may be asked about again, by one process."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def claim(self, digest: str, seconds: int) -> str | None:
        """The answer that is remembered, perhaps ASKED; None: there is none, and the caller is to ask within `seconds`.

        Raises StoreUnavailable.
        """
        key = self._keys.lookup(digest)
        mine, answer = await self._wire.call_all([("SET", key, ASKED, "NX", "EX", seconds), ("GET", key)])
        return None if mine else (answer or ASKED.encode()).decode()

    async def keep(self, digest: str, answer: str, seconds: int) -> None:
        """Remember an answer. Raises StoreUnavailable."""
        await self._wire.call("SET", self._keys.lookup(digest), answer, "EX", seconds)
