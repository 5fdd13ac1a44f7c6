"""Receivers of call-backs, real servers on loopback: an HTTP one that keeps what it heard, and one that speaks raw bytes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web

Answer = Callable[["Heard"], Awaitable[web.StreamResponse] | web.StreamResponse]


class Heard(NamedTuple):
    """One call-back as it arrived."""

    at: float  # monotonic seconds
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """An HTTP receiver. `answer` may be set to anything that makes a response."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.under_way = 0
        self.most_under_way = 0
        self.url = ""
        self.paths: list[str] = []
        self.answer: Answer = lambda _: web.Response()
        self.arrival = asyncio.Condition()

    @property
    def ids(self) -> list[str]:
        return [heard.id for heard in self.heard]

    def hold(self) -> asyncio.Event:
        """Answer nothing until the event is set."""
        release = asyncio.Event()

        async def never(_: Heard) -> web.Response:
            await release.wait()
            return web.Response()

        self.answer = never
        return release

    async def wait_for(self, count: int, seconds: float = 10.0) -> list[Heard]:
        """Wait until so many call-backs have arrived."""
        async with asyncio.timeout(seconds), self.arrival:
            await self.arrival.wait_for(lambda: len(self.heard) >= count)
        return self.heard

    async def handle(self, request: web.Request) -> web.StreamResponse:
        heard = Heard(time.monotonic(), request.headers, await request.read())
        async with self.arrival:
            self.heard.append(heard)
            self.paths.append(request.path_qs)
            self.arrival.notify_all()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer = self.answer(heard)
            return answer if isinstance(answer, web.StreamResponse) else await answer
        finally:
            self.under_way -= 1


@asynccontextmanager
async def http_receiver(port: int = 0) -> AsyncIterator[Receiver]:
    """An HTTP receiver that runs."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


class RawReceiver:
    """A receiver that reads a request and then does what `behave` does with the connection."""

    def __init__(self, behave: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        self.requests = 0
        self.url = ""
        self._behave = behave

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                await reader.readexactly(length)
                self.requests += 1
                await self._behave(writer)
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def raw_receiver(behave: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[RawReceiver]:
    """A raw receiver that runs."""
    receiver = RawReceiver(behave)
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
