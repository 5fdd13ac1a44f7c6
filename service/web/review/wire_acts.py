"""The JSON shapes of /review/api for what moderators do: decide, undo, note, in bulk; marks, saved views, live events.

Requests are parsed with these very types; unknown fields are refused. What is looked at: `wire.py`. All under /review/api:

    POST   comments/{id}/decision    DecisionInput -> Changed      POST   comments/{id}/undo      RevisionInput -> Changed
    POST   comments/{id}/escalate    EscalateInput -> Changed      POST   comments/{id}/return    RevisionInput -> Changed
    POST   comments/{id}/snooze      SnoozeInput -> Changed        POST   comments/{id}/notes     NoteInput -> NoteView
    POST   comments/{id}/claim       -> Claim (theirs or mine)     DELETE comments/{id}/claim     -> 204
    POST   comments/{id}/audit       AuditInput -> 204             POST   bulk                    BulkInput -> BulkPlan | BulkView
    GET    bulk/{id}                 -> BulkView                   POST   bulk/{id}/undo          -> BulkView
    PUT    authors                   MarkInput -> MarkView         DELETE authors                 UnmarkInput -> 204
    GET    authors?site=             -> Marks                      GET, PUT views                 Views
    GET    events                    server-sent: CommentEvent, ClaimEvent, BulkView, HelloEvent, ByeEvent
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from service.core.lifecycle import Outcome, State
from service.core.views import Time
from service.web.review.wire import LISTS, MarkView, Row, Undo
from service.web.wire import MAX_NOTE, MAX_REASONS, ReasonCode
from service.web.wire import Time as TimeInput

MAX_VIEWS = 50
MAX_VIEW_NAME = 60
MAX_SELECTION = 1_000
"""Comments in one selection of a bulk decision; more are named by a query."""

ListName = Annotated[str, Meta(extra_json_schema={"enum": list(LISTS)})]
CommentId = Annotated[str, Meta(pattern="^c[0-9a-f]{26}$")]
Note = Annotated[str, Meta(max_length=MAX_NOTE, description="Addresses in it are dotted out.")]
Revision = Annotated[
    int, Meta(ge=1, description="The revision that was looked at; when it has changed since, 409 says what won.")
]


class DecisionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Approve, hold or reject. A rejection names at least one reason; the reason "other" needs a note."""

    outcome: Outcome
    revision: Revision
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    note: Note = ""


class AuditInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What a moderator says of a comment of the list `audit`, not knowing what the machine said."""

    outcome: Outcome
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []


class EscalateInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Pass a held comment on to whoever decides the hard ones."""

    revision: Revision
    note: Note = ""


class SnoozeInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Put a held comment aside until a time within the next 90 days."""

    until: TimeInput
    revision: Revision


class RevisionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Undo, or return to the queue, what still has this revision."""

    revision: Revision


class NoteInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A note for other moderators."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_NOTE)]


class Changed(Struct, frozen=True):
    """A comment after what was done to it; `undo` while it can be taken back."""

    comment: Row
    undo: Undo | None


class Won(Struct, frozen=True):
    """The member `won` of a 409 problem: what the comment is now, and who made it so."""

    state: State
    revision: int
    actor: str
    outcome: str  # approve, hold, reject; "" when it was no decision
    what: str  # decided, edited, escalated, …
    reasons: tuple[str, ...]
    at: Time


# Bulk


class Query(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The filters of a list, as its address has them. Empty: not filtered by it."""

    list: ListName = "flagged"
    site: str = ""
    label: str = ""
    signal: str = ""
    rule: str = ""
    reason: str = ""
    model: str = ""
    author: str = ""
    language: str = ""
    campaign: str = ""
    since: TimeInput | None = None
    until: TimeInput | None = None
    q: Annotated[str, Meta(max_length=200)] = ""


class BulkAction(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be decided about each of them."""

    outcome: Outcome
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    note: Note = ""


class BulkInput(Struct, frozen=True, forbid_unknown_fields=True):
    """First ask what it would do: exactly one of `ids`, `query` and `campaign`, and the action.

    Then say `token`, and `confirm` (the count, typed by a human) when the plan asks for it.
    """

    ids: Annotated[list[CommentId], Meta(max_length=MAX_SELECTION)] | None = None
    query: Query | None = None
    campaign: str | None = None  # on all sites that the asker may moderate
    action: BulkAction | None = None
    token: str | None = None
    confirm: int | None = None


class BulkPlan(Struct, frozen=True):
    """What a bulk decision would do. `confirm`: its count must be said again."""

    token: str
    count: int
    sites: dict[str, int]
    confirm: bool
    expires_at: Time


class Skipped(Struct, frozen=True):
    """A comment that a bulk decision left alone, and why: changed, erased, told, refused, or failed."""

    id: str
    why: str


class BulkView(Struct, frozen=True):
    """A bulk decision under way or done. `state`: running, done, undoing, undone.

    When the process that works on it dies, another one goes on after some seconds.
    """

    id: str
    by: str
    action: BulkAction
    state: str
    count: int
    done: int
    skipped: int
    undone: int
    first_skipped: list[Skipped]  # at most 100
    started_at: Time
    undo_until: Time


# Authors


class MarkInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Trust or block an author's digest (e-mail, IP or network) on a site."""

    site: str
    digest: str
    what: Literal["trusted", "blocked"]
    until: TimeInput | None = None
    note: Note = ""


class UnmarkInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Take a mark back."""

    site: str
    digest: str


class Marks(Struct, frozen=True):
    """The marks of a site, newest first."""

    items: list[MarkView]


# Saved views


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """A list with filters, under a name."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_VIEW_NAME)]
    query: Query


class Views(Struct, frozen=True, forbid_unknown_fields=True):
    """A moderator's views, in their order; putting them replaces all."""

    items: Annotated[list[View], Meta(max_length=MAX_VIEWS)]


# Events (server-sent). The field `event` has the name; `data` is one of these, or for `bulk` (the asker's own) a BulkView.


class CommentEvent(Struct, frozen=True):
    """`comment`: something happened to one.

    `what`: decided, edited, requeued, escalated, snoozed, returned, undone, erased, noted, appealed.
    """

    site: str
    comment: str
    state: State
    list: str
    revision: int
    actor: str
    what: str


class ClaimEvent(Struct, frozen=True):
    """`claim`: somebody looks at a comment (`by`), until when unless they renew it; or nobody any more ("", null)."""

    site: str
    comment: str
    by: str
    until: Time | None


class HelloEvent(Struct, frozen=True):
    """`hello`: the stream stands; whoever reconnects fetches the lists anew, since what happened meanwhile is not repeated."""

    heartbeat: float  # seconds between comments that keep the connection open


class ByeEvent(Struct, frozen=True):
    """`bye`: the stream ends. `why`: sign-out, shutdown, or slow (the reader fell behind); reconnect but after sign-out."""

    why: str
