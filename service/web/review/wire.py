"""The JSON shapes of /review/api: lists, facets and one comment with all its evidence. What is done to them: `wire_acts.py`.

Times are RFC 3339 in UTC. Positions in a text are half-open ranges, in code points (`start`, `end`) and in UTF-16 code units
(`start_utf16`, `end_utf16`, what JavaScript counts). Text is untrusted: set it as text, never as markup.
"""

from __future__ import annotations

from msgspec import Struct

from service.core.lifecycle import State
from service.core.verdict import Explanation, Signal
from service.core.views import AuthorView, ChangeView, DecisionView, PageView, Time

LISTS = (
    "flagged", "escalated", "snoozed", "decided", "approved", "rejected", "reported", "appealed", "later", "teaches", "audit",
)  # fmt: skip
"""The lists. The first three are disjoint and together all that is held: what is escalated or snoozed is not in `flagged`.

`later` is what was approved to be reviewed (mode `approve-first`, or a rule that tags it `review`) until a human has;
`teaches` is what of `flagged` is worth most for learning, the most first.
"""


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
    """Near-duplicates: how many are known, on how many sites, how many are held here and now, and some of them."""

    id: str
    size: int
    sites: int
    held: int
    members: list[Row]


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


class Detail(Struct, frozen=True):
    """All that a moderator may know of a comment. In an audit it is blind, like its row."""

    comment: Row
    site_url: str
    content: str  # as written; e-mail addresses are dotted out since it came in
    links: list[Link]
    parent_id: str
    parent_text: str
    parent: Row | None  # the comment that this one answers, when we have it
    scores: list[Score]
    flags: tuple[str, ...]
    signals: list[SignalView]
    explanation: Explanation | None  # as kept with the decision; another label's: …/explanation?label=
    author: AuthorHistory | None
    marks: list[MarkView]  # on the author's digest and network
    campaign: CampaignView | None
    earlier: list[EarlierText]
    history: list[ChangeView]
    notes: list[NoteView]
    undo: Undo | None


class ExplanationView(Struct, frozen=True):
    """Why a label has its score; the parts' contributions add up to the logit."""

    id: str
    model: str
    explanation: Explanation
