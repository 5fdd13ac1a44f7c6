"""WordPress's own export (WXR, `wp-admin/includes/export.php`): pages, and inside them their comments.

Spam is never exported. What anti-spam plugins left beside a comment is read where it tells why one was put into the bin:
`akismet_result` and `akismet_user_result` ("true": spam), `akismet_history` (serialised, one event an entry),
`antispam_bee_reason`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from service.imports.dates import moment
from service.imports.readers import Export
from service.imports.record import Fate, Left, Record, name, own, quoted
from service.imports.xml_stream import Elements, walk

# Reads arrays of plain values in PHP's serialised form, as WordPress keeps them in comment meta. Makes no objects.
#
# A strict subset of what `serialize()` writes: null, booleans, integers, floats, strings, and arrays of these. Objects,
# references and custom forms, through which unserialising is dangerous, are refused. Lengths are in bytes of UTF-8.


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


_META = frozenset({"akismet_result", "akismet_user_result", "akismet_history", "antispam_bee_reason"})
_MAX_META = 50  # entries of one comment that are looked at
FATES = {
    "": Fate.SHOWN,  # exports of other programs leave it out
    "1": Fate.APPROVED, "approve": Fate.APPROVED, "approved": Fate.APPROVED,
    "0": Fate.HELD, "hold": Fate.HELD, "unapproved": Fate.HELD,
    "spam": Fate.SPAM, "trash": Fate.REMOVED, "post-trashed": Fate.ORPHANED,
}  # fmt: skip
_KIND = re.compile(r"[a-z0-9_-]{1,32}\Z")
_NOTES = frozenset({"order_note", "action_log", "webmention_log", "edd_payment_note", "note"})
"""What plugins, and WordPress since 6.9, keep among comments without its being one."""


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    return walk(export, _Wxr())


class _Wxr(Elements):
    roots: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "item": ("rss", "channel"),
        "wp:comment": ("rss", "channel", "item"),
    }

    def __init__(self) -> None:
        super().__init__()
        self._page = {"link": "", "title": ""}
        self._comment: dict[str, str] | None = None
        self._began = ""
        self._key = ""
        self._meta: list[tuple[str, str]] = []

    def begin_again(self) -> None:
        """A comment that was half read is gone; the page is still the page, unless another begins."""
        super().begin_again()
        self._comment = None

    def opened(self, name: str, attributes: Any) -> None:
        """A page or a comment begins."""
        if name == "item":
            self._page = {"link": "", "title": ""}
        elif name == "wp:comment":
            self._comment, self._meta, self._began = {}, [], self.place

    def closed(self, name: str, text: str) -> None:
        """A field of a page, a comment or its meta, or a whole comment."""
        comment = self._comment
        if comment is None:
            if name in self._page and self.path[-1:] == ["item"]:
                self._page[name] = text.strip()
        elif name == "wp:comment":
            self._comment = None
            self.found.append(_record(self._began, comment, self._meta, self._page))
        elif name == "wp:meta_key":
            self._key = text.strip()
        elif name == "wp:meta_value":
            if self._key in _META and len(self._meta) < _MAX_META:
                self._meta.append((self._key, text.strip()))
        elif name.startswith("wp:comment_"):
            comment[name.removeprefix("wp:comment_")] = text


def _record(place: str, comment: dict[str, str], meta: list[tuple[str, str]], page: dict[str, str]) -> Record | Left:
    field = {key: value.strip() for key, value in comment.items()}
    if not field.get("content"):
        return Left(place, "a comment without text")
    kind = field.get("type", "").lower() or "comment"
    if kind in _NOTES:
        return Left(place, "a note of a plugin, not a comment")
    fate = FATES.get(field.get("approved", "").lower())
    if fate is None:
        return Left(place, "a comment in a state that WordPress does not have", quoted(field["approved"]))
    parent = field.get("parent", "")
    return Record(
        place=place,
        platform_id=own("", field.get("id", ""), field.get("date", ""), field["content"], field.get("author", "")),
        content=field["content"],
        fate=Fate.SPAM if fate is Fate.REMOVED and _was_spam(meta) else fate,
        page_url=html.unescape(page["link"]),
        page_title=html.unescape(page["title"]),
        name=html.unescape(field.get("author", "")),
        email=field.get("author_email", ""),
        url=html.unescape(field.get("author_url", "")),
        ip=field.get("author_IP", ""),
        parent_id=name(parent) if parent not in ("", "0") else "",
        created_at=moment(field.get("date_gmt", "")) or moment(field.get("date", "")),
        said_at=field.get("date", "") or field.get("date_gmt", ""),
        kind=kind if _KIND.match(kind) else "comment",
    )


def _was_spam(meta: list[tuple[str, str]]) -> bool:
    """Whether a comment in the bin was called spam: by a human's last word, else by the machine's."""
    said = dict(meta)
    if "akismet_user_result" in said:
        return said["akismet_user_result"] == "true"
    events = [event for key, value in meta if key == "akismet_history" for event in [_event(value)]]
    reports = [event for event in events if event in ("report-spam", "report-ham", "status-spam", "status-approved")]
    if reports:
        return reports[-1].endswith("spam")
    return said.get("akismet_result") == "true" or bool(said.get("antispam_bee_reason"))


def _event(serialised: str) -> str:
    try:
        return str(array(serialised).get("event", ""))
    except ValueError:
        return ""
