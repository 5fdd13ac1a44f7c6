"""The use cases of reading: a page of a list, its facets, how much is in each list. For `web.review`.

Which sites a moderator may see is the caller's to say: every use case is given the sites. Several sites' lists are merged
as they are read, in the order of the list, so that a cursor is a place and nothing need be remembered between two pages.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple

from service.clock import now_ms
from service.core.comment import ByAuthor, Comment
from service.core.lifecycle import State
from service.core.queue import (
    FACETS,
    FOREVER,
    LISTS,
    Entry,
    Span,
    Standing,
    Stretch,
    facets,
    is_blind,
    place,
    shelf,
    values,
)
from service.core.text.folding import findable
from service.store.comments import Comments
from service.store.queue import ALWAYS, Queue, QueueFacets
from service.store.review import ReviewStore

MOST_VALUES = 50
"""Values of one facet that are shown."""
_READ = 200  # comments read in one go
_WALK = 1_000  # places of the queue looked at in one go, when it is filtered
_MOST_ROUNDS = 50  # … and how often for one page
_INDEXED = "flagged"


class Filters(NamedTuple):
    """Which comments of which list, in which order ("" is the list's own)."""

    list: str = "flagged"
    facets: Mapping[str, Sequence[str]] = {}
    span: Span = ALWAYS
    handed: Mapping[str, int] = {}  # handed to any of these, since then: `Moderator.answers_for`
    by: str = ""  # decided by this actor
    text: str = ""  # in the comment, the author's name, the page's title or address, or an id, as `findable` reads them
    sort: str = ""  # one of core.queue.SORTS


class Seen(NamedTuple):
    """A comment and how it stands."""

    comment: Comment
    standing: Standing


class Listing(NamedTuple):
    """A page of a list. `next` is the place to go on from, None at its end; `total` None: only looking tells."""

    rows: list[Seen]
    next: Entry | None
    total: int | None
    searched: int


class Division(NamedTuple):
    """How many comments have each value of each facet, the most frequent first.

    Of a facet that is chosen from, all values that the other filters leave, so that more can be chosen. `counted` None: of all
    that match, by the index. Else so many of the list were looked at; unless that is `complete`, they are its first. `titles`
    are what the pages of those are called.
    """

    facets: dict[str, list[tuple[str, int]]]
    counted: int | None = None
    complete: bool = True
    titles: Mapping[str, str] = {}


class Lists:
    """The use cases. `search` is how many comments are looked through for one page; `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        comments: Comments,
        queue: Queue,
        queue_facets: QueueFacets,
        review_store: ReviewStore,
        *,
        search: int = 2_000,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._comments = comments
        self._queue = queue
        self._facets = queue_facets
        self._review_store = review_store
        self._search = search
        self._clock = clock

    async def page(self, sites: Sequence[str], filters: Filters, *, limit: int, after: Entry | None) -> Listing:
        """The next `limit` comments behind `after`; fewer, with a `next`, when that took too much looking."""
        await self.awaken(sites)
        found: list[Comment] = []
        searched, going_on = 0, after
        async for batch, then in self._look(sites, filters, after, limit):
            for entry, comment in batch:
                searched += 1
                if comment is not None and _fits(comment, filters):
                    found.append(comment)
                if len(found) == limit or searched >= self._search:
                    last = then is None and entry is batch[-1][0]
                    return await self._listing(sites, filters, found, None if last else entry, searched)
            going_on = then
        return await self._listing(sites, filters, found, going_on, searched)

    async def _look(
        self, sites: Sequence[str], filters: Filters, after: Entry | None, limit: int
    ) -> AsyncIterator[tuple[list[tuple[Entry, Comment | None]], Entry | None]]:
        """Comments in the order of a list, in batches, each with the place to go on from (None: it was the last)."""
        by_looking = filters.text or _looked_for(filters) or (filters.facets and filters.list != _INDEXED)
        size = _READ if by_looking else min(_READ, limit + 1)
        for _ in range(_MOST_ROUNDS):
            entries, upto = await self._read(sites, filters, after, limit)
            for start in range(0, max(1, len(entries)), size):
                some = entries[start : start + size]
                comments = await self._comments.get_many([entry.comment for entry in some])
                last = start + size >= len(entries)
                yield list(zip(some, comments, strict=True)), upto if last else some[-1]
            if upto is None:
                return
            after = upto

    async def _read(
        self, sites: Sequence[str], filters: Filters, after: Entry | None, limit: int
    ) -> tuple[list[Entry], Entry | None]:
        """The next places of all sites in order, as far as all of them were read, and how far that is (None: to the end)."""
        kept = shelf(filters.list, filters.sort)
        chosen = filters.facets if filters.list == _INDEXED else {}
        filtered = filters.facets or filters.text or filters.span.limited or _looked_for(filters) or kept.within
        count = _WALK if filtered else limit + 1
        stretches: list[Stretch] = await asyncio.gather(
            *[
                self._queue.stretch(site, kept, after=after, count=count, span=filters.span, facets=chosen)
                for site in sites
            ]
        )
        ends = [stretch.upto for stretch in stretches if stretch.upto is not None]
        entries = sorted((entry for stretch in stretches for entry in stretch.entries), reverse=kept.newest_first)
        if not ends:
            return entries, None
        upto = max(ends) if kept.newest_first else min(ends)
        return [entry for entry in entries if (entry >= upto if kept.newest_first else entry <= upto)], upto

    async def _listing(
        self, sites: Sequence[str], filters: Filters, found: list[Comment], going_on: Entry | None, searched: int
    ) -> Listing:
        return Listing(await self.seen(found), going_on, await self.total(sites, filters), searched)

    async def seen(self, comments: Sequence[Comment]) -> list[Seen]:
        """Comments with how they stand."""
        standing = await self._queue.standing(comments)
        return [Seen(comment, one) for comment, one in zip(comments, standing, strict=True)]

    async def total(self, sites: Sequence[str], filters: Filters) -> int | None:
        """How many match in all; None where only looking at them would tell."""
        if filters.handed and filters.list == "escalated" and not (filters.by or filters.text or filters.facets):
            return None if filters.span.limited else await self._queue.handed(sites, filters.handed)
        if (
            filters.text
            or _looked_for(filters)
            or (filters.facets and (filters.list != _INDEXED or filters.span.limited))
        ):
            return None
        if filters.facets:
            return sum([await self._facets.count(site, filters.facets) for site in sites])
        totals = [await self._queue.total(site, LISTS[filters.list], filters.span) for site in sites]
        return sum(total for total in totals if total is not None) if None not in totals else None

    async def counts(self, sites: Sequence[str], mine: Mapping[str, int] | None = None) -> dict[str, int]:
        """How many comments are in each list, and how many of them are `mine`: handed to whoever asks."""
        await self.awaken(sites)
        return {**await self._queue.counts(sites), "mine": await self._queue.handed(sites, mine or {})}

    async def facets(self, sites: Sequence[str], filters: Filters, among: Sequence[str] = ()) -> Division:
        """How the comments of a list that match the filters divide; the quality sample, being blind, only by site.

        `among`: from which sites these are chosen. The queue is counted in its index, however long it is; where that does not
        tell, comments are looked at.
        """
        await self.awaken(sites)
        found = await self._division(sites, filters)
        if among and set(among) != set(sites):
            found = _with(found, "site", await self._division(among, filters, ("site",)))
        for facet in filters.facets:
            others = {other: values for other, values in filters.facets.items() if other != facet}
            found = _with(found, facet, await self._division(sites, filters._replace(facets=others), (facet,)))
        return found._replace(facets={"site": found.facets["site"]}) if is_blind(filters.list) else found

    async def _division(
        self, sites: Sequence[str], filters: Filters, of: Sequence[str] = ("site", *FACETS)
    ) -> Division:
        """How the comments that match divide by some facets."""
        looked_for = filters.text or filters.span.limited or _looked_for(filters)
        if looked_for or (filters.list != _INDEXED and not is_blind(filters.list)):
            return await self._divide(sites, filters)
        by_site = {site: await self.total([site], filters) or 0 for site in sites} if "site" in of else {}
        facets = [facet for facet in of if facet != "site"] if filters.list == _INDEXED else []
        by_value = await self._facets.divide(sites, filters.facets, MOST_VALUES, facets) if facets else {}
        return Division(_most_frequent({**by_value, "site": by_site}))

    async def _divide(self, sites: Sequence[str], filters: Filters) -> Division:
        """Count by looking at the first comments of a list."""
        counts: dict[str, Counter[str]] = {facet: Counter() for facet in ("site", *FACETS)}
        titles: dict[str, str] = {}
        searched, whole = 0, False
        async for batch, then in self._look(sites, filters, None, self._search):
            some = batch[: self._search - searched]
            for _, comment in some:
                if comment is not None and _fits(comment, filters):
                    counts["site"][comment.site] += 1
                    for facet, values in facets(comment).items():
                        counts[facet].update(values)
                    titles |= _titles([comment])
            searched += len(some)
            whole = then is None and len(some) == len(batch)
            if searched >= self._search:
                break
        return Division(_most_frequent(counts), searched, whole, titles)

    async def names(self, sites: Sequence[str], digests: Sequence[str]) -> dict[str, str]:
        """What the authors of these digests last called themselves on one of these sites, where that is still kept."""
        names = await asyncio.gather(*[self._name(sites, digest) for digest in digests])
        return {digest: name for digest, name in zip(digests, names, strict=True) if name}

    async def _name(self, sites: Sequence[str], digest: str) -> str:
        for site in sites:
            rows = await self._comments.page(site, ByAuthor(digest), newest=FOREVER, oldest=0, after=None, limit=1)
            found = await self._comments.get_many([identity for identity, _ in rows])
            if found and found[0] and found[0].submission:
                return found[0].submission.author.name
        return ""

    async def titles(self, sites: Sequence[str], found: Division) -> dict[str, str]:
        """The titles of the pages that these sites' comments divide by, where the platform told them."""
        untold = [url for url, _ in found.facets.get("page", []) if url not in found.titles]
        return {
            **_titles(await self._comments.get_many(await self._facets.any_of(sites, "page", untold))),
            **found.titles,
        }

    async def views(self, moderator: str) -> bytes | None:
        """A moderator's saved views, as they were put."""
        return await self._review_store.views(moderator)

    async def save_views(self, moderator: str, views: bytes) -> None:
        """Keep a moderator's views."""
        await self._review_store.put_views(moderator, views)

    async def awaken(self, sites: Sequence[str]) -> None:
        """Return to the queue what was snoozed until now."""
        now = self._clock()
        await asyncio.gather(*[self._queue.awaken(site, now) for site in sites])

    async def adopt(self, site: str) -> int:
        """Put into the queue what was held before there was one; how many comments that was."""
        if not await self._queue.unlisted(site):
            return 0
        adopted, after = 0, None
        while True:
            rows = await self._comments.page(site, State.FLAGGED, newest=FOREVER, oldest=0, after=after, limit=_READ)
            found = await self._comments.get_many([identity for identity, _ in rows])
            held = [comment for comment in found if comment is not None and comment.state is State.FLAGGED]
            adopted += await self._queue.adopt([(comment, place(comment)) for comment in held])
            if len(rows) < _READ:
                return adopted
            after = (rows[-1][1], rows[-1][0])


def _most_frequent(counts: Mapping[str, Mapping[str, int]]) -> dict[str, list[tuple[str, int]]]:
    return {
        facet: sorted(((value, count) for value, count in found.items() if count), key=lambda one: (-one[1], one[0]))[
            : None if facet == "site" else MOST_VALUES
        ]
        for facet, found in counts.items()
    }


def _titles(comments: Sequence[Comment | None]) -> dict[str, str]:
    """What the pages of comments are called, by what they are filtered by."""
    pages = [one.submission.page for one in comments if one is not None and one.submission]
    return {values([page.url])[0]: page.title for page in pages if page.url and page.title}


def _with(found: Division, facet: str, other: Division) -> Division:
    """A division with one facet as another one has it."""
    return found._replace(
        facets={**found.facets, facet: other.facets[facet]},
        complete=found.complete and other.complete,
        titles={**found.titles, **other.titles},
    )


def _looked_for(filters: Filters) -> bool:
    """Whether only looking at comments tells which of them match, whatever the list."""
    return bool(filters.handed or filters.by)


def _fits(comment: Comment, filters: Filters) -> bool:
    expected = LISTS[filters.list].state
    if comment.state is not expected if expected else comment.state in (State.ERASED, State.PENDING):
        return False
    if filters.facets and filters.list != _INDEXED:  # there, the index has picked them
        has = facets(comment)
        if not all(set(values).intersection(has[facet]) for facet, values in filters.facets.items()):
            return False
    if filters.by and (comment.decision is None or str(comment.decision.actor) != filters.by):
        return False
    handed = comment.handed
    if filters.handed and (handed is None or handed.at < filters.handed.get(handed.to, FOREVER)):
        return False
    submission = comment.submission
    if not filters.text or submission is None:
        return not filters.text
    wanted, page = findable(filters.text), submission.page
    texts = (submission.content, submission.author.name, page.title, page.url, submission.platform_id, comment.id)
    return any(wanted in findable(text) for text in texts)
