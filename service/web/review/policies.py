"""A site's policy at the page: read it, try another one on what was kept, save it, see its editions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import Conflict, InvalidPolicy, InvalidSubmission
from service.core.measures import MAX_NOTE
from service.core.policy import Policy
from service.core.site import Site
from service.core.staff import Right
from service.web.answers import json_answer
from service.web.bodies import T, decode, read_body
from service.web.operations import Answer, Operation, Parameter
from service.web.policy_wire import (
    EditionPage,
    PolicyView,
    PreviewInput,
    PreviewView,
    edition_page,
    encode,
    policy_view,
    preview_view,
)
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import BODY, ONE, Route

_EDITIONS = 50
_MAX_BODY = 1_048_576  # bytes: lists of words may be long


class PolicyInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to save."""

    policy: Policy
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="Why, for the history.")] = ""
    version: Annotated[int, Meta(ge=0, description="Only if this is still the live edition; 409 otherwise.")] | None = (
        None
    )


async def read(request: web.Request) -> web.Response:
    """The live policy, past every cache."""
    site = await _site(request)
    return json_answer(encode(policy_view(await request.app[REVIEW].policies.site(site.id))))


async def save(request: web.Request) -> web.Response:
    """Another policy, for what is judged from now on."""
    site = await _site(request)
    asked = await _asked(request, _policy_input)
    parts, by = request.app[REVIEW], request[ME].actor
    try:
        after = await parts.policies.save(site.id, asked.policy, by=by, note=asked.note, version=asked.version)
    except InvalidPolicy as error:
        raise _within_body(error) from None
    return json_answer(encode(policy_view(after)))


async def preview(request: web.Request) -> web.Response:
    """What a policy would have done. It changes nothing."""
    site = await _site(request)
    asked = await _asked(request, _preview_input)
    policies = request.app[REVIEW].policies
    try:
        found = await policies.rehearse(await policies.site(site.id), asked.policy, last=asked.last)
    except InvalidPolicy as error:
        raise _within_body(error) from None
    return json_answer(encode(preview_view(found)))


async def history(request: web.Request) -> web.Response:
    """The newest editions."""
    site = await _site(request)
    kept = await request.app[REVIEW].policies.history(site.id)
    return json_answer(encode(edition_page(kept[:_EDITIONS])))


async def _site(request: web.Request) -> Site:
    return await request.app[REVIEW].staff.site(request[ME].member, request.match_info["site"])


async def _asked(request: web.Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The body. What a policy refuses while it is read, it names from its own root."""
    try:
        return decode(decoder, await read_body(request, _MAX_BODY))
    except InvalidPolicy as error:
        raise _within_body(error) from None


def _within_body(error: InvalidPolicy) -> InvalidPolicy:
    """The error, pointing into the body, in which the policy is a field."""
    if error.pointer != "/note":
        error.pointer = f"/policy{error.pointer}"
    return error


_policy_input = msgspec.json.Decoder(PolicyInput)
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
            "get", "/review/api/sites/{site}/policy/history", "getPolicyHistory", "A policy's editions",
            f"The newest {_EDITIONS}; save one again to restore it.",
            (Answer(200, "The editions.", EditionPage),), ONE, parameters=(_SITE,), tag="policy",
        ),
        history,
    ),
)  # fmt: skip
