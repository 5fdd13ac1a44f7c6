"""Call-backs on their way out: leased when due, settled after each try, listed and replayed when given up.

They are written by transition.lua together with the change that they tell of. Those of one comment go out in
order; each site has its own queue and its own share of a deliverer, so that a slow or dead receiver delays nobody else.
For `workers/deliver.py` and the command line; why it is built like this: `docs/adr/0004`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from service.store.client import Connection, now_ms

SETTLED_TTL = 7 * 86_400_000
"""How long a delivered call-back can still be replayed, in milliseconds."""
UNDELIVERED_TTL = 30 * 86_400_000
"""How long a call-back that was given up is listed and can be replayed, in milliseconds."""
NEVER = 4_102_444_800_000
"""The pause of a disabled receiver: until somebody resumes it (the year 2100, in milliseconds)."""
_RESUMED_AT_ONCE = 1_000


class Delivery(NamedTuple):
    """One call-back. `lease` is 0 unless it was claimed."""

    id: str  # the webhook-id: the same on every try
    site: str
    comment: str
    type: str
    body: bytes
    tries: int  # so far
    created_at: int
    lease: int = 0  # when the lease ends, which is also what names it


class Settlement(NamedTuple):
    """How a try ended."""

    result: str  # delivered | retry | dead | back (handed back untried)
    retry_at: int = 0
    pause_until: int = 0  # for the whole site: the receiver asked for it, or is gone
    pause_why: str = ""
    status: int = 0
    error: str = ""  # one of our own words: timeout, connection, blocked-address, …
    took_ms: int = 0


class Attempt(NamedTuple):
    """One line of the delivery log."""

    id: str
    comment: str
    type: str
    result: str
    tries: int
    status: int
    error: str
    took_ms: int
    at: int
    entry: tuple[int, int]  # its place in the log


class Waiting(NamedTuple):
    """A call-back that is next in line for its comment."""

    delivery: Delivery
    due_at: int
    under_way: bool


class Endpoint(NamedTuple):
    """A site's receiver as the deliverer knows it."""

    paused_until: int  # 0: it is not paused
    why: str
    waiting: int  # comments with call-backs that wait
    undelivered: int


class Outbox:
    """The call-backs of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def claim(
        self, *, now: int, leased_until: int, most: int, per_site: int, room: Mapping[str, int]
    ) -> list[Delivery]:
        """Lease call-backs that are due, at most `per_site` of a site, or what `room` says of it."""
        rows = await self._wire.run(
            "claim", [self._keys.due, self._keys.prefix], now, leased_until, most, per_site,
            *[word for site, left in room.items() for word in (site, left)],
        )  # fmt: skip
        return [
            Delivery(identity.decode(), site.decode(), comment.decode(), kind.decode(), body, tries, at, leased_until)
            for identity, site, comment, kind, body, tries, at in rows
        ]

    async def settle(self, delivery: Delivery, settlement: Settlement, *, now: int, log: int) -> str:
        """Note how a try ended; the word that settle.lua answers."""
        keys, site = self._keys, delivery.site
        word = await self._wire.run(
            "settle",
            [keys.due, keys.site(site, ""), keys.queue(delivery.comment), keys.delivery(delivery.id)],
            now, delivery.id, delivery.comment, site, delivery.lease, settlement.result, settlement.retry_at,
            settlement.pause_until, settlement.pause_why, log, settlement.status, settlement.error, settlement.took_ms,
            SETTLED_TTL, UNDELIVERED_TTL,
        )  # fmt: skip
        return str(word.decode())

    async def announce(self, site: str, about: str, *, id: str, kind: str, body: bytes, now: int) -> bool:  # noqa: A002
        """Queue a call-back that tells of no comment but of `about`. False: one with this id was told before."""
        keys = self._keys
        word = await self._wire.run(
            "announce", [keys.due, keys.site(site, ""), keys.queue(about), keys.delivery(id)],
            now, id, about, site, kind, body,
        )  # fmt: skip
        return bool(word == b"told")

    async def next_due(self) -> int | None:
        """When the next call-back of any site is due."""
        rows = await self._wire.call("ZRANGE", self._keys.due, 0, 0, "WITHSCORES")
        return int(float(rows[1])) if rows else None

    async def waiting(self, now: int) -> tuple[int, int]:
        """(sites with call-backs due now, sites with any)."""
        due, some = await self._wire.call_all([("ZCOUNT", self._keys.due, "-inf", now), ("ZCARD", self._keys.due)])
        return int(due), int(some)

    async def log(self, site: str, limit: int = 100, *, upto: tuple[int, int] | None = None) -> list[Attempt]:
        """The site's last delivery attempts, newest first; those at the place `upto` and before."""
        last = f"{upto[0]}-{upto[1]}" if upto else "+"
        rows = await self._wire.call("XREVRANGE", self._keys.site(site, "log"), last, "-", "COUNT", limit)
        return [
            _attempt(entry.decode(), {k.decode(): v.decode() for k, v in zip(f[::2], f[1::2], strict=True)})
            for entry, f in rows
        ]

    async def undelivered(self, site: str, limit: int = 1_000) -> list[Delivery]:
        """Call-backs that were given up, oldest first."""
        names = await self._wire.call("ZRANGE", self._keys.site(site, "undelivered"), 0, limit - 1)
        found = await self._read(site, [name.decode() for name in names])
        return [delivery for delivery in found if delivery is not None]

    async def queue(self, site: str, limit: int = 1_000) -> list[Waiting]:
        """The call-backs that wait, one for each comment that has any, the next one due first."""
        rows = await self._wire.call("ZRANGE", self._keys.site(site, "due"), 0, limit - 1, "WITHSCORES")
        comments = [row.decode() for row in rows[::2]]
        leased = self._keys.site(site, "leased")
        heads = await self._wire.call_all([("LINDEX", self._keys.queue(comment), 0) for comment in comments])
        leases = await self._wire.call_all([("ZSCORE", leased, comment) for comment in comments])
        found = await self._read(site, [(head or b"").decode() for head in heads])
        return [
            Waiting(delivery, int(float(due)), lease is not None)
            for delivery, due, lease in zip(found, rows[1::2], leases, strict=True)
            if delivery is not None
        ]

    async def find(self, site: str, delivery: str) -> Delivery | None:
        """A call-back by its id, while there is a record of it; delivered ones too."""
        (found,) = await self._read(site, [delivery])
        return found

    async def _read(self, site: str, names: Sequence[str]) -> list[Delivery | None]:
        rows = await self._wire.call_all(
            [("HMGET", self._keys.delivery(name), "site", "comment", "type", "body", "tries", "at") for name in names]
        )
        return [
            Delivery(name, site, comment.decode(), kind.decode(), body, int(tries), int(at))
            if owner == site.encode() and body is not None
            else None
            for name, (owner, comment, kind, body, tries, at) in zip(names, rows, strict=True)
        ]

    async def replay(self, delivery: Delivery) -> bool:
        """Send a call-back again, under the id that it had, from the start of the schedule. False: it is gone."""
        keys, site = self._keys, delivery.site
        word = await self._wire.run(
            "replay",
            [keys.due, keys.site(site, ""), keys.queue(delivery.comment), keys.delivery(delivery.id)],
            now_ms(), delivery.id, delivery.comment, site,
        )  # fmt: skip
        return bool(word == b"applied")

    async def endpoint(self, site: str) -> Endpoint:
        """The state of a site's receiver now."""
        now = now_ms()
        health, waiting, undelivered = await self._wire.call_all(
            [
                ("HMGET", self._keys.site(site, "endpoint"), "paused_until", "why"),
                ("ZCARD", self._keys.site(site, "due")),
                ("ZCOUNT", self._keys.site(site, "undelivered"), now - UNDELIVERED_TTL, "+inf"),
            ]
        )
        until = int(health[0] or 0)
        return (
            Endpoint(until, health[1].decode(), waiting, undelivered)
            if until > now
            else Endpoint(0, "", waiting, undelivered)
        )

    async def resume(self, site: str) -> int:
        """End a pause and try what waits at once: after a 410, or when a site's call-back address changes or goes.

        How many comments have call-backs that wait.
        """
        keys = [self._keys.due, self._keys.site(site, "")]
        while await self._wire.run("resume", keys, now_ms(), site, _RESUMED_AT_ONCE):
            pass
        return int(await self._wire.call("ZCARD", self._keys.site(site, "due")))

    async def under_way(self, site: str) -> int:
        """How many of a site's call-backs are leased."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "leased")))


def _attempt(entry: str, row: Mapping[str, str]) -> Attempt:
    at, _, number = entry.partition("-")
    return Attempt(
        row["id"], row["comment"], row["type"], row["result"], int(row["try"]), int(row["status"]), row["error"],
        int(row["ms"]), int(row["at"]), (int(at), int(number)),
    )  # fmt: skip
