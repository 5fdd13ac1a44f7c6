"""Finds the comments in JSON of any shape and size: lists and maps by id, bare or within objects, several behind one another.

What is small enough is taken into memory and looked at there; what is larger is walked through, so that one record is in
memory at a time. For `service.imports.tables`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

from service.imports.columns import COLUMNS, field_of, plain
from service.imports.json_objects import called, is_comment, is_page, is_told, opened
from service.imports.json_stream import DAMAGED, LISTS, NEXT_MEMBER, NEXT_RECORD, NEXT_TEXT, Cursor, Damaged, TooLarge
from service.imports.record import Left
from service.imports.words import state_of_key

_NEAR = 65_536  # characters of an object that is taken into memory before it is known to be a comment
_DEEPEST = 20  # objects within each other that are gone into
_LOOKED_AT = 20  # members by which a map is known
_HEADING = frozenset({"type", "version", "comment", "name", "database"})
_POSTS = frozenset({"posts", "articles"})
_OF_COMMENTS = frozenset({"email", "ip", "parent_id", "spam", "approved", "page_url"})  # what posts don't have
_DEEP = "objects within objects, deeper than any are read"
_JUNK = "something that is no JSON"
_POST = "a post of the blog, not a comment"
Skipped = Callable[[str], None]


def comments(cursor: Cursor, skipped: Skipped) -> Iterator[tuple[str, Any]]:
    """(place, value) of each comment, or of what stands where one should be; `skipped` hears the names of lists left aside.

    Raises Damaged at the end of a text that is cut off.
    """
    search = _Search(cursor, skipped)
    number = 0
    while not search.is_over and (begins := cursor.begins()) is not None:
        if not begins:
            number += 1
            yield f"record {number}", Left(f"record {number}", _JUNK)
            if not cursor.find_next(NEXT_TEXT):
                return
            continue
        for value in search.safely(NEXT_TEXT, partial(search.walk, (), expected=True)):
            number += 1
            place = f"record {number}"
            yield place, value._replace(place=place) if isinstance(value, Left) else value


def comments_in(value: Any, skipped: Skipped) -> Iterator[Any]:
    """The comments of a value in memory."""
    if isinstance(value, list):
        return chain.from_iterable(_Search(Cursor([]), skipped).look(one, ("",), expected=True) for one in value)
    return _Search(Cursor([]), skipped).look(value, (), expected=True)


class _Search:
    """One search. `keys` are those of the objects that a value stands in ("" for a list), `expected` says that comments should
    stand there."""

    def __init__(self, cursor: Cursor, skipped: Skipped) -> None:
        self._cursor = cursor
        self._skipped = skipped
        self.is_over = False  # whether the text ended behind a record that was damaged

    def safely(self, following: re.Pattern[str], step: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        """What a step finds; where it is damaged a `Left`, and the cursor stands before what follows."""
        try:
            yield from step()
        except Damaged:
            found = self._cursor.find_next(following)
            if not found and not self._cursor.is_over:
                raise
            self.is_over = not found
            yield Left("", DAMAGED)

    def walk(self, keys: tuple[str, ...], *, expected: bool) -> Iterator[Any]:
        """The comments of the value that begins here."""
        cursor = self._cursor
        if cursor.peek() == "[" and len(keys) < _DEEPEST:
            for _ in cursor.array():
                yield from self.safely(NEXT_RECORD, lambda: self.walk((*keys, ""), expected=True))
                if self.is_over:
                    return
            return
        try:
            value = cursor.value(_NEAR)
        except Damaged as damaged:
            seen = opened(cursor.glimpse())
            is_holder = isinstance(seen, dict) and not is_comment(seen) and len(keys) < _DEEPEST
            if not is_holder or not (isinstance(damaged, TooLarge) or _holds(seen)):
                yield from self.look(cursor.value(), keys, expected=expected)
            else:
                yield from self._members(keys, expected=_is_map(seen, expected=expected))
        else:
            yield from self.look(value, keys, expected=expected)

    def _members(self, keys: tuple[str, ...], *, expected: bool) -> Iterator[Any]:
        for key in self._cursor.members():
            char, named = self._cursor.peek(), _is_list(key)
            if char == "{" or (char == "[" and named):
                step = partial(self.walk, (*keys, key), expected=expected or named)
                yield from self.safely(NEXT_MEMBER, step)
                if self.is_over:
                    return
            elif char == "[":
                self._skipped(key)
                self._skip()
            else:
                self._cursor.value()

    def _skip(self) -> None:
        """Pass over a list of any size."""
        for _ in self._cursor.array():
            self._cursor.value()

    def look(self, value: Any, keys: tuple[str, ...], *, expected: bool) -> Iterator[Any]:
        """The comments of a value in memory."""
        value = opened(value)
        if len(keys) >= _DEEPEST and isinstance(value, dict):
            yield Left("", _DEEP)
        elif is_heading(value):
            return
        elif not isinstance(value, dict):
            if expected and value is not None and (not keys or keys[-1] == ""):
                yield value
        elif is_comment(value) or is_page(value):
            if expected or is_told(value) or is_page(value):
                yield _placed(_with_state(value, keys), keys, mapped=expected)
        elif _is_map(value, expected=expected):
            for key, one in value.items():
                yield from self.look(one, (*keys, key), expected=True)
        else:
            found = False
            for one in self._inside(value, keys):
                found = True
                yield one
            if expected and not found and (keys or not any(isinstance(one, dict | list) for one in value.values())):
                yield value

    def _inside(self, value: dict[str, Any], keys: tuple[str, ...]) -> Iterator[Any]:
        """The comments in the lists and maps of an object that is none itself."""
        for key, one in value.items():
            named = _is_list(key)
            if isinstance(one, list) and named:
                for element in one:
                    yield from self.look(element, (*keys, key, ""), expected=True)
            elif isinstance(one, list) and any(isinstance(element, dict) for element in one):
                self._skipped(key)
            elif isinstance(one, dict):
                yield from self.look(one, (*keys, key), expected=named and _is_map(one, expected=True))


def _holds(value: dict[str, Any]) -> bool:
    """Whether there are objects in an object, or in its lists."""
    return any(
        isinstance(one, dict) or (isinstance(one, list) and any(isinstance(el, dict) for el in one))
        for one in value.values()
    )


def _is_map(value: dict[str, Any], *, expected: bool = False, depth: int = 0) -> bool:
    """Whether an object holds comments by their ids, or pages with such by theirs."""
    if any(key.lower() in LISTS for key in value):
        return False
    if not value or not all(isinstance(one, dict) for one in value.values()) or depth > _DEEPEST:
        return False
    looked = [opened(one) for one in islice(value.values(), _LOOKED_AT)]
    if expected and any(is_comment(one) for one in looked):
        return True
    return all(
        (is_comment(one) and is_told(one))
        or (is_page(one) and (expected or len(value) > 1))
        or _is_map(one, expected=expected, depth=depth + 1)
        for one in looked
    )


def is_heading(value: Any) -> bool:
    """Whether an object only says what follows, as phpMyAdmin's do, and our own export's."""
    if not isinstance(value, dict):
        return False
    said = value.get("record")
    return (said is not None and said != "comment") or (
        value.get("type") in ("header", "database") and value.keys() <= _HEADING
    )


def _placed(value: dict[str, Any], keys: tuple[str, ...], *, mapped: bool) -> Any:
    """A comment of a map with its key as its id, and the page's key above it as its page."""
    parted = any(map(state_of_key, keys))
    keys = (*(key for key in keys[:-1] if not state_of_key(key)), *keys[-1:])
    around = [key for key in keys if key]
    if parted and around and keys[-1] == "" and not _is_list(around[-1]) and "page_url" not in map(field_of, value):
        return value | {"page": around[-1]}
    if not keys or keys[-1] == "":
        is_post = around and around[-1].lower() in _POSTS and _is_post(value) and not is_page(value)
        return Left("", _POST) if is_post else value
    if is_page(value):
        is_named = not mapped or keys[-1].lower() in LISTS or {"page_url", "url"} & set(map(field_of, value))
        return value if is_named else value | {"page": keys[-1]}
    above = keys[-2] if len(keys) > 1 else ""
    is_said = not above or _is_list(above) or "page_url" in map(field_of, value)
    return called(value, keys[-1]) | ({} if is_said else {"page": above})


def _is_list(key: str) -> bool:
    """Whether comments stand under a key: it is a usual one for lists, or names their state."""
    return key.lower() in LISTS or state_of_key(key) != ""


def _with_state(value: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """A comment with the state that a key above it names, in a column of its own; a page's comments each."""
    state = next((found for key in keys[:-1] if (found := state_of_key(key))), "")
    if not state:
        return value
    if is_page(value):
        return {
            key: [_with_state(one, (*keys, "")) if isinstance(one, dict) else one for one in item]
            if isinstance(item, list)
            else item
            for key, item in value.items()
        }
    taken = set(map(plain, value))
    free = next((column for column in COLUMNS["state"] if plain(column) not in taken), "")
    return value | {free: state} if free else value


def _is_post(value: dict[str, Any]) -> bool:
    return "page_title" in map(field_of, value) and _OF_COMMENTS.isdisjoint(map(field_of, value))
