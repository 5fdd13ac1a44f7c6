"""The moderators' lists in Redis: stretches of them in order, counts, and how the queue divides by facets.

A list is read in stretches, each of one site, from where the last one ended; nothing is computed ahead and nothing is kept
between two requests, so that a page costs the same wherever it lies. All of it is written by the scripts that change a state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.queue import FACETS, FOREVER, LISTS, Entry, Place, Shelf, Span, Standing, Stretch
from service.store.client import Connection
from service.store.script import Argument, script_command

# How the queue of held comments divides, in Redis: counts by each value of a facet, and what values have in common.
#
# For `service.container`; written by the scripts that move comments (`scripts/shared/lists.lua`). Nothing here looks at more
# than some thousand comments, nor keeps Redis busy for long: values that many comments have are counted by their bits.


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


_SOME = 10_000
"""Up to so many comments with the rarest of several values are intersected, which takes some milliseconds."""
_AWAKEN_AT_ONCE = 500


ALWAYS: Final = Span()


class Queue:
    """The lists of all sites."""

    def __init__(self, connection: Connection, *, severity_hours: float = 12.0) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._severity_hours = severity_hours
        self._facets = QueueFacets(connection)

    async def stretch(
        self,
        site: str,
        shelf: Shelf,
        *,
        after: Entry | None,
        count: int,
        span: Span = ALWAYS,
        facets: Sequence[Pair] = (),
    ) -> Stretch:
        """The next comments of a list behind `after`, looking at `count` of them; `facets` are for the queue only."""
        sets = [self._keys.facet(site, *pair) for pair in facets]
        if sets and await self._can_pick(site, facets, sets):
            entries = await self._pick(site, shelf, sets, after)
            read = Stretch(
                entries[:count], entries[count - 1] if len(entries) > count else None, min(count, len(entries))
            )
        else:
            read = await self._walk(site, shelf, after, count, span)
            wanted = await self._wire.call_all(
                [("SMISMEMBER", name, *[entry.comment for entry in read.entries]) for name in sets if read.entries]
            )
            if wanted:
                read = read._replace(
                    entries=[entry for entry, *has in zip(read.entries, *wanted, strict=True) if all(has)]
                )
        if shelf.times == shelf.index or not span.limited or not read.entries:
            return read
        times = await self._wire.call(
            "ZMSCORE", self._keys.site(site, shelf.times), *[entry.comment for entry in read.entries]
        )
        timely = [
            entry
            for entry, at in zip(read.entries, times, strict=True)
            if at is not None and span.since <= float(at) <= span.until
        ]
        return read._replace(entries=timely)

    async def _can_pick(self, site: str, facets: Sequence[Pair], sets: Sequence[str]) -> bool:
        """Whether what the sets have in common is better fetched at once than met on a walk."""
        least = min(await self._wire.call_all([("SCARD", name) for name in sets]))
        return least <= _FEW or (least <= _SOME and await self._facets.count(site, facets) <= _FEW)

    async def _pick(self, site: str, shelf: Shelf, sets: Sequence[str], after: Entry | None) -> list[Entry]:
        """All that the sets have in common, in order, behind `after`."""
        members = sorted(await self._wire.call("SINTER", *sets))
        if not members:
            return []
        scores = await self._wire.call("ZMSCORE", self._keys.site(site, shelf.index), *members)
        entries = [
            Entry(int(float(score)), member.decode())
            for member, score in zip(members, scores, strict=True)
            if score is not None
        ]
        entries.sort(reverse=shelf.newest_first)
        return [entry for entry in entries if after is None or _behind(entry, after, shelf)]

    async def _walk(self, site: str, shelf: Shelf, after: Entry | None, count: int, span: Span) -> Stretch:
        name = self._keys.site(site, shelf.index)
        low, high = span if shelf.times == shelf.index else Span(-FOREVER)
        if after is not None:
            low, high = (low, min(high, after.score)) if shelf.newest_first else (max(low, after.score), high)
        entries: list[Entry] = []
        offset = 0
        while len(entries) <= count:  # one more tells that the list goes on
            reading = (
                ("ZREVRANGEBYSCORE", name, high, low) if shelf.newest_first else ("ZRANGEBYSCORE", name, low, high)
            )
            rows = await self._wire.call(*reading, "WITHSCORES", "LIMIT", offset, count + 1)
            for member, score in zip(rows[::2], rows[1::2], strict=True):
                entry = Entry(int(float(score)), member.decode())
                if after is None or _behind(entry, after, shelf):
                    entries.append(entry)
            if len(rows) < 2 * (count + 1):
                break
            offset += count + 1
        more = len(entries) > count
        return Stretch(entries[:count], entries[count - 1] if more else None, min(count, len(entries)))

    async def total(self, site: str, shelf: Shelf, span: Span = ALWAYS) -> int | None:
        """How many comments a list has in a span of time; None where only looking at them would tell."""
        name = self._keys.site(site, shelf.index)
        if span.limited:
            return int(await self._wire.call("ZCOUNT", name, *span)) if shelf.times == shelf.index else None
        return int(await self._wire.call("ZCARD", name))

    async def counts(self, sites: Sequence[str]) -> dict[str, int]:
        """How many comments stand in each list, of all these sites together."""
        names = [(name, self._keys.site(site, shelf.index)) for site in sites for name, shelf in LISTS.items()]
        sizes = await self._wire.call_all([("ZCARD", key) for _, key in names])
        counts = dict.fromkeys(LISTS, 0)
        for (name, _), size in zip(names, sizes, strict=True):
            counts[name] += size
        return counts

    async def handed(self, sites: Sequence[str], whom: Mapping[str, int]) -> int:
        """How many comments were handed to any of some, each since a time (milliseconds since 1970), and wait for them."""
        keys = [(self._keys.handed(site, one), since) for site in sites for one, since in whom.items()]
        return sum(map(int, await self._wire.call_all([("ZCOUNT", key, since, "+inf") for key, since in keys])))

    async def sizes(self, sites: Sequence[str], lists: Sequence[str]) -> list[tuple[int, ...]]:
        """How many comments stand in each of some lists, of each site, in one round trip."""
        names = [self._keys.site(site, LISTS[name].index) for site in sites for name in lists]
        sizes = await self._wire.call_all([("ZCARD", name) for name in names])
        return [tuple(sizes[place : place + len(lists)]) for place in range(0, len(sizes), len(lists))]

    async def entered(self, site: str, shelf: Shelf, span: Span, limit: int) -> list[Entry]:
        """What came into a list in a span of time and is still in it: the newest `limit`, each with when, the newest first."""
        rows = await self._wire.call(
            "ZREVRANGEBYSCORE",
            self._keys.site(site, shelf.times),
            span.until,
            span.since,
            "WITHSCORES",
            "LIMIT",
            0,
            limit,
        )
        entries = [Entry(int(float(at)), comment.decode()) for comment, at in zip(rows[::2], rows[1::2], strict=True)]
        if shelf.times == shelf.index or not entries:
            return entries
        places = await self._wire.call(
            "ZMSCORE", self._keys.site(site, shelf.index), *[entry.comment for entry in entries]
        )
        return [entry for entry, place in zip(entries, places, strict=True) if place is not None]

    async def standing(self, comments: Sequence[Comment]) -> list[Standing]:
        """What is known of comments beside their records, in one round trip."""
        keys, width = self._keys, 7
        commands: list[tuple[Argument, ...]] = []
        for comment in comments:
            identity, site = comment.id, comment.site
            commands += [
                ("HMGET", keys.comment(identity), "list", "notes"),
                ("ZSCORE", keys.site(site, comment.state), identity),
                ("ZSCORE", keys.site(site, "snoozed"), identity),
                ("SCARD", keys.reporters(identity)),
                ("SCARD", keys.answered(identity)),
                ("GET", keys.of("claim", identity)),
                ("PTTL", keys.of("claim", identity)),
            ]
        replies = await self._wire.call_all(commands)
        return [_standing(replies[place : place + width]) for place in range(0, len(replies), width)]

    async def awaken(self, site: str, now: int) -> None:
        """Return to the queue what was snoozed until now."""
        keys = [self._keys.site_prefix(site), self._keys.site(site, "snoozed")]
        while await self._wire.run("queue/unsnooze", keys, now=now, site=site, most=_AWAKEN_AT_ONCE):
            pass

    async def unlisted(self, site: str) -> int:
        """How many held comments stand in no list: they were held before there was a queue."""
        held, *listed = await self._wire.call_all(
            [("ZCARD", self._keys.site(site, name)) for name in (State.FLAGGED, "queue", "escalated", "snoozed")]
        )
        return max(0, int(held) - sum(map(int, listed)))

    async def adopt(self, comments: Sequence[tuple[Comment, Place]]) -> int:
        """Put held comments that stand in no list into the queue, each by when it was last changed; how many were."""
        words: list[bytes] = await self._wire.call_all(
            [
                script_command(
                    "queue/enqueue", [self._keys.comment(comment.id), self._keys.site_prefix(comment.site)],
                    comment=comment.id, facets="\n".join(place.facets),
                    priority=place.priority(comment.updated_at, self._severity_hours),
                )
                for comment, place in comments
            ]
        )  # fmt: skip
        return words.count(b"adopted")


def _behind(entry: Entry, after: Entry, shelf: Shelf) -> bool:
    return entry < after if shelf.newest_first else entry > after


def _standing(row: Sequence[Any]) -> Standing:
    (name, notes), entered, snoozed, waiting, answered, claimed_by, left = row
    return Standing(
        list=name.decode() if name else "",
        entered=int(float(entered or 0)),
        snoozed_until=int(float(snoozed or 0)),
        notes=int(notes or 0),
        reports=waiting + answered,
        claimed_by=claimed_by.decode() if claimed_by else "",
        claimed_for=max(0, int(left)),
    )
