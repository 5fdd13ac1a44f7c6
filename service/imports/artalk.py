"""Artalk's exchange format, Artrans: a JSON array of comments whose fields are all strings (`internal/artransfer`)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

from service.imports.jsonstream import Cursor
from service.imports.reading import Export
from service.imports.record import Fate, Left, Record, moment, name, text


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    for number, value in Cursor(export.texts()).elements():
        if isinstance(value, Left):
            yield value
        elif isinstance(value, dict):
            yield _record(f"record {number}", {key: text(item) for key, item in value.items()})
        else:
            yield Left(f"record {number}", "not a comment")


def _record(place: str, said: dict[str, str]) -> Record | Left:
    if not said.get("content", "").strip() or not said.get("id"):
        return Left(place, "a comment without text or id")
    parent, site = said.get("rid", ""), said.get("site_urls", "").split(",")[0].strip()
    return Record(
        place=place,
        platform_id=name("artalk", said["id"]),
        content=said["content"],
        fate=Fate.HELD if said.get("is_pending", "").lower() in ("true", "1") else Fate.APPROVED,
        page_url=_joined(site, said.get("page_key", "")),
        page_title=said.get("page_title", ""),
        name=said.get("nick", ""),
        email=said.get("email", ""),
        url=said.get("link", ""),
        ip=said.get("ip", ""),
        user_agent=said.get("ua", ""),
        parent_id=name("artalk", parent) if parent not in ("", "0") else "",
        created_at=moment(said.get("created_at", "")),
    )


def _joined(site: str, page: str) -> str:
    try:
        return urljoin(site, page)
    except ValueError:
        return ""
