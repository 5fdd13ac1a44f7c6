"""The numbers of the statistics page, and the quality that the blind sample shows."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import MalformedRequest
from service.core.moderator import Right
from service.learning.quality import QualityReport
from service.usecases.statistics import MAX_DAYS, StatisticsView
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.requests import number
from service.web.responses import json_answer
from service.web.review.routes import ONE, SITE, wanted_sites

_DEFAULT_DAYS = 30
_encode = msgspec.json.Encoder().encode


class SiteQuality(Struct, frozen=True):
    """How good a site's automatic decisions were."""

    site: str
    report: Annotated[QualityReport | None, Meta(description="null: nothing was drawn in this time.")]


class QualityView(Struct, frozen=True):
    """What moderators said, blind, of a random sample of automatic decisions, for each site."""

    items: list[SiteQuality]


route = Routes("/review/api", tag="statistics", right=Right.QUEUE)
_DAYS = Parameter(
    "query", "days", f"How many days, today being the last; {_DEFAULT_DAYS} unless told.",
    {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": _DEFAULT_DAYS},
)  # fmt: skip


@route(
    "get",
    "/statistics",
    "getStatistics",
    answers=(Answer(200, "The numbers.", StatisticsView),),
    problems=(*ONE, MalformedRequest),
    parameters=(SITE, _DAYS),
)
async def statistics(request: web.Request) -> web.Response:
    """The statistics.

    What came in, who decided what and why, and how long the held comments wait, by day. Everything was counted
    when it happened, or is looked up in an index.
    """
    sites = await wanted_sites(request)
    view = await request.app[CONTEXT].services.statistics.of(
        sites, number(request.query, "days", _DEFAULT_DAYS, MAX_DAYS)
    )
    return json_answer(_encode(view))


@route(
    "get",
    "/quality",
    "getQuality",
    answers=(Answer(200, "The reports.", QualityView),),
    problems=(*ONE, MalformedRequest),
    parameters=(SITE, _DAYS),
)
async def quality(request: web.Request) -> web.Response:
    """How good automatic decisions are.

    From the blind audit sample: shares with 95 % intervals.
    """
    days, reports = number(request.query, "days", _DEFAULT_DAYS, MAX_DAYS), request.app[CONTEXT].services.quality
    sites = await wanted_sites(request)
    return json_answer(
        _encode(QualityView([SiteQuality(site.id, await reports.report(site.id, days)) for site in sites]))
    )
