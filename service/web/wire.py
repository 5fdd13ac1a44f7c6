"""What the native API takes and gives, as types: requests are parsed and the OpenAPI document is generated from them.

Optional fields may be null, as many clients send them. Unknown fields are refused: a misspelt one must not silently do
nothing. The exception is `form`, which holds whatever signals the platform's comment form gathered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from service.core.lifecycle import Outcome
from service.core.policy import HUMAN_REASONS, Thresholds
from service.core.submission import MAX_CONTENT_BYTES, MAX_NAME, MAX_PAGE_URL, MAX_TITLE, MAX_URL, ROLES
from service.core.verdict import Explanation
from service.core.views import ChangeView, CommentView

MAX_NOTE = 1_000
MAX_MODERATOR = 100
MAX_REPORTER = 200
MAX_REASONS = len(HUMAN_REASONS)

WholeNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
PlatformId = Annotated[
    Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Za-z0-9][A-Za-z0-9._:/#~+=-]{0,199}$"})] | WholeNumber,
    Meta(description="The platform's own id: 1 to 200 letters, digits or ._:/#~+=-, or a whole number."),
]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, with a time zone.")]
ReasonCode = Annotated[str, Meta(extra_json_schema={"enum": list(HUMAN_REASONS)})]


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
    parent_id: PlatformId | None = None
    created_at: Time | None = None
    context: ContextInput | None = None
    form: (
        Annotated[
            dict[str, str | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float | bool | None],
            Meta(description="Raw signals of the comment form: honeypot fields, times, behaviour."),
        ]
        | None
    ) = None


class DecisionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A human's word on a comment, also when it confirms the machine."""

    decision: Outcome
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="For the history.")] | None = None
    revision: (
        Annotated[int, Meta(ge=1, description="Only if the comment still has this revision; 409 otherwise.")] | None
    ) = None
    moderator: (
        Annotated[str, Meta(max_length=MAX_MODERATOR, description="Who decided, as the platform names them.")] | None
    ) = None


class ReportInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A reader's report of a comment."""

    reporter: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_REPORTER,
            description="The platform's opaque id of the reader; kept as a keyed digest, and counted once.",
        ),
    ]


class CommentPage(Struct, frozen=True):
    """A page of comments, newest first. `next` is the cursor of the next page, null on the last."""

    items: list[CommentView]
    next: str | None


class History(Struct, frozen=True):
    """What happened to a comment, oldest first."""

    id: str
    items: list[ChangeView]


class ExplanationView(Struct, frozen=True):
    """Why a label has its score under the present model; the parts' contributions add up to the logit."""

    id: str
    model: str
    explanation: Explanation


class Reported(Struct, frozen=True):
    """How many readers have reported a comment by now."""

    id: str
    reports: int


class SiteView(Struct, frozen=True):
    """What a site's key may know of its site: settings, the thresholds that apply, and how many comments stand where."""

    id: str
    url: str
    callback: str
    require_name: bool
    require_email: bool
    mode: str
    thresholds: dict[str, Thresholds]
    counts: dict[str, int]


class Mistake(Struct, frozen=True, omit_defaults=True):
    """One of the things that are wrong with a policy; `line` and `column`, from 1, say where in a rule's condition."""

    detail: str
    pointer: str = ""
    line: int = 0
    column: int = 0


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


class BatchLine(Struct, frozen=True, omit_defaults=True):
    """What became of one line of a batch: the status that it would have had by itself, and the comment or a problem."""

    line: int
    status: int
    comment: CommentView | None = None
    problem: Problem | None = None
