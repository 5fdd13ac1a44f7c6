"""Call-backs on their way out: leased when due, settled after each try, listed and replayed when given up.

They are written by comment/transition.lua together with the change that they tell of. Those of one comment go out in
order; each site has its own queue and its own share of a deliverer, so that a slow or dead receiver delays nobody else.
For `workers/deliver/__init__.py` and the command line; why it is built like this: `docs/adr/0004`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from service.clock import now_ms
from service.core.delivery import Attempt, Delivery, Endpoint, Settlement, Waiting
from service.core.errors import StoreUnavailable
from service.store.client import Connection

SETTLED_TTL = 7 * 86_400_000
"""How long a delivered call-back can still be replayed, in milliseconds."""
UNDELIVERED_TTL = 30 * 86_400_000
"""How long a call-back that was given up is listed and can be replayed, in milliseconds."""
_RESUMED_AT_ONCE = 1_000
_SLACK = 60_000  # milliseconds by which the clocks of machines may differ


class Outbox:
    """The call-backs of all sites."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def claim(
        self, *, now: int, leased_until: int, most: int, per_site: int, room: Mapping[str, int]
    ) -> list[Delivery]:
        """Lease call-backs that are due, at most `per_site` of a site, or what `room` says of it.

        Any partition may be asked first. One that can't be reached keeps none of the others waiting. Raises StoreUnavailable
        when none can.
        """
        partitions = self._keys.partitions
        first = random.randrange(len(partitions))
        found: list[Delivery] = []
        lost: list[StoreUnavailable] = []
        for one in (*partitions[first:], *partitions[:first]):
            if len(found) == most:
                break
            try:
                rows = await self._wire.run(
                    "delivery/lease", [one.due, one.prefix], now=now, leased_until=leased_until, most=most - len(found),
                    per_site=per_site, room=room,
                )  # fmt: skip
            except StoreUnavailable as error:
                lost.append(error)
            else:
                found += [_leased(row, leased_until) for row in rows]
        if len(lost) == len(partitions):
            raise lost[0]
        return found

    async def settle(self, delivery: Delivery, settlement: Settlement, *, now: int, log: int) -> str:
        """Note how a try ended; the word that delivery/settle.lua answers."""
        word = await self._wire.run(
            "delivery/settle",
            self._about(delivery.site, delivery.comment, delivery.id),
            now=now, delivery=delivery.id, comment=delivery.comment, site=delivery.site, lease=delivery.lease,
            result=settlement.result,
            retry_at=settlement.retry_at, pause_until=settlement.pause_until, why=settlement.pause_why, log=log,
            status=settlement.status, error=settlement.error, took_ms=settlement.took_ms,
            delivered_ttl=SETTLED_TTL, dead_ttl=UNDELIVERED_TTL,
        )  # fmt: skip
        return str(word.decode())

    async def announce(self, site: str, about: str, *, id: str, kind: str, body: bytes, now: int) -> bool:  # noqa: A002
        """Queue a call-back that tells of no comment but of `about`. False: one with this id was told before."""
        word = await self._wire.run(
            "delivery/enqueue", self._about(site, about, id),
            now=now, delivery=id, about=about, site=site, type=kind, body=body,
        )  # fmt: skip
        return bool(word == b"told")

    def _about(self, site: str, about: str, delivery: str) -> list[str]:
        """The keys for a call-back: the sites that are due, its site, those about the same, and its own."""
        keys = self._keys
        return [keys.home(site).due, keys.site_prefix(site), keys.queue(site, about), keys.delivery(site, delivery)]

    async def next_due(self) -> int | None:
        """When the next call-back of any site is due, in the partitions that can be reached. Raises StoreUnavailable."""
        found = await self._wire.call_reachable(
            [("ZRANGE", one.due, 0, 0, "WITHSCORES") for one in self._keys.partitions]
        )
        return min((int(float(rows[1])) for rows in found if rows), default=None)

    async def waiting(self, now: int) -> tuple[int, int]:
        """(sites with call-backs due now, sites with any)."""
        due = [("ZCOUNT", one.due, "-inf", now) for one in self._keys.partitions]
        some = [("ZCARD", one.due) for one in self._keys.partitions]
        sizes = list(map(int, await self._wire.call_all([*due, *some])))
        return sum(sizes[: len(due)]), sum(sizes[len(due) :])

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
        heads = await self._wire.call_all([("LINDEX", self._keys.queue(site, comment), 0) for comment in comments])
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
            [
                ("HMGET", self._keys.delivery(site, name), "site", "comment", "type", "body", "tries", "at")
                for name in names
            ]
        )
        return [
            Delivery(name, site, comment.decode(), kind.decode(), body, int(tries), int(at))
            if owner == site.encode() and body is not None
            else None
            for name, (owner, comment, kind, body, tries, at) in zip(names, rows, strict=True)
        ]

    async def replay(self, delivery: Delivery) -> bool:
        """Send a call-back again, under the id that it had, from the start of the schedule. False: it is gone."""
        word = await self._wire.run(
            "delivery/replay",
            self._about(delivery.site, delivery.comment, delivery.id),
            now=now_ms(), delivery=delivery.id, comment=delivery.comment, site=delivery.site,
        )  # fmt: skip
        return bool(word == b"applied")

    async def endpoint(self, site: str) -> Endpoint:
        """The state of a site's receiver now."""
        now = now_ms()
        health, waiting, undelivered = await self._wire.call_all(
            [
                ("HMGET", self._keys.site(site, "endpoint"), "paused_until", "why", "failing_since"),
                ("ZCARD", self._keys.site(site, "due")),
                ("ZCOUNT", self._keys.site(site, "undelivered"), now - UNDELIVERED_TTL, "+inf"),
            ]
        )
        until, failing = int(health[0] or 0), int(health[2] or 0)
        paused, why = (until, health[1].decode()) if until > now else (0, "")
        return Endpoint(paused, why, waiting, undelivered, failing)

    async def resume(self, site: str) -> int:
        """End a pause and try what waits at once: after a 410, or when a site's call-back address changes or goes.

        How many comments have call-backs that wait.
        """
        keys = [self._keys.home(site).due, self._keys.site_prefix(site)]
        while await self._wire.run("delivery/resume", keys, now=now_ms(), site=site, most=_RESUMED_AT_ONCE):
            pass
        return int(await self._wire.call("ZCARD", self._keys.site(site, "due")))

    async def put_right(self, site: str, *, longest_lease: int) -> int:
        """Bring back call-backs that a wrong clock put ahead, before it was put right; how many. A lease lasts so long (ms)."""
        home, back = self._keys.home(site), 0
        while True:
            more = await self._wire.run(
                "delivery/put_right", [home.due, self._keys.site_prefix(site), home.prefix],
                now=now_ms(), site=site, slack=_SLACK, longest_lease=longest_lease, most=_RESUMED_AT_ONCE,
            )  # fmt: skip
            back += int(more)
            if not more:
                return back

    async def under_way(self, site: str) -> int:
        """How many of a site's call-backs are leased."""
        return int(await self._wire.call("ZCARD", self._keys.site(site, "leased")))


def _leased(row: Sequence[Any], until: int) -> Delivery:
    identity, site, comment, kind, body, tries, at, trace = row
    return Delivery(
        identity.decode(), site.decode(), comment.decode(), kind.decode(), body, tries, at,
        lease=until, trace=(trace or b"").decode(),
    )  # fmt: skip


def _attempt(entry: str, row: Mapping[str, str]) -> Attempt:
    at, _, number = entry.partition("-")
    return Attempt(
        row["id"], row["comment"], row["type"], row["result"], int(row["try"]), int(row["status"]), row["error"],
        int(row["ms"]), int(row["at"]), (int(at), int(number)),
    )  # fmt: skip
