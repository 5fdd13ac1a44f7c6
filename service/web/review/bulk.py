"""Deciding many comments at once: what it would do first, then the doing, its progress, and taking it back."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.comment import Comment
from service.core.errors import Conflict, Forbidden, InvalidSubmission, NotFound, TooLate
from service.core.moderator import Right
from service.core.queue import is_blind
from service.core.review import PLAN_TTL
from service.core.site import Site
from service.core.views import rfc3339
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.comment import actor
from service.web.review.queue import filters_of
from service.web.review.routes import BODY, ME, ONE
from service.web.review.schema import BulkAction, BulkInput, BulkPlan, BulkView
from service.web.review.views import bulk_view

_MAX_BODY = 131_072
_encode = msgspec.json.Encoder().encode


route = Routes("/review/api", tag="bulk", right=Right.QUEUE)
_ID = Parameter(
    "path", "bulk", "The token of its plan.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, required=True
)
_VIEW = Answer(200, "How far it has come.", BulkView)


@route(
    "post",
    "/bulk",
    "decideInBulk",
    answers=(Answer(200, "What it would do.", BulkPlan), Answer(202, "It has begun.", BulkView)),
    problems=(*ONE, *BODY, Conflict, InvalidSubmission),
    takes=BulkInput,
)
async def post_bulk(request: web.Request) -> web.Response:
    """Decide many at once.

    First ask: the answer counts what would be decided. Then send its token back, and the count where it asks for it:
    exactly those comments are decided, in the background, but for those that have changed meanwhile.
    """
    asked = decode(_bulk_input, await read_body(request, _MAX_BODY))
    context, by = request.app[CONTEXT], actor(request)
    sites = {site.id: site for site in await context.services.moderators.sites(request[ME].member)}
    if asked.token is not None:
        progress = await context.services.review.bulk.begin(asked.token, asked.confirm, by=by)
        return json_answer(_encode(bulk_view(asked.token, progress)), 202)
    if asked.action is None:
        raise InvalidSubmission("Say what is to be decided, or the token of a plan.", pointer="/action")
    comments = await _selected(request, asked, asked.action, sites)
    token, plan, confirm = await context.services.review.bulk.plan(
        comments, asked.action.outcome, asked.action.reasons, asked.action.note, sites, by=by
    )
    return json_answer(_encode(BulkPlan(token, plan.count, plan.sites, confirm, rfc3339(plan.planned_at + PLAN_TTL))))


@route(
    "get",
    "/bulk/{bulk}",
    "getBulk",
    answers=(_VIEW,),
    problems=ONE,
    parameters=(_ID,),
)
async def get_bulk(request: web.Request) -> web.Response:
    """Look at a bulk decision."""
    bulk = request.match_info["bulk"]
    others = request[ME].member.may(Right.UNDO_OTHERS)
    progress = await request.app[CONTEXT].services.review.bulk.look(bulk, by=actor(request), others=others)
    return json_answer(_encode(bulk_view(bulk, progress)))


@route(
    "post",
    "/bulk/{bulk}/undo",
    "undoBulk",
    answers=(Answer(202, "It has begun.", BulkView),),
    problems=(*ONE, TooLate),
    parameters=(_ID,),
)
async def undo_bulk(request: web.Request) -> web.Response:
    """Undo a bulk decision.

    In the background, until it is told.
    """
    bulk, context, member = request.match_info["bulk"], request.app[CONTEXT], request[ME].member
    sites = {site.id: site for site in await context.services.moderators.sites(member)}
    progress = await context.services.review.bulk.undo(
        bulk, sites, by=actor(request), others=member.may(Right.UNDO_OTHERS)
    )
    return json_answer(_encode(bulk_view(bulk, progress)), 202)


async def _selected(
    request: web.Request, asked: BulkInput, action: BulkAction, sites: dict[str, Site]
) -> list[Comment]:
    bulk = request.app[CONTEXT].services.review.bulk
    if sum(part is not None for part in (asked.ids, asked.query, asked.campaign, asked.same)) != 1:
        raise InvalidSubmission("Name either ids, or a query, a campaign, or a comment's author.", pointer="/ids")
    if asked.ids is not None:
        return await bulk.some(asked.ids, sites, asked.seen)
    if asked.campaign is not None:
        return await bulk.campaign(asked.campaign, action.outcome, sites)
    if asked.same is not None:
        if not request[ME].member.may(Right.MARKS):
            raise Forbidden("Your role does not block authors.")
        comment = await request.app[CONTEXT].services.review.details.find(asked.same.comment)
        if comment.site not in sites:
            raise NotFound
        return await bulk.same(comment, asked.same.whom, published=asked.same.published)
    if not request[ME].member.may(Right.BULK):
        raise Forbidden("Your role decides by selection or campaign; a lead decides by query.")
    query = asked.query
    if query is None or is_blind(query.list):
        raise InvalidSubmission("A sample is judged one by one.", pointer="/query/list")
    wanted = [name for name in query.site.split("\n") if name]
    if not sites.keys() >= set(wanted):
        raise NotFound("There is no such site.")
    seen = {name: sites[name] for name in wanted} or sites
    return await bulk.matching(filters_of(query, request[ME].member), seen)


_bulk_input = msgspec.json.Decoder(BulkInput)
