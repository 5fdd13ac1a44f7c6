"""The JSON shapes of /review/api, as types: requests are parsed with them, and its OpenAPI document is generated from them.

Times are RFC 3339 in UTC. Positions in a text are half-open ranges, in code points (`start`, `end`) and in UTF-16 code units
(`start_utf16`, `end_utf16`, as JavaScript counts). Text is untrusted, and never markup. Unknown fields are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from service.core.lifecycle import Outcome, State
from service.core.moderator import Role
from service.core.queue import LISTS
from service.core.submission import MAX_CONTENT_BYTES
from service.core.verdict import Explanation, Signal
from service.core.views import AuthorView, ChangeView, DecisionView, EditView, PageView, Time
from service.web.schema import MAX_DECISION_NOTE, MAX_REASONS, ReasonCode
from service.web.schema import Time as TimeInput

# Lists


class Claim(Struct, frozen=True):
    """Who is looking at a comment, until when unless they renew it. `mine`: it is the asker."""

    by: str
    until: Time
    mine: bool


class CampaignRef(Struct, frozen=True):
    """The campaign (near-duplicates) that a comment belongs to, and how many there were when it was judged."""

    id: str
    size: int


class Row(Struct, frozen=True):
    """A comment in a list. In the list `audit` it is blind: no state, verdict, reasons or decision (empty and null)."""

    id: str
    site: str
    platform_id: str
    state: State | None
    list: str  # of what waits for a moderator, where it stands: flagged, escalated, snoozed, later; "" otherwise
    revision: int
    created_at: Time
    entered_at: Time  # when it came to stand where it stands
    author: AuthorView | None
    page: PageView | None
    excerpt: (
        str  # how the text begins, as written: 280 code points, counting white space once. Positions in the text fit
    )
    text_kept: bool  # false: retention has dropped the text
    handed: str  # to whom, "" to nobody
    edited: bool  # readers see what a moderator made of it
    severity: float  # 0 to 1, how much harm the scores speak of
    scores: dict[str, float]
    reasons: tuple[str, ...]  # codes, the deciding one first
    rules: tuple[str, ...]  # names of the policy's rules and lists that fired
    signals: tuple[str, ...]  # names of the yes-or-no signals that are raised
    language: str
    model: str
    campaign: CampaignRef | None
    decision: DecisionView | None
    reports: int
    notes: int
    snoozed_until: Time | None
    claim: Claim | None


class Page(Struct, frozen=True):
    """A page of a list. `next` is the cursor of the next one, null at the end.

    `total` is how many match in all, null when only looking tells; `searched` is how many were looked at for this page,
    which may have fewer items than asked for, and none, although there is a next one.
    """

    items: list[Row]
    next: str | None
    total: int | None
    searched: int


class Found(Struct, frozen=True):
    """The comments that an address or an id may mean."""

    items: list[Row]


class FacetValue(Struct, frozen=True):
    """One value of a facet, how many comments of the list have it, and its name for people."""

    value: str
    count: int
    text: str


class Facets(Struct, frozen=True):
    """How the comments of a list that match the filters divide, the most frequent values first, at most 50 each.

    `counted` null: all of them, by an index. Else so many of the list were looked at; when that is not `complete`, the list
    goes on, and the counts are of these first ones.
    """

    site: list[FacetValue]
    page: list[FacetValue]
    label: list[FacetValue]
    signal: list[FacetValue]
    rule: list[FacetValue]
    reason: list[FacetValue]
    model: list[FacetValue]
    author: list[FacetValue]
    language: list[FacetValue]
    campaign: list[FacetValue]
    counted: int | None
    complete: bool


ListCounts = msgspec.defstruct(
    "ListCounts",
    [*((name, int) for name in LISTS), ("mine", int)],
    namespace={
        "__doc__": "How many comments are in each list, of the sites that are asked for; `mine`: of `escalated`, handed to you."
    },
    frozen=True,
)


# One comment


class Score(Struct, frozen=True):
    """A label's probability, and from where this site's policy holds, rejects, discards (null: never)."""

    label: str
    score: float
    hold: float | None
    reject: float | None
    discard: float | None


class SignalView(Struct, frozen=True):
    """A signal with what it means. `raised`: a yes-or-no signal that says yes."""

    name: str
    value: Signal
    unit: str
    meaning: str
    raised: bool


class Link(Struct, frozen=True):
    """A link in the text: where it stands and leads, its host as a browser asks for it (ASCII) and as people read it."""

    start: int
    end: int
    start_utf16: int
    end_utf16: int
    url: str
    host: str
    host_unicode: str
    text: str  # what a marked-up link shows instead of its address; "" for a bare one


class MarkView(Struct, frozen=True):
    """A standing word on an author of a site: trusted or blocked, until when (null: for good), why, by whom."""

    site: str
    digest: str
    what: str
    until: Time | None
    note: str
    by: str
    at: Time


class AuthorHistory(Struct, frozen=True):
    """An author's comments on this site, by digest: how many stand where, and the last ones."""

    total: int
    counted: int  # how many of the newest were counted by state
    states: dict[str, int]
    last: list[Row]


class CampaignView(Struct, frozen=True):
    """Near-duplicates: how many are known, on how many sites, where they stand, and some of those that the asker may see."""

    id: str
    size: int
    sites: int
    states: dict[str, int]  # of all of them: approved, flagged, rejected
    held: int  # on the sites that the asker sees
    first_at: Time
    last_at: Time
    members: list[Row]


class Campaigns(Struct, frozen=True):
    """The latest campaigns."""

    items: list[CampaignView]


class EarlierText(Struct, frozen=True):
    """A text that the comment had before it was edited, oldest first."""

    content: str
    author_name: str


class NoteView(Struct, frozen=True):
    """An internal note; it is erased with the comment."""

    id: str
    by: str
    at: Time
    text: str


class Undo(Struct, frozen=True):
    """A decision that can still be taken back: which revision it made, by whom, until when (then its call-back leaves)."""

    revision: int
    by: str
    until: Time
    bulk: str  # the bulk decision that it is part of, "" otherwise


class HandedView(Struct, frozen=True):
    """A comment handed `to` `moderator:bo`, `role:lead` or, "", whoever takes it, and what was said. `mine`: to the asker."""

    to: str
    by: str
    at: Time
    note: str
    mine: bool


class AppealView(Struct, frozen=True):
    """What the author answered to a rejection, and who had made it. `open`: it waits to be judged."""

    text: str  # e-mail addresses dotted out; "" when they wrote nothing, or once the comment's text was dropped
    at: Time
    decider: str  # an actor
    open: bool
    may_judge: bool  # whether the asker may; by default whoever made the decision may not


class Colleague(Struct, frozen=True):
    """Somebody to whom a comment can be handed: `to` is what to say, a person or a role."""

    to: str
    name: str  # of a person; "" of a role
    role: Role


class Colleagues(Struct, frozen=True):
    """Who sees a site: the roles first, then persons by name."""

    items: list[Colleague]


class Detail(Struct, frozen=True):
    """All that a moderator may know of a comment. In an audit it is blind, like its row."""

    comment: Row
    site_url: str
    content: str  # as written; e-mail addresses are dotted out since it came in
    edit: EditView | None  # what readers see in its place
    may_edit: bool  # whether its site and its platform take an edited text
    handed: HandedView | None  # to whom it was handed, while it waits for them
    links: list[Link]
    parent_id: str
    parent_text: str
    parent: Row | None  # the comment that this one answers, when we have it
    siblings: list[Row]  # what answers the same comment, around this one, oldest first; at most 10
    replies: list[Row]  # the latest answers to this one, oldest first; at most 10
    reported_as: dict[str, int]  # reason -> how many readers gave it for their report
    scores: list[Score]
    flags: tuple[str, ...]
    signals: list[SignalView]
    explanation: Explanation | None  # as kept with the decision; another label's: …/explanation?label=
    author: AuthorHistory | None
    marks: list[MarkView]  # on the author's digest and network
    address_known: bool  # it came with an IP address: that, or its network, can be blocked
    campaign: CampaignView | None
    earlier: list[EarlierText]
    history: list[ChangeView]
    notes: list[NoteView]
    undo: Undo | None
    appeal: AppealView | None  # against a rejection of the present text


class ExplanationView(Struct, frozen=True):
    """Why a label has its score; the parts' contributions add up to the logit. It is of the text that this revision has."""

    id: str
    revision: int
    model: str
    explanation: Explanation


# What moderators do: decide, undo, note, in bulk; marks, saved views, live events.

MAX_VIEWS = 50
MAX_VIEW_NAME = 60
MAX_SELECTION = 1_000
"""Comments in one selection of a bulk decision; more are named by a query."""

ListName = Annotated[str, Meta(extra_json_schema={"enum": list(LISTS)})]
CommentId = Annotated[str, Meta(pattern="^c[0-9a-f]{26}$")]
Note = Annotated[str, Meta(max_length=MAX_DECISION_NOTE, description="Addresses in it are dotted out.")]
Revision = Annotated[
    int, Meta(ge=1, description="The revision that was looked at; when it has changed since, 409 says what won.")
]


class EditInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The text to be shown in the place of the author's; the author's own takes an edit back.

    The decision's reasons say what was wrong with the author's text, which the model learns; `nothing_wrong`: it is only tidied.
    """

    content: Annotated[
        str,
        Meta(max_length=MAX_CONTENT_BYTES, description="E-mail addresses in it are dotted out. At most 65,525 bytes."),
    ]
    nothing_wrong: bool = False


class DecisionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Approve, hold or reject. A rejection names at least one reason; the reason "other" needs a note.

    `edit`: approve another text than the author's, where the site takes that.
    """

    outcome: Outcome
    revision: Revision
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    note: Note = ""
    edit: EditInput | None = None


class AuditInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What a moderator says of a comment of the list `audit`, not knowing what the machine said."""

    outcome: Outcome
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    revision: Revision | None = None


class EscalateInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Pass a held comment on to whoever decides the hard ones, or `to` somebody."""

    revision: Revision
    note: Note = ""
    to: Annotated[
        str,
        Meta(max_length=80, description="`moderator:<name>` or `role:<role>`, as colleagues are named; empty: nobody."),
    ] = ""


class EraseInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Erase a comment for good; `author`: and everything on its site that came with the same e-mail address."""

    author: bool = False


class ErasedView(Struct, frozen=True):
    """How many comments were erased."""

    erased: int


class SnoozeInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Put a held comment aside until a time within the next 90 days."""

    until: TimeInput
    revision: Revision


class RevisionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Undo, or return to the queue, what still has this revision."""

    revision: Revision


class NoteInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A note for other moderators."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_DECISION_NOTE)]


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
    edited: bool  # the author changed the text since the revision that was looked at
    reasons: tuple[str, ...]
    at: Time


# Bulk


class Query(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The filters of a list, as its address has them. Empty: not filtered by it. Facets take several values, one a line."""

    list: ListName = "flagged"
    site: str = ""
    page: str = ""
    label: str = ""
    signal: str = ""
    rule: str = ""
    reason: str = ""
    model: str = ""
    author: str = ""
    language: str = ""
    campaign: str = ""
    handed: Literal["", "me"] = ""  # to whoever asks
    by: Annotated[str, Meta(max_length=200, description="Decided by this actor.")] = ""
    since: TimeInput | None = None
    until: TimeInput | None = None
    q: Annotated[str, Meta(max_length=200)] = ""
    sort: Literal["", "newest", "oldest", "severest"] = ""


class BulkAction(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be decided about each of them."""

    outcome: Outcome
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    note: Note = ""


class Same(Struct, frozen=True, forbid_unknown_fields=True):
    """What waits that has the same author, IP address or network as a comment; `published`: and what is approved.

    An author's is all of it. Of an address or a network it is what is among the newest of the site in either state.
    """

    comment: CommentId
    whom: Literal["author", "address", "network"]
    published: bool = False


class BulkInput(Struct, frozen=True, forbid_unknown_fields=True):
    """First ask what it would do: exactly one of `ids`, `query`, `campaign` and `same`, and the action.

    Then say `token`, and `confirm` (the count, typed by a human) when the plan asks for it. `seen` tells the revision of each
    of `ids` as the asker saw it: one that has changed since is left alone.
    """

    ids: Annotated[list[CommentId], Meta(max_length=MAX_SELECTION)] | None = None
    seen: Annotated[dict[CommentId, int], Meta(max_length=MAX_SELECTION)] = {}
    query: Query | None = None
    campaign: str | None = None  # on all sites that the asker may moderate
    same: Same | None = None
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
    """Trust or block an author, an IP address or a network on a site: by its digest, or by a comment of theirs.

    With a `comment`, `whom` says which of its digests is meant. An author who is trusted is trusted from the networks and with
    the links that they have been approved with so far, that comment's among them, or where the platform vouches for them.
    """

    site: str
    what: Literal["trusted", "blocked"]
    digest: str = ""
    comment: Annotated[str, Meta(description="Our id of a comment.")] = ""
    whom: Annotated[Literal["author", "address", "network"], Meta(description="Of the `comment`.")] = "author"
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
