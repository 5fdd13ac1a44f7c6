"""Composition root of the HTTP side: builds the application from a process's resources, and runs it."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from functools import cache

import structlog
import uvloop
from aiohttp import web

from service import keyfiles
from service.conversation import Conversation
from service.core.submission import Submission
from service.deliverability import Deliverability
from service.deliveries import Deliveries
from service.equipped import EquippedModel
from service.httpbl import HttpBl
from service.judging import Scorer
from service.keyfiles import KeyFiles
from service.resources import Resources, open_resources
from service.settings import Settings
from service.statistics import Statistics
from service.store.client import now_ms
from service.store.lookups import Lookups
from service.store.rates import Rates
from service.store.statistics import Numbers
from service.store.wakes import follow, listen
from service.web import ops
from service.web.akismet import akismet
from service.web.api import native_api
from service.web.appeals import appeal_pages
from service.web.auth import Gate
from service.web.explaining import Explainer
from service.web.hooks import webhooks
from service.web.middleware import boundary
from service.web.pages import problem_pages
from service.web.parts import DIALECT, PARTS, Dialect, Parts
from service.web.perspective import perspective
from service.web.platforms import platform_hooks
from service.web.problems import problem_response
from service.web.review import review
from service.web.review.live import Live
from service.web.review.parts import ReviewParts
from service.web.scoring import Scoring
from service.web.server import QuietRunner
from service.web.waiting import Waiting

_log = structlog.get_logger("api")


def api_application(resources: Resources, *, load_scorer: Callable[[], Scorer] | None = None) -> web.Application:
    """The whole HTTP side of one process. `load_scorer` gives the model for what is scored or explained at once.

    Raises KeyFileError when http:BL is turned on without its key.
    """
    waiting = Waiting()
    deliverability = Deliverability() if resources.settings.email_dns else None
    model = EquippedModel(resources.models)
    httpbl = _httpbl(resources) if resources.settings.httpbl else None
    parts = _parts(resources, waiting, cache(load_scorer or model), deliverability, httpbl)
    live = Live(resources.settings.review_streams)
    app = web.Application(middlewares=[boundary])
    app[PARTS] = parts
    app[DIALECT] = Dialect(problem_response)
    ops.add_routes(app)
    app.router.add_routes(problem_pages())
    app.add_subapp("/v1", native_api(parts))
    hooks = webhooks(parts)
    hooks.router.add_routes(platform_hooks())
    app.add_subapp("/hooks", hooks)
    app.add_subapp("/appeals", appeal_pages(parts))
    app.add_subapp("/review", review(_review_parts(resources, parts, live)))
    for path, dialect in [*akismet(parts), *perspective(parts)]:
        app.add_subapp(path, dialect)
    connection = resources.connection
    app.cleanup_ctx.append(model.context)
    app.cleanup_ctx.append(_hear(lambda: listen(connection, waiting.process, waiting.heard)))
    app.cleanup_ctx.append(_hear(lambda: follow(connection, live.heard)))
    app.cleanup_ctx.append(_hear(resources.reviewing.carrying.watch))

    async def stop_waiting(_: web.Application) -> None:
        waiting.close()
        live.close()

    app.on_shutdown.append(stop_waiting)
    if deliverability is not None:
        app.on_cleanup.append(lambda _: deliverability.close())
    if httpbl is not None:
        app.on_cleanup.append(lambda _: httpbl.close())
    return app


def run_api(settings: Settings, secrets: KeyFiles, url: str) -> None:
    """Serve until SIGTERM or SIGINT; then stop accepting, finish what is under way within `drain_timeout`, and return.

    Raises OSError when the address can't be bound, StoreUnavailable when Redis does not answer.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, secrets, url))


async def _serve(settings: Settings, secrets: KeyFiles, url: str) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with open_resources(settings, secrets, url) as resources:
        runner = QuietRunner(
            api_application(resources), access_log=None, shutdown_timeout=settings.drain_timeout, keepalive_timeout=75
        )
        await runner.setup()
        _calm_collector()
        try:
            await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
            _log.info("listening", host=settings.host, port=settings.port)
            await stop.wait()
        finally:
            await runner.cleanup()
            _log.info("stopped", role="api")


def _calm_collector() -> None:
    """What is there now stays: don't look through it again; and requests leave few cycles, so look for them less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _httpbl(resources: Resources) -> HttpBl:
    settings = resources.settings
    return HttpBl(
        keyfiles.httpbl_key(settings.secrets),
        Lookups(resources.connection),
        patience=settings.httpbl_patience,
        remember=settings.httpbl_remember,
    )


async def _unlisted(submission: Submission, _: str) -> Submission:
    return submission


def _parts(
    resources: Resources,
    waiting: Waiting,
    load: Callable[[], Scorer],
    deliverability: Deliverability | None,
    httpbl: HttpBl | None,
) -> Parts:
    quota, rates, outbox = resources.settings.rate_limit, Rates(resources.connection), resources.outbox

    async def spend(site: str, cost: int) -> tuple[bool, int, int]:
        return await rates.spend(site, cost, quota)

    async def measure() -> Mapping[str, float]:
        now, work = now_ms(), resources.work
        due, some = await outbox.waiting(now)
        sites = await resources.accounts.all()
        endpoints = [await outbox.endpoint(site.id) for site in sites]
        return {
            "antechamber_backlog": await work.backlog(),
            "antechamber_oldest_pending_seconds": await work.oldest_age(now),
            "antechamber_dead_letters": await work.dead_count(),
            "antechamber_sites_due": due,
            "antechamber_sites_waiting": some,
            "antechamber_undelivered": sum(endpoint.undelivered for endpoint in endpoints),
        }

    return Parts(
        settings=resources.settings,
        gate=Gate(resources.accounts),
        moderation=resources.moderation,
        redress=resources.redress,
        conversation=Conversation(
            resources.moderation, resources.correspondence, resources.examples, resources.secrets.identity
        ),
        policies=resources.policies,
        identity=resources.secrets.identity,
        waiting=waiting,
        deliverable=deliverability or (lambda _: "unknown"),
        listed=httpbl or _unlisted,
        scoring=Scoring(load),
        explain=Explainer(load),
        spend=spend,
        measure=measure,
    )


def _review_parts(resources: Resources, parts: Parts, live: Live) -> ReviewParts:
    return ReviewParts(
        settings=resources.settings,
        staff=resources.staff,
        statistics=Statistics(Numbers(resources.connection)),
        deliveries=Deliveries(resources.outbox, resources.accounts),
        policies=resources.policies,
        reviewing=resources.reviewing,
        quality=resources.quality,
        live=live,
        explain=parts.explain,
        now=now_ms,
    )


def _hear(listening: Callable[[], Coroutine[None, None, None]]) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(listening())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return context
