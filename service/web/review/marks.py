"""Authors and networks that are trusted or blocked on a site."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.errors import InvalidSubmission
from service.core.staff import Right
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.operations import Answer, Operation
from service.web.review.guard import wanted_sites
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import BODY, ONE, SITE, Route
from service.web.review.showing import mark_view
from service.web.review.wire import MarkView
from service.web.review.wire_acts import MarkInput, Marks, UnmarkInput

_MAX_BODY = 16_384
_encode = msgspec.json.Encoder().encode


async def get_marks(request: web.Request) -> web.Response:
    """The marks of the sites that are asked for."""
    marking = request.app[REVIEW].reviewing.marking
    found = [
        mark_view(site.id, digest, mark)
        for site in await wanted_sites(request)
        for digest, mark in await marking.marks(site)
    ]
    return json_answer(_encode(Marks(sorted(found, key=lambda one: one.at, reverse=True))))


async def put_mark(request: web.Request) -> web.Response:
    """Trust or block an author."""
    asked = decode(_mark_input, await read_body(request, _MAX_BODY))
    parts, me = request.app[REVIEW], request[ME]
    site = await parts.staff.site(me.member, asked.site)
    until = int(asked.until.timestamp() * 1000) if asked.until else 0
    mark = await parts.reviewing.marking.mark(site, asked.digest, asked.what, until=until, note=asked.note, by=me.actor)
    return json_answer(_encode(mark_view(site.id, asked.digest, mark)))


async def delete_mark(request: web.Request) -> web.Response:
    """Take a mark back."""
    asked = decode(_unmark_input, await read_body(request, _MAX_BODY))
    parts, me = request.app[REVIEW], request[ME]
    site = await parts.staff.site(me.member, asked.site)
    await parts.reviewing.marking.unmark(site, asked.digest, by=me.actor)
    return web.Response(status=204)


_mark_input = msgspec.json.Decoder(MarkInput)
_unmark_input = msgspec.json.Decoder(UnmarkInput)
ROUTES = (
    Route(
        Operation(
            "get", "/review/api/authors", "listMarks", "Who is trusted or blocked", "", (Answer(200, "The marks.", Marks),), ONE,
            parameters=(SITE,), tag="authors",
        ),
        get_marks,
    ),
    Route(
        Operation(
            "put", "/review/api/authors", "markAuthor", "Trust or block an author or a network",
            "On one site, by digest; what follows from it is the policy's to say.", (Answer(200, "The mark.", MarkView),),
            (*ONE, *BODY, InvalidSubmission), takes=MarkInput, tag="authors",
        ),
        put_mark, Right.MARKS,
    ),
    Route(
        Operation(
            "delete", "/review/api/authors", "unmarkAuthor", "Take a mark back", "", (Answer(204, "It is gone."),),
            (*ONE, *BODY, InvalidSubmission), takes=UnmarkInput, tag="authors",
        ),
        delete_mark, Right.MARKS,
    ),
)  # fmt: skip
