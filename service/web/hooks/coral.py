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
from service.core.lifecycle import State
from service.core.submission import RawComment
from service.core.text.rendering import is_blank
from service.web.context import CONTEXT
from service.web.hooks.platform import check_signature, decode, digest, document, named_site, nothing_to_do, receive
from service.web.intake import Arrival
from service.web.requests import read_body

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
    context = request.app[CONTEXT]
    known = await named_site(request)
    body = await read_body(request, context.settings.max_body)
    made_there = await asyncio.to_thread(keyfiles.platform_secrets, context.settings.secrets, known.site.id, "coral")
    secrets = [*made_there, *[credentials.webhook_secret for credentials in known.credentials]]
    check_signature(request.headers.get("X-Coral-Signature", ""), secrets, body)
    asked = decode(_request, body)
    if asked.comment is None or is_blank(asked.comment.body):
        return nothing_to_do()
    where = (asked.story.id or asked.story.url, asked.author.id, asked.comment.parentID or "")
    raw = RawComment(
        platform_id=f"coral-{digest(*where, asked.comment.body)}",
        content=asked.comment.body,
        page_url=asked.story.url,
        role=_ROLES.get(asked.author.role, ""),
        form={"coral_action": asked.action[:20]},
        channel="coral",
    )
    arrival = await receive(request, known.site, raw, wait=context.settings.hook_deadline)
    if arrival.comment is not None and arrival.comment.state is State.APPROVED:
        return (
            nothing_to_do()
        )  # no opinion: a status would end Coral's own phases, its pre-moderation and its reports with them
    return document(_objection(arrival))


def _objection(arrival: Arrival) -> dict[str, Any]:
    """The decision in Coral's words. What is not decided yet is withheld: nobody can be told later, for want of an id."""
    comment = arrival.comment
    status = "REJECTED" if comment is not None and comment.state is State.REJECTED else "SYSTEM_WITHHELD"
    decision = comment.decision if comment is not None else None
    labels = {reason.label for reason in decision.reasons if reason.label} if decision is not None else set()
    flags = ["COMMENT_DETECTED_SPAM"] if "spam" in labels else []
    flags += ["COMMENT_DETECTED_TOXIC"] if labels - {"spam"} else []
    return {"status": status, "actions": [{"actionType": "FLAG", "reason": reason} for reason in flags]}
