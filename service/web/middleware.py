"""What surrounds every request, in one layer: its id, its errors, its headers, its metrics and its one line in the log.

Beside it: the HTTP server that stays quiet about itself.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache

import structlog
from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.web_protocol import RequestHandler
from prometheus_client import Histogram

from service import tracing
from service.core.errors import AntechamberError, Busy, MalformedRequest, TooSlow
from service.logs import RequestLine, frames
from service.logs import request as log_request
from service.metrics import FAILURES, REQUESTS
from service.web.context import DIALECT, RATE, SITE
from service.web.responses import PROTECTION, from_http, problem_response

_log = structlog.get_logger("request")
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")  # no dots or colons: an id must not be an address
_process, _numbers = secrets.token_hex(4), itertools.count(1)


@web.middleware
async def boundary(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every request, whatever happens; nothing of an unexpected exception leaves."""
    started = time.perf_counter()
    incoming = request.headers.get("X-Request-Id")
    identity = incoming if incoming and _SAFE_ID.match(incoming) else f"{_process}{next(_numbers):x}"
    response: web.StreamResponse
    try:
        response = await handler(request)
    except AntechamberError as error:
        response = _render(request, error, identity)
        if isinstance(error, TooSlow | Busy) and not request.content.is_eof():
            response.force_close()  # the rest of the body is not waited for
    except web.HTTPException as error:
        response = _render(request, from_http(error), identity)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        FAILURES.labels("request").inc()
        _log.error("request failed", request_id=identity, error=type(error).__name__, frames=frames(error))
        response = _render(request, AntechamberError(), identity)
    headers = response.headers
    if "Server" not in headers:
        for name, value in PROTECTION.items():
            if name not in headers:
                headers[name] = value
    headers["X-Request-Id"] = identity
    if RATE in request:
        headers.update(request[RATE])
    route = _route(request)
    took = time.perf_counter() - started
    _observe(route, f"{response.status // 100}xx").observe(took)
    method = request.method
    log_request(
        RequestLine(
            method if method in _METHODS else "other",
            route,
            response.status,
            round(took * 1000, 2),
            request.get(SITE, ""),
            identity,
        )
    )
    return response


@web.middleware
async def traced(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Around the boundary, where this process is traced: a span of each request that may change something."""
    if request.method not in _CHANGING:
        return await handler(request)
    with tracing.root("request", "server", request.headers.get("traceparent", "")) as span:
        response = await handler(request)
        route = _route(request)
        span.call(f"{request.method} {route}")
        span.note(method=request.method, route=route, status=response.status, site=request.get(SITE, ""))
        return response


_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def _render(request: web.Request, error: AntechamberError, identity: str) -> web.Response:
    dialect = request.match_info.apps[-1][DIALECT]
    return dialect.spoken(request, error) if dialect.spoken else dialect.render(error, identity)


@lru_cache(maxsize=512)
def _observe(route: str, status: str) -> Histogram:
    return REQUESTS.labels(route, status)


# The HTTP server itself: what is no HTTP at all is refused in our own words, without quoting it, and nothing names versions.


class _QuietHandler(RequestHandler):
    """aiohttp's connection, which answers broken requests with the text of its exception unless told otherwise."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what could not be parsed, or to what failed outside of every handler."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        response = problem_response(MalformedRequest() if status < 500 else AntechamberError(), "")
        response.headers["Server"] = "antechamber"
        response.force_close()
        return response

    async def _handle_request(
        self,
        request: web.BaseRequest,
        start_time: float | None,
        request_handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> tuple[web.StreamResponse, bool]:
        """Speak HTTP/1.0 and 1.1 only: aiohttp would answer in whatever version the request names, or in 0.9."""
        if request._version in (HttpVersion10, HttpVersion11):
            return await super()._handle_request(request, start_time, request_handler)
        request._version = HttpVersion10
        return await super()._handle_request(request, start_time, self._refuse)

    async def _refuse(self, request: web.BaseRequest) -> web.StreamResponse:
        return self.handle_error(request, 400)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether to keep the connection, now that nothing more comes: until what was asked last, and whole, is answered.

        So do clients of old, and health checks, close their side once they have asked.
        """
        idle = self._waiter is not None and not self._waiter.done()
        current = self._current_request
        if idle or (current is not None and (current.keep_alive or not current.content.is_eof())):
            return False
        self.close()
        return True


class _QuietServer(web.Server):
    def __call__(self) -> RequestHandler:
        return _QuietHandler(self, loop=self._loop, **self._kwargs)


class QuietRunner(web.AppRunner):
    """An AppRunner whose connections don't quote."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _QuietServer
        return server
