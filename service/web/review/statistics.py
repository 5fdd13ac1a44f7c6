"""The numbers of the statistics page, and the quality that the audit sample shows."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import MalformedRequest
from service.learning.quality import QualityReport
from service.statistics import MAX_DAYS, StatisticsView
from service.web.answers import json_answer
from service.web.operations import Answer, Operation, Parameter
from service.web.review.guard import wanted_sites
from service.web.review.parts import REVIEW
from service.web.review.routes import ONE, SITE, Route

_DEFAULT_DAYS = 30
_encode = msgspec.json.Encoder().encode


class SiteQuality(Struct, frozen=True):
    """How good a site's automatic decisions were."""

    site: str
    report: Annotated[QualityReport | None, Meta(description="null: nothing was drawn in this time.")]


class QualityView(Struct, frozen=True):
    """What moderators said, blind, of a random sample of automatic decisions, for each site."""

    items: list[SiteQuality]


async def statistics(request: web.Request) -> web.Response:
    """The numbers of the sites that are asked for."""
    sites = await wanted_sites(request)
    view = await request.app[REVIEW].statistics.of([site.id for site in sites], _days(request))
    return json_answer(_encode(view))


async def quality(request: web.Request) -> web.Response:
    """How good the automatic decisions were."""
    days, reports = _days(request), request.app[REVIEW].quality
    sites = await wanted_sites(request)
    return json_answer(
        _encode(QualityView([SiteQuality(site.id, await reports.report(site.id, days)) for site in sites]))
    )


def _days(request: web.Request) -> int:
    given = request.query.get("days", str(_DEFAULT_DAYS))
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= MAX_DAYS):
        raise MalformedRequest(f"The parameter days is a number from 1 to {MAX_DAYS}.")
    return int(given)


_DAYS = Parameter(
    "query", "days", f"How many days, today being the last; {_DEFAULT_DAYS} unless told.",
    {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": _DEFAULT_DAYS},
)  # fmt: skip
ROUTES = (
    Route(
        Operation(
            "get", "/review/api/statistics", "getStatistics", "The statistics",
            "What came in, who decided what and why, and how long the held comments wait, by day (UTC). Everything was counted "
            "when it happened, or is looked up in an index.",
            (Answer(200, "The numbers.", StatisticsView),), (*ONE, MalformedRequest), parameters=(SITE, _DAYS),
            tag="statistics",
        ),
        statistics,
    ),
    Route(
        Operation(
            "get", "/review/api/quality", "getQuality", "How good automatic decisions are",
            "From the blind audit sample: shares with 95 % intervals.",
            (Answer(200, "The reports.", QualityView),), (*ONE, MalformedRequest), parameters=(SITE, _DAYS),
            tag="statistics",
        ),
        quality,
    ),
)  # fmt: skip
