"""Reads what a request carries: its size, its type and its JSON are checked here, and nothing of it is ever quoted."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from aiohttp import web

from service.core.errors import InvalidSubmission, MalformedRequest, TooLarge, UnsupportedMediaType
from service.core.wrong_fields import in_words

T = TypeVar("T")
JSON = "application/json"
NDJSON = "application/x-ndjson"


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
        wrong = in_words(str(error))
        raise InvalidSubmission(wrong.detail, pointer=wrong.pointer) from None
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
