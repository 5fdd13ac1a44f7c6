"""Reads arrays of plain values in PHP's serialised form, as WordPress keeps them in comment meta. Makes no objects.

A strict subset of what `serialize()` writes: null, booleans, integers, floats, strings, and arrays of these. Objects,
references and custom forms, through which unserialising is dangerous, are refused. Lengths are in bytes of UTF-8.
"""

from __future__ import annotations

import re

MAX_LENGTH = 65_536  # bytes
MAX_DEPTH = 4

Value = None | bool | int | float | str | dict[int | str, "Value"]

_SCALAR = re.compile(rb"(?:N|([bid]):([-+0-9.eEINFA]{1,40}));")
_STRING = re.compile(rb's:(\d{1,6}):"')
_ARRAY = re.compile(rb"a:(\d{1,5}):\{")


def array(serialised: str) -> dict[int | str, Value]:
    """The array that a text is. Raises ValueError for anything else."""
    data = serialised.encode()
    if len(data) > MAX_LENGTH:
        raise ValueError("too long")
    value, end = _value(data, 0, 0)
    if end != len(data) or not isinstance(value, dict):
        raise ValueError("not an array")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    """The value that begins at a byte, and the byte after it."""
    if found := _STRING.match(data, at):
        end = found.end() + int(found.group(1))
        if data[end : end + 2] != b'";':
            raise ValueError("a string of another length")
        return data[found.end() : end].decode(), end + 2
    if found := _ARRAY.match(data, at):
        if depth >= MAX_DEPTH:
            raise ValueError("nested too deeply")
        return _items(data, found.end(), int(found.group(1)), depth)
    if found := _SCALAR.match(data, at):
        kind, text = found.groups()
        if kind is None:
            return None, found.end()
        if kind == b"d":
            return float(text), found.end()
        return (text == b"1" if kind == b"b" else int(text)), found.end()
    raise ValueError("a form that is not read here")


def _items(data: bytes, at: int, count: int, depth: int) -> tuple[Value, int]:
    items: dict[int | str, Value] = {}
    for _ in range(count):
        key, at = _value(data, at, MAX_DEPTH)
        if isinstance(key, bool) or not isinstance(key, int | str):
            raise ValueError("a key that is none")
        items[key], at = _value(data, at, depth + 1)
    if data[at : at + 1] != b"}":
        raise ValueError("an array of another length")
    return items, at + 1
