"""Coral: its external moderation phase, which asks before it publishes and does what we say; and its webhooks.

Coral signs with a secret that it makes itself; the operator puts it into a file (`keyfiles.platform_secrets`). What stands in
for Coral, in tests or between it and us, may sign with the site's webhook secret. A request has no id of the comment, so its
words make one. Webhooks bring ids without words: they are heard, and there is nothing to do.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from service import keyfiles
from service.core.comment import Comment
from service.core.identity import mask_addresses
from service.core.lifecycle import State
from service.web.bodies import read_body
from service.web.leniency import submission
from service.web.parts import PARTS
from service.web.platforms.callers import check_signature, named_site
from service.web.platforms.taking import decode, digest, document, nothing_to_do, take

_ROLES = {
    "COMMENTER": "member",
    "MEMBER": "member",
    "STAFF": "editor",
    "MODERATOR": "moderator",
    "ADMIN": "administrator",
}


class _Comment(Struct, frozen=True):
    body: str = ""
    parentID: str | None = None


class _Author(Struct, frozen=True):
    id: str = ""
    role: str = ""


class _Place(Struct, frozen=True):
    id: str = ""
    url: str = ""


class _Request(Struct, frozen=True):
    action: str = ""
    comment: _Comment | None = None
    author: _Author = _Author()
    story: _Place = _Place()


_request = msgspec.json.Decoder(_Request)


async def hook(request: web.Request) -> web.Response:
    """Judge a comment that Coral is about to publish."""
    parts = request.app[PARTS]
    known = await named_site(request)
    body = await read_body(request, parts.settings.max_body)
    made_there = await asyncio.to_thread(keyfiles.platform_secrets, parts.settings.secrets, known.site.id, "coral")
    secrets = [*made_there, *[credentials.webhook_secret for credentials in known.credentials]]
    check_signature(request.headers.get("X-Coral-Signature", ""), secrets, body)
    asked = decode(_request, body)
    if asked.comment is None or not asked.comment.body.strip():
        return nothing_to_do()
    where = (asked.story.id or asked.story.url, asked.author.id, asked.comment.parentID or "")
    taken = submission(
        parts,
        known.site,
        platform_id=f"coral-{digest(*where, mask_addresses(asked.comment.body))}",
        content=asked.comment.body,
        page_url=asked.story.url,
        role=_ROLES.get(asked.author.role, ""),
        form={"coral_action": asked.action[:20]},
        channel="coral",
    )
    comment = await take(request, known.site, taken, wait=parts.settings.hook_deadline)
    return document(_answer(comment))


def _answer(comment: Comment) -> dict[str, Any]:
    """The decision in Coral's words. What is not decided yet is withheld: nobody can be told later, for want of an id."""
    if comment.state is State.APPROVED:
        return {"status": "APPROVED"}
    status = "REJECTED" if comment.state is State.REJECTED else "SYSTEM_WITHHELD"
    labels = {reason.label for reason in comment.decision.reasons if reason.label} if comment.decision else set()
    flags = ["COMMENT_DETECTED_SPAM"] if "spam" in labels else []
    flags += ["COMMENT_DETECTED_TOXIC"] if labels - {"spam"} else []
    return {"status": status, "actions": [{"actionType": "FLAG", "reason": reason} for reason in flags]}
