"""What is known around a comment, in Redis: records of authors, addresses and domains, campaigns, moderators' marks.

All of it is bounded and forgets: every record lives for a while after its last comment (settings `standing_days`,
`address_days`, `campaign_days`), and goes with the last comment that counts in it when that one is erased. Subjects are
digests (`core/sighting.py`); no address and no text is kept here. Where comments stand is counted by the scripts that
change it (`scripts/shared/standing.lua`), never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from service.core.campaigns import Alikeness
from service.core.comment import Comment
from service.core.marks import Mark
from service.core.sighting import NO_RECORD, NOTHING_KNOWN, Known, Record, Sighting
from service.store.client import Argument, Connection, script_command

DAY = 86_400_000
_encode = msgspec.msgpack.Encoder().encode
_mark = msgspec.msgpack.Decoder(Mark).decode


class Lifetimes(NamedTuple):
    """How long what is known lives after the last comment that told it; milliseconds."""

    campaign: int = 7 * DAY
    standing: int = 400 * DAY
    address: int = 30 * DAY


class Campaign(NamedTuple):
    """Near-duplicates, as far as they are remembered; times are milliseconds since 1970."""

    id: str
    size: int
    sites: int
    first: int
    last: int
    vouched: int  # comments that a human approved
    refused: int  # … rejected


class Evidence:
    """What is known around the comments of all sites."""

    def __init__(
        self, connection: Connection, lifetimes: Lifetimes | None = None, alikeness: Alikeness | None = None
    ) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._lifetimes = lifetimes or Lifetimes()
        self._alikeness = alikeness or Alikeness()

    async def look(self, seen: Sequence[tuple[Comment, Sighting]], now: int) -> list[Known]:
        """What is known around each comment, which is noted as seen; in one round trip.

        Looking again at the same text notes nothing new. A comment that has changed since it was read has nothing known.
        """
        replies = await self._wire.call_all([self._look(comment, sighting, now) for comment, sighting in seen])
        return [
            _known(sighting, reply, now) if reply else NOTHING_KNOWN
            for (_, sighting), reply in zip(seen, replies, strict=True)
        ]

    def _look(self, comment: Comment, sighting: Sighting, now: int) -> tuple[Argument, ...]:
        lives = self._lifetimes
        return script_command(
            "look",
            [self._keys.comment(comment.id), self._keys.site(comment.site, "")],
            now, comment.id, comment.site, comment.text_revision, sighting.text.text, sighting.text.hashes,
            sighting.name, " ".join(sighting.subjects), " ".join(sighting.earlier),
            lives.campaign, lives.standing, lives.address, *self._alikeness,
        )  # fmt: skip

    async def campaigns(self, limit: int = 100) -> list[Campaign]:
        """The campaigns of two comments and more that are remembered, the latest first."""
        rows = await self._wire.call("ZREVRANGE", self._keys.campaigns, 0, limit - 1)
        found = [await self.campaign(row.decode()) for row in rows]
        return [campaign for campaign in found if campaign is not None]

    async def campaign(self, campaign: str) -> Campaign | None:
        """A campaign; None when it is not remembered (any more)."""
        size, sites, first, last, vouched, refused = await self._wire.call(
            "HMGET", self._keys.campaign(campaign), "size", "sites", "first", "last", "v", "x"
        )
        if size is None:
            return None
        return Campaign(
            campaign, int(size), int(sites), int(first), int(last), int(vouched or 0), int(refused or 0)
        )  # fmt: skip

    async def members(self, campaign: str) -> list[tuple[str, str]]:
        """(site, comment) of a campaign's comments, the oldest first; the latest 2,000 are remembered."""
        rows = await self._wire.call("ZRANGE", self._keys.members(campaign), 0, -1)
        return [(site, comment) for site, _, comment in (row.decode().partition(" ") for row in rows)]

    async def mark(self, site: str, digest: str, mark: Mark) -> None:
        """Set a moderator's mark on an e-mail, IP or network digest; it takes the place of an earlier one."""
        await self._wire.call("HSET", self._keys.site(site, "people"), digest, _encode(mark))

    async def unmark(self, site: str, digest: str) -> bool:
        """Take a mark back. Whether there was one."""
        return bool(await self._wire.call("HDEL", self._keys.site(site, "people"), digest))

    async def marks(self, site: str) -> dict[str, Mark]:
        """A site's marks by digest, also those that have run out."""
        flat = await self._wire.call("HGETALL", self._keys.site(site, "people"))
        return {digest.decode(): _mark(mark) for digest, mark in zip(flat[::2], flat[1::2], strict=True)}


def _known(sighting: Sighting, reply: list[Any], now: int) -> Known:
    rows, raw_marks, repeats, campaign = reply
    records = iter([_record(row) for row in rows])
    email = sighting.email != ""
    author_box, author = (next(records), next(records)) if email else (NO_RECORD, NO_RECORD)
    ip = next(records) if sighting.ip else NO_RECORD
    network = next(records) if sighting.network else NO_RECORD
    domains = [(next(records), next(records)) for _ in sighting.domains]
    marks = [_live(raw, now) for raw in raw_marks]
    of_network = marks.pop() if sighting.network else ""
    name, size, sites, vouched, refused = campaign or (b"", 0, 0, 0, 0)
    return Known(
        author=author,
        author_box=author_box,
        ip=ip,
        network=network,
        domains=domains,
        author_mark="blocked" if "blocked" in marks else next(filter(None, marks), ""),
        network_mark=of_network,
        repeats=int(repeats),
        campaign=name.decode(),
        campaign_size=int(size or 0),
        campaign_sites=int(sites or 0),
        campaign_vouched=int(vouched or 0),
        campaign_refused=int(refused or 0),
    )


def _record(row: list[Any]) -> Record:
    approved, rejected, vouched, refused, flagged, good, bad, first, short, long, names = row
    return Record(
        int(approved or 0), int(rejected or 0), int(vouched or 0), int(refused or 0), int(flagged or 0),
        float(good or 0), float(bad or 0), int(first or 0), int(short or 0), int(long or 0), int(names or 0),
    )  # fmt: skip


def _live(raw: bytes | None, now: int) -> str:
    if raw is None:
        return ""
    mark = _mark(raw)
    return mark.what if mark.live(now) else ""
