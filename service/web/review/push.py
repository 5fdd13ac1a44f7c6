"""Web Push at the page: whether this moderator can be told in a browser that comments wait, and the browsers that are.

Who is told, and from when on, an operator says (docs/notifications.md); here one says only in which browser.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service import keyfiles
from service.core.errors import Conflict, InvalidSubmission
from service.core.moderator import Right
from service.core.notice import Notice, Notices
from service.core.push import MOST_ADDRESS, Subscription, read_subscription
from service.web.context import CONTEXT
from service.web.openapi import Answer, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, ME, ONE, READING
from service.web_push import Sender, is_key

_MAX_BODY = 4_096
_encode = msgspec.json.Encoder().encode
_Address = Annotated[str, Meta(max_length=MOST_ADDRESS, description="The `endpoint` that the browser names.")]
_Key = Annotated[str, Meta(max_length=100)]


class PushView(Struct, frozen=True):
    """Whether browsers are told for this moderator."""

    key: Annotated[
        str | None, Meta(description="The `applicationServerKey` to subscribe with; null: no notice reaches them.")
    ]


class SubscriptionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser's `PushSubscription` says of itself."""

    endpoint: _Address
    p256dh: Annotated[_Key, Meta(description="Its public key, base64url.")]
    auth: Annotated[_Key, Meta(description="Its secret, base64url.")]
    renew: Annotated[bool, Meta(description="Only if this browser is told for you already.")] = False

    def __repr__(self) -> str:
        return "SubscriptionInput(…)"


class EndpointInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Which browser."""

    endpoint: _Address

    def __repr__(self) -> str:
        return "EndpointInput(…)"


route = Routes("/review/api", tag="push", right=Right.QUEUE)
_DONE = Answer(204, "Done.")


@route("get", "/push", "getPush", answers=(Answer(200, "Whether.", PushView),), problems=READING)
async def get_push(request: web.Request) -> web.Response:
    """Whether you can be told in a browser that comments wait."""
    context = request.app[CONTEXT]
    if not _reaching(request, await _notices(request)):
        return json_answer(_encode(PushView(None)))
    return json_answer(_encode(PushView(Sender(context.services.secrets.master, "").public_key)))


@route(
    "put", "/push/subscription", "subscribe", answers=(_DONE,), problems=(*ONE, *BODY, InvalidSubmission, Conflict),
    takes=SubscriptionInput,
)  # fmt: skip
async def subscribe(request: web.Request) -> web.Response:
    """Have this browser told that comments wait, or note that the page is open in it.

    It is told until you sign out in it or everywhere, and for a month at most while the page is not opened there.
    """
    asked = decode(_subscription, await read_body(request, _MAX_BODY))
    found = await _notices(request)
    if not _reaching(request, found):
        raise Conflict("There is no notice that reaches you.")
    checked = read_subscription(asked.endpoint, asked.p256dh, asked.auth, found.push_services)
    if not is_key(checked.key):
        raise InvalidSubmission("This is no key that a browser has.", pointer="/p256dh")
    await _keep(request, checked, renew=asked.renew)
    return web.Response(status=204)


@route("delete", "/push/subscription", "unsubscribe", answers=(_DONE,), problems=(*READING, *BODY), takes=EndpointInput)
async def unsubscribe(request: web.Request) -> web.Response:
    """Have a browser told no more."""
    asked = decode(_endpoint, await read_body(request, _MAX_BODY))
    await request.app[CONTEXT].services.push.unsubscribe(request[ME], asked.endpoint)
    return web.Response(status=204)


@route("post", "/push/test", "tryPush", answers=(Answer(202, "It is under way."),), problems=(*READING, Conflict))
async def try_push(request: web.Request) -> web.Response:
    """Have a test sent to your browsers, within seconds."""
    reaching = _reaching(request, await _notices(request))
    if not reaching:
        raise Conflict("There is no notice that reaches you.")
    await request.app[CONTEXT].services.notices.ask_for_test(reaching[0], actor=request[ME].actor)
    return web.Response(status=202)


async def _keep(request: web.Request, checked: Subscription, *, renew: bool) -> None:
    push = request.app[CONTEXT].services.push
    await (push.renew if renew else push.subscribe)(request[ME], checked)


async def _notices(request: web.Request) -> Notices:
    """Raises KeyFileError."""
    return await asyncio.to_thread(keyfiles.notices, request.app[CONTEXT].settings.secrets)


def _reaching(request: web.Request, found: Notices) -> list[Notice]:
    return found.of(request[ME].member)


_subscription = msgspec.json.Decoder(SubscriptionInput)
_endpoint = msgspec.json.Decoder(EndpointInput)
