"""Moderators in Redis: who they are, their sessions, their known networks, and the counters of their attempts to sign in.

For `service.staff`. What a browser holds is never stored: sessions are found by a keyed digest of their token, networks are
the digests of `core.identity`. All keys but the roster live under the hash tag `{staff}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from service.core.staff import Member, Session
from service.store import keys as names
from service.store.client import Connection

_encode = msgspec.msgpack.Encoder().encode
_member = msgspec.msgpack.Decoder(Member).decode
_session = msgspec.msgpack.Decoder(Session).decode
KNOWN_NETWORKS = 20
"""How many networks of a moderator are remembered."""
KNOWN_FOR = 90 * 86_400_000
"""How long a network stays known after the last sign-in from there, in milliseconds."""


class Roster:
    """The moderators of this box."""

    def __init__(self, connection: Connection, master: bytes) -> None:
        self._wire = connection.wire
        self._master = master

    def __repr__(self) -> str:
        return "Roster(…)"

    async def get(self, name: str) -> Member | None:
        """A moderator by name."""
        row = await self._wire.call("HGET", names.STAFF, name)
        return _member(row) if row is not None else None

    async def all(self) -> list[Member]:
        """Every moderator, by name."""
        return sorted((_member(row) for row in await self._wire.call("HVALS", names.STAFF)), key=lambda one: one.name)

    async def add(self, member: Member) -> bool:
        """Keep a new moderator. False: the name is taken."""
        return bool(await self._wire.call("HSETNX", names.STAFF, member.name, _encode(member)))

    async def save(self, member: Member) -> None:
        """Keep a changed moderator, unless they were removed meanwhile."""
        await self._wire.run("change_member", [names.STAFF], member.name, _encode(member))

    async def remove(self, name: str) -> bool:
        """Remove a moderator and what is known of them. False: there is none."""
        gone, *_ = await self._wire.call_all(
            [
                ("HDEL", names.STAFF, name),
                ("DEL", names.staff("networks", name), names.staff("views", name)),
                ("DEL", self._counters(name, "")[1]),
            ]
        )
        return bool(gone)

    async def open(self, token: str, session: Session, ttl: int) -> None:
        """Begin a session that is forgotten after `ttl` ms."""
        await self._wire.call("SET", self._session(token), _encode(session), "PX", ttl)

    async def session(self, token: str) -> Session | None:
        """The session of a token."""
        row = await self._wire.call("GET", self._session(token))
        return _session(row) if row is not None else None

    async def touch(self, token: str, session: Session, ttl: int) -> None:
        """Note that a session is used, unless it has ended meanwhile."""
        await self._wire.call("SET", self._session(token), _encode(session), "XX", "PX", ttl)

    async def close(self, token: str) -> None:
        """End a session."""
        await self._wire.call("DEL", self._session(token))

    async def attempt(
        self, name: str, network: str, *, now: int, free: Sequence[int], pause: int, longest: int, remembered: int
    ) -> int:
        """Count an attempt to sign in; 0, or the milliseconds until one is looked at again. Then it was not counted.

        It counts for the name in that network; and, unless the moderator is known there, also for the name and for the
        network as a whole. `free` says how many of each, in this order, cost no pause.
        """
        known = await self._wire.call("ZSCORE", names.staff("networks", name), network)
        counters = self._counters(name, network)[: 3 if known is None else 1]
        _, wait = await self._wire.run("attempt", counters, now, pause, longest, remembered, *free[: len(counters)])
        return int(wait)

    async def welcome(self, name: str, network: str, now: int) -> None:
        """Somebody signed in: take their attempt back and remember where from."""
        keys = [*self._counters(name, network), names.staff("networks", name)]
        await self._wire.run("welcome", keys, now, network, now - KNOWN_FOR, KNOWN_NETWORKS)

    async def pardon(self, name: str) -> None:
        """Forget the failures that count for a name everywhere."""
        await self._wire.call("DEL", self._counters(name, "")[1])

    def _session(self, token: str) -> str:
        return names.staff("session", self._digest(token, b"session"))

    def _counters(self, name: str, network: str) -> list[str]:
        """For a name in a network, for the name, for the network. The name is whatever somebody typed: hence a digest."""
        who = self._digest(name, b"name")
        return [names.staff("tries", one) for one in (f"{who}:{network}", who, network)]

    def _digest(self, value: str, purpose: bytes) -> str:
        key = self._master[:64]
        return hashlib.blake2b(value.encode(errors="replace"), key=key, digest_size=32, person=purpose).hexdigest()
