"""The connection to Redis: a coalescing, pipelining wire for the hot path, and redis-py for everything else.

Commands issued in one turn of the event loop leave in one write, and none waits for the reply to another: many requests
share one socket without queueing behind each other's round trips. Replies come back in order, so a queue of futures is
all the book-keeping there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any, Final

import hiredis
import redis.asyncio as redis
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from service.core.errors import StoreUnavailable
from service.store.keys import Keys

Argument = str | bytes | int | float
SCRIPTS: Final = {
    path.name.removesuffix(".lua"): path.read_text()
    for path in files("service.store").joinpath("scripts").iterdir()
    if path.name.endswith(".lua")
}
_DIGESTS: Final = {name: sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in SCRIPTS.items()}
_REPLY_TIMEOUT = 10.0  # seconds without the reply to a command before the connection is given up
_CONNECT_TIMEOUT = 3.0  # seconds


class ReplyFailed(StoreUnavailable):
    """Redis answered with an error; `reply` is for us, callers are told only that the store failed."""

    def __init__(self, reply: str) -> None:
        super().__init__()
        self.reply = reply


class Wire(asyncio.Protocol):
    """One pipelined connection. Safe for any number of concurrent callers of one event loop."""

    def __init__(self, url: str) -> None:
        self._address: dict[str, Any] = dict(parse_url(url))
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._unsent: list[tuple[Argument, ...]] = []
        self._waiting: deque[tuple[asyncio.Future[Any], float]] = deque()
        self._flush_planned = False
        self._watch: asyncio.TimerHandle | None = None

    async def call(self, *command: Argument) -> Any:
        """Send one command and return its reply. Raises StoreUnavailable; then it is unknown whether it ran."""
        if self._transport is None:
            await self.open()
        return await self._answer(command, self._enqueue(command))

    async def call_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Send several commands in one write and return their replies in order; raises the first error among them."""
        if self._transport is None:
            await self.open()
        sent = [(command, self._enqueue(command)) for command in commands]
        if sent:
            await asyncio.wait([future for _, future in sent])
        return [await self._answer(command, future) for command, future in sent]

    async def _answer(self, command: tuple[Argument, ...], future: asyncio.Future[Any]) -> Any:
        try:
            return await future
        except ReplyFailed as failed:
            if not failed.reply.startswith("NOSCRIPT"):
                raise
        # The scripts were flushed under us; this one did not run.
        await asyncio.gather(*[self._enqueue(("SCRIPT", "LOAD", text)) for text in SCRIPTS.values()])
        return await self._enqueue(command)

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        """Run a named script."""
        return await self.call(*script_command(script, keys, *args))

    async def open(self) -> None:
        """Connect, unless connected; callers that come meanwhile share the attempt."""
        if self._transport is not None:
            return
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
        await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Close the connection; what is under way fails."""
        if self._opening is not None:
            self._opening.cancel()
        if self._transport is not None:
            self._transport.abort()
        self.connection_lost(None)

    async def _open(self) -> None:
        loop, address = asyncio.get_running_loop(), self._address
        self._reader = hiredis.Reader()
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT):
                if path := address.get("path"):
                    transport, _ = await loop.create_unix_connection(lambda: self, path)
                else:
                    secure = address.get("connection_class") is redis.SSLConnection
                    host, port = address.get("host", "localhost"), int(address.get("port", 6379))
                    transport, _ = await loop.create_connection(lambda: self, host, port, ssl=secure or None)
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable from error
        self._transport = transport
        self._watch = loop.call_later(1.0, self._look_for_stall)
        greeting: list[tuple[Argument, ...]] = []
        if password := address.get("password"):
            user = address.get("username")
            greeting.append(("AUTH", user, password) if user else ("AUTH", password))
        if db := address.get("db"):
            greeting.append(("SELECT", db))
        greeting += [("SCRIPT", "LOAD", text) for text in SCRIPTS.values()]
        try:
            await asyncio.gather(*[self._enqueue(command) for command in greeting])
        except StoreUnavailable:
            self._drop()
            raise

    def _enqueue(self, command: tuple[Argument, ...]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if self._transport is None:
            future.set_exception(StoreUnavailable())
            return future
        self._unsent.append(command)
        self._waiting.append((future, loop.time()))
        if not self._flush_planned:
            self._flush_planned = True
            loop.call_soon(self._flush)
        return future

    def _flush(self) -> None:
        self._flush_planned = False
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and unsent:
            packed = [hiredis.pack_command(command) for command in unsent]  # type: ignore[arg-type]  # stubs lack the "..."
            self._transport.write(b"".join(packed))

    def data_received(self, data: bytes) -> None:
        """Replies, in the order of the commands."""
        reader, waiting = self._reader, self._waiting
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                future, _ = waiting.popleft()
                if future.done():  # its caller was cancelled
                    continue
                if isinstance(reply, hiredis.ReplyError):
                    future.set_exception(ReplyFailed(str(reply)))
                else:
                    future.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            self._drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever waits for a reply fails; the next caller connects anew."""
        self._transport, self._unsent = None, []
        if self._watch is not None:
            self._watch.cancel()
        waiting, self._waiting = self._waiting, deque()
        for future, _ in waiting:
            if not future.done():
                future.set_exception(StoreUnavailable())

    def _look_for_stall(self) -> None:
        loop = asyncio.get_running_loop()
        if self._waiting and loop.time() - self._waiting[0][1] > _REPLY_TIMEOUT:
            self._drop()
        else:
            self._watch = loop.call_later(1.0, self._look_for_stall)

    def _drop(self) -> None:
        transport = self._transport
        self.connection_lost(None)
        if transport is not None:
            transport.abort()


def script_command(script: str, keys: Sequence[str], *args: Argument) -> tuple[Argument, ...]:
    """The command that runs a named script; for `Wire.call_all`."""
    return ("EVALSHA", _DIGESTS[script], len(keys), *keys, *args)


class Connection:
    """What the store's modules share: the wire, redis-py's client, and the names of the keys."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys = Keys()
        self.wire = Wire(url)
        self.client = redis.Redis.from_url(
            url, protocol=2, socket_connect_timeout=_CONNECT_TIMEOUT, socket_timeout=None
        )

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close everything."""
        await self.wire.close()
        with contextlib.suppress(RedisError, OSError):
            await self.client.aclose()

    async def wait_ready(self, seconds: float = 10.0) -> None:
        """Wait until Redis answers and has loaded its data. Raises StoreUnavailable when it doesn't in time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                await self.wire.call("PING")
            except StoreUnavailable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)
            else:
                return


def now_ms() -> int:
    """Milliseconds since 1970: the unit of every time in the store."""
    return time.time_ns() // 1_000_000
