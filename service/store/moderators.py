"""Moderators in Redis: who they are, their sessions, their known networks, and the counters of their attempts to sign in.

What a browser holds is never stored: sessions are found by a keyed digest of their token, networks are
the digests of `core.identity`. All keys but the roster live under the hash tag `{staff}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec

from service.core.moderator import Moderator, Session
from service.store import keys as names
from service.store.client import Connection
from service.store.directory import Changed, Directory
from service.store.script import Argument

_encode = msgspec.msgpack.Encoder().encode
_session = msgspec.msgpack.Decoder(Session).decode
MISSING = "There is no moderator of that name."
KNOWN_NETWORKS = 20
"""How many networks of a moderator are remembered."""
KNOWN_FOR = 90 * 86_400_000
"""How long a network stays known after the last sign-in from there, in milliseconds."""


class ModeratorStore:
    """The moderators of this box."""

    def __init__(self, connection: Connection, master: bytes) -> None:
        self._wire = connection.wire
        self._master = master
        self._people = Directory(connection, names.STAFF, Moderator, "moderator", MISSING)

    def __repr__(self) -> str:
        return "ModeratorStore(…)"

    async def get(self, name: str) -> Moderator | None:
        """A moderator by name."""
        return await self._people.get(name)

    async def all(self) -> list[Moderator]:
        """Every moderator, by name."""
        return sorted(await self._people.all(), key=lambda one: one.name)

    async def add(self, member: Moderator) -> bool:
        """Keep a new moderator. False: the name is taken. What was left of another one of that name is theirs no more."""
        if await self.get(member.name) is None:
            await self._forget(member.name)
        return await self._people.add(member.name, member)

    async def change(self, name: str, change: Callable[[Moderator], Moderator]) -> Changed[Moderator]:
        """Keep what `change` makes of a moderator as they stand now; it is asked again when somebody else was faster.

        Raises NotFound, Conflict, and what `change` raises.
        """
        return await self._people.change(name, change)

    async def remove(self, name: str) -> None:
        """Remove a moderator and what is known of them. Raises NotFound, Conflict."""
        await self._people.remove(name)
        await self._forget(name)

    async def transform(
        self, name: str, change: Callable[[Moderator | None, Moderator | None], Moderator | None], *, witness: str = ""
    ) -> tuple[Moderator | None, Moderator | None]:
        """Add, change or remove a moderator while another one, the witness, stays as they are: see `Directory.transform`.

        What was left of another one of that name is no longer theirs.
        """
        before, after = await self._people.transform(name, change, witness=witness)
        if (before is None) != (after is None):
            await self._forget(name)
        return before, after

    async def rename(self, name: str, to: str, change: Callable[[Moderator], Moderator]) -> Moderator | None:
        """Keep what `change` makes of a moderator under another name, all of it or nothing. None: it is taken.

        Raises NotFound, Conflict, and what `change` raises.
        """
        kept = await self._people.rename(name, to, change)
        if kept is not None:
            await self._forget(name)
            await self._forget(to)
        return kept

    async def forget_site(self, site: str) -> None:
        """Let nobody see a site that is gone: whoever takes its name next is another."""
        for member in await self._people.all():
            if site in member.sites:
                await self._people.change(
                    member.name, lambda now: msgspec.structs.replace(now, sites=now.without(site))
                )

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

    async def use_ticket(self, ticket: str, ttl: int) -> bool:
        """Use a browser's ticket for the way to the provider and back, of which `ttl` ms are left at most. False: it was used."""
        return (
            await self._wire.call(
                "SET", names.moderators("ticket", self._digest(ticket, b"ticket")), b"", "NX", "PX", ttl
            )
            is not None
        )

    async def knows(self, name: str, network: str) -> bool:
        """Whether the moderator of that name has signed in from a network (a digest) before."""
        return await self._wire.call("ZSCORE", names.moderators("networks", name), network) is not None

    async def welcomed(self, network: str) -> bool:
        """Whether any moderator of today has signed in from a network (a digest) before."""
        people = await self._people.all()
        rows = await self._wire.call_all(
            [("ZSCORE", names.moderators("networks", one.name), network) for one in people]
        )
        return any(row is not None for row in rows)

    async def attempt(
        self, name: str, network: str, *, known: bool, now: int, free: Sequence[int], pause: int, longest: int, remembered: int
    ) -> int:  # fmt: skip
        """Count an attempt to sign in; 0, or the milliseconds until one is looked at again. Then it was not counted.

        It counts for the name in that network; and, unless the moderator is known there, also for the name and for the
        network as a whole. `free` says how many of each, in this order, cost no pause.
        """
        counters = self._counting(name, network, known)
        _, wait = await self._wire.run(
            "auth/attempt",
            counters,
            now=now,
            pause=pause,
            longest=longest,
            remembered=remembered,
            free=free[: len(counters)],
        )
        return int(wait)

    async def attempt_from(
        self, network: str, *, now: int, free: int, pause: int, longest: int, remembered: int
    ) -> int:  # fmt: skip
        """Count an attempt to sign in from a network, by somebody without a name; as `attempt`."""
        _, wait = await self._wire.run(
            "auth/attempt", self._counters("", network)[2:],
            now=now, pause=pause, longest=longest, remembered=remembered, free=[free],
        )  # fmt: skip
        return int(wait)

    async def excuse_from(self, network: str) -> None:
        """Take such an attempt back."""
        await self._wire.run("auth/excuse", self._counters("", network)[2:], attempts=1)

    async def welcome(self, name: str, network: str, now: int) -> None:
        """Somebody signed in: take their attempt back and remember where from."""
        keys = [*self._counters(name, network), names.moderators("networks", name)]
        await self._wire.run(
            "auth/succeed", keys, now=now, network=network, before=now - KNOWN_FOR, most=KNOWN_NETWORKS
        )

    async def excuse(self, name: str, network: str, *, known: bool) -> None:
        """Take an attempt back that was neither right nor wrong."""
        await self._wire.run("auth/excuse", self._counting(name, network, known), attempts=1)

    async def saw(self, name: str, now: int) -> None:
        """Note that a moderator is here."""
        await self._wire.call("HSET", names.moderators("last_seen", ""), name, now)

    async def last_seen(self) -> dict[str, int]:
        """When each moderator was last here, by name; milliseconds since 1970, a minute more or less."""
        rows = await self._wire.call("HGETALL", names.moderators("last_seen", ""))
        return {name.decode(): int(at) for name, at in zip(rows[::2], rows[1::2], strict=True)}

    async def preferences(self, name: str) -> dict[str, bytes]:
        """What a moderator prefers, as it was put."""
        rows = await self._wire.call("HGETALL", names.moderators("preferences", name))
        return {field.decode(): value for field, value in zip(rows[::2], rows[1::2], strict=True)}

    async def prefer(self, name: str, changes: Mapping[str, bytes | None]) -> None:
        """Keep some of a moderator's preferences; None forgets one."""
        key = names.moderators("preferences", name)
        commands: list[tuple[Argument, ...]] = [
            ("HDEL", key, field) if value is None else ("HSET", key, field, value) for field, value in changes.items()
        ]
        if commands:
            await self._wire.call_all(commands)

    async def pardon(self, name: str) -> None:
        """Forget the failures that count for a name everywhere."""
        await self._wire.call("DEL", self._counters(name, "")[1])

    async def _forget(self, name: str) -> None:
        await self._wire.call(
            "DEL", names.moderators("networks", name), names.moderators("views", name),
            names.moderators("preferences", name), self._counters(name, "")[1],
        )  # fmt: skip
        await self._wire.call("HDEL", names.moderators("last_seen", ""), name)

    def _session(self, token: str) -> str:
        return names.moderators("session", self._digest(token, b"session"))

    def _counting(self, name: str, network: str, known: bool) -> list[str]:
        return self._counters(name, network)[: 1 if known else 3]

    def _counters(self, name: str, network: str) -> list[str]:
        """For a name in a network, for the name, for the network. The name is whatever somebody typed: hence a digest."""
        who = self._digest(name, b"name")
        return [names.moderators("tries", one) for one in (f"{who}:{network}", who, network)]

    def _digest(self, value: str, purpose: bytes) -> str:
        key = self._master[:64]
        return hashlib.blake2b(value.encode(errors="replace"), key=key, digest_size=32, person=purpose).hexdigest()
