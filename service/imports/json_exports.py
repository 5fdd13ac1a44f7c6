"""Exports that are JSON: Artalk's, Comentario's, Commento's and Remark42's, each by one function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urljoin

from service.imports.dates import moment
from service.imports.fates import UnknownWord, is_yes, weighed
from service.imports.json_lines import json_lines
from service.imports.json_stream import Cursor, Damaged, members, records
from service.imports.readers import Export, UnreadableExport
from service.imports.record import Fate, Left, Record, name, own, quoted, text, without_text


def artalk(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    yield from records("record", Cursor(export.texts()).elements(), _artalk_record)


def _artalk_record(place: str, value: dict[str, Any]) -> Record | Left:
    said = {key: text(item) for key, item in value.items()}
    if not said.get("content", "").strip():
        return Left(place, "a comment without text")
    parent, site = said.get("rid", ""), said.get("site_urls", "").split(",")[0].strip()
    found = Record(
        place=place,
        platform_id=own("artalk", said.get("id", ""), said.get("created_at", ""), said["content"]),
        content=said["content"],
        fate=Fate.APPROVED,
        page_url=_joined(site, said.get("page_key", "")),
        page_title=said.get("page_title", ""),
        name=said.get("nick", ""),
        email=said.get("email", ""),
        url=said.get("link", ""),
        ip=said.get("ip", ""),
        user_agent=said.get("ua", ""),
        parent_id=name("artalk", parent) if parent not in ("", "0") else "",
        created_at=moment(said.get("created_at", "")),
        said_at=said.get("created_at", ""),
    )
    return weighed(found, value)


def _joined(site: str, page: str) -> str:
    try:
        return urljoin(site, page)
    except ValueError:
        return ""


# Comentario's export, version 3: one JSON object with pages, comments, and after them commenters, so it is read twice.
#
# (`internal/svc/impex_comentario.go` and `resources/swagger/swagger.yml` of Comentario; its version 1 is Commento's, which is
# read there.) Pages and commenters are remembered by their ids while it is read.


_ABOUT = {"pages": ("path", "title"), "commenters": ("name", "email", "websiteUrl")}
_NO_FIELDS = ("", "", "")
_MAX_FIELD = 300  # characters that are remembered of a page's or a commenter's field
Known = Mapping[str, tuple[str, ...]]


def comentario(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    known: dict[str, dict[str, tuple[str, ...]]] = {key: {} for key in _ABOUT}
    for key, one in _looked_through(export):
        if key == "version" and one != 3:
            raise UnreadableExport(
                "This is another version of Comentario's format than 3, which is the one that is read."
            )
        if key in known and isinstance(one, dict):
            known[key][text(one.get("id"))] = tuple(text(one.get(field))[:_MAX_FIELD] for field in _ABOUT[key])
    comments = (one for key, one in members(export.texts()) if key == "comments")
    yield from records(
        "comment", enumerate(comments, 1), partial(_comentario_record, known["pages"], known["commenters"])
    )


def _looked_through(export: Export) -> Iterator[tuple[str, Any]]:
    """What stands there before it is read; where the text ends too early, what came before that. Reading it says so."""
    with suppress(Damaged):
        yield from members(export.texts())
    export.begin_again()


def _comentario_record(pages: Known, commenters: Known, place: str, value: dict[str, Any]) -> Record | Left:
    content = text(value.get("markdown")) or text(value.get("html"))
    if not content.strip():
        deleted = value.get("isDeleted") not in (None, False)
        return without_text(place, deleted=deleted)
    try:
        fate = _comentario_fate(value)
    except UnknownWord as unknown:
        return Left(place, unknown.why, quoted(unknown.word))
    author, email, website = commenters.get(text(value.get("userCreated")), _NO_FIELDS)
    path, title, *_ = pages.get(text(value.get("pageId")), _NO_FIELDS)
    parent = text(value.get("parentId"))
    found = Record(
        place=place,
        platform_id=own("comentario", text(value.get("id")), text(value.get("createdTime")), content),
        content=content,
        fate=fate,
        page_url=path,
        page_title=title,
        name=author or text(value.get("authorName"))[:_MAX_FIELD],
        email=email,
        url=website,
        parent_id=name("comentario", parent) if parent else "",
        created_at=moment(text(value.get("createdTime"))),
        said_at=text(value.get("createdTime")),
    )
    return weighed(found, {key: item for key, item in value.items() if key not in ("isApproved", "isPending")})


def _comentario_fate(value: Mapping[str, Any]) -> Fate:
    """What became of it. Who moderated a comment that was approved at once is its author. Raises UnknownWord."""
    if is_yes(value.get("isPending")):
        return Fate.HELD
    if not is_yes(value.get("isApproved")):
        return Fate.REMOVED
    return Fate.APPROVED if text(value.get("userModerated")) not in ("", text(value.get("userCreated"))) else Fate.SHOWN


# Commento's export: one JSON object with all comments, and after them all commenters, so it is read twice.
#
# (`api/domain_export.go` of Commento; Remark42 reads the same. Comentario's version 1 has `host`, `path` and `websiteUrl` where
# Commento has `domain`, `url` and `link`.) Commenters are remembered by their id while it is read.


_FATES = {"approved": Fate.APPROVED, "unapproved": Fate.HELD, "flagged": Fate.SPAM}
_NO_PARENT = ("", "root", "0" * 64)
_MAX_FIELD = 300  # characters that are remembered of a commenter's name, address or website


def commento(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    commenters: dict[str, tuple[str, ...]] = {}
    for key, one in _looked_through(export):
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
    yield from records("comment", enumerate(comments, 1), partial(_commento_record, commenters))


def _commento_record(commenters: dict[str, tuple[str, ...]], place: str, value: dict[str, Any]) -> Record | Left:
    content = text(value.get("markdown")) or text(value.get("html"))
    deleted = value.get("deleted") not in (None, False)
    if not content.strip():
        return without_text(place, deleted=deleted)
    state = text(value.get("state"))
    fate = _FATES.get(state.lower()) if state else Fate.SHOWN
    if fate is None:
        return Left(place, "a comment in a state that Commento does not have", quoted(state))
    author, email, link = commenters.get(text(value.get("commenterHex")), ("", "", ""))
    domain = text(value.get("domain")) or text(value.get("host"))
    path = text(value.get("path")) or text(value.get("url"))
    parent = text(value.get("parentHex"))
    found = Record(
        place=place,
        platform_id=own("commento", text(value.get("commentHex")), text(value.get("creationDate")), content),
        content=content,
        fate=fate,
        page_url=f"https://{domain}{path}" if domain and path.startswith("/") else path,
        name=author,
        email=email,
        url=link if link != "undefined" else "",
        parent_id=name("commento", parent) if parent not in _NO_PARENT else "",
        created_at=moment(text(value.get("creationDate"))),
        said_at=text(value.get("creationDate")),
    )
    return weighed(found, value)


# Remark42's backup: a line about users and pages, then one comment a line (`backend/app/migrator/native.go`).
#
# `orig` is what the author typed, `text` is made of it. Nothing says who was approved: what is not deleted is shown.


def remark42(export: Export) -> Iterator[Record | Left]:
    """The comments of a backup."""
    for place, value in json_lines(export):
        if isinstance(value, Left):
            yield value
        elif isinstance(value, dict) and "locator" in value:
            yield _remark42_record(place, value)
        elif not isinstance(value, dict) or "users" not in value:
            yield Left(place, "not a comment, or longer than any")


def _remark42_record(place: str, value: dict[str, Any]) -> Record | Left:
    user, locator = _object(value, "user"), _object(value, "locator")
    content = text(value.get("orig")) or text(value.get("text"))
    try:
        deleted = is_yes(value.get("delete"))
    except UnknownWord as unknown:
        return Left(place, unknown.why, quoted(unknown.word))
    if not content.strip():
        return without_text(place, deleted=deleted)
    parent = text(value.get("pid"))
    found = Record(
        place=place,
        platform_id=own("", text(value.get("id")), text(value.get("time")), content),
        content=content,
        fate=Fate.REMOVED if deleted else Fate.APPROVED,
        page_url=text(locator.get("url")),
        page_title=text(value.get("title")),
        name=text(user.get("name")),
        parent_id=name(parent) if parent else "",
        created_at=moment(text(value.get("time"))),
        said_at=text(value.get("time")),
    )
    return weighed(found, value)


def _object(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
