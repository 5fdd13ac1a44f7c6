"""Dropping texts, examples and notes whose time has come, in Redis. For `workers/housekeeping.py`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from service.core.comment import Change, Comment
from service.core.delivery import event_id
from service.core.lifecycle import State
from service.core.submission import Submission
from service.store.client import Connection
from service.store.script import script_command

_encode = msgspec.msgpack.Encoder().encode
_change = msgspec.msgpack.Decoder(Change).decode


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
        """Up to when the texts of a state, or its `examples` or `notes`, have been dropped."""
        return int(await self._wire.call("HGET", self._keys.site(site, "swept"), _swept(state, what)) or 0)

    async def drop_texts(self, comments: Sequence[Comment], stripped: Sequence[Submission]) -> None:
        """Replace submissions by what remains of them, where the comment has not changed since it was read.

        What explains a decision by the text's words and by what was around it then goes with the text, and what moderators made
        of it: the scores, the reasons and who decided stay. Call-backs that carried an edit go too, unless they are still to be
        told: those end as call-backs do.
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
                        keys.queue(one.id), keys.delivery(""),
                    ],
                    seen=one.revision, submission=_encode(remains), comment=one.id,
                    appeal=_encode(msgspec.structs.replace(one.appeal, text="")) if one.appeal else None,
                    verdict=_encode(msgspec.structs.replace(one.verdict, signals={})) if one.verdict else None,
                    decision=_unexplained(row) if row else None, history=[_unexplained(line) for line in history],
                    told=_quoting(one, history),
                )
                for one, remains, history, row in zip(comments, stripped, histories, decided, strict=True)
            ]
        )  # fmt: skip

    async def drop_examples(self, comments: Sequence[Comment]) -> int:
        """Drop what was learnt from comments; how many examples that were."""
        names = [(one.site, f"x_{one.id}_{number}") for one in comments for number in range(1, one.revision + 1)]
        gone = await self._wire.call_all([("DEL", self._keys.example(name)) for _, name in names])
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
        changes = [_change(row) for row in rows]
        if not any(change.decision is not None and change.decision.note for change in changes):
            return
        bare = [_encode(_unsaid(change)) for change in changes]
        await self._wire.run(
            "comment/unsay", [key, lines], seen=len(rows), history=bare,
            decision=_encode(_unsaid(_change(row))) if (row := await self._wire.call("HGET", key, "dec")) else None,
        )  # fmt: skip

    async def mark_swept(self, site: str, state: State, until: int, what: str = "") -> None:
        """Note up to when the texts of a state, or its `examples` or `notes`, have been dropped."""
        await self._wire.run("store/mark", [self._keys.site(site, "swept")], name=_swept(state, what), value=until)


def _swept(state: State, what: str) -> str:
    return f"{what}:{state}" if what else str(state)


def _quoting(comment: Comment, history: Sequence[bytes]) -> list[str]:
    """The ids of the call-backs that may hold a moderator's edit: every one of a comment that had any."""
    if not any(_change(line).content for line in history):
        return []
    return [event_id(comment.id, revision) for revision in range(1, comment.revision + 1)]


def _unexplained(row: bytes) -> bytes:
    """A line of history without the explanations of its reasons, and without words."""
    change = _change(row)
    if change.decision is None:
        return _encode(change)
    reasons = tuple(msgspec.structs.replace(reason, explanation=None) for reason in change.decision.reasons)
    decision = msgspec.structs.replace(change.decision, reasons=reasons)
    return _encode(msgspec.structs.replace(change, decision=decision, content=""))


def _unsaid(change: Change) -> Change:
    decision = change.decision
    return (
        change
        if decision is None
        else msgspec.structs.replace(change, decision=msgspec.structs.replace(decision, note=""))
    )
