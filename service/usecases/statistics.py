"""The use case of the statistics page: what came in, what was decided by whom and why, and how long the held ones wait.

Everything is counted while it happens, by day, each site's by the midnight of its time zone, or looked up in an index; nothing is
computed by reading comments.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from service.clock import now_ms
from service.core.counters import day_of, midnight, months
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Site
from service.core.views import rfc3339
from service.store.statistics import Numbers, Tally

MAX_DAYS = 366
_POLICY = f"{ActorKind.POLICY}:"
_Share = Annotated[float | None, Meta(description="From 0 to 1; null: nothing to divide by.")]


class Outcomes(Struct):
    """How often each outcome was said."""

    approve: int = 0
    hold: int = 0
    reject: int = 0

    def add(self, outcome: str, count: int) -> None:
        """Count."""
        setattr(self, outcome, getattr(self, outcome) + count)


class DayCount(Struct, kw_only=True):
    """One day, by each site's own midnight. A decision of the machine that a human contradicts counts on the day when it was
    made."""

    day: str
    arrived: Annotated[int, Meta(description="Comments that came in; those that were erased don't count.")] = 0
    machine: Outcomes
    people: Outcomes
    missed: Annotated[int, Meta(description="Approved by the machine, rejected by a human since.")] = 0
    false_alarm: Annotated[int, Meta(description="Rejected by the machine, approved by a human since.")] = 0


class By(Struct):
    """What one actor decided: a moderator or platform by name, or a model version."""

    name: str
    total: int
    decided: Outcomes
    first: Annotated[str, Meta(description="The first day of those that are counted here.")]
    last: Annotated[str, Meta(description="The last one.")]


class Why(Struct, frozen=True):
    """How often a reason was given."""

    code: str
    by: Annotated[str, Meta(description="`machine` or `human`.")]
    outcome: Outcome
    count: int


class Queue(Struct, frozen=True):
    """What waits at a site now; ages are seconds since a comment was held, null when none is."""

    site: str
    held: int
    median: int | None
    ninetieth: Annotated[int | None, Meta(description="Nine of ten have waited for less long.")]
    oldest: int | None
    pending: Annotated[int, Meta(description="Comments that wait for the machine.")]


class Totals(Struct, frozen=True):
    """The days together."""

    arrived: int
    machine: Outcomes
    people: Outcomes
    missed: int
    false_alarm: int
    automatic: Annotated[
        _Share, Meta(description="Of what the machine judged, what it approved or rejected by itself.")
    ]
    overturned: Annotated[_Share, Meta(description="Of what it approved or rejected, what a human contradicted since.")]


class Midnight(Struct, frozen=True):
    """By whose midnight the days of some sites are counted."""

    zone: Annotated[str, Meta(description="As IANA names it.")]
    at: Annotated[str, Meta(description="When today began there (RFC 3339).")]
    sites: tuple[str, ...]


class StatisticsView(Struct, frozen=True):
    """The numbers of one site, or of several together."""

    since: Annotated[str, Meta(description="The first day.")]
    until: Annotated[str, Meta(description="The last day: today, where that begins first.")]
    midnights: Annotated[tuple[Midnight, ...], Meta(description="One for each time zone of the sites.")]
    sites: tuple[str, ...]
    days: Annotated[tuple[DayCount, ...], Meta(description="Every day, oldest first.")]
    totals: Totals
    queues: tuple[Queue, ...]
    people: Annotated[tuple[By, ...], Meta(description="Moderators and platforms, busiest first.")]
    models: Annotated[tuple[By, ...], Meta(description="Model versions, newest first.")]
    reasons: Annotated[tuple[Why, ...], Meta(description="Of what was held or rejected; most frequent first.")]


class Statistics:
    """The use case. `clock` gives milliseconds since 1970."""

    def __init__(self, numbers: Numbers, clock: Callable[[], int] = now_ms) -> None:
        self._numbers = numbers
        self._clock = clock

    async def of(self, sites: Sequence[Site], days: int) -> StatisticsView:
        """The numbers of some sites together, today and the days before it, `days` in all."""
        now = self._clock()
        today = max((day_of(now, site.time_zone) for site in sites), default=day_of(now))
        span = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
        tallies, arrived, queues = list[Tally](), Counter[date](), list[Queue]()
        for site in sites:
            tallies += await self._numbers.tallies(site.id, months(span[0], today))
            begins = [midnight(day, site.time_zone) for day in (*span, today + timedelta(days=1))]
            found = await self._numbers.arrivals(site.id, list(pairwise(begins)))
            arrived.update(dict(zip(span, found, strict=True)))
            queues.append(await self._queue(site.id, now))
        return await asyncio.to_thread(_view, _midnights(sites, now), span, tallies, arrived, tuple(queues))

    async def _queue(self, site: str, now: int) -> Queue:
        held, pending = await self._numbers.held(site), await self._numbers.pending(site)
        median, ninetieth, oldest = (
            max(0, now - since) // 1000 if since else None for since in (held.median, held.ninetieth, held.oldest)
        )
        return Queue(site, held.number, median, ninetieth, oldest, pending)


def _midnights(sites: Sequence[Site], now: int) -> tuple[Midnight, ...]:
    zones: dict[str, list[str]] = {}
    for site in sites:
        zones.setdefault(site.time_zone, []).append(site.id)
    return tuple(
        Midnight(zone or "UTC", rfc3339(midnight(day_of(now, zone), zone)), tuple(names))
        for zone, names in zones.items()
    )


def _view(
    midnights: tuple[Midnight, ...],
    span: Sequence[date],
    tallies: Sequence[Tally],
    arrived: Mapping[date, int],
    queues: tuple[Queue, ...],
) -> StatisticsView:
    counted = {day: Counter[str]() for day in span}
    for tally in tallies:
        for day, words in tally.read().items():
            if day in counted:
                counted[day].update(words)
    days = tuple(_day(day, counted[day], arrived[day]) for day in span)
    actors = _actors(counted)
    people = [actor for actor in actors if not actor.name.startswith(_POLICY)]
    models = [_model(actor) for actor in actors if actor.name.startswith(_POLICY)]
    return StatisticsView(
        since=span[0].isoformat(),
        until=span[-1].isoformat(),
        midnights=midnights,
        sites=tuple(one.site for one in queues),
        days=days,
        totals=_totals(days),
        queues=queues,
        people=tuple(sorted(people, key=lambda one: -one.total)),
        models=tuple(sorted(models, key=lambda one: (one.last, one.first), reverse=True)),
        reasons=_reasons(counted),
    )


def _day(day: date, counted: Mapping[str, int], arrived: int) -> DayCount:
    machine, people = Outcomes(), Outcomes()
    for word, count in counted.items():
        kind, _, rest = word.partition(":")
        if kind in Outcome.__members__.values():
            machine.add(kind, count)
        elif kind == "by":
            outcome, _, actor = rest.partition(":")
            if not actor.startswith(_POLICY):
                people.add(outcome, count)
    missed, false_alarm = counted.get("missed", 0), counted.get("false_alarm", 0)
    return DayCount(
        day=day.isoformat(), arrived=arrived, machine=machine, people=people, missed=missed, false_alarm=false_alarm
    )


def _totals(days: Sequence[DayCount]) -> Totals:
    machine, people = Outcomes(), Outcomes()
    for day in days:
        for outcome in Outcome:
            machine.add(outcome, getattr(day.machine, outcome))
            people.add(outcome, getattr(day.people, outcome))
    missed, false_alarm = sum(day.missed for day in days), sum(day.false_alarm for day in days)
    automatic = machine.approve + machine.reject
    return Totals(
        arrived=sum(day.arrived for day in days),
        machine=machine,
        people=people,
        missed=missed,
        false_alarm=false_alarm,
        automatic=_share(automatic, automatic + machine.hold),
        overturned=_share(missed + false_alarm, automatic),
    )


def _actors(counted: Mapping[date, Mapping[str, int]]) -> list[By]:
    found: dict[str, By] = {}
    for day, words in counted.items():
        for word, count in words.items():
            kind, _, rest = word.partition(":")
            if kind == "by" and count > 0:
                outcome, _, actor = rest.partition(":")
                one = found.setdefault(actor, By(actor, 0, Outcomes(), day.isoformat(), day.isoformat()))
                one.decided.add(outcome, count)
                one.total += count
                one.last = day.isoformat()
    return list(found.values())


def _model(actor: By) -> By:
    return By(actor.name.removeprefix(_POLICY), actor.total, actor.decided, actor.first, actor.last)


def _reasons(counted: Mapping[date, Mapping[str, int]]) -> tuple[Why, ...]:
    sums = Counter[str]()
    for words in counted.values():
        sums.update({word: count for word, count in words.items() if word.startswith("why:")})
    found = []
    for word, count in sums.most_common():
        _, by, outcome, code = word.split(":", 3)
        if count > 0 and outcome != Outcome.APPROVE:
            found.append(Why(code, by, Outcome(outcome), count))
    return tuple(found)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
