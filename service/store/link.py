"""One Redis server: a coalescing, pipelining connection to it, opened when needed and left when it leads to the wrong one.

Commands issued in one turn of the event loop leave in one write, and none waits for the reply to another: many requests
share one socket without queueing behind each other's round trips. Replies come back in order, so a queue of futures is
all the book-keeping there is.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import hiredis

from service.core.errors import StoreUnavailable
from service.core.server import ELSEWHERE, HOPELESS, OLDEST_VERSION, Address, Tls, trouble
from service.store.script import LOAD_SCRIPTS, Argument

_STALLS = 1.0  # seconds without a reply after which something may be wrong; no command of ours takes as long
_FOLLOWED = 1_000  # milliseconds in which replicas are to have what was written
_WRITES: Final = ("EVALSHA", "SET")
"""What has to reach replicas, where they are asked for: the scripts, which alone change comments, and what /readyz writes."""
_HANDSHAKE = 0.8  # of the time in which a connection must stand: a server that is silent then was reached
_STAYS = 0.25  # seconds that a connection is kept at least, whatever the server at its end says of itself


class ReplyFailed(StoreUnavailable):
    """Redis answered with an error; `reply` is for us, callers are told only that the store failed."""

    def __init__(self, reply: str) -> None:
        super().__init__(why=trouble(reply))
        self.reply = reply


class Server:
    """A server by its address: its connection, opened when needed. Safe for any number of concurrent callers of one event loop.

    When what is at the other end says that it is the wrong one now (a replica since a failover, one that loads), the
    connection is left and the address looked up again, once for each call: behind a stable address, or by Sentinel, there
    may be a better one. None of the commands ran then, so they are repeated.

    `stalled` is called each second while a reply is late.
    """

    def __init__(
        self,
        address: Address,
        published: Callable[[bytes], None] | None = None,
        stalled: Callable[[], object] | None = None,
    ) -> None:
        self.address = address
        self._published = published
        self._stalled = stalled
        self._link: Link | None = None
        self._greeted: Link | None = None
        self._opening: asyncio.Task[Link] | None = None
        self._closed = False

    @property
    def where(self) -> str:
        """Its host and port, or its socket, as people write them."""
        return self.address.path or ",".join(f"{host}:{port}" for host, port in self.address.hosts)

    async def call(self, *command: Argument) -> Any:
        """Send one command and return its reply. Raises StoreUnavailable; then it is unknown whether it ran."""
        return (await self.call_all((command,)))[0]

    async def call_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Send several commands in one write and return their replies in order; raises the first error among them."""
        link = self._link
        if link is None or link.closed:
            link = await self.standing()
        try:
            return await _replies(link, commands)
        except ReplyFailed as error:
            if error.why not in ELSEWHERE or not self._leave(link):
                raise
        return await _replies(await self.standing(), commands)

    async def standing(self) -> Link:
        """The connection, opened if need be; callers that come meanwhile share the attempt. Raises StoreUnavailable."""
        link = self._link
        if link is not None and not link.closed:
            return link
        if (
            self._closed
        ):  # a caller whose connection was just made, and closed before it could use it, must not make another
            raise StoreUnavailable(why="lost")
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._connect())
        return await asyncio.shield(self._opening)

    @property
    def stands(self) -> bool:
        """Whether there is a connection on which answers come."""
        return self._link is not None and not self._link.closed and not self._link.stalls

    def retire(self) -> None:
        """Let go of the connection when all that was asked is answered, or no answers come."""
        if self._greeted is not None:
            self._greeted.retire()
        if self._link is not None:
            self._link.retire()
            self._link = None

    def close(self) -> None:
        """Close the connection for good; what is under way fails."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
        if self._link is not None:
            self._link.drop()

    def _leave(self, link: Link) -> bool:
        """Use a connection no more, unless it is new; what waits on it gets its answers. Whether another one may be tried."""
        if link is self._link:
            if link.age < _STAYS:
                return False
            self.retire()
        return True

    async def _connect(self) -> Link:
        address = self.address
        try:
            link = await _reach(address, lambda: Link(address, self._published, self._stalled))
        except (OSError, TimeoutError, UnicodeError) as error:
            raise StoreUnavailable(why=_why(error)) from error
        self._greeted = link
        try:
            # Apart, since a server closes the connection of a stranger who sends as much as the scripts are.
            *replies, told, cluster = await link.send([*_greeting(address), ("INFO", "server"), ("INFO", "cluster")])
            _look_through(replies)
            if isinstance(told, bytes) and _too_old(told):  # an error: we may not ask
                raise StoreUnavailable(why="too-old")
            _look_through(await link.send(LOAD_SCRIPTS))
            link.of_cluster = isinstance(cluster, bytes) and b"cluster_enabled:1" in cluster
            if len(address.hosts) > 1 and not address.master and not link.of_cluster:
                raise StoreUnavailable(why="no-cluster")
        except BaseException:  # also when it is closed while it opens
            link.drop()
            self.address = replace(address, hosts=(*address.hosts[1:], *address.hosts[:1]))  # the next try asks another
            raise
        finally:
            self._greeted = None
        self._link = link
        return link


def _greeting(address: Address) -> list[tuple[Argument, ...]]:
    greeting: list[tuple[Argument, ...]] = []
    if address.password:
        greeting.append(("AUTH", address.user, address.password) if address.user else ("AUTH", address.password))
    if address.db:
        greeting.append(("SELECT", address.db))
    if address.master:
        greeting.append(("ROLE",))
    return [*greeting, ("PING",)]


def _too_old(told: bytes) -> bool:
    found = re.search(rb"redis_version:(\d+)\.(\d+)", told)
    return found is not None and (int(found[1]), int(found[2])) < OLDEST_VERSION


def _look_through(greeted: Sequence[Any]) -> None:
    """Raises StoreUnavailable if the server would not have us, or is the wrong one."""
    for reply in greeted:
        if isinstance(reply, hiredis.ReplyError):
            raise ReplyFailed(str(reply))
        if isinstance(reply, list) and reply[0] != b"master":  # Sentinel has not seen it yet
            raise StoreUnavailable(why="read-only")


async def _replies(link: Link, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
    replies = await link.send(commands)
    for place, reply in enumerate(replies):
        if isinstance(reply, hiredis.ReplyError):
            failed = ReplyFailed(str(reply))
            if not failed.reply.startswith("NOSCRIPT"):
                raise failed
            # The scripts were flushed under us; this one did not run.
            *_, replies[place] = await link.send([*LOAD_SCRIPTS, commands[place]])
            if isinstance(replies[place], hiredis.ReplyError):
                raise ReplyFailed(str(replies[place]))
    return replies


# Reaching a server: where it is, by Sentinel if need be, and by TLS if it is to be. For `_connect`.


async def _reach(address: Address, made: Callable[[], Link]) -> Link:
    """Connect, to the first host that lets us where there are several.

    Raises OSError, TimeoutError, UnicodeError, StoreUnavailable.
    """
    failed: Exception | None = None
    for place in address.hosts if not address.path and not address.master else (None,):
        try:
            async with asyncio.timeout(address.connect_timeout):
                return await _open(address, place, made)
        except (OSError, TimeoutError, UnicodeError) as error:  # the last: a name that no name server can be asked for
            failed = error
    raise failed or OSError


async def _open(address: Address, place: tuple[str, int] | None, made: Callable[[], Link]) -> Link:
    loop = asyncio.get_running_loop()
    if address.path:
        return (await loop.create_unix_connection(made, address.path))[1]
    host, port = place or await _find_master(address)
    if address.tls is None:
        return (await loop.create_connection(made, host, port))[1]
    secure, patience = _tls(address.tls), address.connect_timeout * _HANDSHAKE
    try:
        _, link = await loop.create_connection(made, host, port, ssl=secure, ssl_handshake_timeout=patience)
    except ConnectionAbortedError as error:  # so it ends when the handshake takes too long
        raise StoreUnavailable(why="tls-silent") from error
    return link


def _tls(wanted: Tls) -> ssl.SSLContext:
    """Raises StoreUnavailable."""
    needed = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}[wanted.cert_reqs]
    context = ssl.create_default_context()
    context.check_hostname = wanted.check_hostname and needed is not ssl.CERT_NONE
    context.verify_mode = needed
    try:
        if wanted.ca_certs or wanted.ca_path:
            context.load_verify_locations(wanted.ca_certs or None, wanted.ca_path or None)
        if wanted.certfile or wanted.keyfile:
            context.load_cert_chain(wanted.certfile or wanted.keyfile, wanted.keyfile or None, wanted.password or "")
        if wanted.min_version:
            context.minimum_version = ssl.TLSVersion[wanted.min_version]
        if wanted.ciphers:
            context.set_ciphers(wanted.ciphers)
    except (OSError, ValueError) as error:
        raise StoreUnavailable(why="tls-files") from error
    return context


async def _find_master(address: Address) -> tuple[str, int]:
    """Ask the Sentinels, one after the other, until one tells. Raises StoreUnavailable."""
    patience = address.connect_timeout / 2
    asked = replace(
        address,
        user=address.sentinel_user,
        password=address.sentinel_password,
        master="",
        db=0,
        connect_timeout=patience,
    )
    why = "no-sentinel"
    for place in address.hosts:
        link: Link | None = None
        try:
            async with asyncio.timeout(patience):
                link = await _open(asked, place, lambda: Link(asked, None, None))
                *replies, found = await link.send(
                    [*_greeting(asked), ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.master)]
                )
            if isinstance(found, list):
                return found[0].decode(), int(found[1])
            _look_through([*replies, found])
            why = "no-master"
        except (OSError, UnicodeError, StoreUnavailable) as error:
            told = error.why if isinstance(error, StoreUnavailable) else _why(error)
            why = told if why == "no-sentinel" and told in HOPELESS else why
        finally:
            if link is not None:
                link.drop()
    raise StoreUnavailable(why=why)


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLError, "tls"),
    (socket.gaierror, "unknown-host"),
    (UnicodeError, "unknown-host"),
    (PermissionError, "socket-closed"),
    (ConnectionResetError, "hung-up"),
    (BrokenPipeError, "lost"),
    (TimeoutError, "no-answer"),
)
"""The first that fits counts."""


_DATES, _NAMES = (9, 10), (62, 64)  # OpenSSL's numbers of what is wrong with a certificate


def _why(error: BaseException | None, otherwise: str = "down") -> str:
    """The word for what keeps us from a server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        return "certificate-date" if code in _DATES else "certificate-name" if code in _NAMES else "certificate"
    return next((why for kind, why in _REASONS if isinstance(error, kind)), otherwise)


class _Awaited:
    """The replies that one caller waits for. `held`: until replicas have what it wrote; without a future, those it says it of."""

    __slots__ = ("future", "held", "missing", "replies", "since")

    def __init__(self, future: asyncio.Future[list[Any]] | None, missing: int, since: float) -> None:
        self.future = future
        self.missing = missing
        self.held = future is None
        self.replies: list[Any] = []
        self.since = since


def _answer(awaited: _Awaited, why: str = "") -> None:
    future = awaited.future
    if future is None or future.done():  # its caller was cancelled
        return
    if why:
        future.set_exception(StoreUnavailable(why=why))
    else:
        future.set_result(awaited.replies)


class Link(asyncio.Protocol):
    """One connection, from its opening to its end."""

    def __init__(
        self, address: Address, published: Callable[[bytes], None] | None, stalled: Callable[[], object] | None
    ) -> None:
        self.of_cluster = False
        self._ended = ""  # why, when it has
        self._heard = False  # whether anything came
        self._published = published
        self._reply_timeout = address.reply_timeout
        self._replicas = address.replicas
        self._stalled = stalled
        self._retired = False
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._waiting: deque[_Awaited] = deque()
        self._held: list[_Awaited] = []
        self._wrote = False  # in this turn
        self._watch: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._ended != ""

    @property
    def age(self) -> float:
        """Seconds since it was opened."""
        return self._loop.time() - self._since

    @property
    def stalls(self) -> bool:
        """Whether a reply is late."""
        return self._late(_STALLS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)
        self._watch = self._loop.call_later(1.0, self._look_for_stall)

    def send(self, commands: Sequence[tuple[Argument, ...]]) -> asyncio.Future[list[Any]]:
        """Queue commands for this turn's write; the future has their replies, errors among them as values."""
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        if self.closed:
            future.set_exception(StoreUnavailable(why=self._ended))
            return future
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent += [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]  # stubs lack the "..."
        awaited = _Awaited(future, len(commands), self._loop.time())
        if self._replicas and any(command[0] in _WRITES for command in commands):
            awaited.held = self._wrote = True
        self._waiting.append(awaited)
        return future

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._wrote:
            self._wrote = False
            unsent.append(hiredis.pack_command(("WAIT", self._replicas, _FOLLOWED)))  # type: ignore[arg-type]
            self._waiting.append(_Awaited(None, 1, self._loop.time()))
        if self._transport is not None and not self.closed:
            self._transport.write(b"".join(unsent))

    def data_received(self, data: bytes) -> None:
        """Replies, in the order of the commands."""
        reader, waiting = self._reader, self._waiting
        self._heard = True
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                if self._published is not None and isinstance(reply, list) and reply[:1] == [b"message"]:
                    self._published(reply[2])
                    continue
                if not waiting:  # nobody asked: it says why it lets us go
                    self.drop((isinstance(reply, hiredis.ReplyError) and trouble(str(reply))) or "lost")
                    return
                awaited = waiting[0]
                awaited.replies.append(reply)
                awaited.missing -= 1
                if awaited.missing == 0:
                    waiting.popleft()
                    if awaited.held:
                        self._hold(awaited)
                    elif awaited.future is not None and not awaited.future.done():  # else its caller was cancelled
                        awaited.future.set_result(awaited.replies)
            if self._retired and not waiting:
                self.drop()
        except hiredis.ProtocolError:
            self.drop("no-redis")

    def _hold(self, awaited: _Awaited) -> None:
        """Keep an answer back until replicas have what was written, or let go of those that were."""
        if awaited.future is not None:
            self._held.append(awaited)
            return
        held, self._held = self._held, []
        (had,) = awaited.replies
        for one in held:
            _answer(one, "no-replicas" if isinstance(had, int) and had < self._replicas else "")

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever waits for a reply fails: of what the server said last, as it let us go, if it did."""
        *_, last = self._waiting[0].replies if self._waiting and self._waiting[0].replies else (None,)
        if isinstance(last, hiredis.ReplyError):
            self._end(trouble(str(last)) or "lost")
        else:
            self._end("lost" if self._heard else _why(exc, "hung-up"))

    def retire(self) -> None:
        """End the connection when all that was asked is answered, or no answers come."""
        self._retired = True
        if not self._waiting or self.stalls:
            self.drop("no-answer")

    def drop(self, why: str = "lost") -> None:
        """End the connection now."""
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        if self._watch is not None:
            self._watch.cancel()
        ended, self._held = [*self._held, *self._waiting], []
        self._waiting.clear()
        for one in ended:
            _answer(one, why)

    def _look_for_stall(self) -> None:
        if self._late(self._reply_timeout):
            self.drop("no-answer")
        else:
            if self._stalled is not None and self.stalls:
                self._stalled()
            self._watch = self._loop.call_later(1.0, self._look_for_stall)

    def _late(self, seconds: float) -> bool:
        return bool(self._waiting) and self._loop.time() - self._waiting[0].since > seconds
