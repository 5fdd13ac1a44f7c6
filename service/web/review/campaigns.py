"""Campaigns at the page: which there are, and the comments of one, whatever list they stand in."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.clock import now_ms
from service.core.moderator import Right
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.responses import json_answer
from service.web.review.routes import ME, ONE, SITE, wanted_sites
from service.web.review.schema import Campaigns, CampaignView
from service.web.review.views import campaign_view

MOST_SHOWN = 100
"""Comments of a campaign that are shown, the latest."""
_encode = msgspec.json.Encoder().encode

route = Routes("/review/api", tag="campaigns", right=Right.QUEUE)


@route(
    "get", "/campaigns", "listCampaigns", answers=(Answer(200, "Them.", Campaigns),), problems=ONE, parameters=(SITE,)
)
async def get_campaigns(request: web.Request) -> web.Response:
    """The latest campaigns.

    Those with a comment that you may see, each with its latest one. One decision about all of it: `POST /bulk`.
    """
    sites = [site.id for site in await wanted_sites(request)]
    found = await request.app[CONTEXT].services.review.campaigns.all(sites)
    me, now = request[ME].member.name, now_ms()
    return json_answer(_encode(Campaigns([campaign_view(one, me, now) for one in found])))


@route(
    "get",
    "/campaigns/{campaign}",
    "getCampaign",
    answers=(Answer(200, "The campaign.", CampaignView),),
    problems=ONE,
    parameters=(Parameter("path", "campaign", "Its id.", {"type": "string"}, required=True), SITE),
    more=f"The latest {MOST_SHOWN} of its comments that you may see, the oldest of them first.",
)
async def get_campaign(request: web.Request) -> web.Response:
    """One campaign."""
    sites = [site.id for site in await wanted_sites(request)]
    found = await request.app[CONTEXT].services.review.campaigns.one(request.match_info["campaign"], sites, MOST_SHOWN)
    return json_answer(_encode(campaign_view(found, request[ME].member.name, now_ms())))
