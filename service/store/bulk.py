"""Bulk decisions in Redis: planned, carried out, taken back. What was done is noted some steps at a time.

A plan holds the comments that were counted, each with the revision that it had, so that what is confirmed is what is done;
it is forgotten after a while. Once it has begun, whoever works on it has a lease; when the process dies, another one takes it
over and goes on where the last note was made. Steps behind it may be done by then: their comments tell (`usecases.review.bulk`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from service.core.review import PLAN_TTL, Plan, Progress, Settled, Step
from service.store.client import Connection
from service.store.script import Argument

BULK_TTL = 86_400_000
"""How long a bulk decision can be looked at, milliseconds."""
MOST_SKIPPED = 100
"""Skipped comments that are remembered by id."""
_AT_ONCE = 1_000
_WORKING = ("running", "undoing")
_encode = msgspec.json.Encoder().encode
_plan = msgspec.json.Decoder(Plan).decode


class Bulks:
    """The bulk decisions of all moderators."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def plan(self, bulk: str, plan: Plan, steps: Sequence[Step]) -> None:
        """Keep a plan."""
        record, todo = self._keys.bulk(bulk), self._keys.bulk(bulk, "todo")
        lines = [f"{step.revision} {step.comment} {step.site}" for step in steps]
        commands: list[tuple[Argument, ...]] = [
            ("HSET", record, "plan", _encode(plan), "state", "planned"),
            *[("RPUSH", todo, *lines[start : start + _AT_ONCE]) for start in range(0, len(lines), _AT_ONCE)],
        ]
        await self._wire.call_all([*commands, ("PEXPIRE", record, PLAN_TTL), ("PEXPIRE", todo, PLAN_TTL)])

    async def begin(self, bulk: str, *, now: int, leased_until: int, undo_until: int) -> bool:
        """Begin a plan, once, and lease it. False: it was begun before."""
        fields = ("started", now, "undo_until", undo_until)
        return await self._set_state(bulk, ("planned",), "running", now, leased_until, fields) == "turned"

    async def take_back(self, bulk: str, by: str, *, now: int, leased_until: int) -> bool:
        """Turn to taking it back. True: it is leased, and the work is the caller's; else somebody is at it, or was."""
        await self._adopt(bulk)
        sources, fields = ("running", "done"), ("undo_by", by)
        return await self._set_state(bulk, sources, "undoing", now, leased_until, fields) == "turned"

    async def take_over(self, bulk: str, *, now: int, leased_until: int) -> bool:
        """Lease one that was abandoned. False: somebody was faster."""
        await self._adopt(bulk)
        return await self._set_state(bulk, _WORKING, None, now, leased_until) == "turned"

    async def _adopt(self, bulk: str) -> None:
        """Bring one that an older version kept into the present form."""
        parts = ("", "todo", "doing", "moved", "undoing")
        await self._wire.run("bulk/adopt", [self._keys.bulk(bulk, part) for part in parts], lives=BULK_TTL)

    async def finish(self, bulk: str, progress: Progress) -> bool:
        """Be done with the state that it was found in, running or undoing. False: work is left, or it was turned to another."""
        to, settled = ("done", "at") if progress.state == "running" else ("undone", "left")
        return await self._set_state(bulk, (progress.state,), to, settled=settled) == "turned"

    async def _set_state(  # noqa: PLR0917  (one call a line above)
        self,
        bulk: str,
        sources: Sequence[str],
        to: str | None,
        now: int = 0,
        leased_until: int | None = None,
        fields: Sequence[Argument] = (),
        *,
        settled: str | None = None,
    ) -> str:
        parts = [self._keys.bulk(bulk, part) for part in ("todo", "skipped")]
        word = await self._wire.run(
            "bulk/set_state", [self._keys.bulk(bulk), self._keys.bulks, *parts],
            bulk=bulk, sources=dict.fromkeys(sources, True), state=to, now=now, leased_until=leased_until, lives=BULK_TTL,
            settled=settled, set=fields,
        )  # fmt: skip
        return str(word.decode())

    async def abandoned(self, now: int) -> list[str]:
        """Those that have work left, and nobody at it."""
        return [
            bulk.decode()
            for bulk in await self._wire.call("ZRANGEBYSCORE", self._keys.bulks, "-inf", now, "LIMIT", 0, _AT_ONCE)
        ]

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
                    "HMGET", self._keys.bulk(bulk), "plan", "state", "undo_by", "left",
                    "done", "skipped", "undone", "started", "undo_until", "at",
                ),
                ("LRANGE", self._keys.bulk(bulk, "skipped"), 0, -1),
            ]
        )  # fmt: skip
        plan, state, by, left, *numbers = row
        if plan is None or state is None:
            return None
        done, alone, undone, started, until, at = (int(number or 0) for number in numbers)
        why = [(comment, reason) for comment, _, reason in (line.decode().partition(" ") for line in skipped)]
        return Progress(
            _plan(plan), state.decode(), done, alone, undone, started, until, (by or b"").decode(), why,
            at, int(left) if left is not None else None,
        )  # fmt: skip

    async def steps(self, bulk: str, start: int, end: int) -> list[Step]:
        """The steps from one place to before another."""
        if start >= end:
            return []
        rows = await self._wire.call("LRANGE", self._keys.bulk(bulk, "todo"), start, end - 1)
        return [_step(row) for row in rows]

    async def decided(self, bulk: str, at: int, to: int, settled: Settled) -> bool:
        """Note what became of the steps from `at` to before `to`. False: somebody else did, or it is being taken back."""
        return await self._advance(bulk, settled, state="running", field="at", seen=at or None, at=to)

    async def taken_back(self, bulk: str, left: int | None, to: int, settled: Settled) -> bool:
        """Note what became of the steps before `left` (None: none is noted yet), down to `to`. False: somebody else did."""
        return await self._advance(bulk, settled, state="undoing", field="left", seen=left, at=to)

    async def _advance(self, bulk: str, settled: Settled, *, state: str, field: str, seen: int | None, at: int) -> bool:
        lines = [f"{comment} {why}" for comment, why in settled.skipped]
        word = await self._wire.run(
            "bulk/advance", [self._keys.bulk(bulk), self._keys.bulk(bulk, "skipped")],
            state=state, field=field, seen=seen, at=at, done=settled.done, undone=settled.undone, skipped=lines,
            most=MOST_SKIPPED, lives=BULK_TTL,
        )  # fmt: skip
        return bool(word == b"advanced")

    async def tell(self, bulk: str, by: str) -> None:
        """Tell the pages of whoever decides so that there is progress."""
        await self._wire.call("PUBLISH", self._keys.partitions[0].live, _encode({"bulk": bulk, "by": by}))


def _step(line: bytes) -> Step:
    revision, comment, site = line.decode().split(" ", 2)
    return Step(int(revision), comment, site)
