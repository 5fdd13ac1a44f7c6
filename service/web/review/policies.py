"""A site's policy at the page: read it, try another one on what was kept, save it, see its editions, restore one."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.errors import Conflict, InvalidPolicy, InvalidSubmission
from service.core.moderator import Right
from service.core.site import Site
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, ME, ONE
from service.web.schema import (
    MAX_POLICY_BODY,
    EditionPage,
    PolicyInput,
    PolicyView,
    PreviewInput,
    PreviewView,
    PromiseView,
    RestoreInput,
    edition_page,
    encode,
    policy_view,
    preview_view,
    promise_view,
    read_input,
    within_body,
)

_EDITIONS = 50
_MAX_RESTORE = 16_384


route = Routes("/review/api", tag="policy", right=Right.QUEUE)
_SITE = Parameter("path", "site", "The site's name.", required=True)
_REFUSED = (*ONE, *BODY, InvalidSubmission, InvalidPolicy)


@route(
    "get",
    "/sites/{site}/policy",
    "getPolicy",
    answers=(Answer(200, "The live policy.", PolicyView),),
    problems=ONE,
    parameters=(_SITE,),
)
async def read(request: web.Request) -> web.Response:
    """A site's policy."""
    site = await _site(request)
    return json_answer(encode(policy_view(await request.app[CONTEXT].services.policies.site(site.id))))


@route(
    "get",
    "/sites/{site}/promise",
    "getPromise",
    answers=(Answer(200, "How it stands.", PromiseView),),
    problems=ONE,
    parameters=(_SITE,),
    right=Right.PREVIEW,
)
async def promise(request: web.Request) -> web.Response:
    """How the promise of a site's thresholds stands.

    By the newest decisions that the version in use has not learnt from. It may take a second.
    """
    site = await _site(request)
    return json_answer(encode(promise_view(site.id, await request.app[CONTEXT].services.learning.promise_now(site.id))))


@route(
    "put",
    "/sites/{site}/policy",
    "savePolicy",
    answers=(Answer(200, "The live policy.", PolicyView),),
    problems=(*_REFUSED, Conflict),
    takes=PolicyInput,
    parameters=(_SITE,),
    right=Right.POLICY,
)
async def save(request: web.Request) -> web.Response:
    """Save a site's policy.

    It counts for what is judged from now on. The same policy again makes no new edition.
    """
    site = await _site(request)
    context, by = request.app[CONTEXT], request[ME].actor
    with within_body():
        asked = read_input(_policy_input, await read_body(request, MAX_POLICY_BODY))
        after = await context.services.policies.save(
            site.id, asked.policy, by=by, note=asked.note, version=asked.version
        )
    return json_answer(encode(policy_view(after)))


@route(
    "post",
    "/sites/{site}/policy/preview",
    "previewPolicy",
    answers=(Answer(200, "What it would have done.", PreviewView),),
    problems=_REFUSED,
    takes=PreviewInput,
    parameters=(_SITE,),
    right=Right.PREVIEW,
)
async def preview(request: web.Request) -> web.Response:
    """Try a policy.

    What it would have done with the site's kept comments, beside the live one and what humans decided. It changes
    nothing, and may take some seconds.
    """
    site = await _site(request)
    policies = request.app[CONTEXT].services.policies
    with within_body():
        asked = read_input(_preview_input, await read_body(request, MAX_POLICY_BODY))
        found = await policies.preview(await policies.site(site.id), asked.policy, last=asked.last)
    return json_answer(encode(preview_view(found)))


@route(
    "post",
    "/sites/{site}/policy/restore",
    "restorePolicy",
    answers=(Answer(200, "The live policy.", PolicyView),),
    problems=(*_REFUSED, Conflict),
    takes=RestoreInput,
    parameters=(_SITE,),
    right=Right.POLICY,
)
async def restore(request: web.Request) -> web.Response:
    """Restore an earlier edition.

    It becomes a new edition, and counts for what is judged from now on.
    """
    site = await _site(request)
    asked = decode(_restore_input, await read_body(request, _MAX_RESTORE))
    after = await request.app[CONTEXT].services.policies.restore(
        site.id, asked.edition, by=request[ME].actor, note=asked.note, version=asked.version
    )
    return json_answer(encode(policy_view(after)))


@route(
    "get",
    "/sites/{site}/policy/history",
    "getPolicyHistory",
    answers=(Answer(200, "The editions.", EditionPage),),
    problems=ONE,
    parameters=(_SITE,),
    more=f"The newest {_EDITIONS}.",
)
async def history(request: web.Request) -> web.Response:
    """A policy's editions."""
    site = await _site(request)
    kept = await request.app[CONTEXT].services.policies.history(site.id)
    return json_answer(encode(edition_page(kept[:_EDITIONS])))


async def _site(request: web.Request) -> Site:
    return await request.app[CONTEXT].services.moderators.site(request[ME].member, request.match_info["site"])


_policy_input = msgspec.json.Decoder(PolicyInput)
_restore_input = msgspec.json.Decoder(RestoreInput)
_preview_input = msgspec.json.Decoder(PreviewInput)
