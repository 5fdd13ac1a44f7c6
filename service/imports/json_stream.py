"""Reads JSON of any size piece by piece: the caller walks through arrays and objects, and takes values that fit in memory.

The standard library decodes each value; this module only finds where values begin. So one record is in memory at a time,
and a damaged one is left out without losing those that follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from service.imports.readers import MAX_RECORD
from service.imports.record import Left, Record

_decode = json.JSONDecoder(strict=False).raw_decode
LAST_COMMA = re.compile(r",\s*[}\]]")
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
NEXT_RECORD = re.compile(r"\}\s*,\s*(?=\{)")
NEXT_MEMBER = re.compile(r'\}\s*,\s*(?="(?:[^"\\]|\\.){1,200}"\s*:\s*\{)')
NEXT_TEXT = re.compile(r"[\n\r](?=\{)")
"""Where the next record of a list, of a map, or of several texts behind one another seems to begin."""
_OVERLAP = 1_000  # characters looked at again when the search for the next record goes on
_NEAR = 8  # characters before the end of what was read within which an error may only mean that more is to come
_DEEPEST = 20  # objects within each other in which lists are looked for; what is deeper is a value like any other
LISTS = frozenset(
    [
        "comments",
        "comment",
        "data",
        "results",
        "items",
        "rows",
        "records",
        "entries",
        "list",
        "value",
        "docs",
        "documents",
        "replies",
        "posts",
        "messages",
        "hits",
        "response",
        "edges",
        "nodes",
        "db",
    ]
)
"""Names under which an object holds a list of comments."""
COMMAS = 20  # commas before the end of an object or a list that are forgiven in one value
DAMAGED = "the JSON is damaged here, or a record is larger than any comment"


def without_comma(text: str, at: int) -> str:
    """A text without the comma before the end of an object or a list, at which reading it stopped; "" where there is none."""
    at = len(text[:at].rstrip()) - 1 if text[at : at + 1] in ("}", "]") else at
    is_last = text[at : at + 1] == "," and LAST_COMMA.match(text, at) is not None
    return f"{text[:at]} {text[at + 1 :]}" if is_last else ""


class Damaged(Exception):
    """No value can be read where the cursor stands, or the text ends too early."""


class TooLarge(Damaged):
    """The value is larger than was asked for."""


class Cursor:
    """A place in a JSON text. Who walks through an array or an object takes each value that it stops at."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        self._text = ""
        self._at = 0
        self._is_short = False  # of a glimpse: whether the text ended

    def elements(self) -> Iterator[tuple[int, Any]]:
        """(number, value) of the array that begins here; in place of a damaged one a `Left`. Raises Damaged at the end."""
        for number, _ in enumerate(self.array(), 1):
            try:
                yield number, self.value()
            except Damaged:
                found = self.find_next()
                if not found and not self.is_over:
                    raise
                yield number, Left(f"record {number}", DAMAGED)
                if not found:
                    return

    def array(self) -> Iterator[None]:
        """Stops before each element of the array that begins here."""
        self._expect("[")
        while (char := self.peek()) != "]":
            if char == "":
                raise Damaged
            if char == ",":
                self._at += 1
            else:
                yield
        self._at += 1

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; stops before each one's value."""
        self._expect("{")
        while (char := self.peek()) != "}":
            if char == ",":
                self._at += 1
                continue
            key = self.value()
            self._expect(":")
            yield str(key)
        self._at += 1

    def value(self, most: int = MAX_RECORD) -> Any:
        """The value that begins here. Raises Damaged when there is none, TooLarge when it has more than `most` characters."""
        self.peek()
        commas = 0
        while True:
            at_hand = len(self._text) - self._at
            try:
                value, end = _decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if commas < COMMAS and (mended := without_comma(self._text, error.pos)):
                    self._text, commas = mended, commas + 1
                    continue
                unfinished = error.pos >= len(self._text) - _NEAR or error.msg.startswith("Unterminated")
                if at_hand > most:
                    raise TooLarge from None
                if not unfinished or not self._fill(at_hand):
                    raise Damaged from None
            except (ValueError, RecursionError):
                raise Damaged from None
            else:
                if end < len(self._text) or not self._fill(1):
                    self._at = end if end < len(self._text) else len(self._text)
                    return value

    def peek(self) -> str:
        """The character that comes next, white space aside; "" at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill(1):
                return ""

    def begins(self) -> bool | None:
        """Whether a list or an object begins here, and not something else; None: nothing. Signs between two are passed over."""
        while (char := self.peek()) and char in ",;)\0":
            self._at += 1
        return char in "[{" if char else None

    def glimpse(self) -> Any:
        """The value that begins here as far as it was read, so that objects and lists may lack what comes later."""
        return Cursor([self._text[self._at :]])._partial(0)

    def _partial(self, depth: int) -> Any:
        char = self.peek()
        members: dict[str, Any] = {}
        elements: list[Any] = []
        try:
            if char == "{" and depth < _DEEPEST:
                for key in self.members():
                    members[key] = self._partial(depth + 1)
                    if self._is_short:
                        break
            elif char == "[" and depth < _DEEPEST:
                for _ in self.array():
                    elements.append(self._partial(depth + 1))
                    if self._is_short:
                        break
            else:
                return self.value()
        except Damaged:
            self._is_short = True
        return members if char == "{" else elements if char == "[" else ""

    def find_next(self, following: re.Pattern[str] = NEXT_RECORD) -> bool:
        """Go on where the next record seems to begin; False when there is none."""
        self._at += 1
        while (found := following.search(self._text, self._at)) is None:
            self._at = max(self._at, len(self._text) - _OVERLAP)
            if not self._fill(1):
                self._at = len(self._text)
                return False
        self._at = found.end()
        return True

    @property
    def is_over(self) -> bool:
        """Whether the text ends as a whole one does, behind a record that was damaged."""
        return self._text.rstrip(" \t\r\n\ufeff\0").endswith(("]", "}", ");", "]);"))

    def _expect(self, char: str) -> None:
        if self.peek() != char:
            raise Damaged
        self._at += 1

    def _fill(self, more: int) -> bool:
        """Read at least so many characters more, dropping those before the cursor; False when nothing came."""
        came = ""
        while len(came) < more and (text := next(self._texts, None)) is not None:
            came += text
        if came:
            self._text, self._at = self._text[self._at :] + came, 0
        return bool(came)


def listed(cursor: Cursor, names: frozenset[str] = LISTS) -> Iterator[tuple[int, Any]]:
    """(number, value) of the lists of a JSON text: of one list, of several behind one another, or inside of objects.

    Raises Damaged at the end of a text that is cut off.
    """
    number = 0
    while (begins := cursor.begins()) is not None:
        if not begins:
            raise Damaged
        for _, value in cursor.elements() if cursor.peek() == "[" else _inside(cursor, names):
            number += 1
            yield number, value


def _inside(cursor: Cursor, names: frozenset[str], depth: int = 0) -> Iterator[tuple[int, Any]]:
    for key in cursor.members():
        char = cursor.peek()
        if char == "[" and key.lower() in names:
            yield from cursor.elements()
        elif char == "{" and depth < _DEEPEST:
            yield from _inside(cursor, names, depth + 1)
        else:
            cursor.value()


def members(texts: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """(key, value) of the object that a text is; of an array each element by itself, in place of a damaged one a `Left`."""
    cursor = Cursor(texts)
    for key in cursor.members():
        if cursor.peek() == "[":
            for _, element in cursor.elements():
                yield key, element
        else:
            yield key, cursor.value()


def records(
    kind: str, values: Iterable[tuple[int, Any]], read: Callable[[str, dict[str, Any]], Record | Left]
) -> Iterator[Record | Left]:
    """What numbered values say: those left out already as they are, objects as `read` finds them, given their place."""
    for number, value in values:
        place = f"{kind} {number}"
        if isinstance(value, Left):
            yield value
        elif isinstance(value, dict):
            yield read(place, value)
        else:
            yield Left(place, "not a comment")
