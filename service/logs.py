"""Logging: one JSON object a line (or a readable line), fields from an allow-list, nothing else.

Comment text, addresses, secrets and the texts of exceptions never reach a log: they may quote what came in. What other
libraries log is reduced to where it happened and which exception it was. Whoever logs uses `structlog.get_logger(name)`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from service.settings import Settings

FIELDS: Final = frozenset(
    {
        "event", "level", "timestamp", "logger",
        "request_id", "method", "route", "status", "ms", "site", "comment", "delivery", "type",
        "role", "pid", "exit_code", "again_in", "why", "error", "frames", "where",
        "count", "jobs", "tries", "result", "outcome", "word", "channel", "model", "host", "port", "version", "seconds",
        "network", "moderator", "notice",
    }
)  # fmt: skip
"""The fields that a log line may have. Values are ours: names, numbers, ids; never what somebody sent."""
_encode = msgspec.json.Encoder(enc_hook=lambda value: type(value).__name__).encode
_encode_lines = msgspec.json.Encoder().encode_lines
_MOST_FRAMES = 12
_LONGEST_VALUE = 300  # characters


class RequestLine(Struct, gc=False):
    """The one line of a request; its fields are among `FIELDS`."""

    method: str
    route: str
    status: int
    ms: float
    site: str
    request_id: str
    event: str = "request"
    level: str = "info"
    timestamp: str = ""


def configure(settings: Settings) -> None:
    """Set logging up for this process, once, before anything is logged."""
    level = getattr(logging, settings.log_level.upper())
    console = settings.log_format == "console"
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if console
        else structlog.processors.JSONRenderer(serializer=_to_json)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_ConsoleLines if console else _JsonLines,
        cache_logger_on_first_use=True,
    )
    library = _LibraryHandler()
    logging.basicConfig(handlers=[library], level=max(level, logging.WARNING), force=True)
    logging.getLogger("aiohttp.access").disabled = True
    global _write_request  # noqa: PLW0603  (logging is a matter of the whole process)
    said: Callable[[RequestLine], None] = _say_request if console else _RequestLines()
    _write_request = said if level <= logging.INFO else _drop_request


def request(line: RequestLine) -> None:
    """Log a request."""
    _write_request(line)


def keep_allowed(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not on the list, and cut what is too long to be one of ours."""
    return {
        name: value[:_LONGEST_VALUE] if isinstance(value, str) else value
        for name, value in event.items()
        if name in FIELDS
    }


def frames(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last: file, line and function, without its text."""
    stack = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in stack]


def _drop_request(_: RequestLine) -> None:
    pass


def _say_request(line: RequestLine) -> None:
    fields = {name: getattr(line, name) for name in ("method", "route", "status", "ms", "site", "request_id")}
    structlog.get_logger().info("request", **fields)


class _RequestLines:
    """Writes the lines of all requests that end in one turn of the event loop together: this is the hot path."""

    def __init__(self) -> None:
        self._lines: list[RequestLine] = []

    def __call__(self, line: RequestLine) -> None:
        line.timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(line)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        sys.stderr.buffer.write(_encode_lines(lines))
        sys.stderr.buffer.flush()


class _LibraryHandler(logging.Handler):
    """What the standard library and other packages log: place and kind, no message, since messages quote."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        logger = structlog.get_logger()
        logger.log(
            record.levelno,
            "library message",
            logger=record.name,
            where=f"{record.module}:{record.lineno} {record.funcName}",
            error=type(error).__name__ if error else "",
            frames=frames(error) if error else [],
        )


class _JsonLines:
    """Writes finished lines to the standard error stream, whole and at once."""

    def __init__(self, *_: object) -> None: ...

    def msg(self, line: bytes) -> None:
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()

    debug = info = warning = error = critical = msg


class _ConsoleLines:
    def __init__(self, *_: object) -> None: ...

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = msg


def _to_json(event: Mapping[str, Any], **_: Any) -> bytes:
    return _encode(event)


_write_request: Callable[[RequestLine], None] = _say_request  # until `configure` says otherwise
