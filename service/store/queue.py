"""The moderators' lists in Redis: stretches of them in order, and counts. Written by the scripts that change a state.

For `service.reviewing`; how the queue divides: `facets.py`. A list is read in stretches, each of one site, from where the
last one ended; nothing is computed ahead and nothing is kept between two requests, so that a page costs the same wherever
it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.queueing import Place
from service.store.client import Argument, Connection, script_command
from service.store.facets import Pair, QueueFacets

_FEW = 2_000
"""Up to so many comments, a facet's are fetched and sorted; beyond that, the queue is walked and those of the facet picked."""
_SOME = 10_000
"""Up to so many comments with the rarest of several values are intersected, which takes some milliseconds."""
_AWAKEN_AT_ONCE = 500
FOREVER: Final = 253_402_300_799_999
"""The end of the year 9999, milliseconds since 1970: a list until then is not limited in time."""


class Shelf(Struct, frozen=True):
    """How a list is kept: its index, in which direction it is read, and which index says when something came to be there."""

    index: str
    newest_first: bool
    times: str


SHELVES: Mapping[str, Shelf] = {
    "flagged": Shelf("queue", False, "flagged"),
    "escalated": Shelf("escalated", False, "escalated"),
    "snoozed": Shelf("snoozed", False, "flagged"),
    "decided": Shelf("decided", True, "decided"),
    "approved": Shelf("approved", True, "approved"),
    "rejected": Shelf("rejected", True, "rejected"),
    "reported": Shelf("reports", True, "all"),
    "appealed": Shelf("appealed", False, "appealed"),
    "later": Shelf("later", False, "approved"),
    "teaches": Shelf("teaches", True, "flagged"),
    "audit": Shelf("audit", False, "audit"),
}


class Span(NamedTuple):
    """A span of time, ends included, milliseconds since 1970."""

    since: int = 0
    until: int = FOREVER

    @property
    def limited(self) -> bool:
        """Whether anything lies outside of it."""
        return self.since > 0 or self.until < FOREVER


ALWAYS: Final = Span()


class Entry(NamedTuple):
    """A place in a list; entries of one list are ordered like these tuples, or the other way round."""

    score: int
    comment: str


class Stretch(NamedTuple):
    """Some of a list, in order. `upto` is the last place that was looked at, None when the list ended."""

    entries: list[Entry]
    upto: Entry | None
    looked: int


class Standing(NamedTuple):
    """What is known of a comment beside its record; times are milliseconds since 1970, 0: none."""

    list: str  # flagged, escalated, snoozed or later; "" when it waits for nobody
    entered: int  # when it came into its state
    snoozed_until: int
    notes: int
    reports: int
    claimed_by: str
    claimed_for: int  # milliseconds that the claim will last, unless it is renewed


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
        names = [(name, self._keys.site(site, shelf.index)) for site in sites for name, shelf in SHELVES.items()]
        sizes = await self._wire.call_all([("ZCARD", key) for _, key in names])
        counts = dict.fromkeys(SHELVES, 0)
        for (name, _), size in zip(names, sizes, strict=True):
            counts[name] += size
        return counts

    async def teaching(self, sites: Sequence[str]) -> set[str]:
        """The comments that are marked for what they teach."""
        rows = await self._wire.call_all([("ZRANGE", self._keys.site(site, "teaches"), 0, -1) for site in sites])
        return {comment.decode() for found in rows for comment in found}

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
        while await self._wire.run("awaken", [self._keys.site(site, "")], now, site, _AWAKEN_AT_ONCE):
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
                    "adopt", [self._keys.comment(comment.id), self._keys.site(comment.site, "")],
                    comment.id, "\n".join(place.facets), place.priority(comment.updated_at, self._severity_hours),
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
