"""The days and the words that decisions are counted by. Pure.

A word is `by:<outcome>:<actor>`, one for each decision, or `why:<machine|human>:<outcome>:<reason code>`, one for each code
that it gives; `comment/transition.lua` counts them and `usecases.statistics` reads them again. The actor comes last because
it may hold anything, a colon too.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

from service.core.comment import Decision
from service.core.lifecycle import ActorKind


def day_of(at: int) -> date:
    """The day of a time in milliseconds since 1970."""
    return datetime.fromtimestamp(at / 1000, UTC).date()


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
