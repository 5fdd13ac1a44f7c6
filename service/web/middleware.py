"""What surrounds every request, in one layer: its id, its errors, its headers, its metrics and its one line in the log."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache

import structlog
from aiohttp import web
from prometheus_client import Histogram

from service.core.errors import AntechamberError
from service.logs import RequestLine, frames
from service.logs import request as log_request
from service.metrics import FAILURES, REQUESTS
from service.web.answers import PROTECTION
from service.web.auth import SITE
from service.web.parts import DIALECT
from service.web.problems import from_http

RATE = web.RequestKey("rate", dict[str, str])
"""Where a request notes the RateLimit headers of its answer."""

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
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
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


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _render(request: web.Request, error: AntechamberError, identity: str) -> web.Response:
    return request.match_info.apps[-1][DIALECT].render(error, identity)


@lru_cache(maxsize=512)
def _observe(route: str, status: str) -> Histogram:
    return REQUESTS.labels(route, status)
