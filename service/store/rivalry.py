"""What a shadow would have decided otherwise, in Redis: counts by pair of outcomes, and the newest disagreements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from service.core.lifecycle import Outcome
from service.store.client import Argument, Connection

LISTED = 1_000
"""How many disagreements of a site are kept, the newest."""
_encode = msgspec.msgpack.Encoder().encode


class Disagreement(Struct, frozen=True):
    """A comment that the shadow would have decided otherwise. No text: the comment has it, while it is kept."""

    comment: str
    at: int  # milliseconds since 1970
    active: str
    shadow: str
    ours: Outcome
    theirs: Outcome
    label: str  # whose scores differ most
    our_score: float
    their_score: float


_decode = msgspec.msgpack.Decoder(Disagreement).decode


class Rivalry:
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
        return [one for one in map(_decode, rows) if one.shadow == shadow][:limit]

    async def forget(self, site: str) -> None:
        """Begin anew, for another shadow."""
        await self._wire.call("DEL", self._keys.site(site, "shadow"), self._keys.site(site, "disagreed"))
