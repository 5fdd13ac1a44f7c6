"""Browsers that are told that comments wait, in Redis: one hash for each moderator, by a keyed digest of the browser's address.

A browser is one person's: whoever subscribes in it takes it over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from service.core.push import KEPT_DAYS, MOST_BROWSERS, Browser
from service.store import keys as names
from service.store.client import Connection

_encode = msgspec.msgpack.Encoder().encode
_browser = msgspec.msgpack.Decoder(Browser).decode
_KEPT = KEPT_DAYS * 86_400_000  # ms


class PushStore:
    """The browsers of all moderators. Their ids are digests of their addresses."""

    def __init__(self, connection: Connection, master: bytes) -> None:
        self._wire = connection.wire
        self._key = master[:64]

    def __repr__(self) -> str:
        return "PushStore(…)"

    def digest(self, value: str, purpose: bytes) -> str:
        """A keyed digest of a browser's address, or of a session's token."""
        return hashlib.blake2b(value.encode(), key=self._key, digest_size=24, person=purpose).hexdigest()

    async def of(self, name: str) -> dict[str, Browser]:
        """The browsers of a moderator, by id; those seen last first."""
        flat = await self._wire.call("HGETALL", names.moderators("push", name))
        found = [(one.decode(), _browser(row)) for one, row in zip(flat[::2], flat[1::2], strict=True)]
        return dict(sorted(found, key=lambda one: -one[1].seen))

    async def keep(self, name: str, browser: Browser, others: Sequence[str] = ()) -> None:
        """Keep a browser as a moderator's, and as nobody's of the `others`. Of too many, those seen longest ago go."""
        key, mine = names.moderators("push", name), self.digest(browser.endpoint, b"push")
        await self._wire.call_all([("HDEL", names.moderators("push", other), mine) for other in others])
        await self._wire.call_all([("HSET", key, mine, _encode(browser)), ("PEXPIRE", key, _KEPT)])
        await self.forget(name, *list(await self.of(name))[MOST_BROWSERS:])

    async def forget(self, name: str, *ids: str) -> None:
        """Forget browsers of a moderator."""
        if ids:
            await self._wire.call("HDEL", names.moderators("push", name), *ids)

    async def forget_all(self, name: str) -> None:
        """Forget all of them."""
        await self._wire.call("DEL", names.moderators("push", name))
