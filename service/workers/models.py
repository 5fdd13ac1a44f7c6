"""The worker role's model: loaded once, kept on the versions that are promoted, and watched; and the role that trains."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from service import metrics, tracing
from service.clock import now_ms
from service.container import Services
from service.core.errors import Conflict, NotEnoughExamples, NotFound, StoreUnavailable
from service.core.site import Site
from service.learning.monitoring import Limits, Monitoring
from service.learning.reload import ModelReloader
from service.scorer import ModelScorer
from service.usecases.health import say_unavailable

_KEEP_AUDITS = 365 * 86_400_000  # milliseconds

log = structlog.get_logger(__name__)


async def load_model(services: Services) -> ModelReloader | None:
    """A scorer, on the versions that are active now, and what keeps it there.

    None: there is no model, and sites' failure policy decides.
    """
    try:
        scorer = await asyncio.to_thread(ModelScorer, settings=services.settings)
    except Exception as error:  # a missing or broken model must not stop comments from being held
        metrics.FAILURES.labels("model").inc()
        log.error("no model", role="classify", error=type(error).__name__)
        return None
    reloader = ModelReloader(services.models, scorer)
    with contextlib.suppress(StoreUnavailable):  # then it is refreshed as soon as Redis answers
        await reloader.refresh()
    return reloader


async def run_reloader(reloader: ModelReloader, stop: asyncio.Event) -> None:
    """Keep the scorer on the promoted versions until `stop` is set."""
    task = asyncio.create_task(reloader.run())
    await stop.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def run_watch(services: Services, stop: asyncio.Event, scorer: ModelScorer) -> None:
    """Watch the sites' versions until `stop` is set: one process at a time."""
    settings = services.settings
    monitoring = Monitoring(
        services.learning.registry,
        services.comments,
        services.examples,
        services.platform_ids,
        outbox=services.outbox,
        limits=Limits(settings.watch_drift, settings.watch_overturns, settings.watch_calibration),
    )

    async def watch(site: Site) -> None:
        await look(monitoring, site, scorer, roll_back=settings.rollback_on_alert)
        await services.quality.quality_sample.forget(site.id, now_ms() - _KEEP_AUDITS)

    while not stop.is_set():
        try:
            await _begin_alerts(services)
            if await services.models.take_turn("watch", settings.watch_interval):
                await _each_site(services, stop, watch, "watch")
        except StoreUnavailable as error:
            say_unavailable("watch", error)
        except Exception as error:  # this must not take the worker beside it down
            metrics.FAILURES.labels("watch").inc()
            log.error("watch failed", role="watch", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), settings.watch_interval)


async def _begin_alerts(services: Services) -> None:
    """Let each site's alerts be counted from 0 on in every process, long before one of them has something to tell."""
    sites = [site.id for site in await services.sites.all()]
    metrics.begin(metrics.MODEL_ALERTS, sites, metrics.MODEL_ALERT_KINDS)


async def look(monitoring: Monitoring, site: Site, scorer: ModelScorer, *, roll_back: bool) -> None:
    """Look at one site's version; publish the numbers, and tell of what is wrong."""
    found = await monitoring.look(site.id, scorer.version)
    if found.drift is not None:
        metrics.MODEL_DRIFT.labels(site.id).set(found.drift)
    if found.overturned is not None:
        metrics.MODEL_OVERTURNED.labels(site.id).set(found.overturned.estimate)
    if found.miscalibration is not None:
        metrics.MODEL_MISCALIBRATION.labels(site.id).set(found.miscalibration)
    for alert in await monitoring.tell(site, found, roll_back=roll_back):
        metrics.MODEL_ALERTS.labels(site.id, alert.what).inc()
        log.warning("model alert", role="watch", site=site.id, model=found.model, why=alert.what)


SCHEDULE = "schedule"
"""The actor of a training that nobody asked for."""
_LOOK = 60.0  # seconds between looks at whether it is time, at most; and without a decision until moderators are done
_PATIENCE = 20  # pauses for which somebody who goes on deciding is waited for
_LEASE = 30.0  # seconds after which the turn of a process that died is another's


async def run_learning(services: Services, stop: asyncio.Event) -> None:
    """Train the sites that have decided enough, and switch to what is better, until `stop` is set: one process at a time."""
    interval = services.settings.learn_interval

    async def learn(site: Site) -> None:
        if await services.learning.due(site.id, services.settings.learn_after):
            await _quiet(services, site.id, stop)
        await train(services, site.id)

    while not stop.is_set():
        try:
            if interval and await services.models.take_turn("learn", _LEASE):
                async with _turn_kept(services, "learn"):
                    await _each_site(services, stop, learn, "learn")
                if not stop.is_set():  # else whoever comes next goes on
                    await services.models.keep_turn("learn", interval)
        except StoreUnavailable as error:
            say_unavailable("learn", error)
        except Exception as error:
            metrics.FAILURES.labels("learn").inc()
            log.error("learning failed", role="learn", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(interval, _LOOK) or None)


async def train(services: Services, site: str) -> str:
    """Train one site, if it is due; what came of it: promoted, passed, refused, or nothing."""
    if not await services.learning.due(site, services.settings.learn_after):
        return "nothing"
    with tracing.root("train", site=site) as span:
        result = await _train(services, site)
        span.note(result=result)
    return result


async def _train(services: Services, site: str) -> str:
    result = "nothing"
    try:
        learnt = await services.learning.train(site, promote_if_better=True, step=lambda _: None, actor=SCHEDULE)
    except (NotEnoughExamples, NotFound, Conflict) as error:  # what is missing, or somebody was quicker
        log.info("not trained", role="learn", site=site, why=str(error))
    else:
        if learnt.new or learnt.promoted:
            result = "promoted" if learnt.promoted else "passed" if learnt.card.passed else "refused"
        log.info("model trained", role="learn", site=site, model=learnt.card.version, result=result, why=learnt.why_not)
    metrics.MODEL_TRAININGS.labels(result).inc()
    return result


async def _quiet(services: Services, site: str, stop: asyncio.Event) -> None:
    """Wait while moderators are at it, for a while.

    Whoever learns from the first half of what is decided in a row has too little to be judged by, and is refused; and the other
    half alone is not enough to be learnt from again.
    """
    pause = min(services.settings.learn_interval, _LOOK)
    for _ in range(_PATIENCE):
        left = pause - (now_ms() - await services.examples.newest(site)) / 1000
        if stop.is_set() or not 0 < left <= pause:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), left)


@contextlib.asynccontextmanager
async def _turn_kept(services: Services, name: str) -> AsyncIterator[None]:
    """Keep a turn for as long as its work takes."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(_LEASE / 3)
            with contextlib.suppress(StoreUnavailable):
                await services.models.keep_turn(name, _LEASE)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _each_site(
    services: Services, stop: asyncio.Event, what: Callable[[Site], Awaitable[None]], role: str
) -> None:
    """Do it for all sites; what goes wrong at one of them keeps none of the others waiting."""
    for site in await services.accounts.all():
        if stop.is_set():
            return
        try:
            await what(site)
        except StoreUnavailable:
            raise
        except Exception as error:
            metrics.FAILURES.labels(role).inc()
            log.error(
                "watch failed" if role == "watch" else "learning failed",
                role=role,
                site=site.id,
                error=type(error).__name__,
            )
