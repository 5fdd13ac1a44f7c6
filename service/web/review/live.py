"""What happens, as it happens: server-sent events for the moderators' page (HTML Living Standard, section 9.2)."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from service.core.comment import Actor
from service.core.errors import Busy, NotFound, Unauthenticated
from service.core.lifecycle import ActorKind, State
from service.core.moderator import Right
from service.core.views import rfc3339
from service.usecases.moderators import SignedIn
from service.web.context import CONTEXT, Context
from service.web.openapi import Answer, Routes
from service.web.responses import PROTECTION
from service.web.review.routes import ME, READING
from service.web.review.schema import ByeEvent, ClaimEvent, CommentEvent, HelloEvent
from service.web.review.views import bulk_view
from service.web.subscribers import Listener, Message

HEARTBEAT = 10.0
"""Seconds of silence before the connection is kept open with a comment, and between looks whether the session still stands."""
_encode = msgspec.json.Encoder().encode
_HEADERS = {**PROTECTION, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}


route = Routes("/review/api", tag="events", right=Right.QUEUE)


@route(
    "get",
    "/events",
    "followEvents",
    answers=(Answer(200, "The stream.", media="text/event-stream"),),
    problems=(*READING, Busy),
)
async def events(request: web.Request) -> web.StreamResponse:
    """Hear what happens.

    Server-sent events: `hello`, then `comment`, `claim` and `bulk`, at the end `bye`; the data of each is JSON. What
    happened while nobody listened is not repeated: fetch the lists anew.
    """
    context, me = request.app[CONTEXT], request[ME]
    listener = Listener(me.actor, me.member.sees)
    with context.subscribers.joined(listener):
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        try:
            await response.write(_event("hello", HelloEvent(HEARTBEAT)))
            await _tell(response, context, me, listener)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the page is gone
    return response


async def _tell(response: web.StreamResponse, context: Context, me: SignedIn, listener: Listener) -> None:
    loop = asyncio.get_running_loop()
    look_again = loop.time() + HEARTBEAT
    while True:
        try:
            async with asyncio.timeout_at(look_again):
                messages = await listener.unread()
        except TimeoutError:
            messages = []
        if listener.ended:
            await response.write(_event("bye", ByeEvent(listener.ended)))
            return
        if loop.time() >= look_again:
            try:
                me = await context.services.moderators.session(me.token, touch=False)
            except Unauthenticated:
                await response.write(_event("bye", ByeEvent("sign-out")))
                return
            listener.sees = me.member.sees
            look_again = loop.time() + HEARTBEAT
            await response.write(b":\n\n")
        told = [await _told(message, context, me) for message in messages]
        if told:
            await response.write(b"".join(told))


async def _told(message: Message, context: Context, me: SignedIn) -> bytes:
    if message.bulk:
        try:
            progress = await context.services.review.bulk.look(
                message.bulk, by=Actor(ActorKind.MODERATOR, me.member.name)
            )
        except NotFound:
            return b""
        return _event("bulk", bulk_view(message.bulk, progress))
    if message.till is not None:
        until = rfc3339(message.till) if message.by else None
        return _event("claim", ClaimEvent(message.site, message.comment, message.by, until))
    return _event(
        "comment",
        CommentEvent(
            site=message.site,
            comment=message.comment,
            state=State(message.state),
            list=message.list,
            revision=message.revision,
            actor=message.actor,
            what=message.what,
        ),
    )


def _event(name: str, data: msgspec.Struct) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _encode(data))
