"""Comentario's export, version 3: one JSON object with pages, comments, and after them commenters, so it is read twice.

(`internal/svc/impex_comentario.go` and `resources/swagger/swagger.yml` of Comentario; its version 1 is Commento's, which is
read there.) Pages and commenters are remembered by their ids while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from service.imports.jsonstream import members, records
from service.imports.reading import Export, UnreadableExport
from service.imports.record import Fate, Left, Record, moment, name, text

_ABOUT = {"pages": ("path", "title"), "commenters": ("name", "email", "websiteUrl")}
_NOTHING = ("", "", "")
_MAX_FIELD = 300  # characters that are remembered of a page's or a commenter's field
Known = Mapping[str, tuple[str, ...]]


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    known: dict[str, dict[str, tuple[str, ...]]] = {key: {} for key in _ABOUT}
    for key, one in members(export.texts()):
        if key == "version" and one != 3:
            raise UnreadableExport(
                "This is another version of Comentario's format than 3, which is the one that is read."
            )
        if key in known and isinstance(one, dict):
            known[key][text(one.get("id"))] = tuple(text(one.get(field))[:_MAX_FIELD] for field in _ABOUT[key])
    comments = (one for key, one in members(export.texts()) if key == "comments")
    yield from records("comment", enumerate(comments, 1), partial(_record, known["pages"], known["commenters"]))


def _record(pages: Known, commenters: Known, place: str, value: dict[str, Any]) -> Record | Left:
    content = text(value.get("markdown")) or text(value.get("html"))
    if not content.strip() or not text(value.get("id")):
        deleted = value.get("isDeleted") is True
        return Left(place, "a deleted comment, of which no text is left" if deleted else "a comment without text or id")
    author, email, website = commenters.get(text(value.get("userCreated")), _NOTHING)
    path, title, *_ = pages.get(text(value.get("pageId")), _NOTHING)
    parent = text(value.get("parentId"))
    return Record(
        place=place,
        platform_id=name("comentario", text(value.get("id"))),
        content=content,
        fate=_fate(value),
        page_url=path,
        page_title=title,
        name=author or text(value.get("authorName"))[:_MAX_FIELD],
        email=email,
        url=website,
        parent_id=name("comentario", parent) if parent else "",
        created_at=moment(text(value.get("createdTime"))),
    )


def _fate(value: Mapping[str, Any]) -> Fate:
    """What became of it. Who moderated a comment that was approved at once is its author."""
    if value.get("isDeleted") is True:
        return Fate.REMOVED
    if value.get("isPending") is True:
        return Fate.HELD
    if value.get("isApproved") is not True:
        return Fate.REMOVED
    return Fate.APPROVED if text(value.get("userModerated")) not in ("", text(value.get("userCreated"))) else Fate.SHOWN
