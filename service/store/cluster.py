"""A Redis Cluster: which of its servers keeps a key, and commands led there, also while keys move and servers change places.

Each server of it says where all keys are (`CLUSTER SLOTS`): that is the map. What the map leads to the wrong server, that one
sends on (MOVED: look again; ASK: this key has gone ahead). Such a command did not run, as none did that was never sent, or that
a cluster in trouble refused: it is tried again, for less than a second. A command that was sent, and whose answer was lost, is
not: nobody knows whether it ran.
"""

from __future__ import annotations

import asyncio
import dataclasses
from binascii import crc_hqx
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

import hiredis

from service.core.errors import StoreUnavailable
from service.core.server import HOPELESS, Address
from service.store.link import ReplyFailed, Server
from service.store.script import LOAD_SCRIPTS, Argument

SLOTS: Final = 16_384
_PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each further try of what did not run."""
_ANSWERS = 1.0  # seconds in which a server is to say where the keys are
_STEPS = 3  # an ASK that leads to another, and a script that is not there yet
_BEFORE_KEY: Final = {"EVALSHA": 3, "XGROUP": 2, "XINFO": 2}
"""Where the first key of a command stands, unless it is its first argument."""
_KEYLESS: Final = frozenset({"PING", "ECHO", "SCRIPT", "SUBSCRIBE"})
"""What may be asked of any server. What is asked of each, as INFO, is asked of `Wire.masters`."""
_PASSING: Final = frozenset({"moved", "cluster-down", "master-down", "read-only", "loading"})
"""Troubles for which a command did not run, and may soon run elsewhere."""


def slot_of(key: str | bytes) -> int:
    """The slot of a key: of what stands in its first braces, if anything does."""
    name = key.encode() if isinstance(key, str) else key
    begin = name.find(b"{") + 1
    end = name.find(b"}", begin)
    return crc_hqx(name[begin:end] if 0 < begin < end else name, 0) % SLOTS


def _slot_of(command: tuple[Argument, ...]) -> int | None:
    """The slot that a command belongs to; None: any server will do."""
    name = str(command[0])
    key = None if name in _KEYLESS else command[_BEFORE_KEY.get(name, 1)]
    return slot_of(key) if isinstance(key, str | bytes) else None


class Cluster:
    """The masters of a cluster, each with a connection of its own; `first` is found by the address, and knows where they are."""

    def __init__(self, address: Address, first: Server, published: Callable[[bytes], None] | None) -> None:
        self._address = address
        self._first = first
        self._published = published
        self._servers: dict[tuple[str, int], Server] = {}  # all that were ever heard of
        self._masters: list[Server] = []
        self._map: list[Server | None] = [None] * SLOTS
        self._looking: asyncio.Task[None] | None = None

    async def call_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Send each command to the server that keeps its key, and return their replies in order; raises the first error.

        Those of one slot go in their order, unless the slot is just being moved.
        """
        if not self._masters:
            await self._look()
        replies: list[Any] = [None] * len(commands)
        left = range(len(commands))
        for pause in (*_PAUSES, None):
            await self._try(commands, left, replies)
            left = [place for place in left if isinstance(replies[place], StoreUnavailable)]  # type: ignore[assignment]
            if not left:
                break
            if pause is None:
                raise replies[left[0]]
            await asyncio.sleep(pause)
            await self._look()
        return replies

    async def keeper(self, key: str) -> Server:
        """The master that keeps a key. Raises StoreUnavailable."""
        await self._look()
        found = self._map[slot_of(key)]
        if found is None:
            raise StoreUnavailable(why="cluster-down")
        return found

    async def masters(self) -> list[Server]:
        """Every master that keeps keys. Raises StoreUnavailable."""
        await self._look()
        return self._masters

    def close(self) -> None:
        """Close all connections; what is under way fails."""
        if self._looking is not None:
            self._looking.cancel()
        for server in self._servers.values():
            server.close()

    async def _try(self, commands: Sequence[tuple[Argument, ...]], places: Sequence[int], replies: list[Any]) -> None:
        """Send what stands at these places; the replies come there, or a StoreUnavailable where one did not run.

        Raises StoreUnavailable for what failed, or may have run.
        """
        by_server: defaultdict[Server | None, list[int]] = defaultdict(list)
        for place in places:
            slot = _slot_of(commands[place])
            by_server[self._any() if slot is None else self._map[slot]].append(place)
        asked = [self._ask(server, [commands[place] for place in its]) for server, its in by_server.items()]
        found = await asyncio.gather(*asked) if len(asked) > 1 else [await asked[0]]
        for its, outcomes in zip(by_server.values(), found, strict=True):
            for place, outcome in zip(its, outcomes, strict=True):
                replies[place] = outcome

    def _any(self) -> Server | None:
        """A master for what any can do: the one that was connected to before, so that a subscription stays where it is."""
        return next((one for one in self._masters if one.stands), self._masters[0] if self._masters else None)

    async def _ask(self, server: Server | None, commands: list[tuple[Argument, ...]]) -> list[Any]:
        if server is None:
            return [StoreUnavailable(why="cluster-down") for _ in commands]
        try:
            link = await server.standing()
        except StoreUnavailable as error:
            if error.why in HOPELESS:
                raise
            return [error for _ in commands]
        replies = await link.send(commands)
        for place, reply in enumerate(replies):
            if isinstance(reply, hiredis.ReplyError):
                replies[place] = await self._mend(server, commands[place], str(reply))
        return replies

    async def _mend(self, server: Server, command: tuple[Argument, ...], error: str) -> Any:
        """What becomes of a command that was answered with an error: a reply, or a StoreUnavailable when it did not run.

        Raises StoreUnavailable for other errors, or when it may have run.
        """
        ahead: list[tuple[Argument, ...]] = []
        for _ in range(_STEPS):
            code, *rest = error.split(" ")
            if code == "ASK":
                server, ahead = self._named(rest[1], server), [("ASKING",)]
            elif code != "NOSCRIPT":
                break
            try:
                link = await server.standing()
            except StoreUnavailable as lost:
                return lost
            *_, reply = await link.send([*(LOAD_SCRIPTS if code == "NOSCRIPT" else ()), *ahead, command])
            if not isinstance(reply, hiredis.ReplyError):
                return reply
            error = str(reply)
        failed = ReplyFailed(error)
        if failed.why not in _PASSING:
            raise failed
        if error.startswith("MOVED "):
            _, slot, where = error.split(" ")
            self._map[int(slot)] = self._named(where, server)
        return failed

    def _named(self, where: str, teller: Server) -> Server:
        """The server at "host:port", as another one told it; without a host, it is on the same one."""
        host, _, port = where.rpartition(":")
        same = teller.address.hosts[0][0] if teller.address.hosts else "localhost"
        at = (host if host not in ("", "?") else same, int(port))
        if at not in self._servers:
            address = dataclasses.replace(self._address, hosts=(at,), path="")
            self._servers[at] = Server(address, self._published, self._begin_look)
        return self._servers[at]

    async def _look(self) -> None:
        """Read the map anew; whoever comes meanwhile shares that. The old one stays when nobody knows.

        Raises StoreUnavailable when there is none.
        """
        await asyncio.shield(self._begin_look())

    def _begin_look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._read_map())
        return self._looking

    async def _read_map(self) -> None:
        why = StoreUnavailable(why="cluster-down")
        for server in (*sorted(self._masters, key=lambda one: not one.stands), self._first):
            try:
                async with asyncio.timeout(_ANSWERS):
                    rows = await server.call("CLUSTER", "SLOTS")
            except StoreUnavailable as error:
                why = error
            except TimeoutError:
                why = StoreUnavailable(why="no-answer")
            else:
                self._take(rows, server)
                return
        if not self._masters:
            raise why

    def _take(self, rows: Sequence[Sequence[Any]], teller: Server) -> None:
        found: list[Server | None] = [None] * SLOTS
        for first, last, (host, port, *_), *_ in rows:
            server = self._named(f"{(host or b'').decode()}:{port}", teller)
            found[first : last + 1] = [server] * (last + 1 - first)
        self._map = found
        self._masters = list(dict.fromkeys(one for one in found if one is not None))
        for one in (*self._servers.values(), self._first):
            if one not in self._masters:
                one.retire()
