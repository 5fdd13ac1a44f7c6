"""The moderators' page and its API, `/review`: the sub-app, and the one list of its routes. For `service.app`."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import web

from service.web.parts import DIALECT, Dialect
from service.web.problems import problem_response
from service.web.review import audit, deliveries, session, statistics
from service.web.review.files import page_routes
from service.web.review.parts import REVIEW, ReviewParts
from service.web.review.routes import Route, definition

ROUTES: Final[tuple[Route, ...]] = (
    *session.ROUTES,
    *statistics.ROUTES,
    *deliveries.ROUTES,
    *audit.ROUTES,
)
"""Every route of `/review/api`."""
_CHALLENGE = 'Cookie realm="review"'


def review(parts: ReviewParts) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[REVIEW] = parts
    app[DIALECT] = Dialect(partial(problem_response, challenge=_CHALLENGE))
    app.router.add_routes([*page_routes(), *map(definition, ROUTES)])
    return app
