"""The moderators' page and its API, `/review`: the sub-app, and the one list of its routes. For `service.app`."""

from __future__ import annotations

from functools import cache, partial
from typing import Final

import msgspec
from aiohttp import web

from service.web.context import CONTEXT, DIALECT, Context, Dialect
from service.web.openapi import Interface, Route, definition, document
from service.web.responses import json_answer, problem_response
from service.web.review import (
    account,
    audit_log,
    bulk,
    campaigns,
    comment,
    deliveries,
    live,
    policies,
    preferences,
    provider,
    queue,
    session,
    statistics,
    team,
)
from service.web.review.page import page_routes
from service.web.review.routes import COOKIE, guarded

ROUTES: Final[tuple[Route, ...]] = (
    *session.route,
    *provider.route,
    *account.route,
    *preferences.route,
    *team.route,
    *team.accepting,
    *queue.route,
    *comment.route,
    *comment.deciding,
    *bulk.route,
    *comment.authors,
    *campaigns.route,
    *live.route,
    *statistics.route,
    *policies.route,
    *deliveries.route,
    *audit_log.route,
)
"""Every route of `/review/api`."""
INTERFACE: Final = Interface(
    "Antechamber, for moderators",
    "What the page at /review speaks; build your own with it. Sign in first: the session is in a cookie, and whatever changes "
    "something also carries its token, as the header X-CSRF-Token. Each role may do what the documentation lists.",
    ROUTES,
    {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "From signing in."}},
)
_CHALLENGE = 'Cookie realm="review"'


def review(context: Context) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(partial(problem_response, challenge=_CHALLENGE))
    guards = [definition(one, "/review", guarded(one)) for one in ROUTES]
    app.router.add_routes([*page_routes(), web.get("/api/openapi.json", get_openapi), *guards])
    return app


async def get_openapi(_: web.Request) -> web.Response:
    """The OpenAPI document, for everybody."""
    return json_answer(_openapi())


@cache
def _openapi() -> bytes:
    return msgspec.json.encode(document(INTERFACE))
