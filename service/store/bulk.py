"""Bulk decisions in Redis: planned, carried out step by step, taken back. For `service.reviewing`.

A plan holds the comments that were counted, each with the revision that it had, so that what is confirmed is what is done;
it is forgotten after a while. Once it has begun, whoever works on it has a lease; when the process dies, another one takes it
over. Steps that are left live in a list, those that were taken in another one until it is noted what became of them.
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
    state: str  # planned, running, done, undoing, undone
    done: int
    skipped: int
    undone: int
    started_at: int
    undo_until: int
    taken_back_by: str  # "" until somebody takes it back
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

    async def begin(self, bulk: str, *, now: int, leased_until: int, undo_until: int) -> bool:
        """Begin a plan, once, and lease it. False: it was begun before."""
        fields = ("started", now, "undo_until", undo_until)
        return await self._turn(bulk, ("planned",), "running", leased_until, *fields) == "turned"

    async def take_back(self, bulk: str, by: str, *, leased_until: int) -> bool:
        """Turn to taking it back. True: it is leased, and the work is the caller's; else somebody is at it, or was."""
        return await self._turn(bulk, ("running", "done"), "undoing", leased_until, "undo_by", by) == "turned"

    async def finish(self, bulk: str, working: str) -> bool:
        """Be done with the state `working`, running or undoing. False: work is left, or it was turned to something else."""
        return await self._turn(bulk, (working,), "done" if working == "running" else "undone", "") == "turned"

    async def _turn(self, bulk: str, states: Sequence[str], to: str, leased_until: Argument, *fields: Argument) -> str:
        lists = [self._keys.bulk(bulk, part) for part in (":todo", ":moved", ":skipped", ":doing", ":undoing")]
        word = await self._wire.run(
            "turn_bulk", [self._keys.bulk(bulk), self._keys.bulks, *lists],
            bulk, f" {' '.join(states)} ", to, leased_until, BULK_TTL, *fields,
        )  # fmt: skip
        return str(word.decode())

    async def abandoned(self, now: int) -> list[str]:
        """Those that have work left, and nobody at it."""
        return [
            bulk.decode()
            for bulk in await self._wire.call("ZRANGEBYSCORE", self._keys.bulks, "-inf", now, "LIMIT", 0, _AT_ONCE)
        ]

    async def take_over(self, bulk: str, *, now: int, leased_until: int) -> bool:
        """Lease one that was abandoned. False: somebody was faster."""
        word = await self._wire.run("take_bulk", [self._keys.bulks], bulk, now, leased_until)
        return bool(word == b"taken")

    async def renew(self, bulk: str, leased_until: int) -> None:
        """Keep it leased; until 0: let it go, for others to take over at once."""
        await self._wire.call("ZADD", self._keys.bulks, "XX", leased_until, bulk)

    async def forget(self, bulk: str) -> None:
        """There is nothing left of it to work on."""
        await self._wire.call("ZREM", self._keys.bulks, bulk)

    async def extend(self, bulk: str, undo_until: int) -> None:
        """Say until when it can be taken back now."""
        await self._wire.call("HSET", self._keys.bulk(bulk), "undo_until", undo_until)

    async def look(self, bulk: str) -> Progress | None:
        """A bulk decision or plan; None when it is not known (any more)."""
        row, skipped = await self._wire.call_all(
            [
                (
                    "HMGET", self._keys.bulk(bulk),
                    "plan", "state", "undo_by", "done", "skipped", "undone", "started", "undo_until",
                ),
                ("LRANGE", self._keys.bulk(bulk, ":skipped"), 0, -1),
            ]
        )  # fmt: skip
        plan, state, by, *numbers = row
        if plan is None or state is None:
            return None
        done, left, undone, started, until = (int(number or 0) for number in numbers)
        why = [(comment, reason) for comment, _, reason in (line.decode().partition(" ") for line in skipped)]
        return Progress(_plan(plan), state.decode(), done, left, undone, started, until, (by or b"").decode(), why)

    async def next(self, bulk: str) -> Step | None:
        """Take the next comment to decide; None when there is none, or when the decision is being taken back."""
        return await self._next(bulk, "running", ":todo", ":doing", "LEFT")

    async def next_back(self, bulk: str) -> Step | None:
        """Take the next decision to take back, the last one first."""
        return await self._next(bulk, "undoing", ":moved", ":undoing", "RIGHT")

    async def under_way(self, bulk: str, *, back: bool = False) -> list[Step]:
        """Steps that were taken and not settled, of deciding or (`back`) of taking back."""
        rows = await self._wire.call("LRANGE", self._keys.bulk(bulk, ":undoing" if back else ":doing"), 0, -1)
        return [_step(row) for row in rows]

    async def did(self, bulk: str, step: Step, revision: int) -> None:
        """Note a decision that was made, and the revision that it made."""
        await self._settle(bulk, step, ":doing", "done", to=":moved", line=_line(step._replace(revision=revision)))

    async def undid(self, bulk: str, step: Step) -> None:
        """Note a decision that was taken back."""
        await self._settle(bulk, step, ":undoing", "undone")

    async def skipped(self, bulk: str, step: Step, why: str, *, back: bool = False) -> None:
        """Note a comment that was left alone, and why: changed, erased, told, refused or failed."""
        under_way = ":undoing" if back else ":doing"
        line = f"{step.comment} {why}"
        await self._settle(bulk, step, under_way, "skipped", to=":skipped", line=line, most=MOST_SKIPPED)

    async def put_back(self, bulk: str, step: Step, *, back: bool = False) -> None:
        """Put a step back among those that are left: nothing came of it."""
        under_way, left = (":undoing", ":moved") if back else (":doing", ":todo")
        await self._settle(bulk, step, under_way, "", to=left, line=_line(step))

    async def _next(self, bulk: str, state: str, left: str, under_way: str, end: str) -> Step | None:
        keys = [self._keys.bulk(bulk, part) for part in ("", left, under_way)]
        line = await self._wire.run("next_step", keys, state, end, BULK_TTL)
        return _step(line) if line is not None else None

    async def _settle(
        self, bulk: str, step: Step, under_way: str, counts: str, *, to: str = "", line: str = "", most: int = 0
    ) -> None:
        keys = [self._keys.bulk(bulk, part) for part in ("", under_way, to)]
        await self._wire.run("settle_step", keys, _line(step), counts, line, most, BULK_TTL)

    async def tell(self, bulk: str, by: str) -> None:
        """Tell the pages of whoever decides so that there is progress."""
        await self._wire.call("PUBLISH", self._keys.live, _encode({"bulk": bulk, "by": by}))


def _line(step: Step) -> str:
    return f"{step.revision} {step.comment} {step.site}"


def _step(line: bytes) -> Step:
    revision, comment, site = line.decode().split(" ", 2)
    return Step(int(revision), comment, site)
