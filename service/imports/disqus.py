"""Disqus's export: all threads, then all posts, which name their thread. Spam is marked, and so a lesson for free.

Remark42 and Isso read the same format; Disqus's schema is at disqus.com/api/schemas/1.0/disqus.xsd. Newer exports leave
out e-mail and IP addresses; `<id>` may be empty, and single posts lack `dsq:id`.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from service.imports.dates import moment
from service.imports.fates import weighed
from service.imports.readers import Export
from service.imports.record import Fate, Left, Record, made, name, without_text
from service.imports.xml_stream import Elements, walk

_MAX_THREADS = 2_000_000  # pages that are remembered by their number; comments on others are brought without their page
_MAX_LINK = 2_000  # characters that are remembered of a page's address or title


def read(export: Export) -> Iterator[Record | Left]:
    """The posts of an export."""
    return walk(export, _Disqus())


class _Disqus(Elements):
    roots: ClassVar[Mapping[str, tuple[str, ...]]] = {"thread": ("disqus",), "post": ("disqus",)}

    def __init__(self) -> None:
        super().__init__()
        self._threads: dict[str, tuple[str, str]] = {}
        self._inside = ""  # "thread", "post" or ""
        self._field: dict[str, str] = {}
        self._began = ""

    def begin_again(self) -> None:
        """What was half read is gone."""
        super().begin_again()
        self._inside = ""

    def opened(self, name: str, attributes: Any) -> None:
        """A thread or post begins, or a post names its thread or parent."""
        if not self._inside and name in self.roots:
            self._inside, self._began = name, self.place
            self._field = {"dsq:id": attributes.get("dsq:id", "")}
        elif self._inside and name in ("thread", "parent"):
            self._field[name] = attributes.get("dsq:id", "")

    def closed(self, name: str, text: str) -> None:
        """A field, or a whole thread or post."""
        if name == self._inside and len(self.path) == 1:
            self._inside = ""
            if name == "post":
                self.found.append(self._record(self._field))
            elif len(self._threads) < _MAX_THREADS:
                page = self._field.get("link", ""), self._field.get("title", "")
                self._threads[self._field["dsq:id"]] = page[0][:_MAX_LINK], page[1][:_MAX_LINK]
        elif self._inside and text and name not in ("thread", "parent"):
            author = self.path[-1:] == ["author"]
            self._field[f"author.{name}" if author else name] = text.strip()

    def _record(self, field: dict[str, str]) -> Record | Left:
        content = field.get("message", "")
        if not content:
            deleted = field.get("isDeleted") in ("true", "1")
            return without_text(self._began, deleted=deleted)
        link, title = self._threads.get(field.get("thread", ""), ("", ""))
        own = field["dsq:id"] or field.get("id", "")
        found = Record(
            place=self._began,
            platform_id=name("disqus", own)
            if own
            else made(field.get("thread", ""), field.get("createdAt", ""), content),
            content=content,
            fate=Fate.APPROVED,
            page_url=html.unescape(link),
            page_title=html.unescape(title),
            name=field.get("author.name", ""),
            email=field.get("author.email", ""),
            ip=field.get("ipAddress", ""),
            parent_id=name("disqus", field["parent"]) if field.get("parent") else "",
            created_at=moment(field.get("createdAt", "")),
            said_at=field.get("createdAt", ""),
        )
        return weighed(found, field)
