"""Bulk decisions in Redis: planned, carried out step by step, taken back. For `service.reviewing`.

A plan holds the comments that were counted, each with the revision that it had, so that what is confirmed is what is done;
it is forgotten after a while. The steps that are left live in a list, and a step that was taken is not taken again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from service.core.lifecycle import Outcome
from service.store.client import Argument, Connection

PLAN_TTL = 600_000
"""How long a plan waits to be confirmed, milliseconds."""
BULK_TTL = 86_400_000
"""How long a bulk decision can be looked at, milliseconds."""
MOST_SKIPPED = 100
"""Skipped comments that are remembered by id."""
_AT_ONCE = 1_000
_encode = msgspec.json.Encoder().encode


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
    state: str  # planned, running, done, stopped, undoing, undone
    done: int
    skipped: int
    undone: int
    started_at: int
    undo_until: int
    first_skipped: list[tuple[str, str]]  # (comment, why)


_plan = msgspec.json.Decoder(Plan).decode


class Bulks:
    """The bulk decisions of all moderators."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def plan(self, bulk: str, plan: Plan, steps: Sequence[Step]) -> None:
        """Keep a plan."""
        record, todo = self._keys.bulk(bulk), self._keys.bulk(bulk, ":todo")
        lines = [_line(step) for step in steps]
        commands: list[tuple[Argument, ...]] = [
            ("HSET", record, "plan", _encode(plan), "state", "planned"),
            *[("RPUSH", todo, *lines[start : start + _AT_ONCE]) for start in range(0, len(lines), _AT_ONCE)],
        ]
        await self._wire.call_all([*commands, ("PEXPIRE", record, PLAN_TTL), ("PEXPIRE", todo, PLAN_TTL)])

    async def begin(self, bulk: str, *, now: int, undo_until: int) -> bool:
        """Begin a plan, once. False: it was begun before."""
        record = self._keys.bulk(bulk)
        if not await self._wire.call("HSETNX", record, "started", now):
            return False
        await self._wire.call_all(
            [
                ("HSET", record, "state", "running", "undo_until", undo_until),
                *[("PEXPIRE", self._keys.bulk(bulk, part), BULK_TTL) for part in ("", ":todo")],
            ]
        )
        return True

    async def look(self, bulk: str) -> Progress | None:
        """A bulk decision or plan; None when it is not known (any more)."""
        row, skipped = await self._wire.call_all(
            [
                (
                    "HMGET", self._keys.bulk(bulk),
                    "plan", "state", "done", "skipped", "undone", "started", "undo_until",
                ),
                ("LRANGE", self._keys.bulk(bulk, ":skipped"), 0, -1),
            ]
        )  # fmt: skip
        plan, state, *numbers = row
        if plan is None or state is None:
            return None
        done, left, undone, started, until = (int(number or 0) for number in numbers)
        why = [(comment, reason) for comment, _, reason in (line.decode().partition(" ") for line in skipped)]
        return Progress(_plan(plan), state.decode(), done, left, undone, started, until, why)

    async def turn(self, bulk: str, state: str, *, when: str = "") -> None:
        """Say what state it is in now; with `when`, only if it was in that one."""
        record = self._keys.bulk(bulk)
        if not when or await self._wire.call("HGET", record, "state") == when.encode():
            await self._wire.call("HSET", record, "state", state)

    async def next(self, bulk: str) -> Step | None:
        """Take the next step; None when there is none, or when the decision is being taken back."""
        state, line = await self._wire.call_all(
            [("HGET", self._keys.bulk(bulk), "state"), ("LPOP", self._keys.bulk(bulk, ":todo"))]
        )
        return _step(line) if line is not None and state == b"running" else None

    async def did(self, bulk: str, step: Step) -> None:
        """Note a decision that was made; the step has the revision that it made."""
        moved = self._keys.bulk(bulk, ":moved")
        await self._wire.call_all(
            [
                ("HINCRBY", self._keys.bulk(bulk), "done", 1),
                ("RPUSH", moved, _line(step)),
                ("PEXPIRE", moved, BULK_TTL),
            ]
        )

    async def skipped(self, bulk: str, comment: str, why: str) -> None:
        """Note a comment that was left alone, and why: changed, erased, told or refused."""
        names = self._keys.bulk(bulk, ":skipped")
        await self._wire.call_all(
            [
                ("HINCRBY", self._keys.bulk(bulk), "skipped", 1),
                ("RPUSH", names, f"{comment} {why}"),
                ("LTRIM", names, 0, MOST_SKIPPED - 1),
                ("PEXPIRE", names, BULK_TTL),
            ]
        )

    async def take_back(self, bulk: str) -> Step | None:
        """Take a decision that it made, the last one first; None when there is none left."""
        line = await self._wire.call("RPOP", self._keys.bulk(bulk, ":moved"))
        return _step(line) if line is not None else None

    async def undid(self, bulk: str) -> None:
        """Note a decision that was taken back."""
        await self._wire.call("HINCRBY", self._keys.bulk(bulk), "undone", 1)

    async def tell(self, bulk: str, by: str) -> None:
        """Tell the pages of whoever decides so that there is progress."""
        await self._wire.call("PUBLISH", self._keys.live, _encode({"bulk": bulk, "by": by}))


def _line(step: Step) -> str:
    return f"{step.revision} {step.comment} {step.site}"


def _step(line: bytes) -> Step:
    revision, comment, site = line.decode().split(" ", 2)
    return Step(int(revision), comment, site)
