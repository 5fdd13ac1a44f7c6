"""Remark42's backup: a line about users and pages, then one comment a line (`backend/app/migrator/native.go`).

`orig` is what the author typed, `text` is made of it. Nothing says who was approved: what is not deleted is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from service.imports.reading import Export
from service.imports.record import Fate, Left, Record, moment, name, text


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of a backup."""
    for number, line in export.lines():
        place = f"line {number}"
        try:
            value = json.loads(line) if line is not None and line.strip() else None
        except (ValueError, RecursionError):
            yield Left(place, "not JSON, or cut off")
            continue
        if isinstance(value, dict) and "locator" in value:
            yield _record(place, value)
        elif number > 1 and (line is None or line.strip()):
            yield Left(place, "not a comment, or longer than any")


def _record(place: str, value: dict[str, Any]) -> Record | Left:
    user, locator = _object(value, "user"), _object(value, "locator")
    content = text(value.get("orig")) or text(value.get("text"))
    if not content.strip() or not text(value.get("id")):
        deleted = value.get("delete") is True
        return Left(place, "a deleted comment, of which no text is left" if deleted else "a comment without text or id")
    parent = text(value.get("pid"))
    return Record(
        place=place,
        platform_id=name(text(value.get("id"))),
        content=content,
        fate=Fate.REMOVED if value.get("delete") is True else Fate.APPROVED,
        page_url=text(locator.get("url")),
        page_title=text(value.get("title")),
        name=text(user.get("name")),
        parent_id=name(parent) if parent else "",
        created_at=moment(text(value.get("time"))),
    )


def _object(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
