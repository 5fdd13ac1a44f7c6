"""Keeping house: dropping texts whose time has come, forgetting dead workers, tending the moderators' queues."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import structlog

from service import metrics
from service.core.errors import StoreUnavailable
from service.core.lifecycle import State
from service.core.submission import Page, Submission
from service.resources import Resources
from service.store.client import now_ms

_INTERVAL = 60.0  # seconds
_BATCH = 500  # comments looked at in one go
_DAY = 86_400_000  # milliseconds
_FORGET_WORKER = 3_600_000  # milliseconds without a sign

log = structlog.get_logger(__name__)


async def run_housekeeping(resources: Resources, stop: asyncio.Event) -> None:
    """Keep house every minute until `stop` is set."""
    while not stop.is_set():
        try:
            dropped = await drop_old_texts(resources, now_ms())
            await resources.work.forget_workers(_FORGET_WORKER)
            await tend_queues(resources)
            if dropped:
                log.info("texts dropped", role="housekeeping", count=dropped)
        except StoreUnavailable:
            log.warning("store unavailable", role="housekeeping")
        except Exception as error:  # this must not take the worker beside it down
            metrics.FAILURES.labels("housekeeping").inc()
            log.error("housekeeping failed", role="housekeeping", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _INTERVAL)


async def tend_queues(resources: Resources) -> None:
    """Return what was snoozed until now, and queue what was held before there was a queue."""
    sites = [site.id for site in await resources.accounts.all()]
    await resources.reviewing.lists.awaken(sites)
    for site in sites:
        await resources.reviewing.lists.adopt(site)


async def drop_old_texts(resources: Resources, now: int) -> int:
    """Drop the texts of comments that were approved or rejected long enough ago; how many.

    Digests, scores, decisions and history stay. What is flagged or pending keeps its text until it is decided.
    """
    settings, dropped = resources.settings, 0
    keep = {State.APPROVED: settings.retain_approved_days, State.REJECTED: settings.retain_rejected_days}
    for site in await resources.accounts.all():
        for state, days in keep.items():
            dropped += await _sweep(resources, site.id, state, until=now - int(days * _DAY))
    return dropped


async def _sweep(resources: Resources, site: str, state: State, *, until: int) -> int:
    store, dropped, size = resources.retention, 0, _BATCH
    since = await store.swept_until(site, state)
    while since <= until:
        entered = await store.entered(site, state, since=since, until=until, limit=size)
        found = await resources.comments.get_many([comment for comment, _ in entered])
        texts = [
            (c, c.submission)
            for c in found
            if c is not None and c.submission is not None and c.submission.content and not c.appealed
        ]
        await store.drop_texts([comment for comment, _ in texts], [_strip(text) for _, text in texts])
        dropped += len(texts)
        if len(entered) < size:
            since = until + 1
        elif entered[-1][1] > since:
            since, size = entered[-1][1], _BATCH
        else:
            size *= 2  # so many entered within one millisecond that the batch shows no way on
        await store.mark_swept(site, state, since)
    return dropped


def _strip(submission: Submission) -> Submission:
    """What remains of a submission when its text is dropped: ids, digests and the page."""
    author = msgspec.structs.replace(submission.author, name="", url="", user_agent="")
    return msgspec.structs.replace(
        submission, author=author, content="", parent_text="", form={}, page=Page(submission.page.url)
    )
