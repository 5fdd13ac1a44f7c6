"""Imports in Redis: comments of a blog's history, written as they were decided elsewhere, and how far each import is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from service.core.comment import Change, Comment
from service.core.example import Example
from service.core.queueing import place
from service.store.client import Argument, Connection, script_command
from service.store.evidence import Lifetimes

_encode = msgspec.msgpack.Encoder().encode
_KEPT = 30 * 86_400_000  # milliseconds that the record of an import lives after its last step


class Brought(Struct, frozen=True):
    """One comment to be brought in, and where the import stands with it."""

    comment: Comment
    fingerprint: str
    arrival: Change  # its first line of history
    decided: Change  # its second one, with the decision
    subjects: tuple[str, ...]  # whose records it counts in: digests of `core/sighting.py`
    fate: str  # what had become of it, to be counted
    number: int  # of its record in the file
    notes: bytes  # what the import wants to remember up to here
    example: Example | None = None


class Progress(Struct, frozen=True):
    """How far an import is: records done, what became of them (see bring.lua), and its own notes."""

    at: int
    counts: dict[str, int]
    notes: bytes


class Imports:
    """The imports of all sites. `file` names one by a digest of what is imported."""

    def __init__(self, connection: Connection, *, severity_hours: float, lifetimes: Lifetimes) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._severity_hours = severity_hours
        self._lifetimes = lifetimes

    async def bring(self, site: str, file: str, comments: Sequence[Brought], *, at: int, notes: bytes) -> Progress:
        """Bring comments in, each together with how far the import is then, and how far it is after them; in one write."""
        record = self._keys.importing(site, file)
        *_, flat = await self._wire.call_all(
            [
                *(self._command(site, record, one) for one in comments),
                ("HSET", record, "at", at, "notes", notes),
                ("PEXPIRE", record, _KEPT),
                ("HGETALL", record),
            ]
        )
        return _progress(flat)

    def _command(self, site: str, record: str, one: Brought) -> tuple[Argument, ...]:
        keys, comment, example = self._keys, one.comment, one.example
        anchor, submission = keys.comment(comment.id), comment.submission
        author = submission.author.email if submission else None
        held = place(comment) if comment.state == "flagged" else None
        return script_command(
            "bring",
            [
                anchor, keys.history(comment.id), keys.site(site, ""), keys.author(site, author.digest) if author else anchor,
                keys.example(example.id) if example else anchor, record,
            ],
            one.decided.at, comment.id, site, comment.platform_id, _encode(submission), one.fingerprint, comment.state,
            comment.created_at, _encode(one.decided), comment.ruled or "", "author" if author else "",
            "\n".join(held.facets) if held else "",
            held.priority(one.decided.at, self._severity_hours) if held else 0,
            " ".join(one.subjects), self._lifetimes.standing,
            *((example.id, _encode(example)) if example else ("", "")), one.fate, one.number, one.notes, _KEPT,
            _encode(one.arrival), self._lifetimes.address,
        )  # fmt: skip

    async def progress(self, site: str, file: str) -> Progress:
        """How far an import is; nowhere when it was never begun, or long ago."""
        return _progress(await self._wire.call("HGETALL", self._keys.importing(site, file)))

    async def forget(self, site: str, file: str) -> None:
        """Begin an import anew. What was brought in stays."""
        await self._wire.call("DEL", self._keys.importing(site, file))


def _progress(flat: Sequence[bytes]) -> Progress:
    fields = dict(zip((name.decode() for name in flat[::2]), flat[1::2], strict=True))
    at, notes = fields.pop("at", b"0"), fields.pop("notes", b"")
    return Progress(int(at), {name: int(count) for name, count in fields.items()}, notes)
