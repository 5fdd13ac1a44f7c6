"""Types that several of our APIs take and give: comments, policies, problems. The OpenAPI documents are generated from them.

Optional fields may be null, as many clients send them. Unknown fields are refused: a misspelt one must not silently do
nothing. The exception is `form`, which holds whatever signals the platform's comment form gathered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from service.core.errors import InvalidPolicy, InvalidSubmission
from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.document import policy_of
from service.core.policy.house_rules import MAX_CODE, MAX_HOUSE_RULES
from service.core.policy.measures import MAX_NOTE
from service.core.policy.thresholds import PRESETS, Preset, Thresholds
from service.core.site import Edition, KeptPolicy, Site
from service.core.submission import MAX_CONTENT_BYTES, MAX_NAME, MAX_PAGE_URL, MAX_TITLE, MAX_URL, ROLES
from service.core.verdict import HUMAN_REASONS
from service.core.views import rfc3339
from service.usecases.policy_preview import DEFAULT_LAST, MAX_LAST, Counts, Hits, Preview, Shift
from service.web.requests import decode

if TYPE_CHECKING:
    from service.learning.thresholds import Half, PromiseNow

T = TypeVar("T")
MAX_POLICY_BODY = 2_097_152
"""Bytes of a body that holds a policy: its lists may be long."""


class EditionView(Struct, frozen=True):
    """One edition of a policy: its number, from when, by whom."""

    version: Annotated[int, Meta(description="0 is the default that a site begins with.")]
    at: Annotated[str | None, Meta(description="RFC 3339; null: since the site is there.")]
    by: str
    note: str


class PolicyView(Struct, frozen=True):
    """A site's policy, and which edition of it this is."""

    site: str
    edition: EditionView
    policy: Policy
    effective: Annotated[dict[str, Thresholds], Meta(description="The thresholds that apply, the preset's among them.")]
    presets: Annotated[
        dict[Preset, dict[str, Thresholds]], Meta(description="The thresholds of each preset, by label.")
    ]


class HalfView(Struct, frozen=True):
    """How one half of a promise stands now."""

    promised: Annotated[float, Meta(description="A share from 0 to 1.")]
    threshold: Annotated[float | None, Meta(description="The policy's; null: nothing is done from any score on.")]
    bound: Annotated[float, Meta(description="What is certain now, with the promise's confidence.")]
    rows: Annotated[int, Meta(description="Decisions that it rests on.")]
    mistakes: Annotated[int, Meta(description="Good comments that are held back, or rejected, among them.")]
    missing: Annotated[int, Meta(description="So many more decisions without a mistake until it is kept; 0: it is.")]


class PromiseView(Struct, frozen=True):
    """What a site was promised of its thresholds, and how that stands by decisions that the version in use has not seen."""

    site: str
    promised: Annotated[bool, Meta(description="false: this site was made no promise, and the rest says nothing.")]
    label: str = ""
    confidence: float = 0.0
    made_for: Annotated[str, Meta(description="The version that it was computed for; empty: not known.")] = ""
    model: Annotated[str, Meta(description="The version in use.")] = ""
    decisions: int = 0
    good_held: Annotated[HalfView | None, Meta(description="Of good comments, the share that is held back.")] = None
    reject_precision: Annotated[HalfView | None, Meta(description="Of what is rejected, the share that is bad.")] = None


class KeptView(Struct, frozen=True):
    """An edition and what it said."""

    edition: EditionView
    policy: Policy


class EditionPage(Struct, frozen=True):
    """The newest editions of a policy, newest first, the live one among them."""

    items: list[KeptView]


class PolicyInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to save."""

    policy: Policy
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="Why, for the history.")] = ""
    version: Annotated[int, Meta(ge=0, description="Only if this is still the live edition; 409 otherwise.")] | None = (
        None
    )


class RestoreInput(Struct, frozen=True, forbid_unknown_fields=True):
    """An earlier edition of a policy to save again, as a new one."""

    edition: Annotated[int, Meta(ge=0, description="Which one.")]
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="Why, for the history.")] = ""
    version: Annotated[int, Meta(ge=0, description="Only if this is still the live edition; 409 otherwise.")] | None = (
        None
    )


class PreviewInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to try, and on how much of the past."""

    policy: Policy
    last: Annotated[int, Meta(ge=1, le=MAX_LAST, description="So many of the newest comments.")] = DEFAULT_LAST


class ChangedView(Struct, frozen=True):
    """A comment that the policy would treat otherwise than the live one."""

    id: Annotated[str, Meta(description="Empty: an example that is no comment of ours.")]
    before: Outcome
    after: Outcome
    human: Annotated[Outcome | None, Meta(description="What a human decided; null: nobody did.")]
    reasons: Annotated[tuple[str, ...], Meta(description="Names of rules and lists, or codes; the deciding one first.")]


class PreviewView(Struct, frozen=True):
    """What a policy would have done with a site's past, beside the live one, and beside what humans decided of it."""

    site: str
    edition: Annotated[int, Meta(description="Of the live policy, which it is compared with.")]
    looked: int
    without_text: Annotated[int, Meta(description="Comments that could not be looked at any more.")]
    without_scores: Annotated[int, Meta(description="Of those looked at: they count as when there is no verdict.")]
    scored_now: Annotated[
        int, Meta(description="Of those looked at: never judged here, so that the model scored them now.")
    ]
    unknown: Annotated[
        dict[str, int], Meta(description="Signal that the policy asks about -> of how many it can't be known.")
    ]
    since: Annotated[str | None, Meta(description="When the oldest of them came in; null: there is none.")]
    before: Annotated[Counts, Meta(description="What the live policy does with them.")]
    after: Annotated[Counts, Meta(description="What this one would do.")]
    more: Annotated[Counts, Meta(description="The difference; below zero: fewer.")]
    approved_by_humans: Annotated[
        Shift, Meta(description="By what the live policy does, and of these what this one would do.")
    ]
    rejected_by_humans: Shift
    undecided: Shift
    hits: Annotated[dict[str, Hits], Meta(description="By the name of a rule or list.")]
    changed: Annotated[list[ChangedView], Meta(description="The newest.")]


@contextmanager
def within_body() -> Iterator[None]:
    """What is wrong with a policy is named from its own root; here it is a field of a body."""
    try:
        yield
    except InvalidPolicy as error:
        if error.pointer != "/note":
            error.under("/policy")
        raise


def read_input(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A body that holds a policy, parsed. Raises InvalidPolicy with all that is wrong with that, or what `decode` raises."""
    try:
        return decode(decoder, body)
    except InvalidSubmission:
        document = decode(_anything, body)
        if isinstance(document, dict) and "policy" in document:
            policy_of(document["policy"])
        raise


def edition_view(edition: Edition) -> EditionView:
    """An edition, as it is told."""
    return EditionView(edition.version, rfc3339(edition.at) if edition.at else None, edition.by, edition.note)


def policy_view(site: Site) -> PolicyView:
    """A site's policy, as it is told."""
    return PolicyView(site.id, edition_view(site.edition), site.policy, site.policy.effective, PRESETS)


def promise_view(site: str, now: PromiseNow | None) -> PromiseView:
    """How a promise stands, as it is told."""
    if now is None:
        return PromiseView(site, promised=False)
    return PromiseView(
        site, True, now.label, now.confidence, now.made_for, now.model, now.decisions,
        _half_view(now.good_held), _half_view(now.reject_precision),
    )  # fmt: skip


def _half_view(half: Half | None) -> HalfView | None:
    if half is None:
        return None
    return HalfView(half.promised, half.threshold, half.bound, half.rows, half.mistakes, half.missing)


def edition_page(kept: list[KeptPolicy]) -> EditionPage:
    """Editions, as they are told."""
    return EditionPage([KeptView(edition_view(one.edition), one.policy) for one in kept])


def preview_view(found: Preview) -> PreviewView:
    """What a preview found, as it is told."""
    together = found.all
    before, after = together.before, together.after
    more = Counts(after.approve - before.approve, after.hold - before.hold, after.reject - before.reject)
    return PreviewView(
        site=found.site, edition=found.edition, looked=found.looked, without_text=found.without_text,
        without_scores=found.without_scores, scored_now=found.scored_now, unknown=found.unknown,
        since=rfc3339(found.since) if found.since else None, before=before, after=after, more=more,
        approved_by_humans=found.approved_by_humans, rejected_by_humans=found.rejected_by_humans,
        undecided=found.undecided, hits=found.hits,
        changed=[ChangedView(one.comment, one.before, one.after, one.human, one.reasons) for one in found.changed],
    )  # fmt: skip


encode = msgspec.json.Encoder().encode
_anything = msgspec.json.Decoder(Any)


MAX_DECISION_NOTE = 1_000
MAX_REASONS = len(HUMAN_REASONS) + MAX_HOUSE_RULES

WholeNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
PlatformId = Annotated[
    Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Za-z0-9][A-Za-z0-9._:/#~+=?&%-]{0,199}$"})] | WholeNumber,
    Meta(description="The platform's own id: 1 to 200 letters, digits or ._:/#~+=?&%-, or a whole number."),
]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, with a time zone.")]
ReasonCode = Annotated[
    str,
    Meta(
        description=f"{', '.join(HUMAN_REASONS)}, or the code of one of the site's house rules.",
        extra_json_schema={"pattern": "^[a-z][a-z0-9_-]*$", "maxLength": MAX_CODE, "examples": ["spam", "off-topic"]},
    ),
]


def _text(limit: int, description: str, **more: object) -> Meta:
    """Limits in the schema; `core.submission.prepare` enforces them, in our own words."""
    return Meta(description=description, extra_json_schema={"maxLength": limit, **more})


class PageInput(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What is commented on."""

    url: Annotated[str, _text(MAX_PAGE_URL, "Address of the page, http or https.", pattern="^https?://[^/?#\\s]+")]
    title: Annotated[str, _text(MAX_TITLE, "Its title.")] | None = None


class AuthorInput(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Who writes. Name and e-mail are required unless the site relaxes it. Addresses become keyed digests at once."""

    name: Annotated[str, _text(MAX_NAME, "As the author gave it.")] | None = None
    email: Annotated[str, _text(254, "E-mail address; never stored, logged or sent on.", format="email")] | None = None
    url: Annotated[str, _text(MAX_URL, "The author's link.")] | None = None
    ip: Annotated[str, _text(64, "IPv4 or IPv6 address; never stored, logged or sent on.")] | None = None
    user_agent: Annotated[str, Meta(description="The browser's User-Agent header.")] | None = None
    role: (
        Annotated[
            str,
            Meta(
                description="On the platform; an administrator's are approved.", extra_json_schema={"enum": list(ROLES)}
            ),
        ]
        | None
    ) = None
    id: (
        Annotated[
            str | WholeNumber,
            Meta(
                description="Who is signed in on the platform, by its own id; leave it out for guests, or say 0. It is not kept."
            ),
        ]
        | None
    ) = None
    verified: (
        Annotated[bool, Meta(description="The platform has verified that the e-mail address is theirs.")] | None
    ) = None


class ContextInput(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What the comment answers to."""

    parent_text: Annotated[str, Meta(description="Text of the comment that is replied to.")] | None = None


class CommentInput(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A comment as a platform submits it."""

    id: PlatformId
    page: PageInput
    content: Annotated[
        str, _text(MAX_CONTENT_BYTES, f"The comment; at most {MAX_CONTENT_BYTES} bytes of UTF-8.", minLength=1)
    ]
    author: AuthorInput = AuthorInput()
    parent_id: (
        Annotated[
            str | WholeNumber,
            Meta(description="The platform's id of what it answers to; what can't be one is left out."),
        ]
        | None
    ) = None
    kind: (
        Annotated[
            str,
            Meta(
                description="What it is: `comment` unless told; `review`, `pingback`, `webmention`, `contact-form`, `signup`, …",
                pattern="^[A-Za-z0-9_-]{1,32}$",
            ),
        ]
        | None
    ) = None
    created_at: Time | None = None
    revision: (
        Annotated[
            WholeNumber,
            Meta(
                description="The platform's own count of its edits, which orders them: an older one than that which is known "
                "changes nothing, and is answered with the comment as it stands."
            ),
        ]
        | None
    ) = None
    edited_at: (
        Annotated[
            datetime,
            Meta(
                tz=True,
                description="When it was last edited, RFC 3339: orders edits where there is no `revision`. A comment without it "
                "counts as of `created_at`, so send it always or never.",
            ),
        ]
        | None
    ) = None
    context: ContextInput | None = None
    form: (
        Annotated[
            dict[str, str | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float | bool | None],
            Meta(description="Raw signals of the comment form: honeypot fields, times, behaviour."),
        ]
        | None
    ) = None


class Mistake(Struct, frozen=True, omit_defaults=True):
    """One of the things that are wrong with a policy; `line` and `column`, from 1, say where in a rule's condition.

    `said` is the sentence in `detail` without its place and with `values` not yet filled in, for who says it in another language.
    """

    detail: str
    pointer: str = ""
    line: int = 0
    column: int = 0
    said: str = ""
    values: dict[str, str | int] = {}


class Problem(Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem details. `type` names the problem, `pointer` (RFC 6901) the field, `instance` the request.

    Of a policy, `errors` has all that is wrong, up to a number, and `errors_left_out` how many more there are; the other
    members are about the first. `line` and `column`, from 1, say where in a policy's condition it goes wrong.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    pointer: str = ""
    line: int = 0
    column: int = 0
    errors: list[Mistake] = []
    errors_left_out: int = 0
