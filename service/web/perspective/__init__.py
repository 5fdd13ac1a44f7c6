"""The Perspective dialect, `/v1alpha1`: scores by what the key's site uses, under Perspective's names, for clients of a service
that ends with 2026. `docs/perspective.md`.
"""

from __future__ import annotations

from aiohttp import web

from service.web.context import CONTEXT, DIALECT, Context, Dialect
from service.web.perspective import calls
from service.web.perspective.batch import batch
from service.web.perspective.discovery import discovery
from service.web.perspective.schema import answer, problem
from service.web.requests import read_body


def perspective(context: Context) -> list[tuple[str, web.Application]]:
    """The sub-apps and where they go."""
    single, several, directory = web.Application(), web.Application(), web.Application()
    for app in (single, several, directory):
        app[CONTEXT] = context
        app[DIALECT] = Dialect(problem)
    single.router.add_post("/comments:analyze", analyze)
    single.router.add_post("/comments:suggestscore", suggest)
    several.router.add_post("", batch)
    directory.router.add_get("/rest", discovery, allow_head=False)
    return [("/v1alpha1", single), ("/batch", several), ("/$discovery", directory)]


async def analyze(request: web.Request) -> web.Response:
    """Score a text."""
    site = await calls.caller(request, calls.key_of(request.query, request.headers))
    body = await read_body(request, request.app[CONTEXT].settings.max_body, None)
    return answer(await calls.analyze(request, site, body), request.query)


async def suggest(request: web.Request) -> web.Response:
    """Keep suggested scores."""
    site = await calls.caller(request, calls.key_of(request.query, request.headers))
    body = await read_body(request, request.app[CONTEXT].settings.max_body, None)
    return answer(await calls.suggest(request, site, body), request.query)
