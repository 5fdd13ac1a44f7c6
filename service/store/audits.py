"""The audit sample in Redis: what waits for a blind answer, and every answer. `judging` draws, `learning.quality` counts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from service.core.audit import Audited
from service.core.lifecycle import Outcome
from service.store.client import Argument, Connection

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Audited).decode


class Audits:
    """The audit samples of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def add(self, drawn: Sequence[tuple[str, Audited]]) -> None:
        """Put (site, decision) into the sample. A comment that is in it already, for an earlier text, begins anew."""
        commands: list[tuple[Argument, ...]] = []
        for site, one in drawn:
            commands.append(("HSET", self._keys.site(site, "audited"), one.comment, _encode(one)))
            commands.append(("ZADD", self._keys.site(site, "audit"), one.at, one.comment))
        await self._wire.call_all(commands)

    async def answer(self, site: str, comment: str, outcome: Outcome, *, by: str, at: int) -> bool:
        """Note a moderator's answer; the first one counts. False: it is not in the sample, or was answered before."""
        row = await self._wire.call("HGET", self._keys.site(site, "audited"), comment)
        await self.skip(site, comment)
        if row is None or (one := _decode(row)).answer is not None:
            return False
        answered = msgspec.structs.replace(one, answer=outcome, by=by, answered_at=at)
        await self._wire.call("HSET", self._keys.site(site, "audited"), comment, _encode(answered))
        return True

    async def skip(self, site: str, comment: str) -> None:
        """Take a comment off the list without an answer."""
        await self._wire.call("ZREM", self._keys.site(site, "audit"), comment)

    async def waiting(self, site: str) -> int:
        """How many wait for an answer."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "audit")))

    async def entries(self, site: str, since: int = 0) -> list[Audited]:
        """The sample that was drawn at or after `since` (milliseconds), oldest first."""
        rows = await self._wire.call("HVALS", self._keys.site(site, "audited"))
        return sorted((one for one in map(_decode, rows) if one.at >= since), key=lambda one: (one.at, one.comment))

    async def forget(self, site: str, before: int) -> int:
        """Drop what was drawn before a time, answered or not; how many."""
        old = [one.comment for one in await self.entries(site) if one.at < before]
        if old:
            await self._wire.call("HDEL", self._keys.site(site, "audited"), *old)
            await self._wire.call("ZREM", self._keys.site(site, "audit"), *old)
        return len(old)
