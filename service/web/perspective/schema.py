"""What the Perspective dialect takes and gives: Comment Analyzer v1alpha1, and Google's way of saying what went wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from service.core.errors import (
    AntechamberError,
    InvalidSubmission,
    MalformedRequest,
    RateLimited,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)

LABEL_OF: Final = {
    "TOXICITY": "toxicity",
    "SEVERE_TOXICITY": "severe_toxicity",
    "IDENTITY_ATTACK": "identity_attack",
    "INSULT": "insult",
    "PROFANITY": "profanity",
    "THREAT": "threat",
    "SPAM": "spam",
}
"""The attributes that we have, and our labels."""
HOST: Final = "commentanalyzer.googleapis.com"
"""Perspective's own name, which leads to us where clients can't be pointed elsewhere (`docs/tls-front.md`)."""
MAX_TEXT: Final = 20_480
"""Longest text, in bytes of UTF-8."""
_encode = msgspec.json.Encoder().encode
_UNKNOWN_FIELD = re.compile(r"unknown field `([A-Za-z_][A-Za-z0-9_]{0,40})`")
_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 405: "NOT_FOUND",
    409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE",
}  # fmt: skip
_ERROR_TYPE = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


class TextEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A text and its type."""

    text: str | None = None
    type: str | None = None


class ArticleAndParent(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to give context."""

    article: TextEntry | None = None
    parentComment: TextEntry | None = None


class Context(Struct, frozen=True, forbid_unknown_fields=True):
    """What the comment refers to. It is accepted and not used, as it was by Perspective's production attributes."""

    entries: list[TextEntry] | None = None
    articleAndParentComment: ArticleAndParent | None = None


class AttributeParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """How one attribute is asked for."""

    scoreType: str | None = None
    scoreThreshold: float | None = None


class AnalyzeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """comments:analyze."""

    comment: TextEntry | None = None
    context: Context | None = None
    requestedAttributes: dict[str, AttributeParameters | None] | None = None
    spanAnnotations: bool | None = None
    languages: list[str] | None = None
    doNotStore: bool | None = None
    clientToken: str | None = None
    sessionId: str | None = None
    communityId: str | None = None
    dropUnsupportedAttributes: bool | None = None


class Score(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One score."""

    value: float | None = None
    type: str | None = None


class SpanScore(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The score of a part of the text; positions count UTF-16 code units, the end is exclusive."""

    begin: int | None = None
    end: int | None = None
    score: Score | None = None


class AttributeScores(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The scores of one attribute."""

    spanScores: list[SpanScore] | None = None
    summaryScore: Score | None = None


class SuggestRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """comments:suggestscore."""

    comment: TextEntry | None = None
    context: Context | None = None
    attributeScores: dict[str, AttributeScores] | None = None
    languages: list[str] | None = None
    communityId: str | None = None
    clientToken: str | None = None
    sessionId: str | None = None


class Refused(AntechamberError):
    """What Perspective refuses, in its own words; `error_type` is its enum of causes."""

    slug, status, title = "invalid", 400, "Request contains an invalid argument."

    def __init__(self, message: str, error_type: str = "INVALID_REQUEST", **cause: Any) -> None:
        super().__init__(message)
        self.details: list[Any] = [{"@type": _ERROR_TYPE, "errorType": error_type} | cause]


def unreadable(error: Exception) -> Refused:
    """JSON that is none, or is none of a request. Only names that can't carry anything are repeated."""
    found = _UNKNOWN_FIELD.search(str(error))
    what = f' Unknown name "{found.group(1)}": Cannot find field.' if found else ""
    refused = Refused("Invalid JSON payload received." + what)
    refused.details = [{"@type": _BAD_REQUEST, "fieldViolations": [{"description": str(refused)}]}]
    return refused


def answer(value: Any, query: Mapping[str, str]) -> web.Response:
    """An answer as Google writes JSON; `query` may ask for it without line breaks."""
    return _json(value, 200, pretty=query.get("prettyPrint", "true").lower() != "false")


def problem(error: AntechamberError, _: str) -> web.Response:
    """An error as Google writes it. It always has details: clients look into the first of them unasked."""
    status, message, details = error.status, error.detail or error.title, [_info(error.slug)]
    if isinstance(error, Refused):
        details = error.details
    elif isinstance(error, Unauthenticated) and error.pointer == "key":  # a wrong key is 400 to Google, and no key 403
        status, details = 400, [_info("api-key-invalid")]
    elif isinstance(error, Unauthenticated):
        status, details = 403, [_info("credentials-missing")]
    elif isinstance(error, TooLarge | MalformedRequest | InvalidSubmission | UnsupportedMediaType):
        status = 400
    elif isinstance(error, RateLimited):
        message, details = "Quota exceeded: " + message, [_info("rate-limit-exceeded")]
    said = {"code": status, "message": message, "status": _STATUS.get(status, "INTERNAL"), "details": details}
    response = _json({"error": said}, status, pretty=True)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _info(reason: str) -> dict[str, Any]:
    """Why, for programs (google.rpc.ErrorInfo)."""
    reason = reason.upper().replace("-", "_")
    return {"@type": _ERROR_INFO, "reason": reason, "domain": "googleapis.com", "metadata": {"service": HOST}}


def _json(value: Any, status: int, *, pretty: bool) -> web.Response:
    body = _encode(value)
    if pretty:
        body = msgspec.json.format(body, indent=2) + b"\n"
    return web.Response(body=body, status=status, content_type="application/json", charset="UTF-8")
