"""Cusdis: its webhook for new comments. It carries no signature, so a key of the site is part of the address.

A comment waits at Cusdis until somebody approves it, and the hook brings a link that does so (`approve_link`, good for three
days). So decisions have a way back: what is approved here, by the policy or a moderator, is approved there by that link.
"""

from __future__ import annotations

import base64
import binascii
import re

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.delivery import ReturnAddress
from service.core.submission import RawComment, page_address
from service.core.text.rendering import is_blank
from service.core.web_address import is_web_address
from service.web.context import CONTEXT
from service.web.hooks.platform import decode, digest, document, read_keyed, receive, told

_LINK = re.compile(r"(https?://[^\s?#]*)/open/approve\?token=([\w.=-]{1,3900})\Z", re.ASCII)
_ID = re.compile(r"[\w-]{1,100}\Z", re.ASCII)


class _Comment(Struct, frozen=True):
    by_nickname: str | None = None
    by_email: str | None = None
    content: str = ""
    page_id: str = ""
    page_title: str | None = None
    approve_link: str = ""


class _Event(Struct, frozen=True):
    type: str = ""
    data: _Comment | None = None


class _Claims(Struct, frozen=True):
    commentId: str = ""


_event = msgspec.json.Decoder(_Event)
_claims = msgspec.json.Decoder(_Claims)


async def hook(request: web.Request) -> web.Response:
    """Hear of a comment."""
    context = request.app[CONTEXT]
    site, body = await read_keyed(request)
    event = decode(_event, body)
    comment = event.data
    if event.type != "new_comment" or comment is None or is_blank(comment.content):
        return document({})
    found = _LINK.match(comment.approve_link)
    name, email = comment.by_nickname or "", comment.by_email or ""
    number = _comment_id(found.group(2)) if found else ""
    who = context.identity.digest("a", email.strip().lower()) if email else ""
    raw = RawComment(
        platform_id=f"cusdis:{number or digest(comment.page_id, name, who, comment.content, own=(email,))}",
        content=comment.content,
        page_url=page_address(site.url, comment.page_id),
        page_title=comment.page_title or "",
        name=name,
        email=email,
        channel="cusdis",
    )
    arrival = await receive(request, site, raw)
    if found and is_web_address(found.group(1)):
        address = ReturnAddress(f"{found.group(1)}/api/open/approve?token={found.group(2)}", "", kind="cusdis")
        await context.services.feedback.promise_approval(site, arrival.taken.comment, address)
    return told(arrival)


def _comment_id(token: str) -> str:
    """Cusdis's id of the comment, as the link's token (a JWT) says it; "" when it says none. Nothing is trusted to it."""
    try:
        body = token.split(".")[1]
        said = _claims.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))).commentId
    except (IndexError, ValueError, binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return said if _ID.match(said) else ""
