"""For operators and their machines: is it alive, is it ready, what does it count."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.errors import BacklogFull, NotFound
from service.metrics import CONTENT_TYPE, render
from service.web.parts import PARTS

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
    """Submissions can be taken in: Redis answers, and the backlog has room. Raises StoreUnavailable, BacklogFull."""
    parts = request.app[PARTS]
    if await parts.moderation.work.backlog() >= parts.settings.max_backlog:
        raise BacklogFull(retry_after=5)
    return web.Response(body=_OK, content_type="application/json")


async def metrics(request: web.Request) -> web.Response:
    """Prometheus's text format. Raises StoreUnavailable: without Redis, scraping fails and says so."""
    parts = request.app[PARTS]
    if not parts.settings.metrics:
        raise NotFound
    body = render(await parts.measure())
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
