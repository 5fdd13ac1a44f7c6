"""Typed errors of the domain, each with a slug and an HTTP status; `web/problems.py` is the one place that renders them.

A message is written by us and never quotes what came in: untrusted text, addresses and secrets can't leak through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

MOST_MISTAKES: Final = 20
"""So many of a policy's mistakes are told at once."""


class AntechamberError(Exception):
    """Base of every error that a caller may see. `detail` is safe to show; `pointer` names the field (RFC 6901)."""

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str = "", *, pointer: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.pointer = pointer
        self.retry_after = retry_after

    @property
    def members(self) -> Mapping[str, object]:
        """What a program may want to know beyond that, as further members of the problem (RFC 9457, 3.2)."""
        return {}


class MalformedRequest(AntechamberError):
    """The body or a parameter can't be read at all."""

    slug, status, title = "malformed-request", 400, "The request can't be read"


class Unauthenticated(AntechamberError):
    """No credentials, or wrong ones."""

    slug, status, title = "unauthenticated", 401, "Credentials are missing or wrong"


class Forbidden(AntechamberError):
    """We know who asks, and they may not; or the request did not come from our own page."""

    slug, status, title = "forbidden", 403, "This is not allowed"


class NotFound(AntechamberError):
    """No such thing, or not one that this caller may see."""

    slug, status, title = "not-found", 404, "There is no such thing here"


class Conflict(AntechamberError):
    """The comment has changed since the caller looked, or its state does not allow the move."""

    slug, status, title = "conflict", 409, "The comment has moved on"


class Overtaken(Conflict):
    """Somebody or something changed the comment first; `won` says what it is now, who made it so, and when."""

    slug, status, title = "overtaken", 409, "Another was faster"

    def __init__(self, detail: str, won: Mapping[str, object]) -> None:
        super().__init__(detail, pointer="/revision")
        self.won = won

    @property
    def members(self) -> Mapping[str, object]:
        """The member `won`."""
        return {"won": self.won}


class TooLate(Conflict):
    """A decision can't be taken back any more."""

    slug, status, title = (
        "too-late",
        409,
        "It can't be undone any more: it has been told, or is being told; decide anew",
    )


class RequestInProgress(AntechamberError):
    """Another request with the same idempotency key has not been answered yet."""

    slug, status, title = "request-in-progress", 409, "The same request is still being worked on"


class Gone(AntechamberError):
    """The comment was erased; its id is not used again."""

    slug, status, title = "gone", 410, "The comment was erased"


class TextDropped(AntechamberError):
    """What was asked for needs the comment's text, which retention has dropped."""

    slug, status, title = "text-dropped", 410, "The comment's text is no longer kept"


class NotEnoughExamples(AntechamberError):
    """Too few decisions to learn from, or to judge a model by; the message says how many more are needed."""

    slug, status, title = "not-enough-examples", 409, "There are too few decisions to learn from"


class TooLarge(AntechamberError):
    """The body exceeds a named limit."""

    slug, status, title = "too-large", 413, "The request is too large"


class UnsupportedMediaType(AntechamberError):
    """A body of another type than the resource takes."""

    slug, status, title = "unsupported-media-type", 415, "The body is of the wrong type"


class InvalidSubmission(AntechamberError):
    """Well-formed, but a field is missing, too long or not what it says."""

    slug, status, title = "invalid", 422, "A field is not right"


class InvalidPolicy(InvalidSubmission):
    """A policy that can't be used: `pointer` says where in it, `line` and `column` (from 1) where in a rule's condition.

    It is the first mistake that was found, and `more` are the others.
    """

    slug, status, title = "invalid-policy", 422, "The policy can't be used as it is"

    def __init__(self, detail: str = "", *, pointer: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(f"Line {line}, column {column}: {detail}" if line else detail, pointer=pointer)
        self.line = line
        self.column = column
        self.more: tuple[InvalidPolicy, ...] = ()

    @property
    def all(self) -> tuple[InvalidPolicy, ...]:
        """Every mistake, this one first."""
        return (self, *self.more)

    @property
    def told(self) -> tuple[InvalidPolicy, ...]:
        """As many of them as are told; whoever mends these is told of the rest."""
        return self.all[:MOST_MISTAKES]

    def under(self, pointer: str) -> InvalidPolicy:
        """The same, with every place under `pointer`."""
        for error in self.all:
            error.pointer = pointer + error.pointer
        return self


class IdempotencyMismatch(AntechamberError):
    """An idempotency key came back with another payload."""

    slug, status, title = "idempotency-mismatch", 422, "The idempotency key was used for another payload"


class RateLimited(AntechamberError):
    """More requests than the named limit allows."""

    slug, status, title = "rate-limited", 429, "Too many requests"


class BacklogFull(AntechamberError):
    """More comments wait than the configured backlog; nothing of this request was kept."""

    slug, status, title = "backlog-full", 503, "Too much is waiting; try again shortly"


class Busy(AntechamberError):
    """This process does as much of it as it is set to."""

    slug, status, title = "busy", 503, "Too much of this is going on; try again shortly"


class StoreUnavailable(AntechamberError):
    """Redis can't be reached or failed to answer. Whether the command ran is unknown; repeating it is safe."""

    slug, status, title = "store-unavailable", 503, "The store can't be reached; try again shortly"


class ModelUnavailable(AntechamberError):
    """There is no model to ask."""

    slug, status, title = "model-unavailable", 503, "No model can be loaded"
