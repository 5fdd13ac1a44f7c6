"""Discourse: its post webhooks. A post is taken in when it is created or edited, and erased here when it is destroyed there.

Private messages are left alone, as is everything that is no post of somebody's. The hook's secret in Discourse is the site's
webhook secret, as `antechamber sites show --secrets` prints it.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.comment import Actor
from service.core.errors import NotFound
from service.core.lifecycle import ActorKind
from service.core.submission import comment_id
from service.web.bodies import read_body
from service.web.leniency import submission
from service.web.parts import PARTS
from service.web.platforms.callers import check_signature, named_site
from service.web.platforms.taking import decode, milliseconds, nothing_to_do, take, told

_REGULAR = 1
_TAKEN = ("post_created", "post_edited", "post_recovered")


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
    admin: bool = False
    moderator: bool = False


class _Event(Struct, frozen=True):
    post: _Post | None = None


_event = msgspec.json.Decoder(_Event)


async def hook(request: web.Request) -> web.Response:
    """Hear of a post."""
    parts = request.app[PARTS]
    known = await named_site(request)
    body = await read_body(request, parts.settings.max_body)
    secrets = [credentials.webhook_secret for credentials in known.credentials]
    check_signature(request.headers.get("X-Discourse-Event-Signature", ""), secrets, body)
    name, post = request.headers.get("X-Discourse-Event", ""), decode(_event, body).post
    if post is None or post.post_type != _REGULAR or post.topic_archetype == "private_message":
        return nothing_to_do()
    platform_id = f"post-{post.id}"
    if name == "post_destroyed":
        with suppress(NotFound):
            actor = Actor(ActorKind.PLATFORM, known.site.id)
            await parts.moderation.erase(known.site, comment_id(known.site.id, platform_id), actor)
        return nothing_to_do()
    if name not in _TAKEN or not post.raw.strip():
        return nothing_to_do()
    instance = request.headers.get("X-Discourse-Instance") or known.site.url
    taken = submission(
        parts,
        known.site,
        platform_id=platform_id,
        content=post.raw,
        page_url=f"{instance.rstrip('/')}/t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}",
        name=post.name or post.username,
        role="administrator" if post.admin else "moderator" if post.moderator else "member",
        created_at=milliseconds(post.created_at),
        kind="forum-post" if post.post_number == 1 else "reply",
        channel="discourse",
    )
    return told(await take(request, known.site, taken))
