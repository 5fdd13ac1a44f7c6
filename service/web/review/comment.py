"""One comment with all its evidence, and why a label has its score."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.comment import Comment
from service.core.errors import Gone, MalformedRequest, ModelUnavailable, NotFound, TextDropped
from service.core.site import Site
from service.core.verdict import LABELS
from service.web.answers import json_answer
from service.web.operations import Answer, Operation, Parameter
from service.web.review import wire
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import ONE, Route
from service.web.review.showing import detail

_encode = msgspec.json.Encoder().encode


async def subject(request: web.Request) -> tuple[Site, Comment]:
    """The comment that the request is about, and its site. Raises NotFound, also for what whoever asks does not see."""
    parts, me = request.app[REVIEW], request[ME]
    comment = await parts.reviewing.dossiers.find(request.match_info["id"])
    if not me.member.sees(comment.site):
        raise NotFound
    return await parts.staff.site(me.member, comment.site), comment


async def get_comment(request: web.Request) -> web.Response:
    """A comment and all that is known of it."""
    blind = request.query.get("list") == "audit"
    site, comment = await subject(request)
    parts, me = request.app[REVIEW], request[ME].member
    sites = {one.id for one in await parts.staff.sites(me)}
    dossier = await parts.reviewing.dossiers.open(site, comment, sites)
    return json_answer(_encode(detail(dossier, me.name, parts.now(), blind=blind)))


async def get_explanation(request: web.Request) -> web.Response:
    """Why a label has its score, computed from the text while it is kept."""
    label = request.query.get("label", "spam")
    if label not in LABELS:
        raise MalformedRequest(f"The parameter label is one of: {', '.join(LABELS)}.")
    _, comment = await subject(request)
    case = comment.case
    if case is None:
        raise TextDropped
    model, explanation = await request.app[REVIEW].explain(case, label)
    return json_answer(_encode(wire.ExplanationView(comment.id, model, explanation)))


ID = Parameter("path", "id", "Our id of the comment.", {"type": "string", "pattern": "^c[0-9a-f]{26}$"}, required=True)
_LIST = Parameter("query", "list", '"audit": show it blind, as it is judged there.', {"type": "string"})
_LABEL = Parameter(
    "query", "label", "Whose score; spam unless told.", {"type": "string", "enum": list(LABELS), "default": "spam"}
)
ROUTES = (
    Route(
        Operation(
            "get", "/review/api/comments/{id}", "getDossier", "One comment with all its evidence", "",
            (Answer(200, "The comment.", wire.Detail),), ONE, parameters=(ID, _LIST), tag="comment",
        ),
        get_comment,
    ),
    Route(
        Operation(
            "get", "/review/api/comments/{id}/explanation", "explainComment", "Why a label has its score", "",
            (Answer(200, "The parts of the score.", wire.ExplanationView),),
            (*ONE, Gone, TextDropped, ModelUnavailable, MalformedRequest), parameters=(ID, _LABEL), tag="comment",
        ),
        get_explanation,
    ),
)  # fmt: skip
