"""The policy of a key's site in the native API: read it, save another one, try one on what was kept."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.web.answers import json_answer
from service.web.bodies import read_body
from service.web.parts import PARTS
from service.web.policy_wire import (
    MAX_POLICY_BODY,
    PolicyInput,
    PreviewInput,
    encode,
    policy_view,
    preview_view,
    read_input,
    within_body,
)

_policy_input = msgspec.json.Decoder(PolicyInput)
_preview_input = msgspec.json.Decoder(PreviewInput)


def policy_routes() -> list[web.RouteDef]:
    """The routes, for the sub-app of the native API."""
    return [
        web.get("/policy", get_policy, allow_head=False),
        web.put("/policy", put_policy),
        web.post("/policy/preview", preview_policy),
    ]


async def get_policy(request: web.Request) -> web.Response:
    """The live policy, past every cache."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    return json_answer(encode(policy_view(await parts.policies.site(site.id))))


async def put_policy(request: web.Request) -> web.Response:
    """Another policy, for what is judged from now on."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    with within_body():
        asked = read_input(_policy_input, await read_body(request, MAX_POLICY_BODY))
        after = await parts.policies.save(
            site.id, asked.policy, by=f"platform:{site.id}", note=asked.note, version=asked.version
        )
    return json_answer(encode(policy_view(after)))


async def preview_policy(request: web.Request) -> web.Response:
    """What a policy would have done. It changes nothing."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    with within_body():
        asked = read_input(_preview_input, await read_body(request, MAX_POLICY_BODY))
        found = await parts.policies.rehearse(await parts.policies.site(site.id), asked.policy, last=asked.last)
    return json_answer(encode(preview_view(found)))
