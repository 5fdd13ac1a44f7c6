"""What only the native API takes and gives, as types: requests are parsed and the OpenAPI document is generated from them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from service.core.errors import (
    BacklogFull,
    Gone,
    IdempotencyMismatch,
    InvalidSubmission,
    MalformedRequest,
    RateLimited,
    RequestInProgress,
    StoreUnavailable,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from service.core.lifecycle import Outcome
from service.core.policy.thresholds import Thresholds
from service.core.verdict import Explanation
from service.core.views import ChangeView, CommentView
from service.web.openapi import header
from service.web.schema import MAX_DECISION_NOTE, MAX_REASONS, Problem, ReasonCode

MAX_MODERATOR = 100


MAX_REPORTER = 200


class DecisionInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A human's word on a comment, also when it confirms the machine."""

    decision: Outcome
    reasons: Annotated[list[ReasonCode], Meta(max_length=MAX_REASONS)] = []
    note: Annotated[str, Meta(max_length=MAX_DECISION_NOTE, description="For the history.")] | None = None
    revision: (
        Annotated[int, Meta(ge=1, description="Only if the comment still has this revision; 409 otherwise.")] | None
    ) = None
    moderator: (
        Annotated[
            str,
            Meta(
                max_length=MAX_MODERATOR,
                description="Who decided, as the platform names them. Histories show them as `platform:<site>/<name>`: they are "
                "nobody who has an account here.",
            ),
        ]
        | None
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
    reason: ReasonCode | None = None


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
    accepts_edits: bool
    mode: str
    thresholds: dict[str, Thresholds]
    counts: dict[str, int]


class BatchLine(Struct, frozen=True, omit_defaults=True):
    """What became of one line of a batch: the status that it would have had by itself, and the comment or a problem."""

    line: int
    status: int
    comment: CommentView | None = None
    problem: Problem | None = None


# What several operations can meet, and answer with.


READING = (Unauthenticated, StoreUnavailable)
"""The problems of every operation that needs a key."""
BODY = (MalformedRequest, TooLarge, UnsupportedMediaType)
"""… of one that takes a body."""
TAKING = (*BODY, Unauthenticated, RateLimited, StoreUnavailable)
"""… of one that takes comments in."""
SUBMITTING = (*TAKING, RequestInProgress, Gone, InvalidSubmission, IdempotencyMismatch, BacklogFull)
"""… of one that takes a comment in and answers with it."""
LOCATION = {"Location": header("Where the comment can be looked at.")}
