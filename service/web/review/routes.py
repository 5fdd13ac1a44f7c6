"""What a route of the review API is: its description, its handler, and the right that it takes. Every module of
`web.review` lists its own, and `web.review` adds them all; nothing is served that was not guarded here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from service.core.errors import (
    AntechamberError,
    Forbidden,
    MalformedRequest,
    NotFound,
    StoreUnavailable,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from service.core.staff import Right
from service.web.operations import Operation, Parameter
from service.web.review.guard import check_origin, check_token, signed_in
from service.web.review.parts import ME

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
READING: tuple[type[AntechamberError], ...] = (Unauthenticated, Forbidden, StoreUnavailable)
"""The problems of every route that needs a session."""
ONE: tuple[type[AntechamberError], ...] = (*READING, NotFound)
"""… and that is about one thing."""
BODY: tuple[type[AntechamberError], ...] = (MalformedRequest, TooLarge, UnsupportedMediaType)
"""… of one that takes a body."""
SITE = Parameter("query", "site", "Only this site; all sites that you see unless told.")
_PREFIX = "/review"
_PATTERNS = {"{id}": "{id:c[0-9a-f]{26}}", "{bulk}": "{bulk:[0-9a-f]{32}}"}
_SAFE = ("get", "head")


class Route(NamedTuple):
    """One operation of the review API. The handler finds who asks as `request[ME]`."""

    operation: Operation
    handler: Handler
    right: Right | None = Right.QUEUE  # None: nobody need be signed in


def definition(route: Route) -> web.RouteDef:
    """The route as aiohttp takes it, guarded."""
    path = route.operation.path.removeprefix(_PREFIX)
    for name, pattern in _PATTERNS.items():
        path = path.replace(name, pattern)
    more = {"allow_head": False} if route.operation.method == "get" else {}
    return web.route(route.operation.method.upper(), path, guarded(route), **more)


def guarded(route: Route) -> Handler:
    """The handler, for those who may: signed in, from our own page, with the right that it takes."""
    unsafe = route.operation.method not in _SAFE

    async def handle(request: web.Request) -> web.StreamResponse:
        if unsafe:
            check_origin(request)
        if route.right is not None:
            me = await signed_in(request)
            if unsafe:
                check_token(request, me)
            if not me.member.may(route.right):
                raise Forbidden("Your role does not allow this.")
            request[ME] = me
        return await route.handler(request)

    return handle
