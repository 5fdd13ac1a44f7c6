"""Signing in at the team's own provider: the way there, and back. The ticket of a browser on its way is a cookie of its own."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import (
    AntechamberError,
    Busy,
    Conflict,
    NotFound,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
    Unauthenticated,
)
from service.core.moderator import Right
from service.core.provider import NotAdmitted, Why
from service.usecases.provider import Returned
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, COOKIE, address, drop_ticket, set_cookie, set_ticket

_MAX_BODY = 1_024
_MAX_ANSWER = 4_096  # characters of a code or a state
TICKET: Final = "antechamber_provider"
_encode = msgspec.json.Encoder().encode


class ProviderView(Struct, frozen=True):
    """Whether one can sign in elsewhere."""

    label: Annotated[str | None, Meta(description="What to call it; null: nowhere.")]


class GoInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody wants to sign in there."""

    invitation: Annotated[str, Meta(max_length=100, description="Of the link, for who was invited.")] = ""

    def __repr__(self) -> str:
        return "GoInput(…)"


class GoView(Struct, frozen=True):
    """Where to go."""

    address: Annotated[str, Meta(description="The provider's page; it sends the browser back.")]


route = Routes("/review/api", tag="session", right=Right.QUEUE)


@route("get", "/provider", "getProvider", answers=(Answer(200, "The provider.", ProviderView),), problems=(), key=False)
async def get_provider(request: web.Request) -> web.Response:
    """Whether one can sign in at a provider."""
    return json_answer(_encode(ProviderView(request.app[CONTEXT].services.provider.label or None)))


@route(
    "post", "/provider", "goToProvider", answers=(Answer(200, "The way.", GoView),), takes=GoInput, key=False,
    problems=(*BODY, NotFound, ProviderUnavailable),
)  # fmt: skip
async def go(request: web.Request) -> web.Response:
    """Begin to sign in at the provider.

    Sets a cookie that the browser is to bring back within ten minutes.
    """
    asked = decode(_go, await read_body(request, _MAX_BODY))
    begun = await request.app[CONTEXT].services.provider.begin(asked.invitation)
    response = json_answer(_encode(GoView(begun.address)))
    set_ticket(request, response, TICKET, begun.ticket)
    return response


@route(
    "get", "/provider/answer", "answerOfProvider", answers=(Answer(303, "Back to the page."),), problems=(), key=False,
    parameters=tuple(
        Parameter("query", name, what)
        for name, what in (
            ("code", "The provider's code."), ("state", "As it was sent."), ("iss", "Who answers."), ("error", "Why not."),
        )
    ),
)  # fmt: skip
async def come_back(request: web.Request) -> web.Response:
    """Come back from the provider.

    Leads to the page, which tells what went wrong if something did.
    """
    query, services = request.query, request.app[CONTEXT].services
    given = [query.get(name, "") for name in ("state", "code")]
    state, code = given if max(map(len, given)) <= _MAX_ANSWER else ("", "")
    returned = Returned(request.cookies.get(TICKET, ""), state, code, query.get("iss"))
    try:
        me = await services.provider.finish(returned, address(request), before=request.cookies.get(COOKIE, ""))
    except (
        NotFound, Unauthenticated, RateLimited, Busy, ProviderUnavailable, StoreUnavailable, Conflict,
    ) as error:  # fmt: skip
        return _back(request, f"/refused/{_word(error, query.get('error', ''))}")
    response = _back(request)
    set_cookie(request, response, me.token)
    return response


def _back(request: web.Request, place: str = "") -> web.Response:
    """To the page, by an address of our own words alone; nobody learns from it where one came from."""
    headers = {"Location": f"/review#{place}" if place else "/review", "Referrer-Policy": "no-referrer"}
    response = web.Response(status=303, headers=headers | {"Cache-Control": "no-store"})
    drop_ticket(request, response, TICKET)
    return response


def _word(error: AntechamberError, said: str) -> str:
    """What the page tells, in a word that it knows."""
    if isinstance(error, NotAdmitted):
        return Why.CANCELLED if said == "access_denied" else error.why
    if isinstance(error, Busy | RateLimited):
        return "busy"
    return Why.REFUSED if isinstance(error, Unauthenticated | Conflict | NotFound) else "unavailable"


_go = msgspec.json.Decoder(GoInput)
