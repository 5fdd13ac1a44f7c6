"""The policy of a key's site in the native API: read it, save another one, try one on what was kept."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.errors import Conflict, InvalidPolicy, InvalidSubmission
from service.web.api.schema import BODY, READING
from service.web.context import CONTEXT, authenticated
from service.web.openapi import Answer, Routes
from service.web.requests import read_body
from service.web.responses import json_answer
from service.web.schema import (
    MAX_POLICY_BODY,
    PolicyInput,
    PolicyView,
    PreviewInput,
    PreviewView,
    encode,
    policy_view,
    preview_view,
    read_input,
    within_body,
)

_policy_input = msgspec.json.Decoder(PolicyInput)
_preview_input = msgspec.json.Decoder(PreviewInput)


route = Routes("/v1", tag="site")
_LIVE = Answer(200, "The live policy.", PolicyView)
_POLICY = (*BODY, *READING, InvalidSubmission, InvalidPolicy)


@route("get", "/policy", "getPolicy", answers=(_LIVE,), problems=READING)
async def get_policy(request: web.Request) -> web.Response:
    """The site's policy.

    Mode, thresholds, lists and rules, and which edition of the policy this is.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    return json_answer(encode(policy_view(await context.services.policies.site(site.id))))


@route("put", "/policy", "savePolicy", answers=(_LIVE,), problems=(*_POLICY, Conflict), takes=PolicyInput)
async def put_policy(request: web.Request) -> web.Response:
    """Save a policy.

    It rules over comments that are judged from now on; what it leaves out is the default. The same policy again makes no new
    edition. A condition that can't be read is answered with its place.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    with within_body():
        asked = read_input(_policy_input, await read_body(request, MAX_POLICY_BODY))
        after = await context.services.policies.save(
            site.id, asked.policy, by=f"platform:{site.id}", note=asked.note, version=asked.version
        )
    return json_answer(encode(policy_view(after)))


@route(
    "post", "/policy/preview", "previewPolicy", answers=(Answer(200, "What it would have done.", PreviewView),),
    problems=_POLICY, takes=PreviewInput,
)  # fmt: skip
async def preview_policy(request: web.Request) -> web.Response:
    """Try a policy.

    What it would have done with the site's kept comments, beside the live one and what humans decided. It changes nothing,
    and may take some seconds.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    with within_body():
        asked = read_input(_preview_input, await read_body(request, MAX_POLICY_BODY))
        found = await context.services.policies.preview(
            await context.services.policies.site(site.id), asked.policy, last=asked.last
        )
    return json_answer(encode(preview_view(found)))
