"""Commento's export: one JSON object with all comments, and after them all commenters, so it is read twice.

(`api/domain_export.go` of Commento; Remark42 reads the same.) Commenters are remembered by their id while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.imports.jsonstream import Cursor
from service.imports.reading import Export, UnreadableExport
from service.imports.record import Fate, Left, Record, moment, name, text

_FATES = {"approved": Fate.APPROVED, "unapproved": Fate.HELD, "flagged": Fate.SPAM}
_FIELDS = ("name", "email", "link")
_MAX_FIELD = 300  # characters that are remembered of a commenter's name, address or website


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    commenters: dict[str, tuple[str, ...]] = {}
    for one in _array(export, "commenters"):
        if isinstance(one, dict):
            commenters[text(one.get("commenterHex"))] = tuple(text(one.get(field))[:_MAX_FIELD] for field in _FIELDS)
    for number, one in enumerate(_array(export, "comments"), 1):
        if isinstance(one, Left):
            yield one
        elif isinstance(one, dict):
            yield _record(f"comment {number}", one, commenters)
        else:
            yield Left(f"comment {number}", "not a comment")


def _array(export: Export, wanted: str) -> Iterator[Any]:
    """The elements of one of the export's arrays."""
    cursor = Cursor(export.texts())
    for key in cursor.members():
        if cursor.peek() == "[":
            for _, element in cursor.elements():
                if key == wanted:
                    yield element
        elif cursor.value() != 1 and key == "version":
            raise UnreadableExport(
                "This is another version of Commento's format than 1, which is the one that is read."
            )


def _record(place: str, value: dict[str, Any], commenters: dict[str, tuple[str, ...]]) -> Record | Left:
    content = text(value.get("markdown")) or text(value.get("html"))
    deleted = value.get("deleted") is True
    if not content.strip() or not text(value.get("commentHex")):
        return Left(place, "a deleted comment, of which no text is left" if deleted else "a comment without text or id")
    fate = _FATES.get(text(value.get("state")))
    if fate is None:
        return Left(place, "a comment in a state that Commento does not have")
    author, email, link = commenters.get(text(value.get("commenterHex")), ("", "", ""))
    domain, path, parent = text(value.get("domain")), text(value.get("url")), text(value.get("parentHex"))
    return Record(
        place=place,
        platform_id=name("commento", text(value.get("commentHex"))),
        content=content,
        fate=Fate.REMOVED if deleted and fate is not Fate.SPAM else fate,
        page_url=f"https://{domain}{path}" if domain and path.startswith("/") else path,
        name=author,
        email=email,
        url=link if link != "undefined" else "",
        parent_id=name("commento", parent) if parent not in ("", "root") else "",
        created_at=moment(text(value.get("creationDate"))),
    )
