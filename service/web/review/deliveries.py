"""The delivery log: how each site's receiver is, the last tries to reach it, what was given up, and sending that again."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.delivery import Attempt, Delivery, Endpoint
from service.core.errors import InvalidSubmission, MalformedRequest
from service.core.moderator import Right
from service.core.views import rfc3339
from service.usecases.deliveries import Place
from service.web.context import CONTEXT
from service.web.openapi import CURSOR, Answer, Parameter, Routes
from service.web.requests import decode, number, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, ME, ONE, SITE, wanted_sites

_DEFAULT, _MOST = 50, 500
_MAX_BODY = 65_536
_CURSOR = re.compile(r"([0-9]{1,15})-([0-9]{1,15})-([^\0]{1,100})\Z")
_encode = msgspec.json.Encoder().encode


class ReceiverView(Struct, frozen=True):
    """A site's receiver."""

    site: str
    callback: Annotated[str, Meta(description="Its address; empty: the site polls.")]
    paused_until: Annotated[str | None, Meta(description="RFC 3339; null: it is not paused.")]
    why: Annotated[str, Meta(description="Why it is paused.")]
    failing_since: Annotated[
        str | None, Meta(description="When tries began to fail, RFC 3339; null: the last one did not.")
    ]
    waiting: Annotated[int, Meta(description="Comments with call-backs that wait.")]
    given_up: Annotated[int, Meta(description="Call-backs that were given up, of the last 30 days.")]


class AttemptView(Struct, frozen=True):
    """One try to deliver a call-back."""

    site: str
    id: Annotated[str, Meta(description="The webhook-id.")]
    comment: str
    type: str
    result: Annotated[str, Meta(description="`delivered`, `retry` or `dead` (given up).")]
    tries: int
    status: Annotated[int, Meta(description="What the receiver answered; 0: nothing.")]
    error: str
    took_ms: int
    at: str


class GivenUpView(Struct, frozen=True):
    """A call-back that was given up."""

    site: str
    id: str
    comment: str
    type: str
    tries: int
    since: Annotated[str, Meta(description="When it was first to be sent, RFC 3339.")]


class DeliveryLog(Struct, frozen=True):
    """What there is to see of call-backs."""

    receivers: Annotated[list[ReceiverView], Meta(description="On the first page; others have the tries alone.")]
    attempts: Annotated[list[AttemptView], Meta(description="The last tries, newest first.")]
    given_up: Annotated[list[GivenUpView], Meta(description="Oldest first; on the first page.")]
    next: Annotated[str | None, Meta(description="The cursor of the tries before these, null on the last page.")]


class ReplayInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Which call-backs to send again: some by id, or all that were given up."""

    site: str
    ids: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=_MOST)] = []
    everything: Annotated[bool, Meta(description="All that were given up; then without ids.")] = False


class ReplayView(Struct, frozen=True):
    """What became of it."""

    count: Annotated[int, Meta(description="Call-backs that will be sent again.")]
    unknown: Annotated[list[str], Meta(description="Ids that are unknown, or too old.")]


route = Routes("/review/api", tag="deliveries", right=Right.QUEUE)


@route(
    "get",
    "/deliveries",
    "getDeliveries",
    answers=(Answer(200, "The log.", DeliveryLog),),
    problems=(*ONE, MalformedRequest),
    parameters=(
        SITE,
        Parameter(
            "query",
            "limit",
            f"The most of each list; {_DEFAULT} unless told.",
            {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _DEFAULT},
        ),
        CURSOR,
    ),
    right=Right.DELIVERIES,
)
async def deliveries(request: web.Request) -> web.Response:
    """The delivery log.

    Tries come by pages, newest first.
    """
    limit, before = number(request.query, "limit", _DEFAULT, _MOST), _before(request)
    found, sites = request.app[CONTEXT].services.deliveries, await wanted_sites(request)
    tries = await found.tries([site.id for site in sites], limit + 1, before=before)
    going_on = _cursor(tries[limit - 1].place) if len(tries) > limit else None
    log = DeliveryLog([], [_attempt(*one) for one in tries[:limit]], [], going_on)
    for site in sites if before is None else ():
        receiver = await found.receiver(site.id, limit)
        log.receivers.append(_receiver(site.id, site.callback, receiver.endpoint))
        log.given_up.extend(_given_up(site.id, one) for one in receiver.given_up)
    return json_answer(_encode(log))


@route(
    "post",
    "/deliveries/replay",
    "replayDeliveries",
    answers=(Answer(200, "What became of it.", ReplayView),),
    problems=(*ONE, *BODY, InvalidSubmission),
    takes=ReplayInput,
    right=Right.REPLAY,
)
async def replay(request: web.Request) -> web.Response:
    """Send call-backs again.

    Each keeps the webhook-id that it had, so that a receiver can tell what it knows already.
    """
    asked = decode(_replay_input, await read_body(request, _MAX_BODY))
    if asked.everything == bool(asked.ids):
        raise InvalidSubmission("Name ids, or ask for everything.", pointer="/ids")
    context, me = request.app[CONTEXT], request[ME]
    site = await context.services.moderators.site(me.member, asked.site)
    replayed = await context.services.deliveries.replay(site.id, asked.ids, actor=me.actor)
    return json_answer(_encode(ReplayView(replayed.sent, replayed.unknown)))


def _receiver(site: str, callback: str, endpoint: Endpoint) -> ReceiverView:
    paused = rfc3339(endpoint.paused_until) if endpoint.paused_until else None
    failing = rfc3339(endpoint.failing_since) if endpoint.failing_since else None
    return ReceiverView(site, callback, paused, endpoint.why, failing, endpoint.waiting, endpoint.undelivered)


def _attempt(site: str, one: Attempt) -> AttemptView:
    return AttemptView(
        site, one.id, one.comment, one.type, one.result, one.tries, one.status, one.error, one.took_ms, rfc3339(one.at)
    )


def _given_up(site: str, one: Delivery) -> GivenUpView:
    return GivenUpView(site, one.id, one.comment, one.type, one.tries, rfc3339(one.created_at))


def _cursor(place: Place) -> str:
    at, number, site = place
    return f"{at}-{number}-{site}"


def _before(request: web.Request) -> Place | None:
    cursor = request.query.get("cursor", "")
    if not cursor:
        return None
    if (found := _CURSOR.match(cursor)) is None:
        raise MalformedRequest("The parameter cursor is the `next` of the page before.")
    at, number, site = found.groups()
    return int(at), int(number), site


_replay_input = msgspec.json.Decoder(ReplayInput)
