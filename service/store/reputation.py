"""What is known around a comment, in Redis: records of authors, addresses and domains, campaigns, moderators' marks.

What is known beyond a site, and a campaign, reaches over the sites of its partition.

All of it is bounded and forgets: every record lives for a while after its last comment (settings `standing_days`,
`address_days`, `campaign_days`), and goes with the last comment that counts in it when that one is erased. Subjects are
digests (`core/signals/subjects.py`); no address and no text is kept here. Where comments stand is counted by the scripts that
change it (`scripts/shared/reputation.lua`), never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from service.core.comment import Comment
from service.core.moderator import Mark
from service.core.signals.subjects import NO_RECORD, NOTHING_KNOWN, Record, Reputation, Subjects, Tied, standing_of
from service.core.text.similarity import Alikeness
from service.store.client import Connection
from service.store.script import Argument, script_command

DAY = 86_400_000
MOST_KNOWN: Final = 64
"""Of an author's comments, the newest that are looked at for what ties an address to them."""
_encode = msgspec.msgpack.Encoder().encode
_mark = msgspec.msgpack.Decoder(Mark).decode


class Lifetimes(NamedTuple):
    """How long what is known lives after the last comment that told it, or up to a sixteenth less; milliseconds."""

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
    approved: int = 0  # comments that stand so now, whoever decided
    flagged: int = 0
    rejected: int = 0


class Reputations:
    """What is known around the comments of all sites."""

    def __init__(
        self, connection: Connection, lifetimes: Lifetimes | None = None, alikeness: Alikeness | None = None
    ) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._lifetimes = lifetimes or Lifetimes()
        self._alikeness = alikeness or Alikeness()

    async def look(self, seen: Sequence[tuple[Comment, Subjects]], now: int) -> list[Reputation]:
        """What is known around each comment, which is noted as seen; in one round trip.

        Looking again at the same text notes nothing new. A comment that has changed since it was read has nothing known.
        """
        replies = await self._wire.call_all([self._look(comment, subjects, now) for comment, subjects in seen])
        return [
            _known(subjects, reply, now) if reply else NOTHING_KNOWN
            for (_, subjects), reply in zip(seen, replies, strict=True)
        ]

    def _look(self, comment: Comment, subjects: Subjects, now: int) -> tuple[Argument, ...]:
        lives = self._lifetimes
        return script_command(
            "reputation/observe",
            [self._keys.comment(comment.id), self._keys.site_prefix(comment.site)],
            now=now, comment=comment.id, site=comment.site, text_revision=comment.text_revision, text=subjects.text.text,
            sketch=subjects.text.hashes or None, name=subjects.name,
            name_before=subjects.name_before, subjects=" ".join(subjects.subjects),
            earlier=" ".join(subjects.earlier), moved=" ".join(subjects.moved), ties=" ".join(subjects.ties),
            known=MOST_KNOWN - 1,
            campaign=lives.campaign, standing=lives.standing, address=lives.address,
            **self._alikeness._asdict(),
        )  # fmt: skip

    async def campaigns(self, limit: int = 100) -> list[Campaign]:
        """The campaigns of two comments and more that are remembered, the latest first."""
        lists = await self._wire.call_all(
            [("ZREVRANGE", one.campaigns, 0, limit - 1, "WITHSCORES") for one in self._keys.partitions]
        )
        latest = {name.decode(): float(at) for rows in lists for name, at in zip(rows[::2], rows[1::2], strict=True)}
        names = sorted(latest, key=latest.__getitem__, reverse=True)[:limit]
        found = await self._wire.call_all([("HMGET", self._keys.campaign(name), *_OF_CAMPAIGN) for name in names])
        return [_campaign(name, values) for name, values in zip(names, found, strict=True) if values[0] is not None]

    async def campaign(self, campaign: str) -> Campaign | None:
        """A campaign; None when it is not remembered (any more)."""
        values = await self._wire.call("HMGET", self._keys.campaign(campaign), *_OF_CAMPAIGN)
        return _campaign(campaign, values) if values[0] is not None else None

    async def members(self, campaign: str, *, latest: int = 0) -> list[tuple[str, str]]:
        """(site, comment) of a campaign's comments, the oldest first; the latest 2,000 are remembered, or so many."""
        rows, one = await self._wire.call_all(
            [
                ("ZRANGE", self._keys.members(campaign), -latest, -1),
                ("HGET", self._keys.campaign(campaign), "one"),
            ]
        )
        found = [one] if one is not None else rows
        return [(site, comment) for site, _, comment in (row.decode().partition(" ") for row in found)]

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


_OF_CAMPAIGN: Final = ("size", "sites", "first", "last", "v", "x", "a", "f", "r")


def _campaign(name: str, values: Sequence[bytes | None]) -> Campaign:
    return Campaign(name, *[int(value or 0) for value in values])


def _known(subjects: Subjects, reply: list[Any], now: int) -> Reputation:
    rows, raw_marks, repeats, campaign, tied_row = reply
    records = iter([_record(row) for row in rows])
    email, vouched = subjects.email != "", subjects.vouched
    address_box, address = (next(records), next(records)) if email else (NO_RECORD, NO_RECORD)
    ip = next(records) if subjects.ip else NO_RECORD
    network = next(records) if subjects.network else NO_RECORD
    domains = [(next(records), next(records)) for _ in subjects.domains]
    marks = [_live(raw, now) for raw in raw_marks]
    of_network = marks.pop() if subjects.network else None
    of_address = marks.pop(0) if email else None
    tied = _tied(tied_row)
    trusted = of_address is not None and of_address.what == "trusted"
    shown = of_address is not None and trusted and _shown(of_address, subjects, tied)
    own = {mark.what for mark in (of_address if not trusted or shown else None, *marks) if mark is not None}
    name, size, sites, vouched_for, refused = campaign or (b"", 0, 0, 0, 0)
    return Reputation(
        author=standing_of(address, tied, vouched=vouched),
        author_box=standing_of(address_box, tied, vouched=vouched),
        ip=ip,
        network=network,
        domains=domains,
        author_mark="blocked" if "blocked" in own else next(iter(own), ""),
        author_claimed=trusted and not shown,
        network_mark=of_network.what if of_network else "",
        repeats=int(repeats),
        campaign=name.decode(),
        campaign_size=int(size or 0),
        campaign_sites=int(sites or 0),
        campaign_vouched=int(vouched_for or 0),
        campaign_refused=int(refused or 0),
    )


def _shown(mark: Mark, subjects: Subjects, tied: Tied) -> bool:
    """Whether it is shown that a trusted address is its author's: by the platform, or by a tie that it was trusted with."""
    if subjects.vouched:
        return True
    if mark.ties is None:  # of an earlier version, which noted none: those of what stood approved when it was trusted
        return 0 < tied.first_approved <= mark.at
    return not set(mark.ties).isdisjoint(subjects.ties)


def _tied(row: list[Any]) -> Tied:
    approved, rejected, vouched, refused, flagged, good, bad, number, first = row
    record = Record(int(approved), int(rejected), int(vouched), int(refused), int(flagged), float(good), float(bad))
    return Tied(record, int(number), int(first or 0))


def _record(row: list[Any]) -> Record:
    approved, rejected, vouched, refused, flagged, good, bad, first, short, long, names = row
    return Record(
        int(approved or 0), int(rejected or 0), int(vouched or 0), int(refused or 0), int(flagged or 0),
        float(good or 0), float(bad or 0), int(first or 0), int(short or 0), int(long or 0), int(names or 0),
    )  # fmt: skip


def _live(raw: bytes | None, now: int) -> Mark | None:
    mark = _mark(raw) if raw is not None else None
    return mark if mark is not None and mark.live(now) else None


# What http:BL said of IP addresses, remembered by their digests for all processes together. For `service.lookups.httpbl`.


ASKED: Final = "?"
"""Stands for an answer while somebody asks, and after nobody could tell."""


class Lookups:
    """The answers. A digest whose answer has been forgotten may be asked about again, by one process."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def claim(self, digest: str, seconds: int) -> str | None:
        """The answer that is remembered, perhaps ASKED; None: there is none, and the caller is to ask within `seconds`.

        Raises StoreUnavailable.
        """
        key = self._keys.lookup(digest)
        mine, answer = await self._wire.call_all([("SET", key, ASKED, "NX", "EX", seconds), ("GET", key)])
        return None if mine else (answer or ASKED.encode()).decode()

    async def keep(self, digest: str, answer: str, seconds: int) -> None:
        """Remember an answer. Raises StoreUnavailable."""
        await self._wire.call("SET", self._keys.lookup(digest), answer, "EX", seconds)
