"""Artalk's exchange format, Artrans: a JSON array of comments whose fields are all strings (`internal/artransfer`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from service.imports.jsonstream import Cursor, records
from service.imports.reading import Export
from service.imports.record import Fate, Left, Record, moment, name, text


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of an export."""
    yield from records("record", Cursor(export.texts()).elements(), _record)


def _record(place: str, value: dict[str, Any]) -> Record | Left:
    said = {key: text(item) for key, item in value.items()}
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
