"""Isso: its database (SQLite), and its generic import, which is JSON: threads with their comments.

The schema is that of `isso/db`; modes are 1 accepted, 2 in moderation, 4 deleted while answers remain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from service.imports.dates import moment
from service.imports.fates import weighed
from service.imports.json_stream import DAMAGED, Cursor, Damaged
from service.imports.readers import MAX_RECORD, Export, UnreadableExport
from service.imports.record import Fate, Left, Record, name, quoted, text, without_text

_MODES = {"1": Fate.APPROVED, "2": Fate.HELD, "4": Fate.REMOVED}
_QUERY = """
    SELECT c.id, c.parent, c.created, c.mode, c.remote_addr, c.text, c.author, c.email, c.website, t.uri, t.title
    FROM comments AS c LEFT JOIN threads AS t ON t.id = c.tid ORDER BY c.id
"""


def read_database(export: Export) -> Iterator[Record | Left]:
    """The comments of a database, also of one in an archive. Raises UnreadableExport when it is none of Isso's."""
    with export.on_disk() as path, closing(_opened(path)) as database:
        try:
            for row in database.execute(_QUERY):
                yield _from_row(row)
        except (sqlite3.Error, OverflowError):
            export.broken = "the database is damaged, or is none of Isso's"


def _opened(path: Path) -> sqlite3.Connection:
    """The database, read only. A file can hold code that runs when it is read (views, triggers); none is let."""
    uri = path.resolve().as_uri()
    database = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_RECORD)
        for guard in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"):
            database.execute(f"PRAGMA {guard}")
        kinds = dict(database.execute("SELECT name, type FROM sqlite_master WHERE name IN ('comments', 'threads')"))
    except sqlite3.Error:
        kinds = {}
    if kinds != {"comments": "table", "threads": "table"}:
        database.close()
        raise UnreadableExport("This is a database, but none of Isso's: the tables comments and threads are missing.")
    database.row_factory = sqlite3.Row
    database.text_factory = lambda data: data.decode(errors="replace")
    return database


def _from_row(row: sqlite3.Row) -> Record | Left:
    place, content, parent = f"comment {row['id']}", text(row["text"]), row["parent"]
    mode = text(row["mode"])
    fate = _MODES.get(mode)
    if not content.strip():
        return without_text(place, deleted=fate is Fate.REMOVED)
    if fate is None:
        return Left(place, "a comment in a mode that Isso does not have", quoted(mode))
    return Record(
        place=place,
        platform_id=name("isso", str(row["id"])),
        content=content,
        fate=fate,
        page_url=text(row["uri"]),
        page_title=text(row["title"]),
        name=text(row["author"]),
        email=text(row["email"]),
        url=text(row["website"]),
        ip=text(row["remote_addr"]),
        parent_id=name("isso", str(parent)) if parent else "",
        created_at=moment(row["created"]),
        said_at=text(row["created"]),
    )


def read_generic(export: Export) -> Iterator[Record | Left]:
    """The comments of a generic import. Their numbers count within a thread."""
    cursor = Cursor(export.texts())
    for _ in cursor.array():
        try:
            yield from _thread(cursor)
        except Damaged:
            yield Left("a thread", DAMAGED)
            if not cursor.find_next():
                return


def _thread(cursor: Cursor) -> Iterator[Record | Left]:
    page = {"id": "", "title": ""}
    for key in cursor.members():
        if key != "comments":
            page[key] = text(cursor.value())
            continue
        for number, value in cursor.elements():
            yield value if isinstance(value, Left) else _from_json(number, value, page)


def _from_json(number: int, value: Any, page: Mapping[str, str]) -> Record | Left:
    place = f"comment {number} of a thread"
    if not isinstance(value, dict):
        return Left(place, "not a comment")
    said = {key: text(item) for key, item in value.items()}
    if not said.get("text", "").strip():
        return Left(place, "a comment without text")
    found = Record(
        place=place,
        platform_id=name("isso", page["id"].strip("/"), said.get("id", "") or str(number)),
        content=said["text"],
        fate=Fate.APPROVED,
        page_url=page["id"],
        page_title=page["title"],
        name=said.get("author", ""),
        email=said.get("email", ""),
        url=said.get("website", ""),
        ip=said.get("remote_addr", ""),
        created_at=moment(said.get("created", "")),
        said_at=said.get("created", ""),
    )
    return weighed(found, value)
