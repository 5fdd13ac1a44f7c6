"""Waline: its WEBHOOK, which carries no signature, so a key of the site is part of the address.

Waline waits for the answer before it answers its visitor, and reads it as JSON: so it comes at once, and always is JSON.
"""

from __future__ import annotations

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.submission import RawComment, page_address
from service.core.text.rendering import is_blank
from service.web.hooks.platform import decode, document, read_keyed, receive, told
from service.web.requests import milliseconds


class _Comment(Struct, frozen=True):
    objectId: str | int = ""
    comment: str = ""
    rawComment: str | None = None
    nick: str | None = None
    mail: str | None = None
    link: str | None = None
    url: str | None = None
    ua: str | None = None
    ip: str | None = None
    pid: str | int | None = None
    user_id: str | int | None = None  # who is signed in
    insertedAt: str | None = None


class _Data(Struct, frozen=True):
    comment: _Comment | None = None


class _Event(Struct, frozen=True):
    type: str = ""
    data: _Data = _Data()


_event = msgspec.json.Decoder(_Event)


async def hook(request: web.Request) -> web.Response:
    """Hear of a comment."""
    site, body = await read_keyed(request)
    event = decode(_event, body)
    comment = event.data.comment
    content = (comment.rawComment or comment.comment) if comment is not None else ""
    if event.type != "new_comment" or comment is None or is_blank(content) or comment.objectId == "":
        return document({})
    raw = RawComment(
        platform_id=str(comment.objectId),
        content=content,
        page_url=page_address(site.url, comment.url or ""),
        name=comment.nick or "",
        email=comment.mail or "",
        url=comment.link or "",
        ip=comment.ip or "",
        user_agent=comment.ua or "",
        parent_id="" if comment.pid is None else str(comment.pid),
        created_at=milliseconds(comment.insertedAt),
        channel="waline",
        vouched=comment.user_id not in (None, "", 0),
    )
    return told(await receive(request, site, raw))
