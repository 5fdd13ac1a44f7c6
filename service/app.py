"""Composition root of the HTTP side: builds the application from a process's resources, and runs it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from functools import cache

import structlog
import uvloop
from aiohttp import web

from service import keyfiles, tracing
from service.container import Opening, Services, open_services
from service.keyfiles import KeyFiles
from service.learning.reload import LazyModel
from service.lookups.address_lists import ListFiles
from service.lookups.httpbl import HttpBl
from service.lookups.mail_domains import Deliverability
from service.settings import Settings
from service.stopping import Stopped, stop_on_signals, unless_stopped
from service.store.reputation import Lookups
from service.store.work import follow, listen
from service.usecases.classification import Scorer
from service.web import ops
from service.web.akismet import akismet
from service.web.api import native_api
from service.web.api.docs import problem_pages
from service.web.api.webhook import webhooks
from service.web.appeals import appeal_pages
from service.web.bodies import Bodies
from service.web.context import CONTEXT, DIALECT, Context, Dialect
from service.web.hooks import platform_hooks
from service.web.middleware import QuietRunner, boundary, traced
from service.web.moderations import moderations
from service.web.notices import notice_feeds
from service.web.perspective import perspective
from service.web.requests import BODIES, HANDLER
from service.web.responses import problem_response
from service.web.review import review
from service.web.root import root
from service.web.scoring import Explainer, Scoring
from service.web.subscribers import Live
from service.web.waiting import Waiting

_log = structlog.get_logger("api")


def api_application(services: Services, *, load_scorer: Callable[[], Scorer] | None = None) -> web.Application:
    """The whole HTTP side of one process. `load_scorer` gives the model for what is scored or explained at once.

    Raises KeyFileError when http:BL is turned on without its key.
    """
    settings = services.settings
    deliverability = Deliverability() if settings.email_dns else None
    httpbl = _httpbl(services) if settings.httpbl else None
    lists = ListFiles(settings.list_files, services.secrets.identity)
    model = LazyModel(services.models, settings)
    load = cache(load_scorer or model)
    context = Context(
        services=services,
        waiting=Waiting(),
        subscribers=Live(settings.review_streams, settings.review_streams_each),
        scoring=Scoring(load),
        explain=Explainer(load),
        deliverable=deliverability,
        listed=httpbl,
        on_lists=lists.mark,
    )
    app = _application(context)
    connection, waiting, subscribers = services.connection, context.waiting, context.subscribers
    app.cleanup_ctx.append(model.context)
    if settings.list_files:
        app.cleanup_ctx.append(lists.watch)
    app.cleanup_ctx.append(_hear(lambda: listen(connection, waiting.process, waiting.heard)))
    app.cleanup_ctx.append(_hear(lambda: follow(connection, subscribers.heard)))
    app.cleanup_ctx.append(_hear(services.review.bulk_runner.watch))

    async def stop_waiting(_: web.Application) -> None:
        waiting.close()
        subscribers.close()

    app.on_shutdown.append(stop_waiting)
    if deliverability is not None:
        app.on_cleanup.append(lambda _: deliverability.close())
    if httpbl is not None:
        app.on_cleanup.append(lambda _: httpbl.close())
    return app


def _application(context: Context) -> web.Application:
    """Every entrance, each a sub-app with a dialect of its own."""
    app = web.Application(middlewares=[*([traced] if tracing.on() else ()), boundary], handler_args=HANDLER)
    app[CONTEXT] = context
    app[BODIES] = _bodies(context.settings)
    app[DIALECT] = Dialect(problem_response)
    ops.add_routes(app)
    app.router.add_get("/", root)
    app.router.add_routes(problem_pages())
    app.add_subapp("/v1/moderations", moderations(context))
    app.add_subapp("/v1", native_api(context))
    hooks = webhooks(context)
    hooks.router.add_routes(platform_hooks())
    app.add_subapp("/hooks", hooks)
    app.add_subapp("/appeals", appeal_pages(context))
    app.add_subapp("/notices", notice_feeds(context))
    app.add_subapp("/review", review(context))
    for path, dialect in [*akismet(context), *perspective(context)]:
        app.add_subapp(path, dialect)
    return app


def _bodies(settings: Settings) -> Bodies:
    return Bodies(
        known_seconds=settings.body_timeout,
        stranger_seconds=settings.stranger_timeout,
        most=settings.stranger_bodies,
    )


def run_api(
    settings: Settings, secrets: KeyFiles, url: str, *, waiting: Callable[[str, float], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; then stop accepting, finish what is under way within `drain_timeout`, and return.

    `waiting` hears what keeps Redis from being ready. Raises OSError when the address can't be bound, WrongInstallation, and
    StoreUnavailable when Redis can't be used and waiting would not help.
    """
    with suppress(Stopped), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, secrets, url, Opening(patience=None, waiting=waiting, recognise=True, logged=True)))


async def _serve(settings: Settings, secrets: KeyFiles, url: str, opening: Opening) -> None:
    async with stop_on_signals(settings.drain_timeout) as stop, AsyncExitStack() as left_last:
        entering = left_last.enter_async_context(open_services(settings, secrets, url, opening))
        services = await unless_stopped(stop, entering)
        if services.box.lost:
            _log.error("there was data, and there is none now", why="empty")
        runner = QuietRunner(
            api_application(services),
            access_log=None,
            shutdown_timeout=settings.drain_timeout,
            keepalive_timeout=settings.idle_connection,
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


def _httpbl(services: Services) -> HttpBl:
    settings = services.settings
    return HttpBl(
        keyfiles.httpbl_key(settings.secrets),
        Lookups(services.connection),
        patience=settings.httpbl_patience,
        remember=settings.httpbl_remember,
    )


def _hear(listening: Callable[[], Coroutine[None, None, None]]) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(listening())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return context
