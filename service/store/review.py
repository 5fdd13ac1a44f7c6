"""What moderators do at a comment short of deciding, in Redis: claims, notes, putting aside, taking back; and their saved views.

For `service.container`.
"""

from __future__ import annotations

import msgspec

from service.core.comment import Change, Comment
from service.core.review import Claim, Handed, Note, Offer
from service.core.transition import Moved
from service.store import keys as names
from service.store import packing
from service.store.client import Connection

MAX_NOTES = 100
"""Notes at one comment."""
_encode = msgspec.msgpack.Encoder().encode


_note = msgspec.msgpack.Decoder(Note).decode
_offer = msgspec.msgpack.Decoder(Offer).decode


class ReviewStore:
    """Claims, notes and the like, of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def attend(self, comment: Comment, by: str, *, now: int, milliseconds: int) -> Claim:
        """Say that somebody looks at a comment, or with 0 milliseconds that they left; who looks now."""
        keys = self._keys
        holder, until = await self._wire.run(
            "queue/claim", [keys.of("claim", comment.id), keys.site_prefix(comment.site)],
            who=by, lasts=milliseconds, comment=comment.id, site=comment.site, now=now,
        )  # fmt: skip
        return Claim(holder.decode(), int(until))

    async def note(self, comment: Comment, note: Note) -> str:
        """Leave a note; the word that queue/add_note.lua answers."""
        keys = self._keys
        word = await self._wire.run(
            "queue/add_note", [keys.comment(comment.id), keys.of("notes", comment.id), keys.site_prefix(comment.site)],
            note=_encode(note), most=MAX_NOTES, comment=comment.id, site=comment.site, actor=note.by,
        )  # fmt: skip
        return str(word.decode())

    async def notes(self, comment: str) -> list[Note]:
        """A comment's notes, oldest first."""
        return [_note(row) for row in await self._wire.call("LRANGE", self._keys.of("notes", comment), 0, -1)]

    async def set_aside(
        self, comment: Comment, change: Change, *, to: str, at: int, handed: Handed | None = None
    ) -> Moved:
        """Escalate or snooze what is held, or return it (`to`: escalated, snoozed, flagged); `at` orders it there.

        What is escalated may be `handed` to somebody.
        """
        keys = self._keys
        word, revision, state = await self._wire.run(
            "queue/move", [keys.comment(comment.id), keys.history(comment.id), keys.site_prefix(comment.site)],
            now=change.at, comment=comment.id, site=comment.site, seen=comment.revision, list=to, at=at,
            change=packing.packed(change), actor=str(change.actor), what=change.what, hand=_encode(handed) if handed else None,
        )  # fmt: skip
        return Moved(word.decode(), revision, state.decode())

    async def offer(self, comment: str) -> Offer | None:
        """The decision about a comment that can be taken back, if its revision is still the comment's."""
        row = await self._wire.call("GET", self._keys.of("was", comment))
        return _offer(row) if row is not None else None

    async def undo(self, comment: Comment, change: Change) -> Moved:
        """Take the last decision back; the word is comment/undo.lua's."""
        keys, identity, site = self._keys, comment.id, comment.site
        word, revision, state = await self._wire.run(
            "comment/undo",
            [
                keys.comment(identity), keys.history(identity), keys.site_prefix(site), keys.queue(site, identity),
                keys.delivery(site, ""), keys.home(site).due, keys.example(site, ""), keys.of("was", identity),
            ],
            now=change.at, comment=identity, site=site, seen=comment.revision, change=packing.packed(change),
            actor=str(change.actor),
        )  # fmt: skip
        return Moved(word.decode(), revision, state.decode())

    async def views(self, moderator: str) -> bytes | None:
        """A moderator's saved views, as they were put."""
        found: bytes | None = await self._wire.call("GET", names.moderators("views", moderator))
        return found

    async def put_views(self, moderator: str, views: bytes) -> None:
        """Keep a moderator's views."""
        await self._wire.call("SET", names.moderators("views", moderator), views)
