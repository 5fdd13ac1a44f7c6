"""The connection to Redis: the wire, on which all commands of the hot path go, to one server or to a cluster; and redis-py."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from service.core.errors import StoreUnavailable
from service.core.server import HOPELESS, read_address
from service.store.cluster import Cluster
from service.store.keys import BOX, SITES, Keys
from service.store.link import Server
from service.store.script import Argument, Field, script_command

_LOOK, _SAY = 0.05, 3.0  # seconds between looks for a server that is not ready, and between words about it
_PATIENCE = 10.0  # seconds


class Wire:
    """All commands go on it; it connects when needed. Safe for any number of concurrent callers of one event loop.

    What is at the other end says what it is when a connection opens: a server, or one of a cluster, which leads to the others.
    `published` hears the messages of channels that were subscribed to on it; `failed`, if it is set, the word of each trouble,
    and gives the one to tell: it may know better.
    """

    def __init__(self, url: str, published: Callable[[bytes], None] | None = None) -> None:
        self.failed: Callable[[str], str] | None = None
        self._published = published
        self._server = Server(read_address(url), published)
        self._found: Server | Cluster | None = None

    async def call(self, *command: Argument) -> Any:
        """Send one command and return its reply. Raises StoreUnavailable; then it is unknown whether it ran."""
        return (await self.call_all((command,)))[0]

    async def call_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Send several commands in one write and return their replies in order; raises the first error among them."""
        if not commands:
            return []
        try:
            return await (self._found or await self._find()).call_all(commands)
        except StoreUnavailable as error:
            if self._found is self._server:
                self._found = None  # there may be another one now, or a cluster
            if self.failed is not None and error.why:
                error.why = self.failed(error.why)
            raise

    async def call_reachable(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Send commands, each by itself, and return the replies of those that succeed. Raises StoreUnavailable when none does."""
        replies = await asyncio.gather(*[self.call(*command) for command in commands], return_exceptions=True)
        lost = [reply for reply in replies if isinstance(reply, BaseException)]
        for error in lost:
            if len(lost) == len(replies) or not isinstance(error, StoreUnavailable):
                raise error
        return [reply for reply in replies if not isinstance(reply, BaseException)]

    async def keeper(self, key: str) -> str:
        """The server that keeps a key, by its address. Raises StoreUnavailable."""
        found = self._found or await self._find()
        return (await found.keeper(key) if isinstance(found, Cluster) else found).where

    async def run(self, script: str, keys: Sequence[str], /, *args: Argument, **fields: Field) -> Any:
        """Run a named script; see `script_command`."""
        return (await self.call_all((script_command(script, keys, *args, **fields),)))[0]

    async def masters(self) -> list[Server]:
        """The server, or each master of a cluster, for what is asked of every one. Raises StoreUnavailable."""
        found = self._found or await self._find()
        return await found.masters() if isinstance(found, Cluster) else [found]

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        self._server.close()
        if isinstance(self._found, Cluster):
            self._found.close()

    async def _find(self) -> Server | Cluster:
        link = await self._server.standing()
        if self._found is None:  # of several callers, the first one
            self._found = (
                Cluster(self._server.address, self._server, self._published) if link.of_cluster else self._server
            )
        return self._found


async def _accompanied(work: Coroutine[Any, Any, None], say: Callable[[], None]) -> None:
    """Wait for `work`; `say` is called every few seconds meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_SAY))[0]:
            say()
        task.result()
    finally:
        task.cancel()


class Connection:
    """What the store's modules share: the wire, and the names of the keys. `failed` is as it is with the wire.

    The keys are those of data in `partitions`, until `wait_ready` has seen what data there is.
    """

    def __init__(self, url: str, *, failed: Callable[[str], str] | None = None, partitions: int = 1) -> None:
        self.url = url
        self.keys = Keys(partitions)
        self.failed = failed
        self.box = ""
        """The id of the data that is to be there; "" when there need be none."""
        self.wire = Wire(url)
        self.wire.failed = failed

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @cached_property
    def client(self) -> redis.Redis:
        """redis-py's client, for looking into one server that is reached without Sentinel."""
        return redis.Redis.from_url(self.url, protocol=2, socket_connect_timeout=3.0, socket_timeout=None)

    async def close(self) -> None:
        """Close everything."""
        await self.wire.close()
        if "client" in self.__dict__:
            with contextlib.suppress(RedisError, OSError):
                await self.client.aclose()

    async def whole(self) -> None:
        """Make sure that the data is there that was: a server that came back empty knows no site, and must not say so.

        Raises StoreUnavailable.
        """
        if self.box and not await self.wire.call("HEXISTS", BOX, "id"):
            if self.failed is not None:
                self.failed("empty")
            raise StoreUnavailable(why="empty")

    async def _look(self) -> None:
        # Of a cluster some server may answer while that of our keys does not.
        _, (begun, partitions), sites = await self.wire.call_all(
            [("PING",), ("HMGET", BOX, "id", "partitions"), ("EXISTS", SITES)]
        )
        if begun or sites:  # without a record they are of a version that kept none, nor knew partitions
            self.keys = Keys(int(partitions or 1))
        await self.wire.call_all([("EXISTS", one.work) for one in self.keys.partitions])

    async def wait_ready(
        self, seconds: float | None = _PATIENCE, waiting: Callable[[str, float], None] | None = None
    ) -> None:
        """Wait until Redis answers and has loaded its data, and learn in how many partitions that is; before the keys are used.

        While it loads we wait without end, if somebody hears of that, and for anything else so many seconds.

        `waiting` hears every few of them what is amiss and how long we have waited. None: without end, save for what waiting
        can't mend. Raises StoreUnavailable.
        """
        began, said, why = time.monotonic(), 0.0, "no-answer"

        def say() -> None:
            nonlocal said
            waited = time.monotonic() - began
            if waiting is not None and waited - said >= _SAY:
                said = waited
                waiting(why, waited)

        while True:
            try:
                await _accompanied(self._look(), say)
            except StoreUnavailable as error:
                waited = time.monotonic() - began
                loads = error.why == "loading" and waiting is not None
                patient = seconds is None or waited < seconds or loads
                if error.why in HOPELESS or not patient:
                    raise
                why = error.why
                say()
                await asyncio.sleep(_LOOK)
            else:
                return
