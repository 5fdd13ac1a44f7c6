"""Several calls in one request, `POST /batch`: multipart/mixed of application/http, as Google's client libraries write it.

Each part is a call by itself: with its own key (or that of the whole request), its own answer, its own refusal. The answers come
in the order of the calls, each under `<response-…>` of the call's Content-ID.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from email.message import Message
from email.parser import BytesHeaderParser
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from multidict import CIMultiDict

from service.core.errors import AntechamberError, NotFound, TooLarge, UnsupportedMediaType
from service.core.site import Site
from service.web.context import CONTEXT
from service.web.perspective import calls
from service.web.perspective.schema import Refused, answer, problem
from service.web.requests import read_body

_AT_ONCE = 64  # calls under way at a time: they are scored together, and other requests get their turn in between
_CALLS: dict[str, Callable[[web.Request, Site, bytes], Awaitable[dict[str, Any]]]] = {
    "/v1alpha1/comments:analyze": calls.analyze,
    "/v1alpha1/comments:suggestscore": calls.suggest,
}
_TYPE = "application/http"
_MOST_HEADERS = 4_096  # bytes, of one part
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(rb"([A-Z]{1,10}) (\S{1,4096}) HTTP/1\.[01]\r?\Z")
_FOLD = re.compile(r"\r?\n[ \t]+")
_CONTENT_ID = re.compile(r"<[\x21-\x7e ]{1,400}>\Z")


class Call(NamedTuple):
    """One of a batch."""

    identity: str  # its Content-ID, "" when it has none that can be told back
    method: str
    path: str
    query: dict[str, str]
    headers: CIMultiDict[str]
    body: bytes


async def batch(request: web.Request) -> web.Response:
    """Answer every call of a batch."""
    context = request.app[CONTEXT]
    if request.content_type != "multipart/mixed":
        raise UnsupportedMediaType("Send a batch as multipart/mixed.")
    body = await read_body(request, context.settings.max_batch_body, None)
    asked = split(request.headers["Content-Type"], body, context.settings.max_batch_items)
    key = calls.key_of(request.query, request.headers)
    answers: list[web.Response] = []
    for first in range(0, len(asked), _AT_ONCE):
        answers += await asyncio.gather(*[_answer(request, call, key) for call in asked[first : first + _AT_ONCE]])
    return _together(asked, answers)


def split(content_type: str, body: bytes, most: int) -> list[Call]:
    """The calls of a batch, in time linear in its size. Raises Refused when it is none, or more than `most`.

    Lines may end as they do on Unix: Google's Python client writes them so, which is why no stricter reader does here.
    """
    named = Message()
    named["Content-Type"] = content_type
    boundary = named.get_boundary()
    if not boundary:
        raise Refused("Failed to parse batch request: it names no boundary.")
    pieces = (b"\n" + body).split(b"\n--" + boundary.encode(errors="replace"), most + 2)[1:]
    if not pieces or pieces == [b"--"] or pieces[0].startswith(b"--"):
        raise Refused("Failed to parse batch request, error: 0 items.")
    if len(pieces) > most + 1:
        raise Refused(f"The maximum number of calls in a single batch request is {most}.")
    *parts, end = pieces
    if not end.startswith(b"--"):
        raise Refused("Failed to parse batch request: it has no end.")
    return [_call(part.removesuffix(b"\r")) for part in parts]


def _call(part: bytes) -> Call:
    """What a part asks. Raises Refused when it is no request at all."""
    about, raw = _parted(part.lstrip(b" \t"))
    line, _, rest = raw.lstrip(b"\r\n").partition(b"\n")
    found = _REQUEST_LINE.match(line)
    if not part.lstrip(b" \t").startswith((b"\n", b"\r\n")) or about.get_content_type() != _TYPE or found is None:
        raise Refused("Failed to parse batch request: every part is an HTTP request.")
    headers, body = _parted(b"\n" + rest)
    try:
        target = urlsplit(found.group(2).decode())
    except ValueError:
        raise Refused("Failed to parse batch request: an address that is none.") from None
    identity = _FOLD.sub(" ", str(about.get("Content-ID", "")))
    return Call(
        identity if _CONTENT_ID.match(identity) else "",
        found.group(1).decode(),
        target.path,
        dict(parse_qsl(target.query)),
        CIMultiDict((name, str(value)) for name, value in headers.items()),
        body,
    )


def _parted(message: bytes) -> tuple[Message, bytes]:
    """Headers, which begin on a new line, and what follows the empty line after them. Raises Refused for very long headers."""
    end = _EMPTY_LINE.search(message)
    head, body = (message[: end.start()], message[end.end() :]) if end else (message, b"")
    if len(head) > _MOST_HEADERS:
        raise Refused("Failed to parse batch request: the headers of a part are too long.")
    return BytesHeaderParser().parsebytes(head.lstrip(b"\r\n")), body


async def _answer(request: web.Request, call: Call, key: str) -> web.Response:
    try:
        act = _CALLS.get(call.path) if call.method == "POST" else None
        if act is None:
            raise NotFound
        if len(call.body) > request.app[CONTEXT].settings.max_body:
            raise TooLarge
        site = await calls.caller(request, calls.key_of(call.query, call.headers) or key)
        return answer(await act(request, site, call.body), call.query)
    except AntechamberError as error:
        return problem(error, "")


def _together(asked: list[Call], answers: list[web.Response]) -> web.Response:
    boundary = f"batch_{secrets.token_urlsafe(24)}"
    written: list[bytes] = []
    for call, said in zip(asked, answers, strict=True):
        body = said.body if isinstance(said.body, bytes) else b""
        named = [f"Content-ID: <response-{call.identity[1:]}"] if call.identity else []
        lines = [f"--{boundary}", "Content-Type: application/http", *named, ""]
        lines += [f"HTTP/1.1 {said.status} {HTTPStatus(said.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in said.headers.items()]
        written += ["\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode(), body, b"\r\n"]
    written.append(f"--{boundary}--\r\n".encode())
    return web.Response(body=b"".join(written), headers={"Content-Type": f"multipart/mixed; boundary={boundary}"})
