"""Akismet's statistics and account calls, computed from what we counted: nothing is invented.

`spam` is what the machine rejected, `ham` what it approved or held; `missed_spam` and `false_positives` are what humans have
contradicted of that and not taken back, by the day of the machine's word.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from aiohttp import web
from msgspec import Struct

from service.core.counters import Day
from service.core.site import Site
from service.web.akismet import response as say
from service.web.akismet.request import UNKNOWN_KEY, ask
from service.web.context import CONTEXT

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])\Z")
_SPANS = {"60-days": 60, "6-months": 183}
_ORDERS = ("total", "spam", "ham", "missed_spam", "false_positives")
_CSV_TITLES = ("Site", "Total API Calls", "Spam", "Ham", "Missed Spam", "False Positives", "Is Revoked")


class Counts(Struct, frozen=True):
    """What was said, and what of it was wrong."""

    spam: int = 0
    ham: int = 0
    missed_spam: int = 0
    false_positives: int = 0
    checks: int = 0

    @property
    def accuracy(self) -> str:
        """Per cent of what was said that nobody has contradicted, as Akismet writes it; "0.00" when nothing was said."""
        said = self.spam + self.ham
        return f"{100 * (1 - (self.missed_spam + self.false_positives) / said):.2f}" if said else "0.00"


async def get_stats(request: web.Request) -> web.Response:
    """Statistics of the last 60 days, six months, or all, with a breakdown by month."""
    return await _stats(request, with_blogs=False)


async def get_key_stats(request: web.Request) -> web.Response:
    """The same, by key: a key is of one site here."""
    return await _stats(request, with_blogs=True)


async def get_subscription(request: web.Request) -> web.Response:
    """The account, as far as there is one: every known key is active and has no limit of its own."""
    if await ask(request) is None:
        return say.invalid(UNKNOWN_KEY)
    return say.document(
        {
            "account_id": 1,
            "account_type": "self-hosted",
            "account_name": "Antechamber",
            "status": "active",
            "next_billing_date": False,
            "limit_reached": False,
        }
    )


async def usage_limit(request: web.Request) -> web.Response:
    """How many checks this month; there is no limit by the month."""
    asked = await ask(request)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    feedback, site = request.app[CONTEXT].services.feedback, asked.caller.site
    used = total(await feedback.days(site, feedback.today(site).replace(day=1))).checks
    answer: dict[str, object] = {"limit": "none", "usage": used, "percentage": "0.0", "throttled": False}
    if asked.form.get("extended") == "true":
        answer |= {"notice_level": None, "upgrade": False}
    return say.document(answer)


async def key_sites(request: web.Request) -> web.Response:
    """The sites that a key is used on in a month: ours is used on one."""
    asked = await ask(request)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    feedback, site, fields = request.app[CONTEXT].services.feedback, asked.caller.site, asked.form
    month = fields.get("month", "")
    if not _MONTH.match(month):
        month = f"{feedback.today(site):%Y-%m}"
    if (
        fields.get("order", "total") not in _ORDERS
    ):  # it is checked, and then there is nothing to order: one row at most
        return say.invalid(f"The parameter order is one of: {', '.join(_ORDERS)}.")
    first = date.fromisoformat(f"{month}-01")
    days = [day for day in await feedback.days(site, first) if f"{day.day:%Y-%m}" == month]
    counts = total(days)
    wanted = fields.get("filter", "")
    rows = [_site_row(site, counts)] if counts != Counts() and wanted in site.url else []
    limit, offset = _number(fields.get("limit"), 500), _number(fields.get("offset"), 0)
    shown = rows[offset : offset + limit]
    if fields.get("format") == "csv":
        return _csv(month, shown)
    return say.document({month: shown, "limit": limit, "offset": offset, "total": len(rows)})


async def compatible_plugins(_: web.Request) -> web.Response:
    """Which WordPress plugins Akismet works with; nothing that we could know."""
    return say.document([])


def total(days: Iterable[Day]) -> Counts:
    """What was said on all of these days."""
    kept = list(days)
    return Counts(
        spam=sum(day.reject for day in kept),
        ham=sum(day.approve + day.hold for day in kept),
        missed_spam=sum(day.missed for day in kept),
        false_positives=sum(day.false_alarm for day in kept),
        checks=sum(day.checks for day in kept),
    )


def statistics(days: list[Day]) -> dict[str, object]:
    """What get-stats answers. `time_saved` is null: how long somebody would have taken is not ours to know."""
    months = sorted({f"{day.day:%Y-%m}" for day in days})
    counts = total(days)
    return {
        **_shown(counts),
        "accuracy": counts.accuracy,
        "time_saved": None,
        "breakdown": {month: _month(month, [day for day in days if f"{day.day:%Y-%m}" == month]) for month in months},
    }


def _month(month: str, days: list[Day]) -> dict[str, object]:
    return {**_shown(total(days)), "da": f"{month}-01"}


def _shown(counts: Counts) -> dict[str, object]:
    return {
        "spam": counts.spam,
        "ham": counts.ham,
        "missed_spam": counts.missed_spam,
        "false_positives": counts.false_positives,
    }


async def _stats(request: web.Request, *, with_blogs: bool) -> web.Response:
    asked = await ask(request, key_first=with_blogs)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    feedback, site = request.app[CONTEXT].services.feedback, asked.caller.site
    span = _SPANS.get(asked.form.get("from", ""))
    since = feedback.today(site) - timedelta(days=span - 1) if span else date.min
    answer = statistics(await feedback.days(site, since))
    return say.document(answer | {"blogs": [site.url]} if with_blogs else answer)


def _site_row(site: Site, counts: Counts) -> dict[str, object]:
    return {
        "site": site.url,
        "api_calls": counts.checks,
        **_shown(counts),
        "is_revoked": False,
    }


def _csv(month: str, rows: Iterable[Mapping[str, object]]) -> web.Response:
    text = io.StringIO()
    text.write(f"Active sites for {month}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_TITLES)
    writer.writerows([list(row.values()) for row in rows])
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8")


def _number(text: str | None, otherwise: int) -> int:
    return min(int(text), 10_000) if text and text.isascii() and text.isdigit() and len(text) < 6 else otherwise
