"""Remark42: its admin notification by webhook, after publication. A key of the site comes in a header that the operator sets.

What arrives is what the operator's template makes of a comment. The one that we recommend writes a form, since Remark42's
default template makes JSON that breaks at the first quotation mark; even that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from service.core.errors import MalformedRequest
from service.core.submission import RawComment
from service.core.text.rendering import is_blank
from service.web.hooks.platform import digest, nothing_to_do, read_keyed, receive, told
from service.web.requests import parse_form, whole_json

_FIELDS = ("id", "parent", "user", "url", "text")
_DEFAULT_TEMPLATE = re.compile(r'\s*\{\s*"text"\s*:\s*"(.*)"\s*\}\s*\Z', re.DOTALL)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#~+=-]{0,199}\Z")


async def hook(request: web.Request) -> web.Response:
    """Hear of a comment."""
    site, body = await read_keyed(request)
    said = read(body)
    if is_blank(said["text"]):
        return nothing_to_do()
    made = digest(said["url"], said["user"], said["text"])
    raw = RawComment(
        platform_id=said["id"] if _ID.match(said["id"]) else f"remark-{made}",
        content=said["text"],
        page_url=said["url"],
        name=said["user"],
        parent_id=said["parent"] if _ID.match(said["parent"]) else "",
        channel="remark42",
    )
    return told(await receive(request, site, raw))


def read(body: bytes) -> dict[str, str]:
    """The fields of a form, of JSON, or of what the default template makes. Raises MalformedRequest."""
    text = body.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")
    if not text.lstrip().startswith("{"):
        return _fields(parse_form(body))
    try:
        value: Any = msgspec.json.decode(whole_json(text.encode()))
    except (msgspec.DecodeError, RecursionError):
        broken = _DEFAULT_TEMPLATE.match(text)
        if broken is None:
            raise MalformedRequest("The body is neither a form nor JSON; see docs/platforms.md.") from None
        return _fields({"text": broken.group(1)})
    return _fields(value if isinstance(value, Mapping) else {})


def _fields(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value := given.get(name), str) else "" for name in _FIELDS}
