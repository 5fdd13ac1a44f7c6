"""The moderators' page and its API, `/review`: the sub-app, and the one list of its routes. For `service.app`."""

from __future__ import annotations

from functools import cache, partial
from typing import Final

import msgspec
from aiohttp import web

from service.web.answers import json_answer
from service.web.openapi import Interface, document
from service.web.parts import DIALECT, Dialect
from service.web.problems import problem_response
from service.web.review import (
    audit,
    bulk,
    comment,
    deciding,
    deliveries,
    events,
    marks,
    policies,
    queue,
    session,
    statistics,
)
from service.web.review.files import page_routes
from service.web.review.guard import COOKIE
from service.web.review.parts import REVIEW, ReviewParts
from service.web.review.routes import Route, definition

ROUTES: Final[tuple[Route, ...]] = (
    *session.ROUTES,
    *queue.ROUTES,
    *comment.ROUTES,
    *deciding.ROUTES,
    *bulk.ROUTES,
    *marks.ROUTES,
    *events.ROUTES,
    *statistics.ROUTES,
    *policies.ROUTES,
    *deliveries.ROUTES,
    *audit.ROUTES,
)
"""Every route of `/review/api`."""
INTERFACE: Final = Interface(
    "Antechamber, for moderators",
    "What the page at /review speaks; build your own with it. Sign in first: the session is in a cookie, and whatever changes "
    "something also carries its token, as the header X-CSRF-Token. Each role may do what the documentation lists.",
    [route.operation for route in ROUTES],
    {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "From signing in."}},
)
_CHALLENGE = 'Cookie realm="review"'


def review(parts: ReviewParts) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[REVIEW] = parts
    app[DIALECT] = Dialect(partial(problem_response, challenge=_CHALLENGE))
    app.router.add_routes([*page_routes(), web.get("/api/openapi.json", get_openapi), *map(definition, ROUTES)])
    return app


async def get_openapi(_: web.Request) -> web.Response:
    """The OpenAPI document, for everybody."""
    return json_answer(_openapi())


@cache
def _openapi() -> bytes:
    return msgspec.json.encode(document(INTERFACE))
