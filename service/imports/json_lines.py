"""JSON values one a line; also some on one line, and pretty-printed ones, each over many lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from service.imports.json_stream import COMMAS, LAST_COMMA, without_comma
from service.imports.readers import MAX_RECORD, Export
from service.imports.record import Left

_BROKEN = "not JSON, or cut off"
_ENDS = frozenset({"", "]", "],"})  # what says nothing between values: the end of a list with an element a line
_LONG = "a line that is longer than any comment"
_decode = json.JSONDecoder().raw_decode


def json_lines(export: Export) -> Iterator[tuple[str, Any]]:
    """(place, value) of each value; in place of a damaged one a `Left`."""
    begun = _Begun()
    for number, line in export.lines():
        place = f"line {number}"
        if line is None:
            yield from begun.left()
            yield place, Left(place, _LONG)
            continue
        text = line.lstrip("\ufeff")
        if begun.is_list and text[:1] == "{":
            begun.lines.clear()
        if begun.lines and text[:1] in ("{", "["):  # the next value begins in spite of it
            yield from begun.left()
        if not begun.lines and (text.strip() in _ENDS or text.startswith("#filetype:")):
            continue
        begun.add(place, text)
        for where, value in begun.values() if begun.may_be_over(text) else ():
            if isinstance(value, Left) and not line.endswith("\n"):
                export.broken = export.broken or "its last line is cut off"
            yield where, value
    if begun.lines:
        export.broken = export.broken or "its last line is cut off"
        yield from begun.left()


class _Begun:
    """The lines of a value that is not over yet."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._place = ""
        self._size = 0

    @property
    def is_list(self) -> bool:
        """Whether a list is begun, whose elements may have a line each."""
        return len(self.lines) == 1 and self.lines[0].strip() == "["

    def add(self, place: str, text: str) -> None:
        """Another line."""
        if not self.lines:
            self._place, self._size = place, 0
        self.lines.append(text)
        self._size += len(text)

    def may_be_over(self, text: str) -> bool:
        """Whether the value may be over with this line: it is the only one, closes what the first opened, or is too much."""
        return len(self.lines) == 1 or text[:1] in ("}", "]") or self._size > MAX_RECORD

    def values(self) -> Iterator[tuple[str, Any]]:
        """The values that the lines hold; none yet, when they are pretty-printed and lack their end."""
        text, at = self._mended(), 0
        try:
            while at < len(text):
                value, at = _decode(text, at)
                yield self._place, value
                at += len(text[at:]) - len(text[at:].lstrip(", \t\r\n"))
        except json.JSONDecodeError as error:
            if error.pos >= len(text) - 1 and self.lines[-1].endswith("\n") and self._size <= MAX_RECORD:
                return
            yield self._place, Left(self._place, _BROKEN)
        except (ValueError, RecursionError):
            yield self._place, Left(self._place, _BROKEN)
        self.lines.clear()

    def _mended(self) -> str:
        """The lines without commas that stand before the end of an object or a list."""
        text = "".join(self.lines).strip()
        for _ in range(COMMAS if LAST_COMMA.search(text) else 0):
            try:
                _decode(text)
            except json.JSONDecodeError as error:
                text = without_comma(text, error.pos) or text
            except (ValueError, RecursionError):
                break
            else:
                break
        return text

    def left(self) -> Iterator[tuple[str, Left]]:
        """What is given up."""
        if self.lines:
            yield self._place, Left(self._place, _BROKEN)
        self.lines.clear()
