"""Dropping the texts of comments whose time has come, in Redis. For `workers/housekeeping.py`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.submission import Submission
from service.store.client import Connection, script_command

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

    async def swept_until(self, site: str, state: State) -> int:
        """Up to when the texts of a state have been dropped."""
        return int(await self._wire.call("HGET", self._keys.site(site, "swept"), state) or 0)

    async def drop_texts(self, comments: Sequence[Comment], stripped: Sequence[Submission]) -> None:
        """Replace submissions by what remains of them, where the comment has not changed since it was read."""
        await self._wire.call_all(
            [
                script_command(
                    "strip",
                    [self._keys.comment(comment.id), self._keys.texts(comment.id), self._keys.site(comment.site, "")],
                    comment.revision, _encode(remains),
                    _encode(msgspec.structs.replace(comment.appeal, text="")) if comment.appeal else "", comment.id,
                )
                for comment, remains in zip(comments, stripped, strict=True)
            ]
        )  # fmt: skip

    async def mark_swept(self, site: str, state: State, until: int) -> None:
        """Note up to when the texts of a state have been dropped."""
        await self._wire.call("HSET", self._keys.site(site, "swept"), state, until)
