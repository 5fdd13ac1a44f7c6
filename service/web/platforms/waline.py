"""Waline: its WEBHOOK, which carries no signature, so a key of the site is part of the address.

Waline waits for the answer before it answers its visitor, and reads it as JSON: so it comes at once, and always is JSON.
"""

from __future__ import annotations

import msgspec
from aiohttp import web
from msgspec import Struct

from service.web.bodies import read_body
from service.web.leniency import page_address, submission
from service.web.parts import PARTS
from service.web.platforms.callers import check_key, named_site
from service.web.platforms.taking import decode, document, milliseconds, take, told


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
    insertedAt: str | None = None


class _Data(Struct, frozen=True):
    comment: _Comment | None = None


class _Event(Struct, frozen=True):
    type: str = ""
    data: _Data = _Data()


_event = msgspec.json.Decoder(_Event)


async def hook(request: web.Request) -> web.Response:
    """Hear of a comment."""
    parts = request.app[PARTS]
    known = await named_site(request)
    await check_key(request, known)
    event = decode(_event, await read_body(request, parts.settings.max_body, None))
    comment = event.data.comment
    content = (comment.rawComment or comment.comment) if comment is not None else ""
    if event.type != "new_comment" or comment is None or not content.strip() or comment.objectId == "":
        return document({})
    taken = submission(
        parts,
        known.site,
        platform_id=str(comment.objectId),
        content=content,
        page_url=page_address(known.site, comment.url or ""),
        name=comment.nick or "",
        email=comment.mail or "",
        url=comment.link or "",
        ip=comment.ip or "",
        user_agent=comment.ua or "",
        parent_id="" if comment.pid is None else str(comment.pid),
        created_at=milliseconds(comment.insertedAt),
        channel="waline",
    )
    return told(await take(request, known.site, taken, ip=comment.ip or ""))
