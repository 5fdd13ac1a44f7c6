"""What is kept of a comment, as values again: its submission, its verdict, and its history. For the modules of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import msgpack

from service.core.comment import Actor, Change
from service.core.lifecycle import ActorKind, State
from service.core.submission import Submission
from service.core.verdict import Verdict
from service.store.packing import plain

_submission = msgpack.Decoder(Submission).decode
_verdict = msgpack.Decoder(Verdict).decode
_change = msgpack.Decoder(Change).decode

FIRST: Final = ("site", "created", "dec")
"""The fields of a comment that its history begins with; see `scripts/shared/history.lua`."""


def submission(stored: bytes) -> Submission:
    """What was submitted."""
    return _submission(plain(stored))


def verdict(stored: bytes) -> Verdict:
    """What the machine said."""
    return _verdict(plain(stored))


def change(stored: bytes) -> Change:
    """A line of history."""
    return _change(plain(stored))


def history(lines: Sequence[bytes], record: Sequence[Any]) -> list[Change]:
    """What happened to a comment, oldest first: its list, and its fields `FIRST`."""
    site, created, decided = record
    if site is None:
        return []
    rows = lines or ([b""] if decided is None else [b"", decided])
    came = Change(int(created), Actor(ActorKind.PLATFORM, site.decode()), State.PENDING, "submitted")
    return [change(row) if row else came for row in rows]
