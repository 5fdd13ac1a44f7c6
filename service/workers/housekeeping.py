"""Keeping house: dropping texts whose time has come, forgetting dead workers, tending the moderators' queues."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from service import metrics
from service.clock import now_ms
from service.container import Services
from service.core.comment import Comment
from service.core.errors import StoreUnavailable
from service.core.lifecycle import State
from service.core.resubmission import without_text
from service.core.site import circle_of
from service.usecases.health import say_unavailable

_INTERVAL = 60.0  # seconds
_BATCH = 500  # comments looked at in one go
_DAY = 86_400_000  # milliseconds
_FORGET_WORKER = 3_600_000  # milliseconds without a sign

log = structlog.get_logger(__name__)


class Left:
    """The sites that were removed and left comments; looked for once a day, since all keys are gone through for it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: tuple[int, list[str]] | None = None

    async def sites(self, now: int) -> list[str]:
        """Their names at `now`, milliseconds since 1970; also those whose names are taken again since the last look."""
        if self._known is None or now - self._known[0] >= _DAY:
            self._known = now, await self._services.sites.left()
        return self._known[1]


async def run_housekeeping(services: Services, stop: asyncio.Event) -> None:
    """Keep house every minute until `stop` is set."""
    left = Left(services)
    while not stop.is_set():
        try:
            gone = await left.sites(now_ms())
            dropped = await drop_old_texts(services, now_ms(), gone)
            await services.work.forget_workers(_FORGET_WORKER)
            await tend_queues(services)
            if back := await put_clock_right(services):
                log.warning("call-backs of a wrong clock brought back", role="housekeeping", count=back)
            await into_circles(services, gone)
            if dropped:
                log.info("texts dropped", role="housekeeping", count=dropped)
        except StoreUnavailable as error:
            say_unavailable("housekeeping", error)
        except Exception as error:  # this must not take the worker beside it down
            metrics.FAILURES.labels("housekeeping").inc()
            log.error("housekeeping failed", role="housekeeping", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _INTERVAL)


async def put_clock_right(services: Services) -> int:
    """Bring back call-backs that were put ahead while a clock was wrong; how many."""
    longest = int(services.settings.deliver_timeout * 2_000) + 60_000  # of a lease, and more
    return sum([await services.deliveries.put_right(site.id, longest) for site in await services.accounts.all()])


async def tend_queues(services: Services) -> None:
    """Return what was snoozed until now, and queue what was held before there was a queue."""
    sites = [site.id for site in await services.accounts.all()]
    await services.review.lists.awaken(sites)
    for site in sites:
        await services.review.lists.adopt(site)
        await services.comments.adopt_quotes(site)


async def into_circles(services: Services, left: Sequence[str] = ()) -> None:
    """Part the people of sites that an earlier version knew by the same digests; once for each site, also the removed ones."""
    for site in await services.accounts.all():
        await services.privacy.into_circles(site.id, site.circles)
    for name in left:
        await services.privacy.into_circles(name, (circle_of(name, ""),))


async def drop_old_texts(services: Services, now: int, left: Sequence[str] = ()) -> int:
    """Drop the texts of comments that were approved or rejected long enough ago; how many. What was learnt from them and what
    moderators noted beside them goes at times of its own.

    Digests, scores, decisions and history stay until what remains goes as a whole. What is flagged or pending keeps its text
    until it is decided; on a site that was removed (`left`) nobody decides any more, so there it goes as what was rejected does.
    """
    settings, dropped = services.settings, 0
    keep = {State.APPROVED: settings.retain_approved_days, State.REJECTED: settings.retain_rejected_days}
    others = {"examples": settings.retain_examples_days, "notes": settings.retain_notes_days}
    others["remains"] = max(settings.retain_remains_days, *keep.values(), *others.values())
    sites = {site.id: keep for site in await services.accounts.all()}
    undecided = dict.fromkeys((State.FLAGGED, State.PENDING), settings.retain_rejected_days)
    for site, ending in (dict.fromkeys(left, keep | undecided) | sites).items():
        for state, days in ending.items():
            dropped += await _sweep(services, site, state, "", until=now - int(days * _DAY))
            for what, longer in others.items():
                await _sweep(services, site, state, what, until=now - int(longer * _DAY))
    return dropped


async def _sweep(services: Services, site: str, state: State, what: str, *, until: int) -> int:
    """Drop the texts, the `examples`, the `notes` or the `remains` of what entered a state until a time; of how many comments."""
    store, dropped, size = services.retention, 0, _BATCH
    since = await store.swept_until(site, state, what)
    while since <= until:
        entered = await store.entered(site, state, since=since, until=until, limit=size)
        found = await services.comments.get_many([comment for comment, _ in entered])
        dropped += await _drop(services, [one for one in found if one is not None], what)
        if len(entered) < size:
            since = until + 1
        elif entered[-1][1] > since:
            since, size = entered[-1][1], _BATCH
        else:
            size *= 2  # so many entered within one millisecond that the batch shows no way on
        await store.mark_swept(site, state, since, what)
    return dropped


async def _drop(services: Services, comments: Sequence[Comment], what: str) -> int:
    store, quiet = services.retention, [one for one in comments if not one.appealed]
    if what == "examples":
        return await store.drop_examples(quiet)
    if what == "notes":
        await store.drop_notes(quiet)
        return len(quiet)
    if what == "remains":
        bare = [one for one in quiet if one.submission is None or not one.submission.content]
        await store.drop_remains(bare)
        return len(bare)
    texts = [(one, one.submission) for one in quiet if one.submission is not None and one.submission.content]
    await store.drop_texts([comment for comment, _ in texts], [without_text(text) for _, text in texts])
    return len(texts)
