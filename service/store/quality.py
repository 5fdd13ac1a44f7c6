"""What live quality is measured from, in Redis: the blind sample and its answers, and what a shadow would have decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from service.core.example import Disagreement, SampledDecision
from service.core.lifecycle import Outcome
from service.store.client import Connection
from service.store.script import Argument

_encode = msgspec.msgpack.Encoder().encode
_decode_sampled = msgspec.msgpack.Decoder(SampledDecision).decode


class QualitySample:
    """The audit samples of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def add(self, drawn: Sequence[tuple[str, SampledDecision]]) -> None:
        """Put (site, decision) into the sample. A comment that is in it already, for an earlier text, begins anew."""
        commands: list[tuple[Argument, ...]] = []
        for site, one in drawn:
            commands.append(("HSET", self._keys.site(site, "audited"), one.comment, _encode(one)))
            commands.append(("ZADD", self._keys.site(site, "audit"), one.at, one.comment))
        await self._wire.call_all(commands)

    async def answer(self, site: str, comment: str, outcome: Outcome, *, by: str, at: int, revision: int = 0) -> bool:
        """Note a moderator's answer; the first one counts. False: it is not in the sample, or was answered before."""
        row = await self._wire.call("HGET", self._keys.site(site, "audited"), comment)
        await self.skip(site, comment)
        if row is None or (one := _decode_sampled(row)).answer is not None:
            return False
        answered = msgspec.structs.replace(one, answer=outcome, by=by, answered_at=at, revision=revision)
        await self._wire.call("HSET", self._keys.site(site, "audited"), comment, _encode(answered))
        return True

    async def take_back(self, site: str, comment: str, revision: int) -> None:
        """Forget the answer that made a revision of the comment, and have it wait for another."""
        row = await self._wire.call("HGET", self._keys.site(site, "audited"), comment)
        if row is None or (one := _decode_sampled(row)).answer is None or one.revision != revision:
            return
        await self.add([(site, msgspec.structs.replace(one, answer=None, by="", answered_at=0, revision=0))])

    async def skip(self, site: str, comment: str) -> None:
        """Take a comment off the list without an answer."""
        await self._wire.call("ZREM", self._keys.site(site, "audit"), comment)

    async def waiting(self, site: str) -> int:
        """How many wait for an answer."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "audit")))

    async def entries(self, site: str, since: int = 0) -> list[SampledDecision]:
        """The sample that was drawn at or after `since` (milliseconds), oldest first."""
        rows = await self._wire.call("HVALS", self._keys.site(site, "audited"))
        return sorted(
            (one for one in map(_decode_sampled, rows) if one.at >= since), key=lambda one: (one.at, one.comment)
        )

    async def forget(self, site: str, before: int) -> int:
        """Drop what was drawn before a time, answered or not; how many."""
        old = [one.comment for one in await self.entries(site) if one.at < before]
        if old:
            await self._wire.call("HDEL", self._keys.site(site, "audited"), *old)
            await self._wire.call("ZREM", self._keys.site(site, "audit"), *old)
        return len(old)


# What a shadow would have decided otherwise, in Redis: counts by pair of outcomes, and the newest disagreements.


LISTED = 1_000
"""How many disagreements of a site are kept, the newest."""


_decode_disagreement = msgspec.msgpack.Decoder(Disagreement).decode


class ShadowVerdicts:
    """The shadows of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def note(
        self, site: str, shadow: str, pairs: Mapping[tuple[Outcome, Outcome], int], found: Sequence[Disagreement]
    ) -> None:
        """Count pairs of outcomes (the active version's, the shadow's), and keep the disagreements among them."""
        counts, newest = self._keys.site(site, "shadow"), self._keys.site(site, "disagreed")
        commands: list[tuple[Argument, ...]] = [
            ("HINCRBY", counts, f"{shadow}:{ours}:{theirs}", n) for (ours, theirs), n in pairs.items()
        ]
        if found:
            commands += [("LPUSH", newest, *map(_encode, found)), ("LTRIM", newest, 0, LISTED - 1)]
        await self._wire.call_all(commands)

    async def counts(self, site: str, shadow: str) -> Counter[tuple[Outcome, Outcome]]:
        """How often which pair of outcomes came about."""
        rows = await self._wire.call("HGETALL", self._keys.site(site, "shadow"))
        counted: Counter[tuple[Outcome, Outcome]] = Counter()
        for field, value in zip(rows[::2], rows[1::2], strict=True):
            version, ours, theirs = field.decode().rsplit(":", 2)
            if version == shadow:
                counted[Outcome(ours), Outcome(theirs)] = int(value)
        return counted

    async def disagreements(self, site: str, shadow: str, limit: int = 50) -> list[Disagreement]:
        """The newest ones with this shadow."""
        rows = await self._wire.call("LRANGE", self._keys.site(site, "disagreed"), 0, LISTED - 1)
        return [one for one in map(_decode_disagreement, rows) if one.shadow == shadow][:limit]

    async def forget(self, site: str) -> None:
        """Begin anew, for another shadow."""
        await self._wire.call("DEL", self._keys.site(site, "shadow"), self._keys.site(site, "disagreed"))
