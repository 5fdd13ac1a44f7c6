"""Signing in and out. The answer tells the page who it works for, what they may do, and the token that it proves itself with."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import RateLimited, StoreUnavailable, Unauthenticated
from service.core.staff import MAX_PASSWORD, MAY, Right, Role
from service.core.views import rfc3339
from service.staff import SignedIn
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.operations import Answer, Operation
from service.web.review.guard import COOKIE, address, drop_cookie, set_cookie
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import BODY, READING, Route

_MAX_BODY = 8_192
_encode = msgspec.json.Encoder().encode


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to come in."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD)]

    def __repr__(self) -> str:
        return "SignIn(…)"


class SessionView(Struct, frozen=True):
    """A session, as its own page sees it."""

    name: str
    role: Role
    rights: Annotated[tuple[Right, ...], Meta(description="What the role may do.")]
    sites: Annotated[tuple[str, ...], Meta(description="The sites that they see, by name.")]
    csrf: Annotated[str, Meta(description="To be sent as X-CSRF-Token with everything that changes something.")]
    expires_at: Annotated[str, Meta(description="RFC 3339; every use postpones it, up to a limit.")]


async def sign_in(request: web.Request) -> web.Response:
    """Begin a session; one that the browser had ends."""
    asked = decode(_sign_in, await read_body(request, _MAX_BODY))
    staff = request.app[REVIEW].staff
    me = await staff.sign_in(asked.name, asked.password, address(request), before=request.cookies.get(COOKIE, ""))
    response = await _view(request, me)
    set_cookie(request, response, me.token)
    return response


async def look(request: web.Request) -> web.Response:
    """Who the page works for."""
    return await _view(request, request[ME])


async def sign_out(request: web.Request) -> web.Response:
    """End this session."""
    await request.app[REVIEW].staff.sign_out(request[ME].token)
    return _left(request)


async def sign_out_everywhere(request: web.Request) -> web.Response:
    """End all sessions of whoever asks."""
    await request.app[REVIEW].staff.sign_out_everywhere(request[ME].member.name)
    return _left(request)


async def _view(request: web.Request, me: SignedIn) -> web.Response:
    sites = tuple(site.id for site in await request.app[REVIEW].staff.sites(me.member))
    rights = tuple(right for right in Right if right in MAY[me.member.role])
    view = SessionView(me.member.name, me.member.role, rights, sites, me.csrf, rfc3339(me.expires_at))
    return json_answer(_encode(view))


def _left(request: web.Request) -> web.Response:
    response = web.Response(status=204)
    drop_cookie(request, response)
    return response


_sign_in = msgspec.json.Decoder(SignIn)
_SESSION = Answer(200, "The session.", SessionView)
ROUTES = (
    Route(
        Operation(
            "post", "/review/api/session", "signIn", "Sign in",
            "Sets the session's cookie. Failures cost growing pauses, counted by name and network: 429 says how long.",
            (_SESSION,), (*BODY, Unauthenticated, RateLimited, StoreUnavailable), takes=SignIn, tag="session", key=False,
        ),
        sign_in, right=None,
    ),
    Route(
        Operation("get", "/review/api/session", "getSession", "Who is signed in", "", (_SESSION,), READING, tag="session"),
        look,
    ),
    Route(
        Operation(
            "delete", "/review/api/session", "signOut", "Sign out", "", (Answer(204, "The session has ended."),), READING,
            tag="session",
        ),
        sign_out,
    ),
    Route(
        Operation(
            "delete", "/review/api/sessions", "signOutEverywhere", "Sign out everywhere",
            "Ends every session of whoever asks, this one too.", (Answer(204, "All sessions have ended."),), READING,
            tag="session",
        ),
        sign_out_everywhere,
    ),
)  # fmt: skip
