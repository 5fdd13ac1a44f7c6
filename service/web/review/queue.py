"""The lists of comments: a page, its facets, how much is in each, and saved views."""

from __future__ import annotations

import base64
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import InvalidSubmission, MalformedRequest
from service.core.queueing import FACETS
from service.core.signals import CATALOGUE
from service.reviewing.lists import FOREVER, LISTS, Entry, Filters, Span
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.operations import Answer, Operation, Parameter
from service.web.review import wire
from service.web.review.guard import wanted_sites
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import BODY, ONE, READING, SITE, Route
from service.web.review.showing import row
from service.web.review.wire_acts import Query, Views

DEFAULT_LIMIT, MOST = 50, 200
_MAX_BODY = 65_536
_encode = msgspec.json.Encoder().encode


class ListCounts(Struct, frozen=True):
    """How many comments are in each list, of the sites that are asked for."""

    flagged: int
    escalated: int
    snoozed: int
    decided: int
    approved: int
    rejected: int
    reported: int
    appealed: int
    later: int
    teaches: int
    audit: int


class _Page(Query, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=MOST)] = DEFAULT_LIMIT
    cursor: str = ""


class _Cursor(Struct, array_like=True):
    score: int
    comment: Annotated[str, Meta(pattern="^c[0-9a-f]{26}$")]
    filters: str


async def list_comments(request: web.Request) -> web.Response:
    """A page of a list."""
    asked = _asked(request, _Page)
    sites = [site.id for site in await wanted_sites(request)]
    filters = filters_of(asked)
    mark = blake2b(repr((filters, request.query.get("site", ""))).encode(), digest_size=6).hexdigest()
    after = _after(asked.cursor, mark) if asked.cursor else None
    found = await request.app[REVIEW].reviewing.lists.page(sites, filters, limit=asked.limit, after=after)
    me, now = request[ME].member.name, request.app[REVIEW].now()
    rows = [row(seen, me, now, blind=filters.list == "audit") for seen in found.rows]
    going_on = base64.urlsafe_b64encode(_encode(_Cursor(*found.next, mark))).decode() if found.next else None
    return json_answer(_encode(wire.Page(rows, going_on, found.total, found.searched)))


async def get_facets(request: web.Request) -> web.Response:
    """How the comments of a list divide."""
    asked = _asked(request, Query)
    sites = {site.id: site for site in await wanted_sites(request)}
    lists = request.app[REVIEW].reviewing.lists
    found = await lists.facets(list(sites), filters_of(asked))
    names = await lists.names(list(sites), [digest for digest, _ in found.facets.get("author", [])])
    texts = {"author": names, "signal": {name: kind.meaning for name, kind in CATALOGUE.items()}}
    return json_answer(
        _encode(
            wire.Facets(
                **{
                    facet: [
                        wire.FacetValue(value, count, texts.get(facet, {}).get(value, value))
                        for value, count in found.facets.get(facet, [])
                    ]
                    for facet in ("site", *FACETS)
                },
                counted=found.counted,
                complete=found.complete,
            )
        )
    )


async def get_counts(request: web.Request) -> web.Response:
    """How much is in each list."""
    sites = [site.id for site in await wanted_sites(request)]
    return json_answer(_encode(ListCounts(**await request.app[REVIEW].reviewing.lists.counts(sites))))


async def get_views(request: web.Request) -> web.Response:
    """The saved views of whoever asks."""
    found = await request.app[REVIEW].reviewing.lists.views(request[ME].member.name)
    return json_answer(found or _encode(Views([])))


async def put_views(request: web.Request) -> web.Response:
    """Save the views of whoever asks; they replace all that were saved."""
    views = decode(_views, await read_body(request, _MAX_BODY))
    if any(view.query.list not in LISTS for view in views.items):
        raise InvalidSubmission(f"A list is one of: {', '.join(LISTS)}.", pointer="/items")
    raw = _encode(views)
    await request.app[REVIEW].reviewing.lists.save_views(request[ME].member.name, raw)
    return json_answer(raw)


def filters_of(query: Query) -> Filters:
    """A query as the use cases take it. Raises MalformedRequest."""
    if query.list not in LISTS:
        raise MalformedRequest(f"The parameter list is one of: {', '.join(LISTS)}.")
    chosen = {facet: value for facet in FACETS if (value := getattr(query, facet))}
    if chosen and query.list == "audit":
        raise MalformedRequest("The list audit is blind: it is filtered by site, words and times alone.")
    return Filters(query.list, chosen, Span(_ms(query.since, 0), _ms(query.until, FOREVER)), query.q.strip())


def _asked(request: web.Request, kind: type[Any]) -> Any:
    """The parameters of a request's address. Raises MalformedRequest naming the wrong one."""
    given = dict(request.query)
    if len(given) != len(request.query):
        raise MalformedRequest("Each parameter is given once.")
    for name in given:
        if name not in kind.__struct_fields__:
            raise MalformedRequest(f"The parameters here are: {', '.join(kind.__struct_fields__)}.")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].strip("`") if "$." in str(error) else "here"
        raise MalformedRequest(f"The parameter {name} is not what it should be.") from None


def _ms(time: datetime | None, otherwise: int) -> int:
    return int(time.timestamp() * 1000) if time is not None else otherwise


def _after(cursor: str, mark: str) -> Entry:
    try:
        found = _cursor(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (msgspec.DecodeError, ValueError):
        raise MalformedRequest("The parameter cursor is not one that we gave.") from None
    if found.filters != mark:
        raise MalformedRequest("A cursor goes with the filters that it was given for.")
    return Entry(found.score, found.comment)


_views = msgspec.json.Decoder(Views)
_cursor = msgspec.json.Decoder(_Cursor).decode
_TIME = {"type": "string", "format": "date-time"}
_FILTERS = (
    Parameter("query", "list", "Which list.", {"type": "string", "enum": list(LISTS), "default": "flagged"}),
    SITE,
    *[Parameter("query", facet, f"Only comments with this {facet}, as the facets name it.") for facet in FACETS],
    Parameter("query", "since", "Only those that came to the list then or later.", _TIME),
    Parameter("query", "until", "… then or earlier.", _TIME),
    Parameter(
        "query",
        "q",
        "Only those with these words in the text or the author's name.",
        {"type": "string", "maxLength": 200},
    ),
)
_COUNT = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}
ROUTES = (
    Route(
        Operation(
            "get", "/review/api/comments", "listQueue", "A page of a list",
            "`flagged` comes by priority: what readers reported, then severity mixed with age. Some filters take looking: then "
            "`searched` says at how many comments, and a page may have few items, or none, and a `next` to go on.",
            (Answer(200, "The page.", wire.Page),), (*ONE, MalformedRequest),
            parameters=(
                *_FILTERS, Parameter("query", "limit", "Most items.", _COUNT), Parameter("query", "cursor", "From `next`."),
            ),
            tag="queue",
        ),
        list_comments,
    ),
    Route(
        Operation(
            "get", "/review/api/facets", "getFacets", "How a list divides",
            "The same filters as the list's. `flagged` without words and times is counted whole, in an index; else the first "
            "comments of the list are looked at, and `complete` says whether these were all. `audit` is blind: by site only.",
            (Answer(200, "The facets.", wire.Facets),), (*ONE, MalformedRequest), parameters=_FILTERS, tag="queue",
        ),
        get_facets,
    ),
    Route(
        Operation(
            "get", "/review/api/counts", "getCounts", "How much is in each list", "",
            (Answer(200, "The counts.", ListCounts),), ONE, parameters=(SITE,), tag="queue",
        ),
        get_counts,
    ),
    Route(
        Operation(
            "get", "/review/api/views", "getViews", "Saved views", "", (Answer(200, "Yours.", Views),), READING, tag="queue",
        ),
        get_views,
    ),
    Route(
        Operation(
            "put", "/review/api/views", "putViews", "Save views", "They replace all that were saved.",
            (Answer(200, "As they are kept.", Views),), (*READING, *BODY, InvalidSubmission), takes=Views, tag="queue",
        ),
        put_views,
    ),
)  # fmt: skip
