"""Webhooks in, `/hooks/{site}`: the body of `POST /v1/comments`, signed as Standard Webhooks has it.

The signature is checked before anything of the body is believed. A webhook's id counts once, for as long as its timestamp
could still be accepted: a captured webhook that is sent again can't bring an older text back. Of two webhooks the one with the
later timestamp is the later one, unless the bodies tell.
"""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from service.core.errors import AntechamberError
from service.core.views import CommentView
from service.signatures import verify
from service.web.api.schema import LOCATION, SUBMITTING
from service.web.context import CONTEXT, DIALECT, Context, Dialect, site_of_name
from service.web.intake import spend, submit, webhook_once
from service.web.openapi import Answer, Parameter, Routes, definition
from service.web.requests import decode, read_body
from service.web.responses import json_answer, problem_response
from service.web.schema import CommentInput

route = Routes("/hooks", tag="webhooks")
_encode = msgspec.json.Encoder().encode
_comment_input = msgspec.json.Decoder(CommentInput)


def webhooks(context: Context) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(_problem)
    app.router.add_routes([definition(one, "/hooks", one.handler) for one in route])
    return app


@route(
    "post", "/{site}", "receiveWebhook", key=False, problems=SUBMITTING, takes=CommentInput,
    answers=(
        Answer(200, "It was known and has been decided.", CommentView, headers=LOCATION),
        Answer(202, "It is taken in and will be judged.", CommentView, headers=LOCATION),
    ),
    parameters=(
        Parameter("path", "site", "The site's name.", required=True),
        Parameter("header", "webhook-id", "Names the message, the same on every try.", required=True),
        Parameter("header", "webhook-timestamp", "Seconds since 1970.", required=True),
        Parameter("header", "webhook-signature", "`v1,` and the signature; several with spaces between.", required=True),
    ),
)  # fmt: skip
async def post_webhook(request: web.Request) -> web.Response:
    """Submit a comment by webhook.

    The body of `POST /v1/comments`, signed with the site's webhook secret as Standard Webhooks has it. A repeated
    `webhook-id` is answered with the comment as it stands.
    """
    context = request.app[CONTEXT]
    body = await read_body(request, context.settings.max_body)
    known = await site_of_name(request, request.match_info["site"])
    secrets = [credentials.webhook_secret for credentials in known.credentials]
    message = verify(secrets, request.headers, body, now=time.time(), tolerance=context.settings.webhook_tolerance)
    await spend(context, request, known.site, 1)
    once = webhook_once(message, body, context.identity, context.settings)
    sent_at = 1_000 * int(request.headers["webhook-timestamp"])  # which is signed, and was found to be a number
    answer = await submit(
        context, known.site, decode(_comment_input, body), channel="webhook", once=once, sent_at=sent_at
    )
    response = json_answer(_encode(answer.view), answer.status)
    response.headers["Location"] = f"/v1/comments/{answer.view.id}"
    return response


def _problem(error: AntechamberError, instance: str) -> web.Response:
    return problem_response(error, instance, challenge="StandardWebhooks")
