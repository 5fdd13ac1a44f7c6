"""The audit log: who changed what, newest first. Who sees only some sites sees only what was done to these."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import MalformedRequest
from service.core.moderator import Right
from service.core.views import rfc3339
from service.web.context import CONTEXT
from service.web.openapi import CURSOR, Answer, Parameter, Routes
from service.web.responses import json_answer
from service.web.review.routes import ME, ONE, SITE

_PAGE = 100
_CURSOR = re.compile(r"[0-9]{1,20}-[0-9]{1,10}\Z")
_encode = msgspec.json.Encoder().encode


class AuditLine(Struct, frozen=True):
    """Something that somebody changed."""

    at: Annotated[str, Meta(description="RFC 3339.")]
    actor: Annotated[
        str, Meta(description="`moderator:<name>`, or `operator` at the command line, `stranger`: nobody knows.")
    ]
    what: Annotated[str, Meta(description="Such as `sites.add`, `moderators.password`, `deliveries.replay`.")]
    subject: str
    site: Annotated[str, Meta(description="Whose it is; empty: of the whole box.")]
    note: str


class AuditPage(Struct, frozen=True):
    """A page of the audit log, newest first."""

    items: list[AuditLine]
    next: Annotated[str | None, Meta(description="The cursor of the next page, null on the last.")]


route = Routes("/review/api", tag="audit", right=Right.QUEUE)


@route(
    "get",
    "/audit-log",
    "getAuditLog",
    answers=(Answer(200, "A page.", AuditPage),),
    problems=(*ONE, MalformedRequest),
    parameters=(
        SITE._replace(description="Only what was done to this site; everything that you may see unless told."),
        Parameter("query", "actor", "Only what they did: `moderator:<name>`, `operator`."),
        Parameter("query", "what", "Only what is called so."),
        CURSOR,
    ),
    right=Right.AUDIT,
    more=f"{_PAGE} lines a page, newest first. Signing in counts too, and failing to; decisions are in each comment's history.",
)
async def audit_log(request: web.Request) -> web.Response:
    """Who changed what."""
    cursor = request.query.get("cursor", "")
    if cursor and not _CURSOR.match(cursor):
        raise MalformedRequest("The parameter cursor is the `next` of the page before.")
    moderators, me, name = request.app[CONTEXT].services.moderators, request[ME], request.query.get("site", "")
    site = (await moderators.site(me.member, name)).id if name else ""
    actor, what = request.query.get("actor", ""), request.query.get("what", "")
    lines, after = await moderators.audit_log(me.member, _PAGE, cursor, site=site, actor=actor, what=what)
    items = [AuditLine(rfc3339(one.at), one.actor, one.what, one.subject, one.site, one.note) for one in lines]
    return json_answer(_encode(AuditPage(items, after or None)))
