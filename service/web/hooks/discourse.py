"""Discourse: its post webhooks. A post is taken in when it is created or edited, and erased here when it is destroyed there.

Discourse signs the body and nothing else, and no time. What happened is read from the body: a deleted post says so there, and a
header that says otherwise moves nothing. A body counts once, and a post that is restored there is taken in again.

Private messages are left alone, as is everything that is no post of somebody's. The hook's secret in Discourse is the site's
webhook secret, as `antechamber sites show --secrets` prints it.
"""

from __future__ import annotations

import time
from contextlib import suppress

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.errors import Gone
from service.core.submission import RawComment
from service.core.text.rendering import is_blank
from service.web.context import CONTEXT
from service.web.hooks.platform import check_signature, decode, named_site, nothing_to_do, receive, seen_once, told
from service.web.requests import milliseconds, read_body

_REGULAR = 1
_DESTROYED, _RECOVERED = "post_destroyed", "post_recovered"
_HEARD = ("post_created", "post_edited", _RECOVERED, _DESTROYED)


class _Post(Struct, frozen=True):
    id: int
    raw: str = ""
    username: str = ""
    name: str | None = None
    topic_id: int = 0
    topic_slug: str = ""
    post_number: int = 1
    post_type: int = _REGULAR
    topic_archetype: str = "regular"
    created_at: str | None = None
    updated_at: str | None = None
    version: int = 0
    deleted_at: str | None = None
    user_deleted: bool = False
    admin: bool = False
    moderator: bool = False

    @property
    def gone(self) -> bool:
        """Whether the body itself says that the post is deleted: by staff, or by its author."""
        return bool(self.deleted_at) or self.user_deleted

    @property
    def at(self) -> int:
        """When that happened, by Discourse's clock, milliseconds since 1970."""
        return max(milliseconds(self.deleted_at), milliseconds(self.updated_at))


class _Event(Struct, frozen=True):
    post: _Post | None = None


_event = msgspec.json.Decoder(_Event)


async def hook(request: web.Request) -> web.Response:
    """Hear of a post."""
    context = request.app[CONTEXT]
    known = await named_site(request)
    body = await read_body(request, context.settings.max_body)
    secrets = [credentials.webhook_secret for credentials in known.credentials]
    check_signature(request.headers.get("X-Discourse-Event-Signature", ""), secrets, body)
    name, post = request.headers.get("X-Discourse-Event", ""), decode(_event, body).post
    if name not in _HEARD or post is None or post.post_type != _REGULAR or post.topic_archetype == "private_message":
        return nothing_to_do()
    moderation, platform_id = context.services.moderation, f"post-{post.id}"
    if post.gone:
        await moderation.withdraw(known.site, platform_id, post.at)
        return nothing_to_do()
    if name == _DESTROYED or is_blank(post.raw):  # that name is not signed, and the body does not bear it out
        return nothing_to_do()
    returned = name == _RECOVERED and await moderation.may_return(known.site, platform_id)
    instance = request.headers.get("X-Discourse-Instance") or known.site.url
    raw = RawComment(
        platform_id=platform_id,
        content=post.raw,
        page_url=f"{instance.rstrip('/')}/t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}",
        name=post.name or post.username,
        role="administrator" if post.admin else "moderator" if post.moderator else "member",
        created_at=milliseconds(post.created_at),
        kind="forum-post" if post.post_number == 1 else "reply",
        channel="discourse",
        revision=max(0, post.version),
        edited_at=milliseconds(post.updated_at),
    )
    once = seen_once(context, "discourse", body, *([str(time.time_ns()).encode()] if returned else ()))
    with suppress(Gone):
        return told(await receive(request, known.site, raw, once=once))
    return nothing_to_do()  # erased here for good; Discourse turns a hook off that is answered 410
