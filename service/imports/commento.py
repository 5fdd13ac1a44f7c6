"""Commento's export: one JSON object with all comments, and after them all commenters, so it is read twice.

(`api/domain_export.go` of Commento; Remark42 reads the same. Comentario's version 1 has `host`, `path` and `websiteUrl` where
Commento has `domain`, `url` and `link`.) Commenters are remembered by their id while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from service.imports.jsonstream import members, records
from service.imports.reading import Export, UnreadableExport
from service.imports.record import Fate, Left, Record, moment, name, text

_FATES = {"approved": Fate.APPROVED, "unapproved": Fate.HELD, "flagged": Fate.SPAM}
_NO_PARENT = ("", "root", "0" * 64)
_MAX_FIELD = 300  # characters that are remembered of a commenter's name, address or website


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    commenters: dict[str, tuple[str, ...]] = {}
    for key, one in members(export.texts()):
        if key == "version" and one != 1:
            raise UnreadableExport(
                "This is another version of Commento's format than 1, which is the one that is read."
            )
        if key == "commenters" and isinstance(one, dict):
            fields = (
                text(one.get("name")),
                text(one.get("email")),
                text(one.get("link")) or text(one.get("websiteUrl")),
            )
            commenters[text(one.get("commenterHex"))] = tuple(field[:_MAX_FIELD] for field in fields)
    comments = (one for key, one in members(export.texts()) if key == "comments")
    yield from records("comment", enumerate(comments, 1), partial(_record, commenters))


def _record(commenters: dict[str, tuple[str, ...]], place: str, value: dict[str, Any]) -> Record | Left:
    content = text(value.get("markdown")) or text(value.get("html"))
    deleted = value.get("deleted") is True
    if not content.strip() or not text(value.get("commentHex")):
        return Left(place, "a deleted comment, of which no text is left" if deleted else "a comment without text or id")
    fate = _FATES.get(text(value.get("state")))
    if fate is None:
        return Left(place, "a comment in a state that Commento does not have")
    author, email, link = commenters.get(text(value.get("commenterHex")), ("", "", ""))
    domain = text(value.get("domain")) or text(value.get("host"))
    path = text(value.get("path")) or text(value.get("url"))
    parent = text(value.get("parentHex"))
    return Record(
        place=place,
        platform_id=name("commento", text(value.get("commentHex"))),
        content=content,
        fate=Fate.REMOVED if deleted and fate is not Fate.SPAM else fate,
        page_url=f"https://{domain}{path}" if domain and path.startswith("/") else path,
        name=author,
        email=email,
        url=link if link != "undefined" else "",
        parent_id=name("commento", parent) if parent not in _NO_PARENT else "",
        created_at=moment(text(value.get("creationDate"))),
    )
