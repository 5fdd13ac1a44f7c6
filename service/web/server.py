"""The HTTP server itself: what is no HTTP at all is refused in our own words, without quoting it, and nothing names versions."""

from __future__ import annotations

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from service.core.errors import AntechamberError, MalformedRequest
from service.web.problems import problem_response


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


class _QuietServer(web.Server):
    def __call__(self) -> RequestHandler:
        return _QuietHandler(self, loop=self._loop, **self._kwargs)


class QuietRunner(web.AppRunner):
    """An AppRunner whose connections don't quote."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _QuietServer
        return server
