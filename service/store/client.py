"""The connection to Redis: a coalescing, pipelining wire for the hot path, and redis-py for everything else.

Commands issued in one turn of the event loop leave in one write, and none waits for the reply to another: many requests
share one socket without queueing behind each other's round trips. Replies come back in order, so a queue of futures is
all the book-keeping there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any, Final, cast

import hiredis
import redis.asyncio as redis
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from service.core.errors import StoreUnavailable
from service.store.keys import Keys

Argument = str | bytes | int | float
_FOLDER: Final = files("service.store").joinpath("scripts")


def _script(text: str) -> str:
    """A script with what it includes: `-- include: NAME` stands for `scripts/shared/NAME.lua`."""
    return re.sub(
        r"^-- include: (\w+)$",
        lambda found: _FOLDER.joinpath("shared", f"{found.group(1)}.lua").read_text(),
        text,
        flags=re.MULTILINE,
    )


SCRIPTS: Final = {
    path.name.removesuffix(".lua"): _script(path.read_text())
    for path in _FOLDER.iterdir()
    if path.name.endswith(".lua")
}
_DIGESTS: Final = {name: sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in SCRIPTS.items()}
_LOAD_SCRIPTS: Final[tuple[tuple[Argument, ...], ...]] = tuple(("SCRIPT", "LOAD", text) for text in SCRIPTS.values())
_REPLY_TIMEOUT = 10.0  # seconds without the reply to a command before the connection is given up
_CONNECT_TIMEOUT = 3.0  # seconds


class ReplyFailed(StoreUnavailable):
    """Redis answered with an error; `reply` is for us, callers are told only that the store failed."""

    def __init__(self, reply: str) -> None:
        super().__init__()
        self.reply = reply


class Wire:
    """A pipelined connection that is opened when needed. Safe for any number of concurrent callers of one event loop.

    `published` hears the messages of channels that were subscribed to on it.
    """

    def __init__(self, url: str, published: Callable[[bytes], None] | None = None) -> None:
        self._published = published
        self._address: dict[str, Any] = dict(parse_url(url))
        self._link: _Link | None = None
        self._opening: asyncio.Task[_Link] | None = None

    async def call(self, *command: Argument) -> Any:
        """Send one command and return its reply. Raises StoreUnavailable; then it is unknown whether it ran."""
        return (await self.call_all((command,)))[0]

    async def call_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Send several commands in one write and return their replies in order; raises the first error among them."""
        if not commands:
            return []
        link = self._link
        if link is None or link.closed:
            link = await self._open()
        replies = await link.send(commands)
        for place, reply in enumerate(replies):
            if isinstance(reply, hiredis.ReplyError):
                failed = ReplyFailed(str(reply))
                if not failed.reply.startswith("NOSCRIPT"):
                    raise failed
                # The scripts were flushed under us; this one did not run.
                *_, replies[place] = await link.send([*_LOAD_SCRIPTS, commands[place]])
                if isinstance(replies[place], hiredis.ReplyError):
                    raise ReplyFailed(str(replies[place]))
        return replies

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        """Run a named script."""
        return (await self.call_all((script_command(script, keys, *args),)))[0]

    async def close(self) -> None:
        """Close the connection; what is under way fails."""
        if self._opening is not None:
            self._opening.cancel()
        if self._link is not None:
            self._link.drop()

    async def _open(self) -> _Link:
        """Connect; callers that come meanwhile share the attempt."""
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._connect())
        return await asyncio.shield(self._opening)

    async def _connect(self) -> _Link:
        loop, address = asyncio.get_running_loop(), self._address
        link = _Link(self._published)
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT):
                if path := address.get("path"):
                    await loop.create_unix_connection(lambda: link, path)
                else:
                    secure = address.get("connection_class") is redis.SSLConnection
                    host, port = address.get("host", "localhost"), int(address.get("port", 6379))
                    await loop.create_connection(lambda: link, host, port, ssl=secure or None)
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable from error
        greeting: list[tuple[Argument, ...]] = []
        if password := address.get("password"):
            user = address.get("username")
            greeting.append(("AUTH", user, password) if user else ("AUTH", password))
        if db := address.get("db"):
            greeting.append(("SELECT", db))
        try:
            for reply in await link.send([*greeting, *_LOAD_SCRIPTS]):
                if isinstance(reply, hiredis.ReplyError):
                    raise ReplyFailed(str(reply))
        except BaseException:  # also when it is closed while it opens
            link.drop()
            raise
        self._link = link
        return link


class _Awaited:
    """The replies that one caller waits for."""

    __slots__ = ("future", "missing", "replies", "since")

    def __init__(self, future: asyncio.Future[list[Any]], missing: int, since: float) -> None:
        self.future = future
        self.missing = missing
        self.replies: list[Any] = []
        self.since = since


class _Link(asyncio.Protocol):
    """One connection, from its opening to its end."""

    def __init__(self, published: Callable[[bytes], None] | None) -> None:
        self.closed = False
        self._published = published
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._waiting: deque[_Awaited] = deque()
        self._watch = self._loop.call_later(1.0, self._look_for_stall)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)

    def send(self, commands: Sequence[tuple[Argument, ...]]) -> asyncio.Future[list[Any]]:
        """Queue commands for this turn's write; the future has their replies, errors among them as values."""
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        if self.closed:
            future.set_exception(StoreUnavailable())
            return future
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent += [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]  # stubs lack the "..."
        self._waiting.append(_Awaited(future, len(commands), self._loop.time()))
        return future

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and not self.closed:
            self._transport.write(b"".join(unsent))

    def data_received(self, data: bytes) -> None:
        """Replies, in the order of the commands."""
        reader, waiting = self._reader, self._waiting
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                if self._published is not None and isinstance(reply, list) and reply[:1] == [b"message"]:
                    self._published(reply[2])
                    continue
                awaited = waiting[0]
                awaited.replies.append(reply)
                awaited.missing -= 1
                if awaited.missing == 0:
                    waiting.popleft()
                    if not awaited.future.done():  # else its caller was cancelled
                        awaited.future.set_result(awaited.replies)
        except (hiredis.ProtocolError, IndexError):
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever waits for a reply fails."""
        self.closed = True
        self._watch.cancel()
        while self._waiting:
            future = self._waiting.popleft().future
            if not future.done():
                future.set_exception(StoreUnavailable())

    def drop(self) -> None:
        """End the connection now."""
        self.connection_lost(None)
        if self._transport is not None:
            self._transport.abort()

    def _look_for_stall(self) -> None:
        if self._waiting and self._loop.time() - self._waiting[0].since > _REPLY_TIMEOUT:
            self.drop()
        else:
            self._watch = self._loop.call_later(1.0, self._look_for_stall)


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
