"""A wire-tap: hands everything on to the real service, and remembers what was said to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Said(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Tap:
    """What went through."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.said: list[Said] = []

    @classmethod
    @contextlib.contextmanager
    def between(cls, base: str) -> Iterator[Tap]:
        """Listen while the context lasts."""
        target = urllib.parse.urlsplit(base)
        assert target.hostname

        class Handler(BaseHTTPRequestHandler):
            def relay(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                tap.said.append(Said(self.command, self.path, headers, body))
                try:
                    status, answered, content = self.ask(body, headers)
                except OSError:
                    self.close_connection = True  # nobody is there: no answer either
                    return
                self.send_response(status)
                for name, value in answered:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
                onward = http.client.HTTPConnection(str(target.hostname), target.port, timeout=30)
                with contextlib.closing(onward):
                    kept = {name: value for name, value in headers.items() if name not in ("host", "connection")}
                    onward.request(self.command, self.path, body, kept)
                    answer = onward.getresponse()
                    return answer.status, answer.getheaders(), answer.read()

            do_GET = do_POST = do_DELETE = relay

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        tap = cls(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield tap
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
