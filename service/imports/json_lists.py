"""Exports that are lists of comments in JSON: LeanCloud's (Valine), Waline's, Twikoo's, Cusdis's, and WordPress's REST.

The services for static sites name their fields alike: `nick`, `mail`, `link` (the author's), `url` (the page's path), `ua`,
`pid`. Times come as text, as numbers, or wrapped by their database. Cusdis has no export of its own: what is read is what its
API answers, or its two tables as JSON.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.imports.dates import moment
from service.imports.fates import weighed
from service.imports.json_lines import json_lines
from service.imports.json_objects import single
from service.imports.json_search import comments
from service.imports.json_stream import LISTS, Cursor, Damaged, listed
from service.imports.json_stream import records as read_records
from service.imports.readers import Export, UnreadableExport
from service.imports.record import NO_OBJECT, NO_TEXT, Fate, Left, Record, own, quoted, text

_MAX_PAGES = 200_000  # pages of Cusdis that are remembered
_FRAGMENT = re.compile(r"(?:comment-page-\d+/?)?#.*\Z", re.DOTALL)


Reading = Callable[[str, dict[str, Any]], Record | Left]


def leancloud(export: Export) -> Iterator[Record | Left]:
    """The comments of a LeanCloud class, as Valine and Waline keep them. Raises UnreadableExport for another class."""
    head = next(iter(export.texts()), "").lstrip("\ufeff \r\n")
    export.begin_again()
    if not head.startswith("#filetype"):
        yield from _numbered(export, lambda place, value: _static(place, value, "leancloud"))
        return
    kind = re.search(r'"class"\s*:\s*"([^"]*)"', head.split("\n", 1)[0])
    if kind is not None and kind.group(1).lower() != "comment":
        raise UnreadableExport(
            f"This is LeanCloud's class {quoted(kind.group(1))}; the comments are in the class Comment."
        )
    yield from _a_line_each(export, lambda place, value: _static(place, value, "leancloud"))


def _a_line_each(export: Export, read: Reading) -> Iterator[Record | Left]:
    for place, value in json_lines(export):
        if isinstance(value, Left):
            yield value
        else:
            yield read(place, value) if isinstance(value, dict) else Left(place, "not a comment")


def waline(export: Export) -> Iterator[Record | Left]:
    """The comments of Waline's export; its users and counters are not looked at."""
    yield from _numbered(export, lambda place, value: _static(place, value, "waline"), frozenset({"comment"}))


def twikoo(export: Export) -> Iterator[Record | Left]:
    """The comments of Twikoo's export."""
    yield from _numbered(export, lambda place, value: _static(place, value, "twikoo"))


def _numbered(export: Export, read: Reading, names: frozenset[str] = LISTS) -> Iterator[Record | Left]:
    head = next(iter(export.texts()), "").lstrip("\ufeff \r\n")
    export.begin_again()
    if _is_comment(head.split("\n", 1)[0]):
        yield from _a_line_each(export, read)
        return
    if names == LISTS:
        for place, value in comments(Cursor(export.texts()), lambda _: None):
            yield (
                value
                if isinstance(value, Left)
                else read(place, value)
                if isinstance(value, dict)
                else Left(place, NO_OBJECT)
            )
        return
    yield from read_records("comment", listed(Cursor(export.texts()), names), read)


def _is_comment(line: str) -> bool:
    """Whether a line is one comment."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and (isinstance(value.get("comment"), str) or "author_name" in value)


def _static(place: str, value: Mapping[str, Any], system: str) -> Record | Left:
    """A comment of a service for static sites."""
    said = {key: text(single(item)) for key, item in value.items()}
    content = said.get("comment", "")
    if not content.strip():
        return Left(place, NO_TEXT)
    identity = said.get("_id") or said.get("objectId") or said.get("id", "")
    created = next((said[key] for key in ("insertedAt", "created", "createdAt") if said.get(key)), "")
    parent = said.get("pid", "")
    found = Record(
        place=place,
        platform_id=own(system, identity, created, content),
        content=content,
        fate=Fate.SHOWN,
        page_url=said.get("href", "") or said.get("url", ""),
        name=said.get("nick", ""),
        email=said.get("mail", ""),
        url=said.get("link", ""),
        ip=said.get("ip", ""),
        user_agent=said.get("ua", ""),
        parent_id=own(system, parent) if parent not in ("", "0") else "",
        created_at=moment(created),
        said_at=created,
    )
    return weighed(found, value)


def cusdis(export: Export) -> Iterator[Record | Left]:
    """The comments of a Cusdis project, answers included."""
    pages: dict[str, Mapping[str, Any]] = {}
    try:
        for _, one in listed(Cursor(export.texts()), frozenset({"pages", "page"})):
            if isinstance(one, dict) and "content" not in one and len(pages) < _MAX_PAGES:
                pages[text(one.get("id"))] = one
    except Damaged:
        pass  # the comments' own reading says so
    export.begin_again()
    for number, value in listed(Cursor(export.texts()), LISTS - {"replies"}):
        place = f"comment {number}"
        if isinstance(value, Left):
            yield value
        elif isinstance(value, dict):
            yield from _cusdis_thread(place, value, pages, 0)
        else:
            yield Left(place, "not a comment")


def _cusdis_thread(
    place: str, value: Mapping[str, Any], pages: Mapping[str, Mapping[str, Any]], depth: int
) -> Iterator[Record | Left]:
    yield _cusdis_record(place, value, pages)
    replies = value.get("replies")
    found = replies.get("data") if isinstance(replies, dict) else replies
    for reply in found if isinstance(found, list) and depth < 20 else ():
        if isinstance(reply, dict):
            told = {"parentId": value.get("id"), "pageId": value.get("pageId"), "page": value.get("page")}
            told = reply | {key: item for key, item in told.items() if not reply.get(key)}
            yield from _cusdis_thread(f"{place}, an answer", told, pages, depth + 1)


def _cusdis_record(place: str, value: Mapping[str, Any], pages: Mapping[str, Mapping[str, Any]]) -> Record | Left:
    def said(*keys: str) -> str:
        return next((found for key in keys if (found := text(single(value.get(key))))), "")

    content = said("content")
    if not content.strip():
        return Left(place, NO_TEXT)
    page = value.get("page")
    if not isinstance(page, dict):
        page = pages.get(said("pageId", "page_id"), {})
    created, parent = said("createdAt", "created_at"), said("parentId", "parent_id")
    found = Record(
        place=place,
        platform_id=own("cusdis", said("id"), created, content),
        content=content,
        fate=Fate.SHOWN,
        page_url=text(page.get("url")) or text(page.get("slug")),
        page_title=text(page.get("title")),
        name=said("by_nickname"),
        email=said("by_email"),
        parent_id=own("cusdis", parent) if parent else "",
        created_at=moment(created),
        said_at=created,
    )
    return weighed(found, value)


def wordpress_rest(export: Export) -> Iterator[Record | Left]:
    """The comments of `GET /wp/v2/comments`, of one page of it or of several behind one another."""
    yield from _numbered(export, _rest_record)


def _rest_record(place: str, value: Mapping[str, Any]) -> Record | Left:
    content = value.get("content")
    words = text(content.get("raw")) or text(content.get("rendered")) if isinstance(content, dict) else text(content)
    if not words.strip():
        return Left(place, NO_TEXT)
    parent, kind = text(value.get("parent")), text(value.get("type")).lower()
    dated = [text(value.get(key)) for key in ("date_gmt", "date")]
    created = next((date for date in dated if moment(date)), "")
    found = Record(
        place=place,
        platform_id=own("", text(value.get("id")), created, words),
        content=words,
        fate=Fate.SHOWN,
        page_url=_FRAGMENT.sub("", text(value.get("link"))),
        name=html.unescape(text(value.get("author_name"))),
        email=text(value.get("author_email")),
        url=text(value.get("author_url")),
        ip=text(value.get("author_ip")),
        user_agent=text(value.get("author_user_agent")),
        parent_id=own("", parent) if parent not in ("", "0") else "",
        created_at=moment(created),
        said_at=created,
        kind=kind if re.fullmatch(r"[a-z0-9_-]{1,32}", kind) else "comment",
    )
    return weighed(found, value)
