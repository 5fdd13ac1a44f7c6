"""The audit log: who changed what, newest first. Who sees only some sites sees only what was done to these."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import MalformedRequest
from service.core.staff import Right
from service.core.views import rfc3339
from service.web.answers import json_answer
from service.web.operations import Answer, Operation, Parameter
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import READING, Route

_PAGE = 100
_CURSOR = re.compile(r"[0-9]{1,20}-[0-9]{1,10}\Z")
_encode = msgspec.json.Encoder().encode


class AuditLine(Struct, frozen=True):
    """Something that somebody changed."""

    at: Annotated[str, Meta(description="RFC 3339.")]
    actor: Annotated[str, Meta(description="`moderator:<name>`, or `operator` at the command line.")]
    what: Annotated[str, Meta(description="Such as `sites.add`, `moderators.password`, `deliveries.replay`.")]
    subject: str
    site: Annotated[str, Meta(description="Whose it is; empty: of the whole box.")]
    note: str


class AuditPage(Struct, frozen=True):
    """A page of the audit log, newest first."""

    items: list[AuditLine]
    next: Annotated[str | None, Meta(description="The cursor of the next page, null on the last.")]


async def audit_log(request: web.Request) -> web.Response:
    """A page of what whoever asks may see."""
    cursor = request.query.get("cursor", "")
    if cursor and not _CURSOR.match(cursor):
        raise MalformedRequest("The parameter cursor is the `next` of the page before.")
    lines, after = await request.app[REVIEW].staff.audit_log(request[ME].member, _PAGE, cursor)
    items = [AuditLine(rfc3339(one.at), one.actor, one.what, one.subject, one.site, one.note) for one in lines]
    return json_answer(_encode(AuditPage(items, after or None)))


ROUTES = (
    Route(
        Operation(
            "get", "/review/api/audit-log", "getAuditLog", "Who changed what",
            f"{_PAGE} lines a page, newest first. Signing in counts too; decisions are in each comment's history.",
            (Answer(200, "A page.", AuditPage),), (*READING, MalformedRequest),
            parameters=(Parameter("query", "cursor", "Where the page before ended: its `next`."),), tag="audit",
        ),
        audit_log, Right.AUDIT,
    ),
)  # fmt: skip
