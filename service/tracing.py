"""Traces, by OpenTelemetry: a comment's way from the request that brought it to its call-back, through every process.

Off, and nothing of OpenTelemetry imported, unless the environment says where spans are to go (`begin`). A span carries what is on
an allow-list, like a line of the log: never what somebody wrote, nor who. Where something stands in its trace is a `traceparent`
(W3C), or "" where nothing is traced; with that string it travels between processes, beside the comment. A request that a sampler
leaves out leaves out all that follows from it.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping
from contextvars import ContextVar, Token
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import structlog

from service import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as Recorded
    from opentelemetry.trace import Tracer

FIELDS: Final[Mapping[str, str]] = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "error": "error.type",
    **{
        name: f"antechamber.{name}"
        for name in (
            "batch", "channel", "comment", "delivery", "outcome", "result", "site", "tries", "type", "word",
        )
    },
}  # fmt: skip
"""What a span may carry, and under which name. Values are ours: numbers, ids, words of a fixed list."""
Field = str | int

_NAME: Final = "antechamber"
_LONGEST: Final = 100  # characters of a value
_HURRY: Final = 0.5  # seconds that a process that stops takes for its last spans
_PLACE: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?\Z")
_PROTOCOL: Final = "http/protobuf"

_log = structlog.get_logger(__name__)
_tracer: Tracer | None = None
_provider: TracerProvider | None = None


# Switching on and off, by the variables that OpenTelemetry has for it.


def asked() -> bool:
    """Whether the environment asks for traces."""
    said = os.environ.get
    exporters = {one.strip() for one in said("OTEL_TRACES_EXPORTER", "otlp").split(",")}
    there = said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or said("OTEL_EXPORTER_OTLP_ENDPOINT")
    return bool(there) and "otlp" in exporters and said("OTEL_SDK_DISABLED", "").strip().lower() != "true"


def begin(role: str) -> None:
    """Trace this process if it is asked for. What keeps it from being traced is logged, and keeps it from nothing else."""
    global _tracer, _provider  # noqa: PLW0603  (it is a matter of the whole process)
    if not asked():
        return
    said = os.environ.get
    protocol = said("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or said("OTEL_EXPORTER_OTLP_PROTOCOL") or _PROTOCOL
    if protocol != _PROTOCOL:
        _log.warning("not traced", role=role, why=f"spans are sent by {_PROTOCOL} alone")
        return
    try:
        _provider = _provide(role)
    except ImportError:
        _log.warning("not traced", role=role, why="antechamber[traces] is not installed")
    except Exception as error:  # a variable that the exporter can't use
        _log.warning("not traced", role=role, error=type(error).__name__)
    else:
        _tracer = _provider.get_tracer(_NAME, __version__)


def end() -> None:
    """Send what is left, within reason, and trace no more."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:  # without end where nobody answers, so it is not waited for
        closing = threading.Thread(target=provider.shutdown, daemon=True)
        closing.start()
        closing.join(_HURRY)


def on() -> bool:
    """Whether this process is traced."""
    return _tracer is not None


def _provide(role: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    name = os.environ.get("OTEL_SERVICE_NAME") or _NAME
    resource = Resource.create({"service.name": f"{name}-{role}", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


# One span after the other.


class Span:
    """A span, which is `here()` for as long as it is entered. What is not traced has one too, which does nothing."""

    def __init__(self, recorded: Recorded | None = None) -> None:
        self._recorded = recorded
        self.place = _place_of(recorded) if recorded is not None else ""
        self._before: Token[str] | None = None

    def note(self, **fields: Field) -> None:
        """Have it carry these; what is not on the list is left out."""
        if self._recorded is not None:
            self._recorded.set_attributes(_allowed(fields))

    def call(self, name: str) -> None:
        """Give it a better name than it had."""
        if self._recorded is not None:
            self._recorded.update_name(name)

    def fail(self, error: str) -> None:
        """Mark it as failed, by a word of ours."""
        if self._recorded is not None:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415

            self._recorded.set_status(StatusCode.ERROR)
            self.note(error=error)

    def end(self, at: int | None = None) -> None:
        """It has ended, now or at a time (nanoseconds since 1970)."""
        if self._recorded is not None:
            self._recorded.end(at)

    def __enter__(self) -> Self:
        if self._recorded is not None:
            self._before = _here.set(self.place)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            _here.reset(self._before)
            if kind is not None:
                self.fail(kind.__name__)
            self.end()


_here: ContextVar[str] = ContextVar("here", default="")


def here() -> str:
    """Where what happens now stands in its trace."""
    return _here.get() if _tracer is not None else ""


def root(name: str, kind: str = "internal", within: str = "", **fields: Field) -> Span:
    """What begins a trace, or goes on with that of somebody else (`within`, as they sent it) when it can be read."""
    return _begun(name, kind, within, fields) if _tracer is not None else NOTHING


def span(
    name: str, kind: str = "internal", *, under: str | None = None, since: int | None = None, **fields: Field
) -> Span:
    """A part of what happens here, or of what is `under` that place; nothing where that is not traced.

    `since`: when it began, nanoseconds since 1970.
    """
    if _tracer is None:
        return NOTHING
    parent = _here.get() if under is None else under
    return _begun(name, kind, parent, fields, since) if parent else NOTHING


def _begun(name: str, kind: str, parent: str, fields: Mapping[str, Field], since: int | None = None) -> Span:
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context  # noqa: PLC0415

    context, tracer = Context(), _tracer
    found = _PLACE.match(parent)
    if found is not None:
        trace, number, flags = (int(part, 16) for part in found.groups())
        there = SpanContext(trace, number, is_remote=True, trace_flags=TraceFlags(flags & TraceFlags.SAMPLED))
        if there.is_valid:
            context = set_span_in_context(NonRecordingSpan(there), context)
    if tracer is None:  # it has just been ended
        return NOTHING
    recorded = tracer.start_span(name, context, SpanKind[kind.upper()], _allowed(fields), start_time=since)
    return Span(recorded) if recorded.is_recording() else NOTHING


def _place_of(recorded: Recorded) -> str:
    there = recorded.get_span_context()
    return f"00-{there.trace_id:032x}-{there.span_id:016x}-{there.trace_flags & 1:02x}"


def _allowed(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {
        FIELDS[name]: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in fields.items()
        if name in FIELDS and value != ""
    }


NOTHING: Final = Span()


# Comments that are judged together: each has a span of its own, and within it every step that all of them took.


class Waiting:
    """A comment that was claimed: where it stands in its trace, since when it waits (ms since 1970), what its span carries."""

    __slots__ = ("entry", "fields", "place", "since")

    def __init__(self, entry: str, place: str, since: int, **fields: Field) -> None:
        self.entry, self.place, self.since, self.fields = entry, place, since, fields


class Batch:
    """The spans of comments that are judged together, as a context manager; what happens within it may call `step`."""

    def __init__(self, waiting: Iterable[Waiting] = ()) -> None:
        self._spans = {one.entry: _judged(one) for one in waiting}
        self._steps: list[tuple[str, int]] = []
        self._before: Token[Batch | None] | None = None

    def place(self, entry: str) -> str:
        """Where judging this comment stands in its trace."""
        return self._spans[entry].place if entry in self._spans else ""

    def note(self, entry: str, **fields: Field) -> None:
        """Have a comment's span carry these."""
        if entry in self._spans:
            self._spans[entry].note(**fields)

    def step(self, name: str) -> None:
        """The step before has ended, and this one begins; "": none does."""
        self._steps.append((name, time_ns()))

    def __enter__(self) -> Self:
        if self._spans:
            self._before = _batch.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._before is None:
            return
        _batch.reset(self._before)
        self.step("")
        for one in self._spans.values():
            for (name, began), (_, ended) in zip(self._steps, self._steps[1:], strict=False):
                if name:
                    span(name, under=one.place, since=began).end(ended)
            if kind is not None:
                one.fail(kind.__name__)
            one.end()


_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)
_UNTRACED: Final = Batch()


def judging(waiting: Iterable[Waiting]) -> Batch:
    """The spans of these comments, of those that are traced."""
    return Batch(one for one in waiting if one.place) if _tracer is not None else _UNTRACED


def step(name: str) -> None:
    """Note that a step of judging begins, where a batch that is traced is judged."""
    batch = _batch.get()
    if batch is not None:
        batch.step(name)


def judged(entry: str) -> str:
    """Where judging a comment stands in its trace, while it is judged; "" where it is not traced."""
    batch = _batch.get()
    return batch.place(entry) if batch is not None else ""


def _judged(one: Waiting) -> Span:
    """The span of judging a comment, which begins now; what came before was waiting, in which it has a span too."""
    now = time_ns()
    if one.fields.get("tries") == 1:
        span("queue", under=one.place, since=min(one.since * 1_000_000, now)).end(now)
    return span("judge", "consumer", under=one.place, since=now, **one.fields)
