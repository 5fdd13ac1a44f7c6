"""Watches the versions in use: do scores drift, are decisions overturned, do the scores still mean what they say?

For `workers/models.py`. An alert is told once for each version: by a metric, the log, and a call-back to the site's receiver
(`model.alert`). Only where the operator opted in, a version whose decisions or probabilities have gone wrong is rolled
back; drift alone may be nothing but a wave of spam.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from service.clock import now_ms
from service.core.counters import day_of, last_day
from service.core.errors import Conflict, NotFound
from service.core.example import Example
from service.core.lifecycle import Outcome
from service.core.model_version import EVERYWHERE, ModelCard, active_at
from service.core.site import Site
from service.core.views import rfc3339
from service.learning.measures import Interval, shares, stability, wilson
from service.learning.registry import BASE, Registry
from service.store.comments import Comments
from service.store.examples import Examples
from service.store.outbox import Outbox
from service.store.platform_ids import PlatformIds

LABEL = "spam"
"""What is watched: the label that sites decide most."""
WATCH = "watch"
"""The actor of what is done without anybody's asking."""
WINDOW = 30 * 86_400_000
"""How far back it is looked, in milliseconds, if the version was not switched to later."""
FEWEST_SCORES, FEWEST_DECISIONS = 200, 50
_NEWEST = 1_000  # comments whose scores are compared
_SURE = 3.0  # standard errors
_OPPOSITE = {(Outcome.APPROVE, Outcome.REJECT), (Outcome.REJECT, Outcome.APPROVE)}
_ABOUT = "model"

_to_json = msgspec.json.Encoder().encode


class Limits(Struct, frozen=True):
    """From which on something is an alert; see the settings `watch_*`."""

    drift: float
    overturns: float
    calibration: float


class Alert(Struct, frozen=True):
    """One thing that is wrong with a version: what (`drift`, `overturns`, `calibration`), and the numbers."""

    what: str
    value: float
    limit: float
    text: str


class Look(Struct, frozen=True):
    """How a site's version is doing. None: too little is known."""

    site: str
    model: str
    drift: float | None
    overturned: Interval | None
    miscalibration: float | None
    alerts: tuple[Alert, ...]


class AlertEvent(Struct, frozen=True):
    """The body of a `model.alert` call-back."""

    type: str
    timestamp: str
    data: AlertData


class AlertData(Struct, frozen=True):
    """What a `model.alert` tells. `rolled_back_to` is "" when nothing was switched."""

    site: str
    model: str
    alerts: tuple[Alert, ...]
    rolled_back_to: str


class Monitoring:
    """Looks at sites' versions, and tells what is wrong. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        registry: Registry,
        comments: Comments,
        examples: Examples,
        tallies: PlatformIds,
        *,
        outbox: Outbox,
        limits: Limits,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._registry = registry
        self._models = registry.models
        self._comments = comments
        self._examples = examples
        self._tallies = tallies
        self._outbox = outbox
        self._limits = limits
        self._clock = clock

    async def look(self, site: str, base: str) -> Look:
        """How a site's version is doing; `base` is the base model's version, which stands where none is active."""
        pointers = await self._models.pointers()
        active = active_at(pointers, site)
        switched = max((pointers[name].since for name in (site, EVERYWHERE) if name in pointers), default=0)
        since = max(switched, self._clock() - WINDOW)
        card = await self._models.card(active) if active else None
        drift = await self._drift(site, card, since) if card else None
        examples = [one async for one in self._examples.all(site, since)]
        overturned = await self._overturned(site, since, examples, active or base)
        gap = _miscalibration(examples, active or base)
        alerts = []
        if drift is not None and drift > self._limits.drift:
            text = f"The scores have shifted: stability index {drift:.2f}."
            alerts.append(Alert("drift", drift, self._limits.drift, text))
        if overturned is not None and overturned.low > self._limits.overturns:
            text = f"Humans overturned {overturned.estimate:.1%} of the automatic decisions."
            alerts.append(Alert("overturns", overturned.estimate, self._limits.overturns, text))
        if gap is not None and abs(gap.value) > self._limits.calibration and gap.sure:
            text = f"Humans call {gap.value:+.0%} more {LABEL} than the scores say."
            alerts.append(Alert("calibration", gap.value, self._limits.calibration, text))
        return Look(site, active or base, drift, overturned, gap.value if gap else None, tuple(alerts))

    async def tell(self, site: Site, look: Look, *, roll_back: bool) -> tuple[Alert, ...]:
        """Tell of the alerts that were not told yet for this version, and roll back if that is wanted; the new ones."""
        fresh = tuple(
            [alert for alert in look.alerts if await self._models.first_alert(site.id, look.model, alert.what)]
        )
        if not fresh:
            return ()
        back = ""
        if any(alert.what != "drift" for alert in fresh):
            with contextlib.suppress(NotFound):  # the base model, to which a rollback may always go
                await self._registry.distrust(site.id, look.model)
            back = await self._roll_back(site.id, look.model) if roll_back else ""
        if site.callback:
            now = self._clock()
            kind, whats = "model.alert", "-".join(alert.what for alert in fresh)
            body = _to_json(AlertEvent(kind, rfc3339(now), AlertData(site.id, look.model, fresh, back)))
            await self._outbox.announce(
                site.id, f"{_ABOUT}:{site.id}", id=f"msg_{look.model}_{whats}", kind=kind, body=body, now=now
            )
        return fresh

    async def _roll_back(self, site: str, version: str) -> str:
        """The version that is active now, "" when there was nothing to take back."""
        try:
            pointers = await self._registry.roll_back(site, seen=version, why="alert", actor=WATCH)
        except Conflict:  # the base model, a version for all sites, or somebody was quicker
            return ""
        return pointers.active or BASE

    async def _drift(self, site: str, card: ModelCard, since: int) -> float | None:
        reference = card.reference.get(LABEL)
        if not reference:
            return None
        page = await self._comments.page(site, "all", newest=self._clock(), oldest=since, after=None, limit=_NEWEST)
        found = await self._comments.get_many([name for name, _ in page])
        scores = [
            comment.verdict.scores[LABEL]
            for comment in found
            if comment is not None and comment.verdict is not None and comment.verdict.model == card.version
        ]
        return stability(reference, shares(scores)) if len(scores) >= FEWEST_SCORES else None

    async def _overturned(self, site: str, since: int, examples: Sequence[Example], model: str) -> Interval | None:
        """The share of a version's automatic decisions that humans overturned.

        Decisions are counted by day, so those of the day of the switch include a few of the version before: the share
        is then a little too small, never too large.
        """
        days = await self._tallies.days(site, day_of(since), last_day(self._clock()))
        automatic = sum(day.approve + day.reject for day in days)
        if automatic < FEWEST_DECISIONS:
            return None
        newest = {one.comment or one.id: one for one in examples if one.said is not None and one.said.model == model}
        overturned = sum((one.said.outcome, one.outcome) in _OPPOSITE for one in newest.values() if one.said)
        return wilson(min(automatic, overturned), automatic)


class Gap(Struct, frozen=True):
    """How much more often humans said yes than the scores did, and whether that is more than chance."""

    value: float
    sure: bool


def _miscalibration(examples: Sequence[Example], model: str) -> Gap | None:
    """From what was held, or drawn for the audit: what came before a human whatever the human thought of it."""
    pairs = [
        (said.scores[LABEL], one.labels[LABEL])
        for one in examples
        if (said := one.said) is not None
        and said.model == model
        and LABEL in said.scores
        and LABEL in one.labels
        and (said.outcome == Outcome.HOLD or one.source == "audit")
    ]
    if len(pairs) < FEWEST_DECISIONS:
        return None
    expected = sum(score for score, _ in pairs)
    spread = math.sqrt(sum(score * (1 - score) for score, _ in pairs))
    difference = sum(truth for _, truth in pairs) - expected
    return Gap(difference / len(pairs), abs(difference) > _SURE * max(spread, 1e-9))
