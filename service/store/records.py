"""What is kept of a comment, as values again: its submission, its verdict, and its history. For the modules of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, msgpack

from service.core.comment import Actor, Change
from service.core.lifecycle import ActorKind, State
from service.core.submission import Submission
from service.core.verdict import LABELS, Signal, Verdict
from service.store.packing import packed, plain

_submission = msgpack.Decoder(Submission).decode
_verdict = msgpack.Decoder(Verdict).decode
_change = msgpack.Decoder(Change).decode


class _Said(Struct, frozen=True, array_like=True):
    """A verdict with its values alone, the scores in the order of `LABELS`: what it costs to pack one would not pay."""

    scores: tuple[float, ...]
    model: str
    flags: tuple[str, ...]
    language: str
    signals: dict[str, Signal]
    readers: tuple[str, ...]


_said = msgpack.Decoder(_Said).decode
_encode = msgpack.Encoder().encode
_LIST = 0x90  # how MessagePack begins a list of no more than 15; a verdict with its names is a map

FIRST: Final = ("site", "created", "dec")
"""The fields of a comment that its history begins with; see `scripts/shared/history.lua`."""


def submission(stored: bytes) -> Submission:
    """What was submitted."""
    return _submission(plain(stored))


def verdict(stored: bytes) -> Verdict:
    """What the machine said."""
    if stored[0] & 0xF0 != _LIST:
        return _verdict(plain(stored))
    said = _said(stored)
    scores = dict(zip(LABELS, said.scores, strict=True))
    return Verdict(scores, said.model, said.flags, said.language, said.signals, said.readers)


def kept_verdict(one: Verdict) -> bytes:
    """A verdict as it is kept."""
    if tuple(one.scores) != LABELS:
        return packed(one)
    scores = tuple(one.scores.values())
    return _encode(_Said(scores, one.model, one.flags, one.language, one.signals, one.readers))


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
