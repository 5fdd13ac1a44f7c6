"""Artalk: its administrators' notification by webhook. It carries no signature, so a key of the site is part of the address.

It says an e-mail address as a plain digest, which tells the address to whoever tries a list of them: that is not looked at. Its
time names no zone and is not looked at either; the hook comes at once.
"""

from __future__ import annotations

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.submission import RawComment, page_address
from service.core.text.rendering import is_blank
from service.web.hooks.platform import decode, document, read_keyed, receive, told


class _Comment(Struct, frozen=True):
    id: int = 0
    content: str = ""
    nick: str = ""
    link: str = ""
    ua: str = ""
    rid: int = 0  # of the comment that it answers
    page_key: str = ""
    page_url: str = ""


class _Notice(Struct, frozen=True):
    comment: _Comment | None = None
    parent_comment: _Comment | None = None


_notice = msgspec.json.Decoder(_Notice)


async def hook(request: web.Request) -> web.Response:
    """Hear of a comment."""
    site, body = await read_keyed(request)
    notice = decode(_notice, body)
    comment, parent = notice.comment, notice.parent_comment
    if comment is None or comment.id <= 0 or is_blank(comment.content):
        return document({})
    raw = RawComment(
        platform_id=f"artalk:{comment.id}",  # as an import of Artalk's has it
        content=comment.content,
        page_url=page_address(site.url, comment.page_url or comment.page_key),
        name=comment.nick,
        url=comment.link,
        user_agent=comment.ua,
        parent_id=f"artalk:{comment.rid}" if comment.rid > 0 else "",
        parent_text=parent.content if parent is not None else "",
        channel="artalk",
    )
    return told(await receive(request, site, raw))
