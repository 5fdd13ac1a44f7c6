"""Hostile inputs: made from good ones by changing a value, a byte or the whole; the same for the same seed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

MARK = "zqxwvfuzz"
"""Stands in much that is sent; no answer that refuses, and no line of the log, may quote it."""
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**400, float("nan"), float("inf"),
    "", " ", "\0", "\n", "a\0b", MARK, f"{MARK}@example.com", f"\u202e{MARK}", "\ufeff", "\u200b" * 9, "é\u0301" * 300, "x" * 70_000,
    "\U0001f469\u200d\U0001f4bb", "\ud83d", "\udc00x", "%00", "%", "../../etc/passwd", "http://[", "//", "https://h:99999/",
    "javascript:alert(1)", "2026-13-99T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "NaN", "1" * 400,
    "<script>", "' OR 1=1 --", "${jndi:ldap://x}", "{{7*7}}", "&#64;&#x40;&amp;#64;", "a@b", "1.2.3.4:80", "::ffff:192.0.2.7%eth0",
    [], {}, [[[[[[]]]]]], [None] * 50, {"": ""}, {f"{MARK}@example.com": MARK}, {"\0": "\0"}, ["\ud83d"], [1, "2", None, {}],
)  # fmt: skip
PIECES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80", b"\\ud800", b"\\u0000", b"{", b"}", b"[", b"]", b'"', b"\\",
    b",", b":", b"&", b"=", b"%", b"%zz", b"\r\n", b"\n", b"1e999", b"-", b"<!DOCTYPE x>", b"]]>", b"&#0;", MARK.encode(),
    b"[" * 3_000, b'{"a":' * 2_000, b"(" * 500, b"9" * 500,
)  # fmt: skip
KINDS = (
    "application/json", "application/x-www-form-urlencoded", "application/x-ndjson", "text/plain", "multipart/form-data; boundary=x",
    "application/json; charset=utf-16", "application/x-www-form-urlencoded; charset=koi8-r", "", "x", "a/b;c=" + "d" * 300,
)  # fmt: skip


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in _places(one, (*at, key)))]


def changed(chance: Random, seed: Any) -> Any:
    """A good document with some values replaced, left out, doubled or added."""
    document = copy.deepcopy(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = [place for place in _places(document) if place]
        if not places:
            return copy.deepcopy(chance.choice(VALUES))
        *way, last = chance.choice(places)
        inside = document
        for step in way:
            inside = inside[step]
        act = chance.randrange(4)
        if act == 0 and isinstance(inside, dict):
            inside.pop(last)
        elif act == 1 and isinstance(inside, dict):
            inside[chance.choice((f"{MARK}@example.com", "plain", "", "id", "__proto__", "a" * 300))] = copy.deepcopy(
                chance.choice(VALUES)
            )
        else:
            inside[last] = copy.deepcopy(chance.choice(VALUES))
    return document


def damaged(chance: Random, raw: bytes) -> bytes:
    """Bytes that were cut, flipped, doubled, or had something put between."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(raw) + 1)
        act = chance.randrange(5)
        if act == 0:
            raw = raw[:at]
        elif act == 1:
            raw = raw[:at] + chance.choice(PIECES) + raw[at:]
        elif act == 2:
            raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        elif act == 3:
            raw = raw[:at] + raw[at // 2 :]
        else:
            raw = raw[:at] + chance.randbytes(chance.randrange(9)) + raw[at:]
    return raw[:300_000]


def json_like(chance: Random, seed: Any) -> bytes:
    """A JSON document that is nearly good, or nearly one."""
    raw = json.dumps(changed(chance, seed) if chance.random() < 0.8 else seed).encode()
    return damaged(chance, raw) if chance.random() < 0.3 else raw


def form_like(chance: Random, seed: dict[str, str]) -> bytes:
    """A form that is nearly good, or nearly one."""
    fields = {key: str(value) for key, value in seed.items()}
    for name in chance.sample([*fields, MARK, "x[]", "x[a]", "[", "callback"], chance.randrange(1, 5)):
        fields[name] = str(chance.choice(VALUES))
    raw = urlencode(fields, errors="replace").encode()
    if chance.random() < 0.2:
        raw += b"&" + quote_from_bytes(chance.randbytes(30)).encode() + b"&%ff=%c3%28&="
    return damaged(chance, raw) if chance.random() < 0.3 else raw


def text_like(chance: Random, seed: str) -> str:
    """A text with something put into it, cut out of it, or doubled."""
    for _ in range(chance.choice((1, 2, 4))):
        at, piece = chance.randrange(len(seed) + 1), chance.choice(VALUES)
        put = piece if isinstance(piece, str) else chr(chance.randrange(0x11_0000))
        seed = chance.choice((seed[:at] + put + seed[at:], seed[:at], seed[at:], seed[:at] + seed, put))
    return seed[:200_000]


Maker = Callable[[Random], Any]
