"""Readers' reports and authors' appeals in Redis. A human's decision answers reports (comment/transition.lua)."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from service.core.appeal import Appeal
from service.core.comment import Change, Comment
from service.core.transition import Moved
from service.store import packing
from service.store.client import Connection

_encode = msgspec.msgpack.Encoder().encode


class Noted(NamedTuple):
    """What became of a report; `word` is redress/report.lua's, `weight` that of all that wait for an answer (1: a new reader)."""

    word: str
    readers: int
    weight: float
    revision: int
    state: str


class RedressStore:
    """Reports and appeals of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def report(self, comment: Comment, reader: str, reason: str = "") -> Noted:
        """Note a reader's report, once per reader; `reason` is a code, or empty."""
        keys, site = self._keys, comment.site
        word, readers, thousandths, revision, state = await self._wire.run(
            "redress/report",
            [
                keys.comment(comment.id), keys.reporters(comment.id), keys.answered(comment.id),
                keys.site(site, "reports"), keys.site(site, "reporters"),
            ],
            comment=comment.id, reader=reader, reason=reason,
        )  # fmt: skip
        return Noted(word.decode(), readers, thousandths / 1000, revision, state.decode())

    async def appeal(self, comment: Comment, change: Change, appeal: Appeal) -> Moved:
        """Take an appeal in; the word is redress/appeal.lua's."""
        keys = self._keys
        word, revision, state = await self._wire.run(
            "redress/appeal",
            [keys.comment(comment.id), keys.history(comment.id), keys.site_prefix(comment.site)],
            now=change.at, comment=comment.id, seen=comment.revision, change=packing.packed(change), appeal=_encode(appeal),
            site=comment.site,
        )  # fmt: skip
        return Moved(word.decode(), revision, state.decode())
