"""Signing in and out. The answer tells the page who it works for, what they may do, and the token that it proves itself with."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import Busy, CodeNeeded, RateLimited, StoreUnavailable, Unauthenticated
from service.core.moderator import MAX_PASSWORD, MAY, Right, Role
from service.core.views import rfc3339
from service.usecases.moderators import SignedIn
from service.web.context import CONTEXT
from service.web.openapi import Answer, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.preferences import Preferences, preferences
from service.web.review.routes import BODY, COOKIE, ME, READING, address, drop_cookie, set_cookie

_MAX_BODY = 8_192
_encode = msgspec.json.Encoder().encode


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to come in."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD)]
    code: Annotated[
        str, Meta(max_length=100, description="Of the second factor, for who has one; or a recovery code.")
    ] = ""

    def __repr__(self) -> str:
        return "SignIn(…)"


class HouseRuleView(Struct, frozen=True):
    """A reason of a site's own that moderators may give."""

    code: str
    name: str
    text: Annotated[str, Meta(description="What the author is told.")]


class SessionView(Struct, frozen=True):
    """A session, as its own page sees it."""

    name: str
    role: Role
    rights: Annotated[tuple[Right, ...], Meta(description="What the role may do.")]
    sites: Annotated[tuple[str, ...], Meta(description="The sites that they see, by name.")]
    csrf: Annotated[str, Meta(description="To be sent as X-CSRF-Token with everything that changes something.")]
    expires_at: Annotated[str, Meta(description="RFC 3339; every use postpones it, up to a limit.")]
    enrols: Annotated[bool, Meta(description="Whether they must set up a second factor before anything else.")]
    provider: Annotated[bool, Meta(description="Whether they came by the team's provider, whose second factor counts.")]
    look: Annotated[float, Meta(description="Seconds that a comment is on the screen before a key decides it.")]
    house_rules: Annotated[dict[str, list[HouseRuleView]], Meta(description="By site; sites without any are left out.")]
    preferences: Annotated[Preferences, Meta(description="How they like the page.")]


class LeaveView(Struct, frozen=True):
    """Where somebody came from who has signed out."""

    address: Annotated[str, Meta(description="Go there to sign out at the provider; it leads back here.")]


route = Routes("/review/api", tag="session", right=Right.QUEUE)
_SESSION = Answer(200, "The session.", SessionView)


@route(
    "post",
    "/session",
    "signIn",
    answers=(_SESSION,),
    problems=(*BODY, Unauthenticated, CodeNeeded, RateLimited, Busy, StoreUnavailable),
    takes=SignIn,
    key=False,
)
async def sign_in(request: web.Request) -> web.Response:
    """Sign in.

    Sets the session's cookie. Failures cost growing pauses, counted by name and network: 429 says how long. `code-needed`:
    send it all again with a code of the second factor.
    """
    asked = decode(_sign_in, await read_body(request, _MAX_BODY))
    moderators, before = request.app[CONTEXT].services.moderators, request.cookies.get(COOKIE, "")
    me = await moderators.sign_in(asked.name, asked.password, address(request), code=asked.code, before=before)
    return await begun(request, me)


@route(
    "get",
    "/session",
    "getSession",
    answers=(_SESSION,),
    problems=READING,
)
async def look(request: web.Request) -> web.Response:
    """Who is signed in."""
    return json_answer(_encode(await session_view(request, request[ME])))


@route(
    "delete",
    "/session",
    "signOut",
    answers=(Answer(204, "The session has ended."), Answer(200, "It has ended, here.", LeaveView)),
    problems=READING,
)
async def sign_out(request: web.Request) -> web.Response:
    """Sign out.

    Who came by the team's provider is told where to sign out there too.
    """
    services = request.app[CONTEXT].services
    await services.moderators.sign_out(request[ME].token)
    address = await services.provider.leaving(request[ME])
    return _left(request, json_answer(_encode(LeaveView(address))) if address else None)


@route(
    "delete",
    "/sessions",
    "signOutEverywhere",
    answers=(Answer(204, "All sessions have ended."),),
    problems=READING,
)
async def sign_out_everywhere(request: web.Request) -> web.Response:
    """Sign out everywhere.

    Ends every session of whoever asks, this one too.
    """
    await request.app[CONTEXT].services.moderators.sign_out_everywhere(request[ME].member.name)
    return _left(request)


async def begun(request: web.Request, me: SignedIn) -> web.Response:
    """The answer that begins a session: its view, and its cookie."""
    response = json_answer(_encode(await session_view(request, me)))
    set_cookie(request, response, me.token)
    return response


async def session_view(request: web.Request, me: SignedIn) -> SessionView:
    """A session, as its own page sees it."""
    seen = await request.app[CONTEXT].services.moderators.sites(me.member)
    sites = tuple(site.id for site in seen)
    house = {
        site.id: [HouseRuleView(rule.code, rule.name, rule.words) for rule in site.policy.house_rules]
        for site in seen
        if site.policy.house_rules
    }
    rights = tuple(right for right in Right if right in MAY[me.member.role])
    look = request.app[CONTEXT].settings.review_look
    likes = preferences(await request.app[CONTEXT].services.account.preferences(me))
    member, until = me.member, rfc3339(me.expires_at)
    return SessionView(
        member.name, member.role, rights, sites, me.csrf, until, me.enrols, me.provider, look, house, likes
    )


def _left(request: web.Request, response: web.Response | None = None) -> web.Response:
    response = response or web.Response(status=204)
    drop_cookie(request, response)
    return response


_sign_in = msgspec.json.Decoder(SignIn)
