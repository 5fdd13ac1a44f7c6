"""A blog's history in other systems' formats, read as streams: the formats, their readers, and how a file is recognised.

Each reader yields what it found, one record at a time, and keeps no more of a file in memory than that. Nothing here writes,
and nothing here trusts what it reads. For `service.usecases.importing` and `service.commands` only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from service.imports import blogger, disqus, isso, json_exports, json_lists, movable_type, tables, wordpress
from service.imports.columns import knows
from service.imports.csv_dialect import separator
from service.imports.csv_rows import columns
from service.imports.json_objects import is_comment
from service.imports.json_stream import LISTS, Cursor, Damaged
from service.imports.readers import CHUNK, Export, UnreadableExport, old_ends
from service.imports.record import Left, Record, with_page

_NO_AGENT = "user agents"
_NO_PARENT = "which comment answers which"
_ROOT = re.compile(r"<(disqus|rss|feed)[\s>]")
_THREAD = frozenset({"id", "title", "comments", "url", "uri"})  # what Isso's generic JSON has of a page
_SITE_FIELDS = frozenset({"nick", "mail", "comment"})  # what services for static sites call theirs
_EXPORTS = (
    ".xml",
    ".atom",
    ".json",
    ".jsonl",
    ".csv",
    ".tsv",
    ".db",
)  # how files of an archive end that are taken at their word
_PACKED = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
)  # how archives begin
_SHEETS = ("xl/", "content.xml", "Index/Tables/")  # what archives hold that are spreadsheets
_TITLES = 6  # files of a zip archive that are named


class Format(NamedTuple):
    """One format. `lacks` completes the sentence "It does not tell …". `system` stands before ids that are bare in it, unless
    the site stays on the platform that they are of; "": they carry it already."""

    name: str
    title: str
    read: Callable[[Export], Iterator[Record | Left]]
    lacks: tuple[str, ...] = ()
    system: str = ""


FORMATS = {
    made.name: made
    for made in (
        Format(
            "wordpress", "WordPress export (WXR)", wordpress.read,
            ("what is in the spam folder, which WordPress never exports", _NO_AGENT), "wordpress",
        ),
        Format("disqus", "Disqus export", disqus.read, ("authors' websites", _NO_AGENT)),
        Format("isso-db", "Isso's database", isso.read_database, ("spam, which Isso deletes", _NO_AGENT)),
        Format(
            "isso", "Isso's generic JSON", isso.read_generic,
            ("what was held or deleted", "spam", _NO_PARENT, _NO_AGENT),
        ),
        Format(
            "remark42", "Remark42 backup", json_exports.remark42,
            ("what was held, since Remark42 publishes at once", "spam", "e-mail addresses", _NO_AGENT), "remark42",
        ),
        Format("commento", "Commento export", json_exports.commento, ("pages' titles", "IP addresses", _NO_AGENT)),
        Format("comentario", "Comentario export", json_exports.comentario, ("spam", "IP addresses", _NO_AGENT)),
        Format("artalk", "Artalk's Artrans", json_exports.artalk, ("spam, which Artalk deletes",)),
        Format(
            "wordpress-rest", "WordPress's REST list", json_lists.wordpress_rest,
            ("addresses, IP addresses and user agents, unless it was asked for with context=edit", "pages' titles"), "wordpress",
        ),
        Format("blogger", "Blogger's backup", blogger.read, ("in the older form who was approved", "IP addresses", _NO_AGENT)),
        Format(
            "movable-type", "Movable Type's export", movable_type.read,
            ("who was approved", "what was held", "spam", _NO_PARENT, _NO_AGENT),
        ),
        Format("waline", "Waline's export", json_lists.waline, ("pages' titles",)),
        Format("leancloud", "LeanCloud's class Comment (Valine)", json_lists.leancloud, ("who was approved", "pages' titles")),
        Format("twikoo", "Twikoo's export", json_lists.twikoo, ("what only waits, which Twikoo keeps as spam", "pages' titles")),
        Format("cusdis", "Cusdis's comments", json_lists.cusdis, ("spam", "websites", "IP addresses", _NO_AGENT)),
        Format("csv", "CSV", tables.read_csv, system="table"),
        Format("jsonl", "JSON lines", tables.read_lines, system="table"),
        Format("json", "JSON", tables.read_array, system="table"),
    )
}  # fmt: skip


def records(export: Export, kind: Format) -> Iterator[Record | Left]:
    """What is in an export, in its own order; of a zip archive, what is in its files of this format.

    Raises UnreadableExport for a file that is refused.
    """
    if not export.zipped:
        yield from _records(export, kind)
        return
    for member in _members(export, kind):
        if isinstance(member, Left):
            yield member
            continue
        member.columns, member.dates_told = export.columns, export.dates_told
        for one in _records(member, kind):
            export.done = member.done
            yield one._replace(place=f"{member.member}, {one.place}")
        export.broken = export.broken or member.broken
        export.note_encoding(member)


def _records(export: Export, kind: Format) -> Iterator[Record | Left]:
    try:
        for one in kind.read(export):
            yield one if isinstance(one, Left) else with_page(one)
    except Damaged:
        export.broken = export.broken or "it has no end"
        yield Left("after the last record", "the file ends before it is over, or is not what it seemed")


def recognise(export: Export) -> Format:
    """The format of a file, by what it begins with. Raises UnreadableExport when it is none that is known."""
    if not export.zipped:
        found = _recognised(export)
        if found is None:
            if export.gzipped and not export.head(1):
                raise UnreadableExport("The archive is damaged or cut off; nothing can be read of it.")
            if not export.head().strip(b"\xef\xbb\xbf\xfe\xff \t\r\n\0"):
                raise UnreadableExport("The file is empty.")
            if hint := _no_export(export.head()):
                raise UnreadableExport(hint)
            raise UnreadableExport(
                "The format is not recognised. A table needs a first line that names its columns, one of them for the texts "
                f"(docs/import.md lists the names); of another file say the format with --format: {', '.join(FORMATS)}."
            )
        return found
    if any(member.member.startswith(_SHEETS) for member in export.members()):
        raise UnreadableExport("This is a spreadsheet; save its table as CSV first.")
    kinds = {member.member: found for member in export.members() if (found := _in_archive(member))}
    if not kinds:
        raise UnreadableExport(
            "In this zip archive is no file whose format is recognised; unpack it, and say it with --format."
        )
    if len({kind.name for kind in kinds.values()}) > 1:
        told = ", ".join(f"{name} ({kind.name})" for name, kind in list(kinds.items())[:_TITLES])
        raise UnreadableExport(
            f"In this zip archive are files of several formats; unpack it, and import one by one: {told}."
        )
    return next(iter(kinds.values()))


def _no_export(head: bytes) -> str:
    """What a file is that has no comments to be read, in words; "" where that is not known either."""
    text = head.decode(errors="replace").lower()
    if text.lstrip("\ufeff \r\n\t").startswith(("<!doctype html", "<html")):
        return "This is a web page, not an export: perhaps the one that asks to sign in was saved in its place."
    if re.search(r"^(?:insert into|create table|copy .+ from stdin)\b", text, re.MULTILINE):
        return "This is the dump of a database: export the table of its comments as CSV or JSON instead."
    return ""


def _members(export: Export, kind: Format) -> Iterator[Export | Left]:
    """The files of an archive that are of a format; all of them, where none is recognised. One that is called like those that
    are read, and is not recognised, is left out."""
    found = export.members()
    kinds = {member.member: _in_archive(member) for member in found}
    read = [name for name in kinds if kinds[name] == kind]
    alike = (".zip", *{Path(name).suffix.lower() for name in read if Path(name).suffix})
    for member in found:
        if kinds[member.member] == kind or not read:
            yield member
        elif member.member.lower().endswith(alike):
            yield Left(member.member, "a file of the archive whose format is not recognised")


def _in_archive(member: Export) -> Format | None:
    """The format of a file of an archive; a table only where its name says so, since any text can look like one."""
    bare = member.member.lower().removesuffix(".gz")
    try:
        found = _recognised(member)
    except UnreadableExport:
        if bare.endswith(_EXPORTS):
            raise
        return None
    named = {"csv": (".csv", ".tsv", ".txt"), "jsonl": (".jsonl", ".ndjson", ".json"), "json": (".json",)}
    return found if found is None or found.name not in named or bare.endswith(named[found.name]) else None


def _recognised(export: Export) -> Format | None:
    head = export.head()
    if head.startswith(_PACKED):
        raise UnreadableExport("It is packed within, or in a way that is not read; unpack it first.")
    if head.startswith(b"SQLite format 3\0"):
        return FORMATS["isso-db"]
    text = old_ends(next(iter(export.texts()), "")).lstrip("\ufeff \t\r\n`")
    export.begin_again()
    found = _by_text(text)
    return FORMATS[found] if found else None


def _by_text(text: str) -> str | None:
    if text.startswith("<"):
        root = _ROOT.search(text)
        kind = {"disqus": "disqus", "rss": "wordpress", "feed": "blogger"}[root.group(1)] if root else None
        sign = {"wordpress": "wordpress.org/export/", "blogger": "blogger"}.get(kind or "", "")
        return kind if sign in text else None
    if text.startswith("#filetype:JSON-streaming"):
        return "leancloud"
    if text.startswith("["):
        return _by_keys(_keys(text[1:])) or "json"
    if text.startswith("{"):
        return _by_object(text)
    if movable_type.looks_like(text):
        return "movable-type"
    lines = text.split("\n", 2)
    said = separator(lines[0])
    first = lines[1] if said and len(lines) > 1 else lines[0]
    return "csv" if knows(columns(first)) or (said and knows(columns(first, said))) else None


def _by_object(text: str) -> str:
    keys = _keys(text)
    if _is_refusal(keys, text):
        raise UnreadableExport("This is no export: a server's answer that something went wrong was saved in its place.")
    if "record" in keys:
        return "jsonl"  # our own: the site first, then a comment a line
    signs = {
        "cusdis": '"by_nickname"' in text and "by_nickname" not in keys,
        "remark42": "locator" in keys or {"version", "users"} <= keys,
        "comentario": "pages" in keys,
        "waline": '"waline"' in text[:2_000] and '"tables"' in text[:4_000],
        "commento": "commenters" in keys or '"commentHex"' in text,
    }
    named = next((name for name, found in signs.items() if found), None)
    alone = _by_keys(keys - {"comments"})
    if named is None and alone in ("leancloud", "twikoo", "wordpress-rest"):
        named = alone  # one comment a line
    if named is None and not knows([key for key in keys if key not in ("comments", "comment", "data")]):
        inner = text.find("[")  # a list inside of it, or nothing that is known
        named = _by_keys(_keys(text[inner + 1 :])) if inner >= 0 else None
        named = None if named == "isso" else named
    return named or ("jsonl" if _is_line(text) else "json")


def _is_refusal(keys: set[str], text: str) -> bool:
    """Whether an object is a server's answer that something went wrong, and not one with comments in it."""
    if {"code", "message", "data"} <= keys:
        return re.search(r'"data"\s*:\s*(?:null|""|\{\s*(?:"status"|\}))', text) is not None
    return {"error", "message"} <= keys and not keys & LISTS


def _is_line(text: str) -> bool:
    """Whether a text begins with one comment on a line; a line that is longer than what is at hand goes by its keys."""
    line, end, _ = text.partition("\n")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return not end and len(text) > CHUNK // 2 and knows(list(_keys(text)))
    return isinstance(value, dict) and is_comment(value)


def _by_keys(keys: set[str]) -> str | None:
    """The format of a list, by the keys of its first object."""
    if {"page_key", "content"} <= keys and keys & {"nick", "rid"}:
        return "artalk"
    if "comments" in keys and keys <= _THREAD:
        return "isso"
    if "by_nickname" in keys:
        return "cusdis"
    if "author_name" in keys and {"date_gmt", "content", "link"} <= keys:
        return "wordpress-rest"
    if keys >= _SITE_FIELDS or ({"comment", "url"} <= keys and keys & {"nick", "objectId"}):
        return "leancloud" if "objectId" in keys else "twikoo" if keys & {"mailMd5", "href", "uid"} else None
    return None


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
