"""Webmention receivers: what webmention.io sends to the callback of a site, and what receivers of one's own may send likewise.

The receiver has verified that the source links to the target, and nothing else. So an author is known by the address of the
source: what its page says of its author may be anybody's address, and is kept only where it is on the same host.
"""

from __future__ import annotations

import hmac
import time
from contextlib import suppress

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.errors import Gone, Unauthenticated
from service.core.site import Known
from service.core.submission import RawComment
from service.core.text.rendering import is_blank
from service.core.web_address import is_web_address, same_host
from service.web.context import CONTEXT
from service.web.hooks.platform import (
    check_key,
    check_signature,
    decode,
    digest,
    named_site,
    nothing_to_do,
    receive,
    told,
)
from service.web.requests import milliseconds, read_body

_SIGNATURE = "X-Webmention-Signature"


class _Author(Struct, frozen=True):
    name: str | None = None
    url: str | None = None


class _Content(Struct, frozen=True):
    text: str | None = None
    html: str | None = None
    value: str | None = None


class _Post(Struct, frozen=True):
    author: _Author | None = None
    name: str | None = None
    content: _Content | str | None = None
    summary: _Content | str | None = None
    published: str | None = None


class _Mention(Struct, frozen=True):
    source: str = ""
    target: str = ""
    secret: str = ""
    private: bool = False
    deleted: bool = False
    post: _Post | None = None


_mention = msgspec.json.Decoder(_Mention)


async def hook(request: web.Request) -> web.Response:
    """Hear of a mention that was verified, changed, or is gone."""
    context = request.app[CONTEXT]
    known = await named_site(request)
    body = await read_body(request, context.settings.max_body)
    mention = await _authentic(request, known, body)
    if not is_web_address(mention.source) or mention.private:
        return nothing_to_do()
    moderation, platform_id = context.services.moderation, f"webmention:{digest(mention.source, mention.target)}"
    if mention.deleted:
        await moderation.withdraw(known.site, platform_id, int(time.time() * 1000))
        return nothing_to_do()
    post = mention.post or _Post()
    content = _words(post.content) or _words(post.summary) or post.name or ""
    if is_blank(content):  # a like, a repost: there is nothing to judge
        return nothing_to_do()
    await moderation.may_return(known.site, platform_id)
    author = post.author or _Author()
    raw = RawComment(
        platform_id=platform_id,
        content=content,
        page_url=mention.target,
        name=author.name or "",
        url=_own_address(author.url or "", mention.source),
        created_at=milliseconds(post.published),
        kind="webmention",
        channel="webmention",
    )
    with suppress(Gone):
        return told(await receive(request, known.site, raw))
    return nothing_to_do()  # erased here for good


async def _authentic(request: web.Request, known: Known, body: bytes) -> _Mention:
    """The mention, if it is signed with a secret of the site, says one, or comes with a key. Raises Unauthenticated."""
    secrets = [one for each in known.credentials for one in (each.webhook_secret, each.api_key)]
    if signature := request.headers.get(_SIGNATURE, ""):
        check_signature(signature, secrets, body)
        return decode(_mention, body)
    if "key" in request.query or "Authorization" in request.headers:
        await check_key(request, known)
        return decode(_mention, body)
    mention = decode(_mention, body)
    given = mention.secret.encode(errors="replace")
    matches = [
        hmac.compare_digest(one.encode(), given) for one in secrets
    ]  # all of them: how long it takes says nothing
    if not any(matches):
        raise Unauthenticated("The body says no secret of this site, and is not signed with one.")
    return mention


def _words(said: _Content | str | None) -> str:
    if said is None or isinstance(said, str):
        return said or ""
    return said.text or said.value or said.html or ""


def _own_address(url: str, source: str) -> str:
    """Where an author is at home: what the source says, if that is on its own host, else the source."""
    return url if same_host(url, source) else source
