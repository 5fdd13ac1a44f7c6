"""Reads what a request carries: its size, its type, its JSON or form are checked here, and nothing of it is ever quoted."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from service.core.errors import (
    InvalidSubmission,
    MalformedRequest,
    TooLarge,
    UnknownEncoding,
    UnsupportedMediaType,
    in_words,
)
from service.core.text.rendering import storable
from service.core.verdict import LABELS
from service.web.bodies import Bodies

T = TypeVar("T")
JSON = "application/json"
NDJSON = "application/x-ndjson"
UNESCAPED_PLUS = "An unescaped + in an address is read as a space: write it as %2B."
"""What to say of a parameter that can't hold a space, and holds one."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # half of a pair, or the beginning of one
_RAW_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")  # the same in UTF-8, where no such thing is
_ONE = len(b"\\ud83d")
# Escapes in order, so that a backslash that is escaped itself begins none; pairs first.
_ESCAPES = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)
BODIES = web.AppKey("bodies", Bodies)
"""Where the application has them."""
HANDLER = {"auto_decompress": False, "lingering_time": 2.0}
"""What aiohttp is told of bodies: what may be packed, and how much of it is unpacked, is decided here.

The rest of a refused one is read and dropped for some seconds, so that its sender sees the answer.
"""
_WINDOWS = {
    "": 0,
    "identity": 0,
    "gzip": 31,
    "deflate": 15,
}  # what `Content-Encoding` may say -> `wbits` of zlib; 0: plain


async def read_body(request: web.Request, limit: int, content_type: str | None = JSON) -> bytes:
    """The body.

    Raises UnsupportedMediaType, TooLarge (before it is read, when its length is announced), MalformedRequest; and, when it
    comes in too slowly or strangers send too much at once, TooSlow and Busy.
    """
    window = _WINDOWS.get(request.headers.get("Content-Encoding", "").strip().lower())
    if window is None:
        raise UnknownEncoding
    plain = request.headers.get("Content-Type") == content_type  # else it has parameters, or is another
    if content_type is not None and not plain and request.content_type != content_type:
        raise UnsupportedMediaType(f"Send the body as {content_type}.")
    length = request.content_length
    if length is not None and length > limit:
        raise _too_large(limit)
    body = await _read(request, limit)
    return _unpacked(body, window, limit) if window else body


async def _read(request: web.Request, limit: int) -> bytes:
    content = request.content
    try:
        # What is all here, as a small body is, need not be waited for.
        body = content.read_nowait() if content.is_eof() else await request.config_dict[BODIES].read(request, limit)
    except (web.RequestPayloadError, ConnectionError):
        raise MalformedRequest("The body could not be read to its end.") from None
    if len(body) > limit:
        raise _too_large(limit)
    return bytes(body)


def _unpacked(body: bytes, window: int, limit: int) -> bytes:
    """A packed body, plain; no more of it than `limit` is ever unpacked."""
    if window == zlib.MAX_WBITS and body and body[0] & 0xF != zlib.DEFLATED:
        window = -window  # deflate without zlib's head, as some have always sent it
    unpacking = zlib.decompressobj(window)
    with suppress(zlib.error):
        plain = unpacking.decompress(body, limit + 1)
        if len(plain) > limit:
            raise _too_large(limit)
        if unpacking.eof and not unpacking.unused_data:
            return plain
    raise MalformedRequest("The body is not packed as Content-Encoding says.")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"A body here has at most {limit:,} bytes.")


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Parse JSON into a type. Raises MalformedRequest for what is not JSON, InvalidSubmission naming the field."""
    try:
        return decoder.decode(whole_json(body))
    except msgspec.ValidationError as error:
        wrong = in_words(str(error))
        raise InvalidSubmission(wrong.detail, pointer=wrong.pointer) from None
    except msgspec.DecodeError as error:
        raise MalformedRequest(_where(str(error))) from None
    except UnicodeDecodeError:
        raise MalformedRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise MalformedRequest("The body is nested too deeply.") from None


def whole_json(body: bytes) -> bytes:
    """A JSON body without a byte order mark, and with U+FFFD for halves of characters: a text that a form cut by its length in
    UTF-16 is no reason to lose a comment. Everything else stays as it is.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if b"\\u" in body and _HALF.search(body):
        body = _ESCAPES.sub(
            lambda found: b"\\ufffd" if _HALF.match(found[0]) and len(found[0]) == _ONE else found[0], body
        )
    return body if body.isascii() or b"\xed" not in body else _RAW_HALF.sub("\ufffd".encode(), body)


def _where(message: str) -> str:
    if "surrogate" in message:
        return "The text holds unpaired surrogates."
    found = re.search(r"\(byte (\d+)\)\Z", message)
    return f"The body is not valid JSON (byte {found.group(1)})." if found else "The body is not valid JSON."


# Forms as PHP and its imitators write them: arrays by name, names without a value, odd character sets. Pure parsing.
#
# For the Akismet dialect and for platforms that send forms.


MAX_FIELDS = 2_000
_ARRAY = re.compile(r"([^\[\]]{1,64})\[([^\[\]]{0,64})\]\Z")
_CHARSET = re.compile(
    r"utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gbk|gb2312|gb18030|big5|shift[_-]jis|euc-(?:jp|kr)",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?:[^\\'\"]|\\[\\'\"0])*\Z")


def charset_of(*names: str | None) -> str:
    """The first name that is a character set which forms are sent in; UTF-8 when none is."""
    return next((name for name in names if name and _CHARSET.fullmatch(name)), "utf-8")


def parse_form(body: bytes, charset: str = "utf-8") -> dict[str, str]:
    """Field by name; of one that comes twice the last, as PHP has it; arrays joined by newlines under their bare name.

    Whatever bytes come in, text comes out that can be stored: what is not of the character set is replaced, and so is NUL.
    Raises MalformedRequest for more than MAX_FIELDS fields.
    """
    try:
        text = body.decode(charset, "replace")
        pairs = parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace", max_num_fields=MAX_FIELDS)
    except (LookupError, UnicodeError):  # a name that looks like a character set, and is none here
        return parse_form(body)
    except ValueError:
        raise MalformedRequest(f"A form has at most {MAX_FIELDS} fields.") from None
    fields: dict[str, str] = {}
    arrays: dict[str, list[str]] = {}
    for name, value in pairs:
        clean = storable(value)
        if found := _ARRAY.match(name):
            arrays.setdefault(found.group(1), []).append(clean)
        else:
            fields[name] = clean
    return {name: "\n".join(values) for name, values in arrays.items()} | fields


def unslashed(text: str) -> str:
    r"""`text` without the backslashes that PHP's `addslashes` puts before quotes and backslashes, if it has been there.

    It has when no quote stands by itself and every backslash stands before what is escaped. WordPress sends comments like
    that when they are new, and plain later.
    """
    if "\\" not in text or not _SLASHED.match(text):
        return text
    return re.sub(r"\\(.)", lambda found: "" if found.group(1) == "0" else found.group(1), text, flags=re.DOTALL)


def truth(fields: Mapping[str, str], name: str) -> bool:
    """Whether a flag is set, in any of the ways that clients write it: 1, true, True; not 0, false, False or nothing."""
    return fields.get(name, "").strip().lower() in ("1", "true", "yes", "on")


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A parameter that is a number from 1 to `most`, below 1,000. Raises MalformedRequest."""
    given = query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= most):
        raise MalformedRequest(f"The parameter {name} is a number from 1 to {most}.")
    return int(given)


def asked_label(query: Mapping[str, str]) -> str:
    """The parameter `label`; spam unless it is given. Raises MalformedRequest."""
    label = query.get("label", "spam")
    if label not in LABELS:
        raise MalformedRequest(f"The parameter label is one of: {', '.join(LABELS)}.")
    return label


def milliseconds(moment: str | None) -> int:
    """An ISO 8601 time as we keep it: UTC when no zone is said, 0 when it is none."""
    try:
        read = datetime.fromisoformat(moment or "")
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
