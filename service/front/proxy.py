"""Passes calls on to the API as they came, those that the named services' clients make, and nothing else.

The API sees whom a call was for (Host) and who called (X-Forwarded-For); what a caller says of that itself is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from ssl import SSLContext
from typing import Final, NamedTuple

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from service.front.names import paths_of

_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "expect",
    }
)  # fmt: skip
_SAID: Final = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "via"})
_METHODS: Final = ("GET", "HEAD", "POST")
_PATIENCE = aiohttp.ClientTimeout(total=120, sock_connect=5)
_PIECE = 65_536


def application(names: Sequence[str], to: str) -> web.Application:
    """Answers calls to `names` with what the API at `to` says. The connection to the API lives with it."""
    app = web.Application()
    app[_LED] = Led(tuple(names), to.rstrip("/"))
    app.router.add_route("*", "/{path:.*}", _pass_on)
    app.cleanup_ctx.append(_connected)
    return app


class Led(NamedTuple):
    """Which names lead where."""

    names: tuple[str, ...]
    to: str


_LED = web.AppKey("led", Led)
_SESSION = web.AppKey("session", aiohttp.ClientSession)


async def _connected(app: web.Application) -> AsyncIterator[None]:
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=_PATIENCE, auto_decompress=False, cookie_jar=jar) as app[_SESSION]:
        yield


async def _pass_on(request: web.Request) -> web.StreamResponse:
    """Pass a call on. What is for another name, or another path, goes nowhere."""
    names, to = request.app[_LED]
    paths = paths_of(request.host.partition(":")[0], names)
    if paths is None:
        return _word(421, "This name is not one that is led here.")
    if request.method not in _METHODS or not _within(request.raw_path, paths):
        return _word(404, "There is no such thing here.")
    headers = _kept(request.headers)
    headers["X-Forwarded-For"], headers["X-Forwarded-Proto"] = request.remote or "", request.scheme
    try:
        async with request.app[_SESSION].request(
            request.method,
            URL(to + request.raw_path, encoded=True),
            headers=headers,
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        ) as answer:
            return await _passed_back(request, answer)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return _word(503, "The service can't be reached; try again shortly.")


async def _passed_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_kept(answer.headers))
    await response.prepare(request)
    async for piece in answer.content.iter_chunked(_PIECE):
        await response.write(piece)
    await response.write_eof()
    return response


def _within(path: str, paths: Sequence[str]) -> bool:
    """Whether a path is one of these, or below one that ends with a slash, and says so without detours."""
    bare = path.partition("?")[0]
    if ".." in bare or "%" in bare or "//" in bare:
        return False
    return any(bare.startswith(allowed) if allowed.endswith("/") else bare == allowed for allowed in paths)


def _kept(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP | _SAID | named)


def _word(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers={"Server": "antechamber", "Cache-Control": "no-store"})


class Listening(NamedTuple):
    """Where the front listens; `plain`: the port for clients that speak no TLS, 0 for none."""

    host: str
    port: int
    plain: int
    shown: SSLContext


async def serve(app: web.Application, at: Listening, *, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve until `stop`; `ready` is called when it listens. Raises OSError when an address can't be bound."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=10)
    await runner.setup()
    try:
        await web.TCPSite(runner, at.host, at.port, ssl_context=at.shown).start()
        if at.plain:
            await web.TCPSite(runner, at.host, at.plain).start()
        ready()
        await stop.wait()
    finally:
        await runner.cleanup()
