"""Movable Type's export, which TypePad and many Japanese blog hosts write too: text in sections between rows of dashes.

(movabletype.org/documentation/appendices/import-export-format.html.) An entry ends in eight dashes, its parts in five. Comments
and pings have fields first, then their text. It holds what is published, and nothing on who approved it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.imports.columns import DECIDING, field_of
from service.imports.dates import Dates
from service.imports.fates import weighed
from service.imports.readers import Export
from service.imports.record import NO_TEXT, Fate, Left, Record, made

_PART, _ENTRY = "-----", "--------"
_FIELD = re.compile(r"([A-Z][A-Z ]{1,30}):(?: (.*)|\s*)\Z")
_SECTIONS = ("COMMENT", "PING", "BODY", "EXTENDED BODY", "EXCERPT", "KEYWORDS")
_OF_COMMENT = frozenset({
    "AUTHOR", "EMAIL", "URL", "IP", "DATE", "TITLE", "BLOG NAME", "COMMENT ID", "PARENT", "SECRET", "PASSWORD", "PASS",
})  # fmt: skip
_MAX_LINES = 100_000  # of one comment


def looks_like(text: str) -> bool:
    """Whether a text begins as such an export does."""
    first = _FIELD.match(text.lstrip("\ufeff \r\n-").split("\n", 1)[0].strip())
    return first is not None and re.search(r"^-----\s*$", text, re.MULTILINE) is not None


class _Part:
    """A part of an entry: its fields, and below them its lines of text."""

    def __init__(self, kind: str, line: int) -> None:
        self.kind = kind
        self.place = f"line {line}"
        self.fields: dict[str, str] = {}
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """One more line."""
        found = _FIELD.match(line) if not self.lines else None
        if found and (self.kind == "" or found[1] in _OF_COMMENT or field_of(found[1]) in DECIDING):
            self.fields.setdefault(found[1], (found[2] or "").strip())
        elif (self.lines or line.strip()) and len(self.lines) < _MAX_LINES and self.kind in ("COMMENT", "PING"):
            self.lines.append(line)


def read(export: Export) -> Iterator[Record | Left]:
    """The comments and pings of all entries."""
    dates = Dates(export.dates, lambda: _dates(export), export.dates_told, otherwise="month-first")
    page: dict[str, str] = {}
    part = _Part("", 1)
    for number, raw in export.lines():
        line = (raw or "").rstrip("\r\n")
        if line.rstrip() in (_PART, _ENTRY):
            if part.kind == "":
                page = part.fields or page
            elif part.kind in ("COMMENT", "PING"):
                yield _record(part, page, dates)
            is_over = line.rstrip() == _ENTRY
            page = {} if is_over else page
            part = _Part("" if is_over else "between", number + 1)
        elif part.kind == "between":
            name = line.strip().removesuffix(":")
            part = _Part(name if name in _SECTIONS and line.strip().endswith(":") else "other", number)
        else:
            part.add(line)
    if part.kind or part.fields:
        export.broken = export.broken or "its last entry has no end"
        if part.kind in _SECTIONS:
            yield Left(part.place, "a part that is cut off")


def _dates(export: Export) -> Iterator[str]:
    """What the whole file says of times: the format's month comes first, but some hosts write their own country's dates."""
    done, broken = export.done, export.broken
    yield from (line.removeprefix("DATE:").strip() for _, line in export.lines() if line and line.startswith("DATE:"))
    export.done, export.broken = done, broken


def _record(part: _Part, page: dict[str, str], dates: Dates) -> Record | Left:
    content, said = "\n".join(part.lines).strip(), part.fields
    if not content:
        return Left(part.place, NO_TEXT)
    created, ping = said.get("DATE", ""), part.kind == "PING"
    author = (said.get("BLOG NAME", "") or said.get("TITLE", "")) if ping else said.get("AUTHOR", "")
    found = Record(
        place=part.place,
        platform_id=made(page.get("BASENAME", "") or page.get("TITLE", ""), created, author, content),
        content=content,
        fate=Fate.SHOWN,
        page_url=page.get("UNIQUE URL", "") or page.get("PERMALINK", "") or page.get("URL", ""),
        page_title=page.get("TITLE", ""),
        name=author,
        email=said.get("EMAIL", ""),
        url=said.get("URL", ""),
        ip=said.get("IP", ""),
        created_at=dates.moment(created),
        said_at=created,
        kind="trackback" if ping else "comment",
    )
    return weighed(found, said)
