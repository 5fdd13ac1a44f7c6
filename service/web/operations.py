"""The native API's operations as data: what each takes, what it answers, and which problems it can meet.

`openapi.py` makes the OpenAPI document of it and `pages.py` the readable page; a test holds it to the routes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import Struct

from service.core.errors import (
    AntechamberError,
    BacklogFull,
    Conflict,
    Gone,
    IdempotencyMismatch,
    InvalidPolicy,
    InvalidSubmission,
    MalformedRequest,
    ModelUnavailable,
    NotFound,
    RateLimited,
    RequestInProgress,
    StoreUnavailable,
    TextDropped,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from service.core.verdict import LABELS
from service.core.views import CommentView, StatementView
from service.web.bodies import JSON, NDJSON
from service.web.listing import DEFAULT_LIMIT, LISTED, MAX_LIMIT
from service.web.policy_wire import PolicyInput, PolicyView, PreviewInput, PreviewView
from service.web.wire import (
    BatchLine,
    CommentInput,
    CommentPage,
    DecisionInput,
    ExplanationView,
    History,
    Reported,
    ReportInput,
    SiteView,
)


class Parameter(NamedTuple):
    """A parameter of the path, the query or the headers."""

    place: str  # path | query | header
    name: str
    description: str
    schema: dict[str, Any] = {"type": "string"}  # noqa: RUF012  (never changed)
    required: bool = False


class Answer(NamedTuple):
    """An answer that is no problem."""

    status: int
    description: str
    type: type[Struct] | None = None
    media: str = JSON


class Operation(NamedTuple):
    """One method of one path."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    answers: tuple[Answer, ...]
    problems: tuple[type[AntechamberError], ...]
    takes: type[Struct] | None = None
    media: str = JSON
    parameters: tuple[Parameter, ...] = ()
    tag: str = "comments"
    key: bool = True  # needs the site's API key, or a moderator's session


_ID = Parameter("path", "id", "Our id of the comment.", {"type": "string", "pattern": "^c[0-9a-f]{26}$"}, required=True)
_PREFER = Parameter(
    "header",
    "Prefer",
    "`wait=N`: answer with the decision if it comes within N seconds (RFC 7240). `respond-async`: at once.",
)
_ONCE = Parameter(
    "header",
    "Idempotency-Key",
    "Names this request, so that repeating it is safe: the same key and body get the same answer for a day.",
)
_READING = (Unauthenticated, StoreUnavailable)
_BODY = (MalformedRequest, TooLarge, UnsupportedMediaType)
_TAKING = (*_BODY, Unauthenticated, RateLimited, StoreUnavailable)
_SUBMITTING = (*_TAKING, RequestInProgress, Gone, InvalidSubmission, IdempotencyMismatch, BacklogFull)
_ONE = (*_READING, NotFound, Gone)
_POLICY = (*_BODY, *_READING, InvalidSubmission, InvalidPolicy)
_TIME = {"type": "string", "format": "date-time"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post", "/v1/comments", "submitComment", "Submit a comment",
        "Takes a comment in. The answer is sent after the comment is durably stored. A repeated `id` with the same content is "
        "the same comment; with another text it is an edit, which is judged again. Fields that are not listed are refused, "
        "except inside `form`.",
        (
            Answer(200, "It has been decided, within the wait or before.", CommentView),
            Answer(202, "It is taken in and will be judged.", CommentView),
        ),
        _SUBMITTING, takes=CommentInput, parameters=(_PREFER, _ONCE),
    ),
    Operation(
        "post", "/v1/comments/batch", "submitBatch", "Submit many comments",
        "Takes one comment a line (NDJSON) and answers one `BatchLine` a line, in order: the status that the comment would "
        "have had by itself, and the comment or a problem. Blank lines are skipped but counted.",
        (Answer(200, "What became of each line.", BatchLine, NDJSON),),
        _TAKING, takes=CommentInput, media=NDJSON,
    ),
    Operation(
        "get", "/v1/comments", "listComments", "List comments",
        "The site's comments, newest first. With `state`, times are those at which the state was entered, otherwise those at "
        "which the comments came in. `next` is the cursor of the next page; it goes with the same filters only.",
        (Answer(200, "A page of comments.", CommentPage),),
        (*_READING, MalformedRequest),
        parameters=(
            Parameter("query", "state", "Only comments in this state.", {"type": "string", "enum": list(LISTED)}),
            Parameter("query", "author", "Only this author's: a digest as comments show it."),
            Parameter("query", "since", "From this time on.", _TIME),
            Parameter("query", "until", "Up to this time.", _TIME),
            Parameter(
                "query", "limit", f"Comments a page, {DEFAULT_LIMIT} unless told.",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            ),
            Parameter("query", "cursor", "Where the page before ended: its `next`."),
            Parameter("query", "platform_id", "Only the comment with the platform's own id; other filters don't count."),
        ),
    ),
    Operation(
        "get", "/v1/comments/{id}", "getComment", "Look at a comment", "",
        (Answer(200, "The comment.", CommentView),), _ONE, parameters=(_ID,),
    ),
    Operation(
        "delete", "/v1/comments/{id}", "eraseComment", "Erase a comment",
        "Text, author, verdict and notes go; a tombstone and the bare history remain. Erasing it again is no error.",
        (Answer(204, "It is erased."),), (*_READING, NotFound, Conflict), parameters=(_ID,),
    ),
    Operation(
        "get", "/v1/comments/{id}/history", "getHistory", "What happened to a comment",
        "Every change, oldest first; the n-th made revision n. An erased comment keeps its bare history.",
        (Answer(200, "The history.", History),), (*_READING, NotFound), parameters=(_ID,),
    ),
    Operation(
        "get", "/v1/comments/{id}/explanation", "explainComment", "Why a label has its score",
        "Computed with the present model from the text, as long as that is kept. The contributions add up to the logit.",
        (Answer(200, "The explanation.", ExplanationView),),
        (*_ONE, MalformedRequest, TextDropped, ModelUnavailable),
        parameters=(
            _ID,
            Parameter("query", "label", "Which label; `spam` unless told.", {"type": "string", "enum": list(LABELS)}),
        ),
    ),
    Operation(
        "post", "/v1/comments/{id}/decision", "decideComment", "Decide a comment",
        "A human's word, also when it confirms the machine; no machine overrides it. Send it for every decision that your "
        "moderators make: it is what the model learns from. E-mail addresses in the note are dotted out.",
        (Answer(200, "The comment as it stands now.", CommentView),),
        (*_BODY, *_ONE, Conflict, InvalidSubmission), takes=DecisionInput, parameters=(_ID,),
    ),
    Operation(
        "get", "/v1/comments/{id}/statement", "getStatement", "Why a comment is rejected, for its author",
        "The statement of reasons, as article 17 of the Digital Services Act wants it, and the link under which the author may "
        "appeal once, without an account. Call-backs carry it for every rejection but for spam. Give it to the author only.",
        (Answer(200, "The statement.", StatementView),), (*_ONE, Conflict), parameters=(_ID,),
    ),
    Operation(
        "post", "/v1/comments/{id}/report", "reportComment", "Report a comment",
        "A reader finds it wrong. Enough readers send an approved comment to the moderators; each reader counts once.",
        (Answer(200, "How many readers have reported it.", Reported),),
        (*_BODY, *_ONE, InvalidSubmission), takes=ReportInput, parameters=(_ID,),
    ),
    Operation(
        "get", "/v1/site", "getSite", "The site of this key",
        "Its settings, the thresholds that apply, and how many comments stand in each state.",
        (Answer(200, "The site.", SiteView),), _READING, tag="site",
    ),
    Operation(
        "get", "/v1/policy", "getPolicy", "The site's policy",
        "Mode, thresholds, lists and rules, and which edition of the policy this is.",
        (Answer(200, "The live policy.", PolicyView),), _READING, tag="site",
    ),
    Operation(
        "put", "/v1/policy", "savePolicy", "Save a policy",
        "It rules over comments that are judged from now on; what it leaves out is the default. The same policy again makes no "
        "new edition. A condition that can't be read is answered with its place.",
        (Answer(200, "The live policy.", PolicyView),), (*_POLICY, Conflict), takes=PolicyInput, tag="site",
    ),
    Operation(
        "post", "/v1/policy/preview", "previewPolicy", "Try a policy",
        "What it would have done with the site's kept comments, beside the live one and what humans decided. It changes "
        "nothing, and may take some seconds.",
        (Answer(200, "What it would have done.", PreviewView),), _POLICY, takes=PreviewInput, tag="site",
    ),
    Operation(
        "post", "/hooks/{site}", "receiveWebhook", "Submit a comment by webhook",
        "The body of `POST /v1/comments`, signed with the site's webhook secret as Standard Webhooks has it. A repeated "
        "`webhook-id` is answered with the comment as it stands.",
        (
            Answer(200, "It was known and has been decided.", CommentView),
            Answer(202, "It is taken in and will be judged.", CommentView),
        ),
        (*_SUBMITTING, NotFound), takes=CommentInput, tag="webhooks", key=False,
        parameters=(
            Parameter("path", "site", "The site's name.", required=True),
            Parameter("header", "webhook-id", "Names the message, the same on every try.", required=True),
            Parameter("header", "webhook-timestamp", "Seconds since 1970.", required=True),
            Parameter("header", "webhook-signature", "`v1,` and the signature; several with spaces between.", required=True),
        ),
    ),
)  # fmt: skip
"""Every operation of the native API."""
