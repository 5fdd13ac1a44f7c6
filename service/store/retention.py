"""Dropping texts, examples and notes whose time has come, in Redis. For `workers/housekeeping.py`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from service.core.comment import Comment
from service.core.delivery import event_id
from service.core.lifecycle import State
from service.core.submission import Submission
from service.store import packing, records
from service.store.client import Connection
from service.store.script import script_command

_encode = msgspec.msgpack.Encoder().encode


class Retention:
    """The texts of all sites, by when their comments entered a state."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def entered(self, site: str, state: State, *, since: int, until: int, limit: int) -> list[tuple[str, int]]:
        """(comment, time) of those that entered a state in a span of time, oldest first."""
        rows = await self._wire.call(
            "ZRANGEBYSCORE", self._keys.site(site, state), since, until, "WITHSCORES", "LIMIT", 0, limit
        )
        return [(member.decode(), int(float(score))) for member, score in zip(rows[::2], rows[1::2], strict=True)]

    async def swept_until(self, site: str, state: State, what: str = "") -> int:
        """Up to when the texts of a state, or its `examples`, `notes` or `remains`, have been dropped."""
        return int(await self._wire.call("HGET", self._keys.site(site, "swept"), _swept(state, what)) or 0)

    async def drop_texts(self, comments: Sequence[Comment], stripped: Sequence[Submission]) -> None:
        """Replace submissions by what remains of them, where the comment has not changed since it was read.

        The verdict goes with the text, and with it what was around it then; so does what explains a decision by the text's words,
        and what moderators made of it. The reasons, with the score that decided, and who decided stay. Call-backs that carried an
        edit go too, unless they are still to be told: those end as call-backs do.
        """
        keys = self._keys
        histories = await self._wire.call_all([("LRANGE", keys.history(comment.id), 0, -1) for comment in comments])
        decided = await self._wire.call_all([("HGET", keys.comment(comment.id), "dec") for comment in comments])
        await self._wire.call_all(
            [
                script_command(
                    "comment/drop_text",
                    [
                        keys.comment(one.id), keys.texts(one.id), keys.site_prefix(one.site), keys.history(one.id),
                        keys.queue(one.site, one.id), keys.delivery(one.site, ""),
                    ],
                    seen=one.revision, submission=packing.packed(remains), comment=one.id,
                    appeal=_encode(msgspec.structs.replace(one.appeal, text="")) if one.appeal else None,
                    decision=_unexplained(row) if row else None, history=[_unexplained(line) for line in history],
                    told=_quoting(one, [*history, *([row] if row else [])]),
                )
                for one, remains, history, row in zip(comments, stripped, histories, decided, strict=True)
            ]
        )  # fmt: skip

    async def drop_remains(self, comments: Sequence[Comment]) -> None:
        """Drop all that is left of comments whose texts are gone, where they have not changed since they were read."""
        keys = self._keys
        await self._wire.call_all(
            [
                script_command(
                    "comment/drop_remains",
                    [keys.comment(one.id), keys.site_prefix(one.site), keys.names(one.id), keys.queue(one.site, one.id)],
                    comment=one.id, site=one.site, seen=one.revision,
                )
                for one in comments
            ]
        )  # fmt: skip

    async def drop_examples(self, comments: Sequence[Comment]) -> int:
        """Drop what was learnt from comments; how many examples that were."""
        names = [(one.site, f"x_{one.id}_{number}") for one in comments for number in range(1, one.revision + 1)]
        gone = await self._wire.call_all([("DEL", self._keys.example(site, name)) for site, name in names])
        await self._wire.call_all([("ZREM", self._keys.site(site, "examples"), name) for site, name in names])
        return sum(map(int, gone))

    async def drop_notes(self, comments: Sequence[Comment]) -> None:
        """Drop what moderators noted beside comments, and in their decisions about them."""
        await self._wire.call_all([("DEL", self._keys.of("notes", one.id)) for one in comments])
        await self._wire.call_all([("HDEL", self._keys.comment(one.id), "notes") for one in comments])
        for one in comments:
            await self._drop_said(one)

    async def _drop_said(self, comment: Comment) -> None:
        """The notes in its history, and in the last decision."""
        key, lines = self._keys.comment(comment.id), self._keys.history(comment.id)
        rows = await self._wire.call("LRANGE", lines, 0, -1)
        decided = await self._wire.call("HGET", key, "dec")
        lines_and_last = [*rows, *([decided] if decided else [])]
        if not any(_noted(row) for row in lines_and_last):
            return
        bare = [_unsaid(row) for row in rows]
        await self._wire.run(
            "comment/unsay", [key, lines], seen=len(rows), history=bare,
            decision=_unsaid(decided) if decided else None,
        )  # fmt: skip

    async def mark_swept(self, site: str, state: State, until: int, what: str = "") -> None:
        """Note up to when the texts of a state, or its `examples`, `notes` or `remains`, have been dropped."""
        await self._wire.run("store/mark", [self._keys.site(site, "swept")], name=_swept(state, what), value=until)


def _swept(state: State, what: str) -> str:
    return f"{what}:{state}" if what else str(state)


def _quoting(comment: Comment, history: Sequence[bytes]) -> list[str]:
    """The ids of the call-backs that may hold a moderator's edit: every one of a comment that had any."""
    if not any(records.change(line).content for line in history if line):
        return []
    return [event_id(comment.id, revision) for revision in range(1, comment.revision + 1)]


def _unexplained(row: bytes) -> bytes:
    """A line of history without the explanations of its reasons, and without words; what has none stays as it is."""
    change = records.change(row) if row else None
    if change is None or (change.decision is None and not change.content):
        return row
    decision = change.decision
    if decision is not None:
        reasons = tuple(msgspec.structs.replace(reason, explanation=None) for reason in decision.reasons)
        decision = msgspec.structs.replace(decision, reasons=reasons)
    return packing.packed(msgspec.structs.replace(change, decision=decision, content=""))


def _noted(row: bytes) -> bool:
    decision = records.change(row).decision if row else None
    return decision is not None and decision.note != ""


def _unsaid(row: bytes) -> bytes:
    """A line of history without a moderator's note."""
    change = records.change(row) if row else None
    if change is None or change.decision is None or not change.decision.note:
        return row
    return packing.packed(msgspec.structs.replace(change, decision=msgspec.structs.replace(change.decision, note="")))
