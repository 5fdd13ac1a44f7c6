"""The moderators' lists in Redis: stretches of them in order, counts, and how the queue divides by facets.

A list is read in stretches, each of one site, from where the last one ended; nothing is computed ahead and nothing is kept
between two requests, so that a page costs the same wherever it lies. All of it is written by the scripts that change a state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.queue import FACETS, FOREVER, LISTS, Chosen, Entry, Place, Shelf, Span, Standing, Stretch
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


class _Having(NamedTuple):
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

    async def count(self, site: str, chosen: Chosen) -> int:
        """How many comments in a site's queue have what is chosen, at least one value."""
        sets = self._sets(site, chosen)
        if len(sets) == 1 and len(sets[0]) == 1:
            return int(await self._wire.call("SCARD", *sets[0]))
        return (await self._choose(site, chosen)).size

    async def divide(self, sites: Sequence[str], chosen: Chosen, most: int, among: Sequence[str] = FACETS) -> Divided:
        """How the comments in the queues of some sites that have what is chosen divide, by the facets `among` these.

        Counted are the `most` frequent values of each facet in a queue, and those that are frequent among the chosen comments
        where these are few.
        """
        counts: Divided = {facet: Counter() for facet in among}
        counted_by_bits: list[tuple[str, int]] = []
        for site in sites if chosen else ():
            found = await self._choose(site, chosen)
            if found.bits is None:
                await self._tally(found.comments, counts)
            else:
                counted_by_bits.append((site, found.bits))
        pairs = [
            (facet, value)
            for facet, values in (await self._frequent(sites, most, among)).items()
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

    async def _frequent(self, sites: Sequence[str], most: int, among: Sequence[str]) -> dict[str, dict[str, None]]:
        """The most frequent values of some facets in each of the queues."""
        reads = [(facet, self._keys.facet(site, facet)) for facet in among for site in sites]
        rows = await self._wire.call_all([("ZREVRANGE", name, 0, most - 1) for _, name in reads])
        values: dict[str, dict[str, None]] = {facet: {} for facet in among}
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

    async def any_of(self, sites: Sequence[str], facet: str, values: Sequence[str]) -> list[str]:
        """Of each of these values that comments in the queues of these sites have, some comment with it."""
        names = [self._keys.facet(site, facet, value) for site in sites for value in values]
        rows = await self._wire.call_all([("SRANDMEMBER", name) for name in names])
        return [row.decode() for row in rows if row is not None]

    def _sets(self, site: str, chosen: Chosen) -> list[list[str]]:
        """Of each chosen facet, the sets of comments that have its values."""
        return [[self._keys.facet(site, facet, value) for value in values] for facet, values in chosen.items()]

    async def least(self, site: str, chosen: Chosen) -> int:
        """At most so many comments have what is chosen: as many as have the facet that fewest have."""
        return min(sum(sizes) for sizes in await self._sizes(self._sets(site, chosen)))

    async def _sizes(self, sets: Sequence[Sequence[str]]) -> list[list[int]]:
        sizes = iter(await self._wire.call_all([("SCARD", name) for names in sets for name in names]))
        return [[next(sizes) for _ in names] for names in sets]

    async def common(self, site: str, chosen: Chosen) -> list[bytes]:
        """The comments that have what is chosen: for where at most some thousand have one of the facets."""
        sets = self._sets(site, chosen)
        if all(len(names) == 1 for names in sets):
            return list(await self._wire.call("SINTER", *[names[0] for names in sets]))
        sizes = [sum(some) for some in await self._sizes(sets)]
        members = list(await self._wire.call("SUNION", *sets.pop(sizes.index(min(sizes)))))
        return [one for one, has in zip(members, await self._having(members, sets), strict=True) if has]

    async def having(self, site: str, chosen: Chosen, comments: Sequence[Argument]) -> list[bool]:
        """Which of some comments have what is chosen."""
        return await self._having(comments, self._sets(site, chosen))

    async def _having(self, comments: Sequence[Argument], sets: Sequence[Sequence[str]]) -> list[bool]:
        """Which of some comments are in one of each of the sets."""
        if not comments:
            return []
        asked = [("SMISMEMBER", name, *comments) for names in sets for name in names]
        return _in_each(sets, await self._wire.call_all(asked), len(comments))

    async def _choose(self, site: str, chosen: Chosen) -> _Having:
        if await self.least(site, chosen) <= _FEW:
            return _Having(None, await self.common(site, chosen))
        together = -1
        for facet, values in chosen.items():
            pairs = [(facet, value) for value in values]
            bits = await self._bits(site, pairs)
            few = [pair for pair, one in zip(pairs, bits, strict=True) if one is None]
            either = await self._slots(site, few)
            if either is None:
                return _Having(None, await self.common(site, chosen))
            for one in bits:
                either |= one or 0
            together &= either
        return _Having(together, [])

    async def _slots(self, site: str, pairs: Sequence[Pair]) -> int | None:
        """The slots of values that few have, asked of each comment, as the bits of a number; None: an early version gave none."""
        slots = 0
        rows = await self._wire.call_all([("SMEMBERS", self._keys.facet(site, *pair)) for pair in pairs])
        members = [one for row in rows for one in row]
        for start in range(0, len(members), _AT_ONCE):
            some = members[start : start + _AT_ONCE]
            found = await self._wire.call_all([("HGET", self._keys.comment(one.decode()), "slot") for one in some])
            if None in found:
                return None
            for slot in found:
                slots |= 1 << (int(slot) ^ 7)  # SETBIT counts the bits of a byte from its highest
        return slots

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

    async def _share(self, site: str, chosen: Chosen, bits: int, pairs: Sequence[Pair], counts: Divided) -> None:
        """Add how many of the chosen comments have each of some values: by bits, else by the few members."""
        few: list[Pair] = []
        for (facet, value), slots in zip(pairs, await self._bits(site, pairs), strict=True):
            if slots is None:
                few.append((facet, value))
            else:
                counts[facet][value] += (bits & slots).bit_count()
        sets = self._sets(site, chosen)
        width = sum(map(len, sets))
        for start in range(0, len(few), _SETS_AT_ONCE):
            some = few[start : start + _SETS_AT_ONCE]
            rows = await self._wire.call_all([("SMEMBERS", self._keys.facet(site, *pair)) for pair in some])
            filled = [(pair, members) for pair, members in zip(some, rows, strict=True) if members]
            having = await self._wire.call_all(
                [("SMISMEMBER", name, *members) for _, members in filled for names in sets for name in names]
            )
            for place, ((facet, value), members) in enumerate(filled):
                counts[facet][value] += sum(_in_each(sets, having[place * width :][:width], len(members)))


def _in_each(sets: Sequence[Sequence[str]], rows: Iterable[Sequence[int]], count: int) -> list[bool]:
    """Which of `count` comments are in one of each of the sets, given which are in each set, one after the other."""
    having, found = [True] * count, iter(rows)
    for names in sets:
        either = map(any, zip(*[next(found) for _ in names], strict=True))
        having = [one and other for one, other in zip(having, either, strict=True)]
    return having


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
        facets: Mapping[str, Sequence[str]] = {},
    ) -> Stretch:
        """The next comments of a list behind `after`, looking at `count` of them; `facets` are for the queue only."""
        members = await self._few(site, shelf, facets)
        if members is not None:
            entries = await self._placed(site, shelf, members, after, span)
            read = Stretch(
                entries[:count], entries[count - 1] if len(entries) > count else None, min(count, len(entries))
            )
        else:
            read = await self._walk(site, shelf, after, count, span)
            names = [entry.comment for entry in read.entries]
            if facets:
                wanted = await self._facets.having(site, facets, names)
            else:
                wanted = await self._within(site, shelf, names)
            read = read._replace(entries=[entry for entry, has in zip(read.entries, wanted, strict=True) if has])
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

    async def _few(self, site: str, shelf: Shelf, facets: Chosen) -> list[bytes] | None:
        """All that have these facets, or all that stand in a list that is read by another index, where that is better fetched at
        once than met on a walk."""
        if facets:
            least = await self._facets.least(site, facets)
            if least <= _FEW or (least <= _SOME and await self._facets.count(site, facets) <= _FEW):
                return await self._facets.common(site, facets)
        elif shelf.within:
            name = self._keys.site(site, shelf.within)
            if int(await self._wire.call("ZCARD", name)) <= _FEW:
                return list(await self._wire.call("ZRANGE", name, 0, -1))
        return None

    async def _within(self, site: str, shelf: Shelf, comments: Sequence[str]) -> list[bool]:
        """Which of some comments stand in a list that is read by another index."""
        if not shelf.within or not comments:
            return [True] * len(comments)
        name = self._keys.site(site, shelf.within)
        return [place is not None for place in await self._wire.call("ZMSCORE", name, *comments)]

    async def _placed(
        self, site: str, shelf: Shelf, members: Sequence[bytes], after: Entry | None, span: Span
    ) -> list[Entry]:
        """Comments in the order of a list, behind `after`."""
        if not members:
            return []
        members = sorted(members)
        low, high = span if shelf.times == shelf.index else Span(-FOREVER)
        scores = await self._wire.call("ZMSCORE", self._keys.site(site, shelf.index), *members)
        entries = [
            Entry(int(float(score)), member.decode())
            for member, score in zip(members, scores, strict=True)
            if score is not None and low <= float(score) <= high
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
        """How many held comments stand in no list, or stand in the queue as an earlier version put them there."""
        held, severest, queue, *others = await self._wire.call_all(
            [
                ("ZCARD", self._keys.site(site, name))
                for name in (State.FLAGGED, "severest", "queue", "escalated", "snoozed")
            ]
        )
        return max(0, int(held) - int(queue) - sum(map(int, others))) + max(0, int(queue) - int(severest))

    async def adopt(self, comments: Sequence[tuple[Comment, Place]]) -> int:
        """Put held comments into the queue that stand in no list, each by when it was last changed, and place anew what an
        earlier version put there; how many were."""
        words: list[bytes] = await self._wire.call_all(
            [
                script_command(
                    "queue/enqueue", [self._keys.comment(comment.id), self._keys.site_prefix(comment.site)],
                    comment=comment.id, facets="\n".join(place.facets),
                    priority=place.priority(comment.updated_at, self._severity_hours),
                    severest=place.severest(comment.updated_at),
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
