"""What moderators leave beside a comment, and what they do to many at once: notes, claims, plans. Values only."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from service.core.lifecycle import Outcome, State


class Note(Struct, frozen=True):
    """A moderator's note; e-mail addresses in it are dotted out."""

    id: str
    by: str
    at: int  # milliseconds since 1970
    text: str


class Handed(Struct, frozen=True):
    """A held comment that was handed over: to whom, by whom (actors), when, and what they should know."""

    to: str  # "moderator:<name>", or "role:<role>": whoever has that role, or one that may do more; "": whoever takes it
    by: str
    at: int  # milliseconds since 1970
    note: str = ""  # e-mail addresses in it are dotted out


class Offer(Struct, frozen=True):
    """A decision that can be taken back: which revision it made, by whom, until when, and the state that came before it."""

    rev: int
    by: str
    bulk: str
    until: int
    state: State


class Claim(NamedTuple):
    """Who looks at a comment ("": nobody), and until when unless they say so again."""

    by: str
    until: int


PLAN_TTL = 600_000
"""How long a plan waits to be confirmed, milliseconds."""


class Plan(Struct, frozen=True):
    """What is to be decided about how many comments, by whom."""

    by: str
    outcome: Outcome
    reasons: tuple[str, ...]
    note: str
    count: int
    sites: dict[str, int]
    planned_at: int  # milliseconds since 1970


class Step(NamedTuple):
    """One comment of a bulk decision, and its revision."""

    revision: int
    comment: str
    site: str


class Progress(NamedTuple):
    """How far a bulk decision has come; times are milliseconds since 1970."""

    plan: Plan
    state: str  # planned, running, done, undoing, undone
    done: int
    skipped: int
    undone: int
    started_at: int
    undo_until: int
    taken_back_by: str  # "" until somebody takes it back
    first_skipped: list[tuple[str, str]]  # (comment, why)
    at: int  # so many steps are settled, from the first on
    left: int | None  # so many are left to take back, from the first on; None: nothing of that is noted yet


class Settled(NamedTuple):
    """What became of some steps of a bulk decision."""

    done: int
    undone: int
    skipped: list[tuple[str, str]]  # (comment, why)
