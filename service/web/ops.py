"""For operators and their machines: is it alive, is it ready, what does it count."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.errors import BacklogFull, NotFound
from service.metrics import CONTENT_TYPE, render
from service.web.context import CONTEXT

_OK = msgspec.json.encode({"status": "ok"})


def add_routes(app: web.Application) -> None:
    """Serve /healthz, /readyz and /metrics."""
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics, allow_head=False)


async def healthz(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(body=_OK, content_type="application/json")


async def readyz(request: web.Request) -> web.Response:
    """Submissions can be taken in: Redis takes writes, and the backlog has room. Raises NotReady, which says why, BacklogFull."""
    context = request.app[CONTEXT]
    if await context.services.gauges.ready() >= context.settings.max_backlog:
        raise BacklogFull(retry_after=5)
    return web.Response(body=_OK, content_type="application/json")


async def metrics(request: web.Request) -> web.Response:
    """Prometheus's text format; without Redis, what this machine has counted."""
    context = request.app[CONTEXT]
    if not context.settings.metrics:
        raise NotFound
    body = render(await context.services.gauges.measure())
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
