"""How the queue of held comments divides, in Redis: counts by each value of a facet, and what values have in common.

For `service.reviewing`; written by the scripts that move comments (`scripts/shared/queue.lua`). Nothing here looks at more
than some thousand comments, nor keeps Redis busy for long: values that many comments have are counted by their bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from service.core.queueing import FACETS
from service.store.client import Connection

Pair = tuple[str, str]
"""A facet and one value of it."""
_FEW: Final = 2_000
"""Up to so many comments are looked at one by one: then their counts are whole, not only those of the most frequent values."""
_AT_ONCE: Final = 500  # comments in one write; between two of them others have their turn
_SETS_AT_ONCE: Final = 50  # sets of few comments in one write

Divided = dict[str, Counter[str]]
"""How many comments have each value, by facet."""


class _Chosen(NamedTuple):
    """The comments that have all of the chosen values: by their slots, or (`bits` None) one by one."""

    bits: int | None
    comments: list[bytes]

    @property
    def size(self) -> int:
        return len(self.comments) if self.bits is None else self.bits.bit_count()


class QueueFacets:
    """The facets of all queues."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def count(self, site: str, chosen: Sequence[Pair]) -> int:
        """How many comments in a site's queue have all of these values, at least one."""
        if len(chosen) == 1:
            return int(await self._wire.call("SCARD", self._keys.facet(site, *chosen[0])))
        return (await self._choose(site, chosen)).size

    async def divide(self, sites: Sequence[str], chosen: Sequence[Pair], most: int) -> Divided:
        """How the comments in the queues of some sites that have all of the chosen values divide.

        Counted are the `most` frequent values of each facet in a queue, and those that are frequent among the chosen comments
        where these are few.
        """
        counts: Divided = {facet: Counter() for facet in FACETS}
        counted_by_bits: list[tuple[str, int]] = []
        for site in sites if chosen else ():
            found = await self._choose(site, chosen)
            if found.bits is None:
                await self._tally(found.comments, counts)
            else:
                counted_by_bits.append((site, found.bits))
        pairs = [
            (facet, value)
            for facet, values in (await self._frequent(sites, most)).items()
            for value in {**values, **dict(counts[facet].most_common(most))}
        ]
        for site, bits in counted_by_bits:
            await self._share(site, chosen, bits, pairs, counts)
        if not chosen:
            await self._whole(sites, pairs, counts)
        return {
            facet: Counter({value: found[value] for of, value in pairs if of == facet and found[value]})
            for facet, found in counts.items()
        }

    async def _frequent(self, sites: Sequence[str], most: int) -> dict[str, dict[str, None]]:
        """The most frequent values of each facet in each of the queues."""
        reads = [(facet, self._keys.facet(site, facet)) for facet in FACETS for site in sites]
        rows = await self._wire.call_all([("ZREVRANGE", name, 0, most - 1) for _, name in reads])
        values: dict[str, dict[str, None]] = {facet: {} for facet in FACETS}
        for (facet, _), found in zip(reads, rows, strict=True):
            values[facet].update(dict.fromkeys(value.decode() for value in found))
        return values

    async def _whole(self, sites: Sequence[str], pairs: Sequence[Pair], counts: Divided) -> None:
        """Add how many comments of whole queues have each of some values."""
        asked = [(site, *pair) for site in sites for pair in pairs]
        scores = await self._wire.call_all(
            [("ZSCORE", self._keys.facet(site, facet), value) for site, facet, value in asked]
        )
        for (_, facet, value), score in zip(asked, scores, strict=True):
            counts[facet][value] += int(float(score or 0))

    async def _choose(self, site: str, chosen: Sequence[Pair]) -> _Chosen:
        sets = [self._keys.facet(site, *pair) for pair in chosen]
        sizes = await self._wire.call_all([("SCARD", name) for name in sets])
        if min(sizes) > _FEW:
            bits = await self._bits(site, chosen)
            if None not in bits:
                together = -1
                for one in bits:
                    together &= one or 0
                return _Chosen(together, [])
        return _Chosen(None, await self._wire.call("SINTER", *sets))

    async def _bits(self, site: str, pairs: Sequence[Pair]) -> list[int | None]:
        """The slots of each value, as the bits of a number; None: it has no bits, because few have it."""
        rows = await self._wire.call_all([("GET", self._keys.bits(site, *pair)) for pair in pairs])
        return [int.from_bytes(row, "little") if row is not None else None for row in rows]

    async def _tally(self, comments: Sequence[bytes], counts: Divided) -> None:
        """Add the values that these comments have."""
        for start in range(0, len(comments), _AT_ONCE):
            some = comments[start : start + _AT_ONCE]
            rows = await self._wire.call_all([("HGET", self._keys.comment(one.decode()), "fac") for one in some])
            for row in rows:
                for line in (row or b"").decode().split("\n"):
                    facet, _, value = line.partition(":")
                    if facet in counts:
                        counts[facet][value] += 1

    async def _share(
        self, site: str, chosen: Sequence[Pair], bits: int, pairs: Sequence[Pair], counts: Divided
    ) -> None:
        """Add how many of the chosen comments have each of some values: by bits, else by the few members."""
        few: list[Pair] = []
        for (facet, value), slots in zip(pairs, await self._bits(site, pairs), strict=True):
            if slots is None:
                few.append((facet, value))
            else:
                counts[facet][value] += (bits & slots).bit_count()
        sets = [self._keys.facet(site, *pair) for pair in chosen]
        for start in range(0, len(few), _SETS_AT_ONCE):
            some = few[start : start + _SETS_AT_ONCE]
            rows = await self._wire.call_all([("SMEMBERS", self._keys.facet(site, *pair)) for pair in some])
            filled = [(pair, members) for pair, members in zip(some, rows, strict=True) if members]
            having = await self._wire.call_all(
                [("SMISMEMBER", name, *members) for _, members in filled for name in sets]
            )
            for place, ((facet, value), _) in enumerate(filled):
                of_each = having[place * len(sets) : (place + 1) * len(sets)]
                counts[facet][value] += sum(map(all, zip(*of_each, strict=True)))
