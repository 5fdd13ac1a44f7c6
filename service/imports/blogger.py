"""Blogger's backup (Atom): the file of "Back up content", and `feed.atom` of Google's Takeout. Read twice: posts, then comments.

Both are one feed in which posts, pages and comments stand beside one another; a comment names its post. The newer one says
the state of a comment (`blogger:status`), the older one holds what was published, and nothing on who approved it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from service.imports.dates import moment
from service.imports.readers import Export
from service.imports.record import Fate, Left, Record, own, quoted, without_text
from service.imports.xml_stream import Elements, walk

_MAX_POSTS = 500_000  # posts that are remembered by their id
_MAX_LINK = 2_000  # characters of a post's address or title that are remembered
_NUMBER = re.compile(r"(?:post|comment|page)-(\d+)\Z")
_ANSWERED = re.compile(r"/comments/default/(\d+)")
_STATES = {
    "": Fate.SHOWN, "LIVE": Fate.APPROVED, "PUBLISHED": Fate.APPROVED, "PENDING": Fate.HELD, "PENDING_MODERATION": Fate.HELD,
    "AWAITING_MODERATION": Fate.HELD, "GHOSTED": Fate.HELD, "SPAM": Fate.SPAM, "REJECTED": Fate.REMOVED,
    "SOFT_TRASHED": Fate.REMOVED, "TRASHED": Fate.REMOVED, "DELETED": Fate.REMOVED, "REMOVED": Fate.REMOVED,
    "EMPTIED": Fate.REMOVED,
}  # fmt: skip
Posts = dict[str, tuple[str, str]]


def read(export: Export) -> Iterator[Record | Left]:
    """The comments of a feed."""
    posts: Posts = {}
    for _ in walk(export, _Feed(posts, comments=False)):
        pass
    export.begin_again()
    return walk(export, _Feed(posts, comments=True))


class _Feed(Elements):
    roots: ClassVar[Mapping[str, tuple[str, ...]]] = {"entry": ("feed",)}

    def __init__(self, posts: Posts, *, comments: bool) -> None:
        super().__init__()
        self._posts = posts
        self._comments = comments
        self._entry: dict[str, str] | None = None
        self._began = ""

    def begin_again(self) -> None:
        """What was half read is gone."""
        super().begin_again()
        self._entry = None

    def opened(self, name: str, attributes: Any) -> None:
        """An entry begins, or an element that says all it has to say by its attributes."""
        if name == "entry":
            self._entry, self._began = {}, self.place
            return
        entry = self._entry
        if entry is None:
            return
        if name == "category" and attributes.get("scheme", "").endswith("#kind"):
            entry["kind"] = attributes.get("term", "").rpartition("#")[2].upper()
        elif name == "thr:in-reply-to":
            entry["post"], entry["href"] = attributes.get("ref", ""), attributes.get("href", "")
        elif name == "link":
            entry[f"link.{attributes.get('rel', '')}"] = attributes.get("href", "")
        elif name == "gd:extendedProperty" and attributes.get("name") == "blogger.contentRemoved":
            entry["gone"] = attributes.get("value", "")

    def closed(self, name: str, text: str) -> None:
        """A field of an entry, or a whole one."""
        entry = self._entry
        if entry is None:
            return
        if name == "entry":
            self._entry = None
            kind = entry.get("blogger:type", "") or entry.get("kind", "")
            if kind.upper() == "COMMENT":
                if self._comments:
                    self.found.append(self._record(entry))
            elif not self._comments and len(self._posts) < _MAX_POSTS:
                page = entry.get("link.alternate", "") or entry.get("blogger:filename", "")
                self._posts[entry.get("id", "")] = page[:_MAX_LINK], entry.get("title", "")[:_MAX_LINK]
        elif self.path[-1:] == ["entry"]:
            entry[name] = text if name == "content" else text.strip()
        elif self.path[-1:] == ["author"]:
            entry[f"author.{name}"] = text.strip()

    def _record(self, entry: Mapping[str, str]) -> Record | Left:
        content = entry.get("content", "")
        if not content.strip() or entry.get("gone", "") == "true":
            return without_text(self._began, deleted=bool(entry.get("gone")))
        status = entry.get("blogger:status", "")
        fate = _STATES.get(status.upper())
        if fate is None:
            return Left(self._began, "a comment in a state that is not known", quoted(status))
        post = entry.get("blogger:parent", "") or entry.get("post", "")
        link, title = self._posts.get(post, (entry.get("href", ""), ""))
        email, created = entry.get("author.email", ""), entry.get("published", "") or entry.get("blogger:created", "")
        trashed = entry.get("blogger:trashed", "").lower() not in ("", "false", "0")
        answered = _ANSWERED.search(entry.get("link.related", ""))
        parent = answered.group(1) if answered else _number(entry.get("blogger:inReplyTo", ""))
        return Record(
            place=self._began,
            platform_id=own("blogger", _number(entry.get("id", "")), created, content),
            content=content,
            fate=Fate.REMOVED if trashed and fate is not Fate.SPAM else fate,
            page_url=link,
            page_title=title,
            name=entry.get("author.name", ""),
            email="" if email == "noreply@blogger.com" else email,
            url=entry.get("author.uri", ""),
            parent_id=own("blogger", parent) if parent else "",
            created_at=moment(created),
            said_at=created,
        )


def _number(tag: str) -> str:
    """The number at the end of one of Blogger's ids, or the id as it is."""
    found = _NUMBER.search(tag.strip())
    return found.group(1) if found else tag.strip()
