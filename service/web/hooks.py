"""Webhooks in, `/hooks/{site}`: the body of `POST /v1/comments`, signed as Standard Webhooks has it.

The signature is checked before anything of the body is believed. A webhook's id counts once, for as long as its timestamp
could still be accepted: a captured webhook that is sent again can't bring an older text back.
"""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from service.core.errors import AntechamberError, NotFound
from service.signatures import verify
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.intake import take, webhook_once
from service.web.limits import spend
from service.web.parts import DIALECT, PARTS, Dialect, Parts
from service.web.problems import problem_response
from service.web.wire import CommentInput

_encode = msgspec.json.Encoder().encode
_comment_input = msgspec.json.Decoder(CommentInput)


def webhooks(parts: Parts) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[PARTS] = parts
    app[DIALECT] = Dialect(_problem)
    app.router.add_post("/{site}", post_webhook)
    return app


async def post_webhook(request: web.Request) -> web.Response:
    """Take a signed comment in."""
    parts = request.app[PARTS]
    body = await read_body(request, parts.settings.max_body)
    known = await parts.gate.named(request, request.match_info["site"])
    if known is None:
        raise NotFound("There is no such site.")
    secrets = [credentials.webhook_secret for credentials in known.credentials]
    message = verify(secrets, request.headers, body, now=time.time(), tolerance=parts.settings.webhook_tolerance)
    await spend(parts, request, known.site, 1)
    once = webhook_once(message, body, parts.settings)
    answer = await take(parts, known.site, decode(_comment_input, body), channel="webhook", once=once)
    response = json_answer(_encode(answer.view), answer.status)
    response.headers["Location"] = f"/v1/comments/{answer.view.id}"
    return response


def _problem(error: AntechamberError, instance: str) -> web.Response:
    return problem_response(error, instance, challenge="StandardWebhooks")
