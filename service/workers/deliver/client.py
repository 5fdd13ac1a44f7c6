"""Speaking with receivers: one POST, guarded, bounded in time and size, and whatever happens becomes a `Response`.

No redirects are followed, no cookies kept, no proxy or other wish of the environment heeded, and an answer's body is read
to know that it is whole, and is not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace

import aiohttp
import structlog

from service import __version__, metrics
from service.lookups.receivers import Guard, guarded_connector, word_of
from service.settings import Settings
from service.workers.deliver.message import Response

_KEEPALIVE = 2.0  # seconds; shorter than servers commonly keep an idle connection

log = structlog.get_logger(__name__)


class Client:
    """The client of all receivers, as an async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.deliver_timeout
        self._most = settings.deliver_max_response
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(Guard(settings.callback_allow), keepalive=_KEEPALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # a try has one of its own, around everything
            trust_env=False,
            auto_decompress=False,
            headers={"Content-Type": "application/json", "User-Agent": f"Antechamber/{__version__}"},
            trace_configs=[tracing],
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send a call-back and hear what the receiver says. Never raises, except when it is cancelled."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._insist(url, headers, body)
        except Exception as error:  # no receiver may take the deliverer, and with it all the others, down
            word = word_of(error)
            if not word:
                metrics.FAILURES.labels("deliver").inc()
                log.error("call-back failed", role="deliver", error=type(error).__name__)
            return Response(error=word or "internal")

    async def _insist(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send once, and once more when a kept connection turns out to have been closed meanwhile."""
        reused: list[bool] = []
        try:
            return await self._post(url, headers, body, reused)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not reused:
                raise
        return await self._post(url, headers, body, [])

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, reused: list[bool]) -> Response:
        async with self._session.post(
            url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=reused
        ) as response:
            # An answer counts when it is whole, or longer than we care to read: one that breaks off may come from a
            # receiver that died over the call-back.
            read = bytearray()
            while len(read) < self._most and (piece := await response.content.read(self._most - len(read))):
                read += piece
            return Response(response.status, response.headers.get("Retry-After", ""), body=bytes(read))


async def _note_reuse(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceConnectionReuseconnParams
) -> None:
    context.trace_request_ctx.append(True)
