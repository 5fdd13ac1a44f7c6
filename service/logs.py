"""Logging: one JSON object a line (or a readable line), fields from an allow-list, nothing else.

Comment text, addresses, secrets and the texts of exceptions never reach a log: they may quote what came in. What other
libraries log is reduced to where it happened and which exception it was. Whoever logs uses `structlog.get_logger(name)`.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from service.settings import Settings

FIELDS: Final = frozenset(
    {
        "event", "level", "timestamp", "logger",
        "request_id", "method", "route", "status", "ms", "site", "comment", "delivery", "type",
        "role", "pid", "exit_code", "again_in", "why", "error", "frames", "where",
        "count", "jobs", "tries", "result", "outcome", "word", "channel", "model", "host", "port", "version", "seconds",
    }
)  # fmt: skip
"""The fields that a log line may have. Values are ours: names, numbers, ids; never what somebody sent."""
_encode = msgspec.json.Encoder(enc_hook=lambda value: type(value).__name__).encode
_MOST_FRAMES = 12
_LONGEST_VALUE = 300  # characters


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
