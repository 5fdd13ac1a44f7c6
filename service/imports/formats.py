"""The formats that a history can come in: their names, readers, what they lack, and how a file's format is recognised."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from service.imports import artalk, comentario, commento, disqus, isso, remark42, tables, wordpress
from service.imports.jsonstream import Cursor, Damaged
from service.imports.reading import Export, UnreadableExport
from service.imports.record import Left, Record

_NO_AGENT = "user agents"
_NO_PARENT = "which comment answers which"
_ROOT = re.compile(r"<(disqus|rss)[\s>]")


class Format(NamedTuple):
    """One format. `lacks` completes the sentence "It does not tell …"."""

    name: str
    title: str
    read: Callable[[Export], Iterator[Record | Left]]
    lacks: tuple[str, ...] = ()


FORMATS = {
    made.name: made
    for made in (
        Format(
            "wordpress", "WordPress export (WXR)", wordpress.read,
            ("what is in the spam folder, which WordPress never exports", _NO_AGENT),
        ),
        Format("disqus", "Disqus export", disqus.read, ("authors' websites", _NO_AGENT)),
        Format("isso-db", "Isso's database", isso.read_database, ("spam, which Isso deletes", _NO_AGENT)),
        Format(
            "isso", "Isso's generic JSON", isso.read_generic,
            ("what was held or deleted", "spam", _NO_PARENT, _NO_AGENT),
        ),
        Format(
            "remark42", "Remark42 backup", remark42.read,
            ("what was held, since Remark42 publishes at once", "spam", "e-mail addresses", _NO_AGENT),
        ),
        Format("commento", "Commento export", commento.read, ("pages' titles", "IP addresses", _NO_AGENT)),
        Format("comentario", "Comentario export", comentario.read, ("spam", "IP addresses", _NO_AGENT)),
        Format("artalk", "Artalk's Artrans", artalk.read, ("spam, which Artalk deletes",)),
        Format("csv", "CSV", tables.read_csv),
        Format("jsonl", "JSON lines", tables.read_lines),
        Format("json", "JSON array", tables.read_array),
    )
}  # fmt: skip


def records(export: Export, kind: Format) -> Iterator[Record | Left]:
    """What is in an export, in its own order. Raises UnreadableExport for a file that is refused."""
    try:
        yield from kind.read(export)
    except Damaged:
        yield Left("after the last record", "the file ends before it is over, or is not what it seemed")


def recognise(export: Export) -> Format:
    """The format of a file, by what it begins with. Raises UnreadableExport when it is none that is known."""
    head = export.head()
    if head.startswith(b"SQLite format 3\0"):
        return FORMATS["isso-db"]
    if head.startswith(b"PK\x03\x04"):
        raise UnreadableExport("This is a zip archive; unpack it, and import the files that are in it.")
    text = next(iter(export.texts()), "").lstrip("\ufeff \t\r\n`")
    export.done = 0
    found = _by_text(text)
    if found is None:
        raise UnreadableExport(f"The format is not recognised; say it with --format: {', '.join(FORMATS)}.")
    return FORMATS[found]


def _by_text(text: str) -> str | None:
    if text.startswith("<"):
        root = _ROOT.search(text)
        kind = {"disqus": "disqus", "rss": "wordpress"}[root.group(1)] if root else None
        return kind if kind != "wordpress" or "wordpress.org/export/" in text else None
    first = text.split("\n", 1)[0].strip()
    if text.startswith("["):
        keys = _keys(text[1:])
        return "artalk" if "page_key" in keys else "isso" if "comments" in keys else "json"
    if text.startswith("{"):
        keys = _keys(text)
        if "users" in keys or "locator" in keys:
            return "remark42"
        if "pages" in keys:
            return "comentario"
        return "commento" if keys & {"comments", "commenters"} else "jsonl"
    return "csv" if tables.knows(tables.columns(first)) else None


def _keys(text: str) -> set[str]:
    """The keys of the object that a text begins with, as far as the text goes."""
    cursor, keys = Cursor([text]), set()
    try:
        for key in cursor.members():
            keys.add(key)
            cursor.value()
    except Damaged:
        pass
    return keys
