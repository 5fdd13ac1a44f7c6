"""The worker role's model: loaded once, kept on the versions that are promoted, and watched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from service import metrics
from service.core.errors import StoreUnavailable
from service.core.site import Site
from service.following import Following
from service.learning.choosing import choose
from service.learning.watching import Limits, Watching
from service.resources import Resources
from service.scorer import ModelScorer
from service.store.client import now_ms

_KEEP_AUDITS = 365 * 86_400_000  # milliseconds

log = structlog.get_logger(__name__)


async def load_model(resources: Resources) -> Following | None:
    """A scorer, on the versions that are active now, and what keeps it there.

    None: there is no model, and sites' failure policy decides.
    """
    try:
        scorer = await asyncio.to_thread(ModelScorer)
    except Exception as error:  # a missing or broken model must not stop comments from being held
        metrics.FAILURES.labels("model").inc()
        log.error("no model", role="classify", error=type(error).__name__)
        return None
    following = Following(resources.models, scorer)
    with contextlib.suppress(StoreUnavailable):  # then it is equipped as soon as Redis answers
        await following.equip()
    return following


async def run_following(following: Following, stop: asyncio.Event) -> None:
    """Keep the scorer on the promoted versions until `stop` is set."""
    task = asyncio.create_task(following.run())
    await stop.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def run_watch(resources: Resources, stop: asyncio.Event, scorer: ModelScorer) -> None:
    """Watch the sites' versions, and choose what teaches, until `stop` is set: one process at a time."""
    settings = resources.settings
    watching = Watching(
        resources.models,
        resources.comments,
        resources.examples,
        resources.correspondence,
        accounts=resources.accounts,
        outbox=resources.outbox,
        limits=Limits(settings.watch_drift, settings.watch_overturns, settings.watch_calibration),
    )

    async def watch(site: Site) -> None:
        await look(watching, site, scorer, roll_back=settings.rollback_on_alert)
        await resources.quality.audits.forget(site.id, now_ms() - _KEEP_AUDITS)
        await choose(resources.comments, resources.models, site.id, scorer, settings.teach_queue)

    while not stop.is_set():
        try:
            if await resources.models.take_turn("watch", settings.watch_interval):
                await _each_site(resources, stop, watch)
        except StoreUnavailable:
            log.warning("store unavailable", role="watch")
        except Exception as error:  # this must not take the worker beside it down
            metrics.FAILURES.labels("watch").inc()
            log.error("watch failed", role="watch", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), settings.watch_interval)


async def look(watching: Watching, site: Site, scorer: ModelScorer, *, roll_back: bool) -> None:
    """Look at one site's version; publish the numbers, and tell of what is wrong."""
    found = await watching.look(site.id, scorer.version)
    if found.drift is not None:
        metrics.MODEL_DRIFT.labels(site.id).set(found.drift)
    if found.overturned is not None:
        metrics.MODEL_OVERTURNED.labels(site.id).set(found.overturned.estimate)
    if found.miscalibration is not None:
        metrics.MODEL_MISCALIBRATION.labels(site.id).set(found.miscalibration)
    for alert in await watching.tell(site, found, roll_back=roll_back):
        metrics.MODEL_ALERTS.labels(site.id, alert.what).inc()
        log.warning("model alert", role="watch", site=site.id, model=found.model, why=alert.what)


async def _each_site(resources: Resources, stop: asyncio.Event, what: Callable[[Site], Awaitable[None]]) -> None:
    for site in await resources.accounts.all():
        if stop.is_set():
            return
        await what(site)
