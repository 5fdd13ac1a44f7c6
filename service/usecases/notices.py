"""The use cases of notices: what waits and nobody was told of, when somebody is to be told, and what a feed shows.

The file of the notices is read by whoever calls (`keyfiles.notices`), and sending is the deliverer's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.clock import now_ms
from service.core.notice import HOUR, LISTS, MINUTE, SHOWN, Held, Notice, SiteCount, Summary, Told, held
from service.core.queue import LISTS as SHELVES
from service.core.queue import Span
from service.store.comments import Comments
from service.store.notices import NoticeStore
from service.store.queue import Queue
from service.store.sites import Accounts

MOST_NEW = 500
"""So many new comments of one list of one site are counted and looked at; the newest."""
MOST_FED = 50
"""Comments in a feed."""
_SETTLE = 3_000  # ms; what came in just now may not be written yet, and others may follow
_LEASE = 2 * MINUTE  # ms for one message
_PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR)  # after the first failed try, the second, …


class _Place(NamedTuple):
    """Where a comment waits, and since when."""

    list: str
    at: int
    comment: str


class Notices:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        store: NoticeStore,
        queue: Queue,
        comments: Comments,
        accounts: Accounts,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._store = store
        self._queue = queue
        self._comments = comments
        self._accounts = accounts
        self._clock = clock

    async def told(self, notice: Notice) -> Told:
        """What became of a notice so far."""
        return await self._store.told(notice.name)

    async def due(self, notice: Notice) -> Summary | None:
        """What a notice has to tell now, claimed for the caller, who says `sent` or `failed` afterwards; None: nothing now."""
        now, told = self._clock(), await self._store.told(notice.name)
        if now - told.at < notice.every or now < told.not_before or is_quiet(notice, now):
            return None
        span = self._since(told.upto)
        counts, places = await self._waiting(notice, span)
        if not places or not (notice.severe or notice.wanted(sum(one.waiting for one in counts), 0.0)):
            return None  # the comments themselves need not be looked at
        summary = await self._summary(counts, places, told.upto)
        if not summary.new or not notice.wanted(summary.waiting, summary.severest):
            return None
        mine = await self._store.claim(notice.name, now=now, every=notice.every, upto=told.upto, lease=_LEASE)
        return summary if mine else None

    async def summary(self, notice: Notice, since: int = 0) -> Summary:
        """What waits for the readers of a notice. New is what came after `since`, milliseconds since 1970."""
        span = self._since(since)
        counts, places = await self._waiting(notice, span)
        return await self._summary(counts, places, since)

    async def feed(self, notice: Notice) -> list[Held]:
        """The newest comments that wait, and are as severe as the notice asks, for a feed."""
        _, places = await self._waiting(notice, Span())
        found = await self._look(places)
        found.sort(key=lambda one: -one.at)
        return [one for one in found if one.severity >= notice.severe][:MOST_FED]

    async def sent(self, notice: Notice, summary: Summary, problem: str = "") -> None:
        """A notice was told, though perhaps, with a `problem`, not to all."""
        await self._store.note(notice.name, at=self._clock(), upto=summary.upto, tries=0, not_before=0, problem=problem)

    async def failed(self, notice: Notice, problem: str, *, after: int = 0, perhaps: bool = False) -> None:
        """A notice could not be told; it is tried again after a pause, at least `after` ms.

        `perhaps`: it may have arrived all the same, so that no other may follow too soon.
        """
        tries = (await self._store.told(notice.name)).tries
        pause = notice.every if perhaps else _PAUSES[min(tries, len(_PAUSES) - 1)]
        until = self._clock() + max(pause, after)
        await self._store.note(notice.name, tries=tries + 1, not_before=until, problem=problem)

    async def ask_for_test(self, notice: Notice, *, actor: str = "") -> int:
        """Have the deliverer send a test; the time by which `Told.tried` tells that it did. `actor`: unless an operator asks."""
        asked = self._clock()
        await self._store.note(notice.name, asked=asked)
        if not actor:
            await self._accounts.audit("notices.try", notice.name)
        return asked

    async def tested(self, notice: Notice, asked: int, ended: str) -> None:
        """A test that was asked for then was sent, and how that ended."""
        await self._store.note(notice.name, test=ended, tried=asked)

    def _since(self, upto: int) -> Span:
        """From what was told last until a moment ago."""
        return Span(upto + 1, max(upto, self._clock() - _SETTLE))

    async def _waiting(self, notice: Notice, span: Span) -> tuple[list[SiteCount], list[_Place]]:
        """How many wait at each site where any do, and the places of those that came in a span of time."""
        counts: list[SiteCount] = []
        places: list[_Place] = []
        sites = [site.id for site in await self._accounts.all() if notice.sees(site.id)]
        for site, sizes in zip(sites, await self._queue.sizes(sites, LISTS), strict=True):
            flagged, escalated, appealed = sizes
            new = [
                _Place(name, *entry)
                for name, size in zip(LISTS, sizes, strict=True)
                if size
                for entry in await self._queue.entered(site, SHELVES[name], span, MOST_NEW)
            ]
            counts.append(SiteCount(site, flagged, escalated, appealed, len(new)))
            places += new
        return [one for one in counts if one.waiting], places

    async def _summary(self, counts: Sequence[SiteCount], places: Sequence[_Place], upto: int) -> Summary:
        """Told up to the newest of them, and no further: clocks of several machines differ."""
        found = await self._look(places)
        found.sort(key=lambda one: (-one.severity, -one.at))
        severest = max((one.severity for one in found), default=0.0)
        newest = max((place.at for place in places), default=upto)
        return Summary(tuple(counts), tuple(found[:SHOWN]), severest, newest)

    async def _look(self, places: Sequence[_Place]) -> list[Held]:
        found = await self._comments.get_many([place.comment for place in places])
        return [
            held(comment, place.list, place.at)
            for place, comment in zip(places, found, strict=True)
            if comment is not None
        ]


def is_quiet(notice: Notice, now: int) -> bool:
    """Whether a notice's quiet hours hold at a time, milliseconds since 1970."""
    there = datetime.fromtimestamp(now / 1000, ZoneInfo(notice.zone))
    return notice.is_quiet(there.weekday(), there.hour * 60 + there.minute)
