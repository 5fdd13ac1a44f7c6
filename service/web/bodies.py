"""Reads what a request carries: its size, its type and its JSON are checked here, and nothing of it is ever quoted."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from aiohttp import web

from service.core.errors import InvalidSubmission, MalformedRequest, TooLarge, UnsupportedMediaType

T = TypeVar("T")
JSON = "application/json"
NDJSON = "application/x-ndjson"
_FIELD = re.compile(r"unknown field `([A-Za-z_][A-Za-z0-9_]{0,40})`")
_PATH = re.compile(r" - at `\$(.*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


async def read_body(request: web.Request, limit: int, content_type: str | None = JSON) -> bytes:
    """The body. Raises UnsupportedMediaType, TooLarge (before it is read, when its length is announced), MalformedRequest."""
    plain = request.headers.get("Content-Type") == content_type  # else it has parameters, or is another
    if content_type is not None and not plain and request.content_type != content_type:
        raise UnsupportedMediaType(f"Send the body as {content_type}.")
    length = request.content_length
    if length is not None and length > limit:
        raise TooLarge(f"A body here has at most {limit} bytes.")
    content = request.content
    try:
        if content.is_eof():  # it is all here, as a small body is
            whole = content.read_nowait()
            if len(whole) > limit:
                raise TooLarge(f"A body here has at most {limit} bytes.")
            return whole
        body = bytearray()
        while chunk := await content.readany():
            body += chunk
            if len(body) > limit:
                raise TooLarge(f"A body here has at most {limit} bytes.")
    except (web.RequestPayloadError, ConnectionError):
        raise MalformedRequest("The body could not be read to its end.") from None
    return bytes(body)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Parse JSON into a type. Raises MalformedRequest for what is not JSON, InvalidSubmission naming the field."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _wrong_field(str(error)) from None
    except msgspec.DecodeError as error:
        raise MalformedRequest(_where(str(error))) from None
    except UnicodeDecodeError:
        raise MalformedRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise MalformedRequest("The body is nested too deeply.") from None


def _where(message: str) -> str:
    if "surrogate" in message:
        return "The text holds unpaired surrogates."
    found = re.search(r"\(byte (\d+)\)\Z", message)
    return f"The body is not valid JSON (byte {found.group(1)})." if found else "The body is not valid JSON."


def _wrong_field(message: str) -> InvalidSubmission:
    """msgspec's message in our words: the path as a pointer, names only if they are plain ones."""
    path = _PATH.search(message)
    steps = [name or index for name, index in _STEP.findall(path.group(1))] if path else []
    what = message[: path.start()] if path else message
    if unknown := _FIELD.search(what):
        return InvalidSubmission("There is no such field.", pointer="/" + "/".join([*steps, unknown.group(1)]))
    if what.startswith("Object contains unknown field"):
        return InvalidSubmission("There is an unknown field.", pointer=_pointer(steps))
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", what):
        return InvalidSubmission("This field is required.", pointer="/" + "/".join([*steps, missing.group(1)]))
    if what.startswith("Expected") and "enum" not in what:
        return InvalidSubmission(what.replace("`", "") + ".", pointer=_pointer(steps))
    if what.startswith("Invalid RFC3339"):
        return InvalidSubmission("A time is written as RFC 3339 has it.", pointer=_pointer(steps))
    return InvalidSubmission("The value is not one that this field takes.", pointer=_pointer(steps))


def _pointer(steps: list[str]) -> str:
    return "/" + "/".join(steps) if steps else ""
