"""A collector of traces: an HTTP server that takes spans in by OTLP, and keeps them, decoded and as they came."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire


class Span(NamedTuple):
    """A span as it arrived."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    began: int
    ended: int
    failed: bool
    carries: dict[str, str | int]


class Collector:
    """What arrived so far."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()

    @property
    def spans(self) -> list[Span]:
        found = []
        for body in list(self.bodies):
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                about = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    found += [_span(about["service.name"], one) for one in scope.spans]
        return found

    def of(self, trace: str) -> list[Span]:
        """The spans of a trace, the earliest first."""
        return sorted((one for one in self.spans if one.trace == trace), key=lambda one: one.began)


def _span(service: str, one: Wire) -> Span:
    carries = {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "") for pair in one.attributes}
    return Span(
        service, one.name, Wire.SpanKind.Name(one.kind).removeprefix("SPAN_KIND_").lower(), one.trace_id.hex(),
        one.span_id.hex(), one.parent_span_id.hex(), one.start_time_unix_nano, one.end_time_unix_nano,
        one.status.code == 2, carries,
    )  # fmt: skip


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            found.paths.add(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
