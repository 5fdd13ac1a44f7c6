"""The days and the words that decisions are counted by. Pure.

A word is `by:<outcome>:<actor>`, one for each decision, or `why:<machine|human>:<outcome>:<reason code>`, one for each code
that it gives; `comment/transition.lua` counts them and `usecases.statistics` reads them again. The actor comes last because
it may hold anything, a colon too.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.core.comment import Decision
from service.core.errors import InvalidSubmission
from service.core.lifecycle import ActorKind

_UNKNOWN = (ValueError, LookupError, OSError)  # what ZoneInfo raises of a name that is none
_FURTHEST = 14 * 3_600_000  # ms: nowhere does a day begin sooner before it does in UTC


def day_of(at: int, zone: str = "") -> date:
    """The day of a time in milliseconds since 1970, by the midnight of a time zone; "": UTC."""
    return datetime.fromtimestamp(at / 1000, _known(zone)).date()


def last_day(at: int) -> date:
    """The last day that has begun anywhere."""
    return day_of(at + _FURTHEST)


def midnight(day: date, zone: str = "") -> int:
    """When a day begins, in milliseconds since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_known(zone)).timestamp() * 1000)


@cache
def _known(zone: str) -> tzinfo:
    """A time zone; UTC where this machine does not know it, since no comment is to be held up by that."""
    try:
        return ZoneInfo(zone) if zone else UTC
    except _UNKNOWN:
        return UTC


def check_zone(zone: str) -> None:
    """Raise InvalidSubmission unless it is the name of a time zone, or "" for UTC."""
    try:
        ZoneInfo(zone or "UTC")
    except _UNKNOWN:
        raise InvalidSubmission('A time zone has a name such as "Europe/Berlin".', pointer="/time_zone") from None


def months(first: date, last: date) -> list[str]:
    """The months that a span of days touches, as "2026-11", in order; none when it ends before it begins."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


MAX_ACTOR = 120
"""Characters of an actor that are told apart; a platform may name its moderators as it likes."""


def words(decision: Decision) -> tuple[str, ...]:
    """The words that a decision adds, none of them with a line break."""
    actor = str(decision.actor)
    if not actor.isprintable():
        actor = "".join(char if char.isprintable() else " " for char in actor)
    actor = actor[:MAX_ACTOR]
    who = "machine" if decision.actor.kind is ActorKind.POLICY else "human"
    codes = dict.fromkeys(reason.code for reason in decision.reasons)
    return (f"by:{decision.outcome}:{actor}", *(f"why:{who}:{decision.outcome}:{code}" for code in codes))


class Day(NamedTuple):
    """What was said on a day, and what of that is contradicted by now."""

    day: date
    approve: int = 0
    hold: int = 0
    reject: int = 0
    missed: int = 0  # approved by the machine, rejected by a human
    false_alarm: int = 0  # rejected by the machine, approved by a human
    checks: int = 0  # requests
