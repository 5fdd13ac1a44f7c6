"""Comments from anywhere, one a row: CSV with a header, JSON lines, or JSON of any shape. Columns are known by many names.

What became of a comment is told by its state, or by yes and no (spam, approved, pending, deleted), by times (deleted_at), or by
shares from 0 to 1 in columns named like the labels. What is not known is not guessed: such a row is left out, and its word is
named.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from service.imports.columns import LABELS_OF_TABLES, field_of
from service.imports.csv_rows import Said, rows, said_by
from service.imports.dates import Dates
from service.imports.fates import UnknownWord, Word, fate_of, is_answer, is_nothing, is_spam_word, share_of
from service.imports.json_lines import json_lines
from service.imports.json_objects import flat, within
from service.imports.json_search import comments, comments_in, is_heading
from service.imports.json_stream import Cursor, Damaged
from service.imports.readers import Export
from service.imports.record import NO_OBJECT, NO_TEXT, Fate, Left, Record, made, name, quoted

_KIND = re.compile(r"[a-z0-9_-]{1,32}\Z")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+\Z", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_UNHEARD = "a column that is not known seems to say what became of it; call that column state, or leave it out"
_IDS_ROUNDED = "an id that a spreadsheet has rounded: the comment counts as without one"


def read_csv(export: Export) -> Iterator[Record | Left]:
    """The rows of a table. Raises UnreadableExport when no column holds the comments' texts."""

    def looked() -> Iterator[str]:
        return _times(row for _, row in rows(export, note=False) if not isinstance(row, Left))

    dates = Dates(export.dates, looked, export.dates_told)
    for place, row in rows(export):
        one = row if isinstance(row, Left) else _record(place, row, dates)
        if export.open_end and isinstance(one, Left):
            export.broken = export.broken or "its last row is cut off"
        yield one


def read_lines(export: Export) -> Iterator[Record | Left]:
    """The objects of a file with one JSON object a line."""

    def found() -> Iterator[tuple[str, Any]]:
        for place, value in json_lines(export):
            if is_heading(value):
                continue
            for one in [value] if isinstance(value, Left) else list(comments_in(value, _ignoring(export))) or [value]:
                yield place, one

    yield from _objects(export, found)


def read_array(export: Export) -> Iterator[Record | Left]:
    """The objects of JSON of any shape."""
    yield from _objects(export, lambda: comments(Cursor(export.texts()), _ignoring(export)))


def _ignoring(export: Export) -> Callable[[str], None]:
    return lambda key: export.columns.note(key, "")


def _objects(export: Export, values: Callable[[], Iterator[tuple[str, Any]]]) -> Iterator[Record | Left]:
    def found() -> Iterator[tuple[str, Any]]:
        for place, value in values():
            yield from within(place, value)

    def looked() -> Iterator[str]:
        broken = export.broken
        with suppress(Damaged):
            yield from _times(said_by(flat(value).items()) for _, value in found() if isinstance(value, dict))
        export.broken = broken

    dates = Dates(export.dates, looked, export.dates_told)
    for place, value in found():
        if isinstance(value, Left):
            yield value
        elif isinstance(value, dict):
            cells = flat(value)
            for column in cells:
                export.columns.note(column, field_of(column))
            yield _record(place, said_by(cells.items()), dates)
        else:
            yield Left(place, NO_OBJECT)


def _times(rows: Iterable[Said]) -> Iterator[str]:
    return (row.fields["created_at"] for row in rows if "created_at" in row.fields)


def _record(place: str, row: Said, dates: Dates) -> Record | Left:
    said = row.fields
    content, kind = said.get("content", ""), said.get("kind", "").strip().lower()
    if not content.strip():
        return Left(place, NO_TEXT)
    if is_spam_word(kind):  # of tables whose rows are of the one kind or the other
        row.decided.append(Word("spam", kind))
        kind = ""
    try:
        labels = {label: share for label in LABELS_OF_TABLES if (share := share_of(said.get(label, ""))) is not None}
        fate, spam, doubt = fate_of(row.decided, labels)
    except UnknownWord as unknown:
        return Left(place, unknown.why, quoted(unknown.word))
    if fate is Fate.SHOWN and row.unheard:
        return Left(place, _UNHEARD, quoted(row.unheard))
    if spam is not None:
        labels["spam"] = float(spam)
    identity, parent = _identity(said.get("id", "")), _identity(said.get("parent_id", ""))
    created = said.get("created_at", "") or _when(row)
    page, url = _unescaped(said.get("page_url", "")), _unescaped(said.get("url", "").strip())
    doubts = [doubt] if doubt else []
    if _ROUNDED.match(identity):
        doubts.append(_IDS_ROUNDED)
    return Record(
        place=place,
        platform_id=name(identity)
        if identity and not _ROUNDED.match(identity)
        else made(content, created, said.get("name", "")),
        content=content,
        fate=fate,
        page_url=page,
        page_title=_unescaped(said.get("page_title", "")),
        name=_unescaped(said.get("name", "")),
        email=said.get("email", ""),
        url=url,
        ip=said.get("ip", ""),
        user_agent=said.get("user_agent", ""),
        parent_id="" if parent.lower() in ("", "0", "-1", "root") or _ROUNDED.match(parent) else name(parent),
        created_at=dates.moment(created),
        said_at=created,
        kind=kind if _KIND.match(kind) else "comment",
        labels=labels or None,
        doubts=tuple(doubts),
    )


def _identity(said: str) -> str:
    """An id; a table that once had gaps among its numbers writes 12 as 12.0."""
    return re.sub(r"\A(\d+)\.0\Z", r"\1", said.strip())


def _unescaped(said: str) -> str:
    """A name, title or address without what HTML writes for some letters; a bare & of an address stays."""
    return _ENTITY.sub(lambda found: html.unescape(found.group()), said)


def _when(row: Said) -> str:
    """When it was published, in a column that may also say whether it was."""
    times = (word.said for word in row.decided if word.field == "published")
    return next((said for said in times if said and not is_answer(said) and not is_nothing(said)), "")
