"""Comments from anywhere, one a row: CSV with a header, JSON lines, or a JSON array. Columns are known by many names.

`COLUMNS` is what is understood; docs/import.md shows it, and a test holds it to that. Times are ISO 8601 or Unix times. What
became of a comment is told by `state`, or by `spam` (yes or no), or by shares from 0 to 1 in columns named like the labels.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.core.verdict import LABELS
from service.imports.jsonstream import Cursor
from service.imports.reading import MAX_RECORD, Export, UnreadableExport
from service.imports.record import Fate, Left, Record, made, moment, name, text

COLUMNS = {
    "content": ("content", "text", "comment", "body", "message", "comment_content", "comment_text"),
    "id": ("id", "comment_id"),
    "state": ("state", "status", "approved", "comment_approved"),
    "spam": ("spam", "is_spam", "class", "label"),
    "name": ("author_name", "author", "name", "nick", "user", "username", "comment_author"),
    "email": ("author_email", "email", "mail", "comment_author_email"),
    "url": ("author_url", "website", "link", "url", "comment_author_url"),
    "ip": ("ip", "author_ip", "remote_addr", "comment_author_ip"),
    "user_agent": ("user_agent", "ua", "comment_agent"),
    "page_url": ("page_url", "permalink", "page", "post_url", "uri"),
    "page_title": ("page_title", "title", "post_title"),
    "parent_id": ("parent_id", "parent", "comment_parent"),
    "created_at": ("created_at", "created", "date", "time", "timestamp", "comment_date_gmt", "comment_date"),
    "kind": ("kind", "type", "comment_type"),
}
STATES = {
    Fate.APPROVED: ("approved", "approve", "published", "ham", "1", "true", "yes"),
    Fate.HELD: ("held", "hold", "pending", "unapproved", "flagged", "waiting", "0", "false", "no"),
    Fate.SPAM: ("spam",),
    Fate.REMOVED: ("removed", "rejected", "reject", "deleted", "trash"),
    Fate.ORPHANED: ("post-trashed",),
}
_YES, _NO = ("1", "true", "yes", "spam"), ("0", "false", "no", "ham", "not spam", "notspam")
_FATES = {word: fate for fate, words in STATES.items() for word in words}
_FIELD_OF = {column: field for field, columns in COLUMNS.items() for column in columns}
_PLAIN = re.compile(r"[^a-z0-9]+")
_KIND = re.compile(r"[a-z0-9_-]{1,32}\Z")
_DELIMITERS = ",;\t|"


def read_csv(export: Export) -> Iterator[Record | Left]:
    """The rows of a table. Raises UnreadableExport when no column holds the comments' texts."""
    csv.field_size_limit(MAX_RECORD)
    numbers = _Lines(export)
    head = next(numbers, "")
    delimiter = max(_DELIMITERS, key=head.count)
    fields = _fields(next(csv.reader([head], delimiter=delimiter), []))
    rows = csv.reader(numbers, delimiter=delimiter)
    while True:
        place = f"line {numbers.number + 1}"
        try:
            row = next(rows, None)
        except csv.Error:
            yield Left(place, "a row that can't be read: a quotation mark is missing, or a cell is too large")
            continue
        if row is None:
            return
        if len(row) > len(fields):
            yield Left(place, "a row with more cells than there are columns")
        elif row:
            yield _record(place, dict(zip(fields, row, strict=False)))


class _Lines:
    """Lines for the csv module, and how many it has taken. One that is too long becomes an empty row."""

    def __init__(self, export: Export) -> None:
        self._lines = export.lines()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        return line or "\n"


def read_lines(export: Export) -> Iterator[Record | Left]:
    """The objects of a file with one JSON object a line."""
    for number, line in export.lines():
        place = f"line {number}"
        if line is not None and not line.strip():
            continue
        try:
            value = json.loads(line) if line is not None else None
        except (ValueError, RecursionError):
            yield Left(place, "not JSON, or cut off")
            continue
        yield _from_json(place, value)


def read_array(export: Export) -> Iterator[Record | Left]:
    """The objects of a JSON array."""
    for number, value in Cursor(export.texts()).elements():
        yield value if isinstance(value, Left) else _from_json(f"record {number}", value)


def knows(header: list[str]) -> bool:
    """Whether these columns hold comments."""
    return "content" in {_FIELD_OF.get(_normal(column)) for column in header}


def columns(line: str) -> list[str]:
    """The cells of a header line."""
    return next(csv.reader([line], delimiter=max(_DELIMITERS, key=line.count)), [])


def _fields(header: list[str]) -> list[str]:
    """What each column holds; "" for what is not known, or known from a column before it."""
    if not knows(header):
        raise UnreadableExport(
            f"No column holds the comments' texts; name one of them: {', '.join(COLUMNS['content'])}."
        )
    fields: list[str] = []
    for column in map(_normal, header):
        field = column if column in LABELS and column != "spam" else _FIELD_OF.get(column, "")
        fields.append("" if field in fields else field)
    return fields


def _normal(column: str) -> str:
    return _PLAIN.sub("_", column.strip().lower()).strip("_")


def _from_json(place: str, value: Any) -> Record | Left:
    """A record of an object; `author` and `page` may be objects themselves, as in our own API."""
    if not isinstance(value, dict):
        return Left(place, "not a JSON object, or longer than any comment")
    flat: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            flat |= {f"{key}_{inner}": part for inner, part in item.items()}
        else:
            flat[key] = item
    found: dict[str, str] = {}
    for key, item in flat.items():
        column = _normal(key)
        field = column if column in LABELS and column != "spam" else _FIELD_OF.get(column)
        if field and text(item):
            found.setdefault(field, text(item))
    return _record(place, found)


def _record(place: str, said: Mapping[str, str]) -> Record | Left:
    content = said.get("content", "")
    if not content.strip():
        return Left(place, "a comment without text")
    labels = {label: share for label in LABELS if (share := _share(said.get(label, ""))) is not None}
    fate = _fate(said, labels)
    if fate is None:
        return Left(place, "a comment in a state that is not known; docs/import.md lists the words")
    own, kind, parent = (
        said.get("id", "").strip(),
        said.get("kind", "").strip().lower(),
        said.get("parent_id", "").strip(),
    )
    created = said.get("created_at", "")
    return Record(
        place=place,
        platform_id=name(own) if own else made(content, created, said.get("name", "")),
        content=content,
        fate=fate,
        page_url=said.get("page_url", ""),
        page_title=said.get("page_title", ""),
        name=said.get("name", ""),
        email=said.get("email", ""),
        url=said.get("url", ""),
        ip=said.get("ip", ""),
        user_agent=said.get("user_agent", ""),
        parent_id=name(parent) if parent not in ("", "0") else "",
        created_at=moment(created),
        kind=kind if _KIND.match(kind) else "comment",
        labels=labels or None,
    )


def _fate(said: Mapping[str, str], labels: Mapping[str, float]) -> Fate | None:
    """What became of it: by its state, else by what is said of spam, else by the labels."""
    state, spam = said.get("state", "").strip().lower(), said.get("spam", "").strip().lower()
    if spam in _YES:
        return Fate.SPAM
    if state:
        return _FATES.get(state)
    if spam in _NO:
        return Fate.APPROVED
    if spam:
        return _FATES.get(spam)
    return (Fate.REMOVED if max(labels.values()) >= 0.5 else Fate.APPROVED) if labels else Fate.SHOWN


def _share(value: str) -> float | None:
    """A share from 0 to 1; None for anything else. Columns named spam are words, not shares."""
    try:
        share = float(value)
    except ValueError:
        return None
    return share if 0.0 <= share <= 1.0 else None
