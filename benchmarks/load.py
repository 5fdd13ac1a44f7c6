"""A light HTTP client for the benchmarks, and the processes that they measure. Asserts nothing about time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from service.store.server import EmbeddedServer

ROOT = Path(__file__).parent.parent
COMMAND = str(Path(sys.executable).parent / "antechamber")
TICKS = os.sysconf("SC_CLK_TCK")


class Run(NamedTuple):
    """What one load did: requests, wall seconds, latencies (seconds), statuses seen."""

    requests: int
    seconds: float
    latencies: list[float]
    statuses: set[int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def body(
    number: int, domain: str, text: str = "I liked this post, thank you for writing it down so clearly. "
) -> bytes:
    """A submission of ordinary size."""
    return json.dumps(
        {
            "id": f"b{number}",
            "page": {"url": "https://blog.example/2026/a-post", "title": "A post"},
            "author": {
                "name": "Ann Other", "email": f"ann.other{number}@{domain}", "url": "https://ann.example",
                "ip": "192.0.2.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
            },
            "content": text * 4,
        }
    ).encode()  # fmt: skip


def request(path: str, payload: bytes, headers: str = "") -> bytes:
    """One HTTP/1.1 request."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}"
        f"Content-Length: {len(payload)}\r\n\r\n"
    ).encode() + payload


async def closed_loop(port: int, requests: Sequence[bytes], connections: int) -> Run:
    """Send all requests over some connections, each sending its next when it has the answer."""
    queue = iter(requests)
    latencies: list[float] = []
    statuses: set[int] = set()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for message in queue:
            sent = time.perf_counter()
            writer.write(message)
            statuses.add(await _answer(reader))
            latencies.append(time.perf_counter() - sent)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*[one() for _ in range(connections)])
    return Run(len(requests), time.perf_counter() - started, latencies, statuses)


async def open_loop(port: int, requests: Sequence[bytes], rate: float, connections: int) -> Run:
    """Send requests at a fixed rate, whether or not the earlier ones have been answered."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    latencies: list[float] = []
    statuses: set[int] = set()

    async def one(message: bytes, due: float) -> None:
        reader, writer = await free.get()
        writer.write(message)
        statuses.add(await _answer(reader))
        latencies.append(time.perf_counter() - due)
        free.put_nowait((reader, writer))

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, message in enumerate(requests):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(message, due))
    while not free.empty():
        free.get_nowait()[1].close()
    return Run(len(requests), time.perf_counter() - started, latencies, statuses)


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(head[9:12])


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextlib.contextmanager
def redis(fsync: str) -> Iterator[str]:
    """A real server; its address."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), fsync) as server:
        yield server.url


@contextlib.contextmanager
def process(words: Sequence[str], port: int, **environment: str) -> Iterator[int]:
    """Run a server process until it answers on its port; its pid."""
    child = subprocess.Popen(words, env={**os.environ, **environment}, cwd=ROOT)
    try:
        _wait_for(port, child)
        yield child.pid
    finally:
        child.terminate()
        child.wait(timeout=30)


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    import socket  # noqa: PLC0415

    while child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the process stopped")


def free_port() -> int:
    """A port that nobody listens on."""
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def service(url: str, *roles: str, **settings: str) -> Iterator[tuple[int, dict[str, int], str]]:
    """The service's roles on a Redis; (port, pid of each role, API key of a site)."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "REDIS_URL": url, "ANTECHAMBER_DATA_DIR": folder, "ANTECHAMBER_PORT": str(port),
            "ANTECHAMBER_MAX_BACKLOG": "1000000", "ANTECHAMBER_LOG_LEVEL": "warning", **settings,
        }  # fmt: skip
        for words in (("keys", "init"), ("sites", "add", "bench", "--url", "https://bench.example", "--json")):
            added = subprocess.run(
                [COMMAND, *words], env={**os.environ, **environment}, check=True, capture_output=True
            )
        key = json.loads(added.stdout)["api_key"]
        with contextlib.ExitStack() as stack:
            pids = {}
            for role in roles:
                words = [COMMAND, "serve", "--only", role]
                if role == "api":
                    pids[role] = stack.enter_context(process(words, port, **environment))
                else:
                    child = subprocess.Popen(words, env={**os.environ, **environment})
                    stack.callback(child.wait)
                    stack.callback(child.terminate)
                    pids[role] = child.pid
            yield port, pids, key
