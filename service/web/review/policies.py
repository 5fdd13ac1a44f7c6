"""A site's policy at the page: read it, try another one on what was kept, save it, see its editions, restore one."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.errors import Conflict, InvalidPolicy, InvalidSubmission
from service.core.site import Site
from service.core.staff import Right
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.operations import Answer, Operation, Parameter
from service.web.policy_wire import (
    MAX_POLICY_BODY,
    EditionPage,
    PolicyInput,
    PolicyView,
    PreviewInput,
    PreviewView,
    RestoreInput,
    edition_page,
    encode,
    policy_view,
    preview_view,
    read_input,
    within_body,
)
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import BODY, ONE, Route

_EDITIONS = 50
_MAX_RESTORE = 16_384


async def read(request: web.Request) -> web.Response:
    """The live policy, past every cache."""
    site = await _site(request)
    return json_answer(encode(policy_view(await request.app[REVIEW].policies.site(site.id))))


async def save(request: web.Request) -> web.Response:
    """Another policy, for what is judged from now on."""
    site = await _site(request)
    parts, by = request.app[REVIEW], request[ME].actor
    with within_body():
        asked = read_input(_policy_input, await read_body(request, MAX_POLICY_BODY))
        after = await parts.policies.save(site.id, asked.policy, by=by, note=asked.note, version=asked.version)
    return json_answer(encode(policy_view(after)))


async def restore(request: web.Request) -> web.Response:
    """An earlier edition once more."""
    site = await _site(request)
    asked = decode(_restore_input, await read_body(request, _MAX_RESTORE))
    after = await request.app[REVIEW].policies.restore(
        site.id, asked.edition, by=request[ME].actor, note=asked.note, version=asked.version
    )
    return json_answer(encode(policy_view(after)))


async def preview(request: web.Request) -> web.Response:
    """What a policy would have done. It changes nothing."""
    site = await _site(request)
    policies = request.app[REVIEW].policies
    with within_body():
        asked = read_input(_preview_input, await read_body(request, MAX_POLICY_BODY))
        found = await policies.rehearse(await policies.site(site.id), asked.policy, last=asked.last)
    return json_answer(encode(preview_view(found)))


async def history(request: web.Request) -> web.Response:
    """The newest editions."""
    site = await _site(request)
    kept = await request.app[REVIEW].policies.history(site.id)
    return json_answer(encode(edition_page(kept[:_EDITIONS])))


async def _site(request: web.Request) -> Site:
    return await request.app[REVIEW].staff.site(request[ME].member, request.match_info["site"])


_policy_input = msgspec.json.Decoder(PolicyInput)
_restore_input = msgspec.json.Decoder(RestoreInput)
_preview_input = msgspec.json.Decoder(PreviewInput)
_SITE = Parameter("path", "site", "The site's name.", required=True)
_REFUSED = (*ONE, *BODY, InvalidSubmission, InvalidPolicy)
ROUTES = (
    Route(
        Operation(
            "get", "/review/api/sites/{site}/policy", "getPolicy", "A site's policy", "",
            (Answer(200, "The live policy.", PolicyView),), ONE, parameters=(_SITE,), tag="policy",
        ),
        read,
    ),
    Route(
        Operation(
            "put", "/review/api/sites/{site}/policy", "savePolicy", "Save a site's policy",
            "It counts for what is judged from now on. The same policy again makes no new edition.",
            (Answer(200, "The live policy.", PolicyView),), (*_REFUSED, Conflict), takes=PolicyInput, parameters=(_SITE,),
            tag="policy",
        ),
        save, Right.POLICY,
    ),
    Route(
        Operation(
            "post", "/review/api/sites/{site}/policy/preview", "previewPolicy", "Try a policy",
            "What it would have done with the site's kept comments, beside the live one and what humans decided. It changes "
            "nothing, and may take some seconds.",
            (Answer(200, "What it would have done.", PreviewView),), _REFUSED, takes=PreviewInput, parameters=(_SITE,),
            tag="policy",
        ),
        preview, Right.PREVIEW,
    ),
    Route(
        Operation(
            "post", "/review/api/sites/{site}/policy/restore", "restorePolicy", "Restore an earlier edition",
            "It becomes a new edition, and counts for what is judged from now on.",
            (Answer(200, "The live policy.", PolicyView),), (*_REFUSED, Conflict), takes=RestoreInput,
            parameters=(_SITE,), tag="policy",
        ),
        restore, Right.POLICY,
    ),
    Route(
        Operation(
            "get", "/review/api/sites/{site}/policy/history", "getPolicyHistory", "A policy's editions",
            f"The newest {_EDITIONS}.",
            (Answer(200, "The editions.", EditionPage),), ONE, parameters=(_SITE,), tag="policy",
        ),
        history,
    ),
)  # fmt: skip
