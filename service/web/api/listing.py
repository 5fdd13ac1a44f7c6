"""Lists of comments: filters, and cursors that belong to them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from service.core.comment import ByAuthor, Comment
from service.core.errors import MalformedRequest
from service.core.lifecycle import State
from service.core.site import Site
from service.core.views import comment_view
from service.usecases.moderation import Moderation
from service.web.api.schema import CommentPage
from service.web.openapi import CURSOR, Parameter
from service.web.requests import UNESCAPED_PLUS, number

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
LISTED = (State.PENDING, State.APPROVED, State.FLAGGED, State.REJECTED)
_TIME = {"type": "string", "format": "date-time"}
DESCRIBED = (
    Parameter("query", "state", "Only comments in this state.", {"type": "string", "enum": list(LISTED)}),
    Parameter("query", "author", "Only this author's: a digest as comments show it."),
    Parameter("query", "since", "From this time on.", _TIME),
    Parameter("query", "until", "Up to this time.", _TIME),
    Parameter(
        "query",
        "limit",
        f"Comments a page, {DEFAULT_LIMIT} unless told.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    CURSOR,
    Parameter("query", "platform_id", "Only the comment with the platform's own id; other filters don't count."),
)
PARAMETERS = tuple(parameter.name for parameter in DESCRIBED)
_ID = re.compile(r"c[0-9a-f]{26}\Z")
_DIGEST = re.compile(r"e[12]\.[A-Za-z0-9]{1,16}\.[0-9a-f]{32}\Z")
_END_OF_TIME = 253_402_300_799_999  # 9999-12-31
_MOST_READS = 10  # index pages read for one answer, when a second filter leaves little of each


class _Filters(NamedTuple):
    state: State | None
    author: str
    since: int
    until: int


class _Cursor(msgspec.Struct, array_like=True):
    at: int
    comment: str
    filters: str


async def page(moderation: Moderation, site: Site, query: Mapping[str, str]) -> CommentPage:
    """One page of the site's comments, newest first. Raises MalformedRequest naming the parameter.

    With a `state`, times are those at which it was entered; otherwise those at which the comments came in.
    """
    if any(name not in PARAMETERS for name in query):
        raise MalformedRequest(f"The parameters here are: {', '.join(PARAMETERS)}.")
    if len(query) != len(set(query)):
        raise MalformedRequest("Each parameter is given once.")
    if platform_id := query.get("platform_id"):
        if " " in platform_id:
            raise MalformedRequest(f"An id holds no spaces. {UNESCAPED_PLUS}")
        found = await moderation.named(site, platform_id)
        return CommentPage([comment_view(found)] if found else [], None)
    filters = _Filters(_state(query), _author(query), _time(query, "since", 0), _time(query, "until", _END_OF_TIME))
    limit, after = number(query, "limit", DEFAULT_LIMIT, MAX_LIMIT), _after(query, filters)
    items: list[Comment] = []
    for _ in range(_MOST_READS):
        rows = await moderation.page(
            site, _index(filters), newest=filters.until, oldest=filters.since, after=after, limit=limit
        )
        for identity, at, comment in rows:
            after = (at, identity)
            if comment is not None and comment.state in _states(filters):
                items.append(comment)
                if len(items) == limit:
                    return CommentPage([comment_view(comment) for comment in items], _cursor(after, filters))
        if len(rows) < limit:
            return CommentPage([comment_view(comment) for comment in items], None)
    return CommentPage([comment_view(comment) for comment in items], _cursor(after, filters) if after else None)


def _index(filters: _Filters) -> str | ByAuthor:
    if filters.author:
        return ByAuthor(filters.author)
    return str(filters.state) if filters.state else "all"


def _states(filters: _Filters) -> tuple[State, ...]:
    return (filters.state,) if filters.state else LISTED


def _state(query: Mapping[str, str]) -> State | None:
    value = query.get("state")
    if value is None:
        return None
    if value not in LISTED:
        raise MalformedRequest(f"The parameter state is one of: {', '.join(LISTED)}.")
    return State(value)


def _author(query: Mapping[str, str]) -> str:
    value = query.get("author", "")
    if value and _DIGEST.match(value) is None:
        raise MalformedRequest("The parameter author is a digest as comments show it, never an address.")
    return value


def _time(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name)
    if value is None:
        return default
    try:
        at = msgspec.convert(value, datetime)
        if at.tzinfo is None:
            raise MalformedRequest(f"The parameter {name} needs a time zone, as in 2026-01-31T12:00:00Z.")
        return int(at.timestamp() * 1000)
    except (msgspec.ValidationError, OverflowError, ValueError):
        hint = f" {UNESCAPED_PLUS}" if " " in value.strip() else ""
        raise MalformedRequest(f"The parameter {name} is an RFC 3339 time.{hint}") from None


def _after(query: Mapping[str, str], filters: _Filters) -> tuple[int, str] | None:
    value = query.get("cursor")
    if value is None:
        return None
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(value.encode("ascii")), type=_Cursor)
    except (msgspec.DecodeError, ValueError):
        raise MalformedRequest("The parameter cursor is not one that we gave.") from None
    if _ID.match(cursor.comment) is None or not 0 <= cursor.at <= _END_OF_TIME:
        raise MalformedRequest("The parameter cursor is not one that we gave.")
    if cursor.filters != _mark(filters):
        raise MalformedRequest("A cursor goes with the filters that it was given for.")
    return cursor.at, cursor.comment


def _cursor(after: tuple[int, str], filters: _Filters) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_Cursor(*after, _mark(filters)))).decode()


def _mark(filters: _Filters) -> str:
    return blake2b(repr(filters).encode(), digest_size=6).hexdigest()
