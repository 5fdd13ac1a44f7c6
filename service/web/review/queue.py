"""The lists of comments: a page, its facets, how much is in each, and saved views."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.clock import now_ms
from service.core.errors import InvalidSubmission, MalformedRequest
from service.core.identity import mask_addresses
from service.core.moderator import Moderator, Right
from service.core.queue import FACETS, FOREVER, LISTS, MAX_VALUES, SORTS, Entry, Span, is_blind, values
from service.core.signals import CATALOGUE
from service.usecases.review.queue import Filters
from service.web.context import CONTEXT
from service.web.openapi import Answer, Parameter, Routes
from service.web.requests import UNESCAPED_PLUS, decode, read_body
from service.web.responses import json_answer
from service.web.review import schema
from service.web.review.routes import BODY, ME, ONE, READING, SITE, wanted_sites
from service.web.review.schema import Query, View, Views
from service.web.review.views import row

DEFAULT_LIMIT, MOST = 50, 200
_MAX_BODY = 65_536
_encode = msgspec.json.Encoder().encode


class _Page(Query, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=MOST)] = DEFAULT_LIMIT
    cursor: str = ""


class _Cursor(Struct, array_like=True):
    score: int
    comment: Annotated[str, Meta(pattern="^c[0-9a-f]{26}$")]
    filters: str


route = Routes("/review/api", tag="queue", right=Right.QUEUE)
_TIME = {"type": "string", "format": "date-time"}
_FILTERS = (
    Parameter("query", "list", "Which list.", {"type": "string", "enum": list(LISTS), "default": "flagged"}),
    SITE,
    *[
        Parameter(
            "query",
            facet,
            f"Only comments with this {facet}, as the facets name it; or with one of several, one a line.",
        )
        for facet in FACETS
    ],
    Parameter(
        "query",
        "handed",
        '"me": only those that were handed to you, or to a role that you have.',
        {"type": "string", "enum": ["me"]},
    ),
    Parameter(
        "query",
        "by",
        "Only those that this actor decided, as decisions name them.",
        {"type": "string", "maxLength": 200},
    ),
    Parameter("query", "since", "Only those that came to the list then or later.", _TIME),
    Parameter("query", "until", "… then or earlier.", _TIME),
    Parameter(
        "query",
        "q",
        "Only those with these words in the text, the author's name, the page's title or address, or an id; accents, case and "
        "kinds of quotation marks don't matter.",
        {"type": "string", "maxLength": 200},
    ),
    Parameter(
        "query",
        "sort",
        "The newest or the oldest first, by when they came to the list; `flagged` also the most severe first. Unless told, as "
        "the list is kept.",
        {"type": "string", "enum": list(SORTS)},
    ),
)
_COUNT = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}


@route(
    "get",
    "/comments",
    "listQueue",
    answers=(Answer(200, "The page.", schema.Page),),
    problems=(*ONE, MalformedRequest),
    parameters=(
        *_FILTERS,
        Parameter("query", "limit", "Most items.", _COUNT),
        Parameter("query", "cursor", "From `next`."),
    ),
)
async def list_comments(request: web.Request) -> web.Response:
    """A page of a list.

    `flagged` comes by priority: what readers reported, then severity mixed with age. Some filters take looking: then
    `searched` says at how many comments, and a page may have few items, or none, and a `next` to go on.
    """
    asked = _asked(request, _Page)
    sites = [site.id for site in await wanted_sites(request)]
    filters = filters_of(asked, request[ME].member)
    mark = request.app[CONTEXT].identity.digest("q", repr((filters, request.query.get("site", ""))))[-12:]
    after = _after(asked.cursor, mark) if asked.cursor else None
    found = await request.app[CONTEXT].services.review.lists.page(sites, filters, limit=asked.limit, after=after)
    me, now = request[ME].member.name, now_ms()
    rows = [row(seen, me, now, blind=is_blind(filters.list)) for seen in found.rows]
    going_on = base64.urlsafe_b64encode(_encode(_Cursor(*found.next, mark))).decode() if found.next else None
    return json_answer(_encode(schema.Page(rows, going_on, found.total, found.searched)))


@route(
    "get",
    "/facets",
    "getFacets",
    answers=(Answer(200, "The facets.", schema.Facets),),
    problems=(*ONE, MalformedRequest),
    parameters=_FILTERS,
)
async def get_facets(request: web.Request) -> web.Response:
    """How a list divides.

    The same filters as the list's; of a facet that is filtered by, what the others leave. `flagged` without words and times is
    counted whole, in an index; else the first comments of the list are looked at, and `complete` says whether these were all.
    `audit` is blind: by site only.
    """
    asked = _asked(request, Query)
    sites, all_ = await wanted_sites(request), await request.app[CONTEXT].services.moderators.sites(request[ME].member)
    lists, ids = request.app[CONTEXT].services.review.lists, [site.id for site in sites]
    found = await lists.facets(ids, filters_of(asked, request[ME].member), [site.id for site in all_])
    names = await lists.names(ids, [digest for digest, _ in found.facets.get("author", [])])
    titles = await lists.titles(ids, found)
    texts = {"author": names, "page": titles, "signal": {name: kind.meaning for name, kind in CATALOGUE.items()}}
    return json_answer(
        _encode(
            schema.Facets(
                **{
                    facet: [
                        schema.FacetValue(value, count, texts.get(facet, {}).get(value, value))
                        for value, count in found.facets.get(facet, [])
                    ]
                    for facet in ("site", *FACETS)
                },
                counted=found.counted,
                complete=found.complete,
            )
        )
    )


@route(
    "get",
    "/counts",
    "getCounts",
    answers=(Answer(200, "The counts.", schema.ListCounts),),
    problems=ONE,
    parameters=(SITE,),
)
async def get_counts(request: web.Request) -> web.Response:
    """How much is in each list."""
    sites = [site.id for site in await wanted_sites(request)]
    mine = request[ME].member.answers_for
    return json_answer(_encode(await request.app[CONTEXT].services.review.lists.counts(sites, mine)))


@route(
    "get",
    "/views",
    "getViews",
    answers=(Answer(200, "Yours.", Views),),
    problems=READING,
)
async def get_views(request: web.Request) -> web.Response:
    """Saved views."""
    lists, me = request.app[CONTEXT].services.review.lists, request[ME].member.name
    found = await lists.views(me)
    if not found:
        return json_answer(_encode(Views([])))
    hidden = _encode(_without_addresses(_views.decode(found)))
    if hidden != found:  # it was kept by an earlier version, as it was typed
        await lists.save_views(me, hidden)
    return json_answer(hidden)


@route(
    "put",
    "/views",
    "putViews",
    answers=(Answer(200, "As they are kept.", Views),),
    problems=(*READING, *BODY, InvalidSubmission),
    takes=Views,
)
async def put_views(request: web.Request) -> web.Response:
    """Save views.

    They replace all that were saved. E-mail addresses in them are dotted out, as they are in comments.
    """
    views = decode(_views, await read_body(request, _MAX_BODY))
    if any(view.query.list not in LISTS for view in views.items):
        raise InvalidSubmission(f"A list is one of: {', '.join(LISTS)}.", pointer="/items")
    raw = _encode(_without_addresses(views))
    await request.app[CONTEXT].services.review.lists.save_views(request[ME].member.name, raw)
    return json_answer(raw)


def _without_addresses(views: Views) -> Views:
    """The same with addresses dotted out, in names and in what is searched for."""
    return Views([View(mask_addresses(view.name), _hidden(view.query)) for view in views.items])


def _hidden(query: Query) -> Query:
    said = {name: value for name in query.__struct_fields__ if isinstance(value := getattr(query, name), str)}
    return msgspec.structs.replace(
        query, **{name: mask_addresses(value) for name, value in said.items() if name != "list"}
    )


def filters_of(query: Query, member: Moderator) -> Filters:
    """A query of a moderator's as the use cases take it. Raises MalformedRequest."""
    if query.list not in LISTS:
        raise MalformedRequest(f"The parameter list is one of: {', '.join(LISTS)}.")
    chosen = {facet: found for facet in FACETS if (found := values(getattr(query, facet).split("\n")))}
    if any(len(found) > MAX_VALUES for found in chosen.values()):
        raise MalformedRequest(f"At most {MAX_VALUES} values of a facet are chosen at once.")
    if query.sort == "severest" and query.list != "flagged":
        raise MalformedRequest("The list flagged alone is sorted by severity.")
    if (chosen or query.by or query.handed) and is_blind(query.list):
        raise MalformedRequest(f"The list {query.list} is blind: it is filtered by site, words and times alone.")
    span = Span(_ms(query.since, 0), _ms(query.until, FOREVER))
    handed = member.answers_for if query.handed else {}
    return Filters(query.list, chosen, span, handed, query.by, query.q.strip(), query.sort)


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
        hint = f" {UNESCAPED_PLUS}" if name in ("since", "until") and " " in given[name].strip() else ""
        raise MalformedRequest(f"The parameter {name} is not what it should be.{hint}") from None


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
