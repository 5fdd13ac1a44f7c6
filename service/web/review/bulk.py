"""Deciding many comments at once: what it would do first, then the doing, its progress, and taking it back."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.comment import Comment
from service.core.errors import Conflict, Forbidden, InvalidSubmission, NotFound, TooLate
from service.core.site import Site
from service.core.staff import Right
from service.core.views import rfc3339
from service.reviewing.bulk import PLAN_TTL
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.operations import Answer, Operation, Parameter
from service.web.review.deciding import actor
from service.web.review.parts import ME, REVIEW
from service.web.review.queue import filters_of
from service.web.review.routes import BODY, ONE, Route
from service.web.review.showing import bulk_view
from service.web.review.wire_acts import BulkAction, BulkInput, BulkPlan, BulkView

_MAX_BODY = 131_072
_encode = msgspec.json.Encoder().encode


async def post_bulk(request: web.Request) -> web.Response:
    """Plan a bulk decision, or begin one that was planned."""
    asked = decode(_bulk_input, await read_body(request, _MAX_BODY))
    parts, by = request.app[REVIEW], actor(request)
    sites = {site.id: site for site in await parts.staff.sites(request[ME].member)}
    if asked.token is not None:
        progress = await parts.reviewing.bulk.begin(asked.token, asked.confirm, by=by)
        return json_answer(_encode(bulk_view(asked.token, progress)), 202)
    if asked.action is None:
        raise InvalidSubmission("Say what is to be decided, or the token of a plan.", pointer="/action")
    comments = await _selected(request, asked, asked.action, sites)
    token, plan, confirm = await parts.reviewing.bulk.plan(
        comments, asked.action.outcome, asked.action.reasons, asked.action.note, by=by
    )
    return json_answer(_encode(BulkPlan(token, plan.count, plan.sites, confirm, rfc3339(plan.planned_at + PLAN_TTL))))


async def get_bulk(request: web.Request) -> web.Response:
    """How far a bulk decision has come."""
    bulk = request.match_info["bulk"]
    others = request[ME].member.may(Right.UNDO_OTHERS)
    progress = await request.app[REVIEW].reviewing.bulk.look(bulk, by=actor(request), others=others)
    return json_answer(_encode(bulk_view(bulk, progress)))


async def undo_bulk(request: web.Request) -> web.Response:
    """Take a bulk decision back."""
    bulk, parts, member = request.match_info["bulk"], request.app[REVIEW], request[ME].member
    sites = {site.id: site for site in await parts.staff.sites(member)}
    progress = await parts.reviewing.bulk.undo(bulk, sites, by=actor(request), others=member.may(Right.UNDO_OTHERS))
    return json_answer(_encode(bulk_view(bulk, progress)), 202)


async def _selected(
    request: web.Request, asked: BulkInput, action: BulkAction, sites: dict[str, Site]
) -> list[Comment]:
    bulk = request.app[REVIEW].reviewing.bulk
    if sum(part is not None for part in (asked.ids, asked.query, asked.campaign)) != 1:
        raise InvalidSubmission("Name either ids, or a query, or a campaign.", pointer="/ids")
    if asked.ids is not None:
        return await bulk.some(asked.ids, sites)
    if asked.campaign is not None:
        return await bulk.campaign(asked.campaign, action.outcome, sites)
    if not request[ME].member.may(Right.BULK):
        raise Forbidden("Your role decides by selection or campaign; a lead decides by query.")
    query = asked.query
    if query is None or query.list == "audit":
        raise InvalidSubmission("A sample is judged one by one.", pointer="/query/list")
    if query.site and query.site not in sites:
        raise NotFound("There is no such site.")
    seen = {query.site: sites[query.site]} if query.site else sites
    return await bulk.matching(filters_of(query), seen)


_bulk_input = msgspec.json.Decoder(BulkInput)
_ID = Parameter(
    "path", "bulk", "The token of its plan.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, required=True
)
_VIEW = Answer(200, "How far it has come.", BulkView)
ROUTES = (
    Route(
        Operation(
            "post", "/review/api/bulk", "decideInBulk", "Decide many at once",
            "First ask: the answer counts what would be decided. Then send its token back, and the count where it asks for it: "
            "exactly those comments are decided, in the background, but for those that have changed meanwhile.",
            (Answer(200, "What it would do.", BulkPlan), Answer(202, "It has begun.", BulkView)),
            (*ONE, *BODY, Conflict, InvalidSubmission), takes=BulkInput, tag="bulk",
        ),
        post_bulk,
    ),
    Route(
        Operation(
            "get", "/review/api/bulk/{bulk}", "getBulk", "Look at a bulk decision", "", (_VIEW,), ONE, parameters=(_ID,),
            tag="bulk",
        ),
        get_bulk,
    ),
    Route(
        Operation(
            "post", "/review/api/bulk/{bulk}/undo", "undoBulk", "Undo a bulk decision", "In the background, until it is told.",
            (Answer(202, "It has begun.", BulkView),), (*ONE, TooLate), parameters=(_ID,), tag="bulk",
        ),
        undo_bulk,
    ),
)  # fmt: skip
