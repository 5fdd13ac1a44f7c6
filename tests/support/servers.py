"""Real servers that can be set up, demoted and killed one by one, and an address that stays while what is behind it changes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import redis

from service.store.server import find_binary
from tests.system.stack import free_port


class Server:
    """A Valkey on a port of its own. `first`: a file of settings, which stands before all options."""

    def __init__(self, folder: Path, *options: str, first: str = "") -> None:
        self.port = free_port()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._words = [
            find_binary(), *([first] if first else []), "--port", str(self.port), "--dir", str(folder), "--save", "",
            "--repl-diskless-sync-delay", "0", *options,
        ]  # fmt: skip
        self._password = options[options.index("--requirepass") + 1] if "--requirepass" in options else None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> Server:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self._words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait(lambda client: client.ping())
        return self

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5, password=self._password)

    def wait(self, condition: object, seconds: float = 60.0) -> None:
        """Wait until something is true of it."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(redis.RedisError), self.client() as client:
                if condition(client):  # type: ignore[operator]
                    return
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2_000:]
            time.sleep(0.02)

    def follow(self, other: Server) -> Server:
        """Make it a replica of another one, and wait until it has its data."""
        with self.client() as client:
            client.replicaof("127.0.0.1", other.port)
        self.wait(lambda client: client.info("replication").get("master_link_status") == "up")
        return self

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def servers(folder: Path, count: int, *options: str) -> Iterator[list[Server]]:
    """So many of them; the others follow the first."""
    made = [Server(folder / str(number), *options).start() for number in range(count)]
    try:
        for one in made[1:]:
            one.follow(made[0])
        yield made
    finally:
        for one in made:
            one.end()


class Front:
    """A stable address: a TCP proxy that leads new connections to `to`, and leaves those that stand where they are."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = free_port()
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        behind, before = await asyncio.open_connection("127.0.0.1", self.to)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, before))
                group.create_task(_copy(behind, writer))
        finally:
            writer.close()
            before.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextlib.asynccontextmanager
async def front(to: int, secure: ssl.SSLContext | None = None) -> AsyncIterator[Front]:
    """A stable address that leads to a port at first; by TLS, if it is `secure`."""
    made = Front(to)

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(made._lead(reader, writer))
        made._tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})

    listening = await asyncio.start_server(lead, "127.0.0.1", made.port, ssl=secure)
    try:
        yield made
    finally:
        listening.close()
        for task in made._tasks:
            task.cancel()
        if made._tasks:
            await asyncio.wait(made._tasks)
