"""Typed errors of the domain, each with a slug and an HTTP status; and mistakes, gathered so that all are told at once.

A message is written by us and never quotes what came in: untrusted text, addresses and secrets can't leak through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar, Final, NamedTuple

from service.core.server import TROUBLES

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


class CodeNeeded(Unauthenticated):
    """Name and password are right, and a code of the second factor is missing."""

    slug, status, title = "code-needed", 401, "A code of your second factor is needed too"


class Forbidden(AntechamberError):
    """We know who asks, and they may not; or the request did not come from our own page."""

    slug, status, title = "forbidden", 403, "This is not allowed"


class SecondFactorRequired(Forbidden):
    """Whoever has this role needs a second factor, and has none yet; until then they can only set one up."""

    slug, status, title = "second-factor-required", 403, "Your role needs a second factor; set one up first"


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

    def __init__(self) -> None:
        super().__init__(
            "The comment was erased: nothing can be decided about it any more, and its id is not used again."
        )


class TextDropped(AntechamberError):
    """What was asked for needs the comment's text, which retention has dropped."""

    slug, status, title = "text-dropped", 410, "The comment's text is no longer kept"


class NotEnoughExamples(AntechamberError):
    """Too few decisions to learn from, or to judge a model by; the message says how many more are needed."""

    slug, status, title = "not-enough-examples", 409, "There are too few decisions to learn from"


class TooSlow(AntechamberError):
    """The body took longer than the named limit."""

    slug, status, title = "too-slow", 408, "The request took too long to come in"


class TooLarge(AntechamberError):
    """The body exceeds a named limit."""

    slug, status, title = "too-large", 413, "The request is too large"


class UnsupportedMediaType(AntechamberError):
    """A body of another type than the resource takes."""

    slug, status, title = "unsupported-media-type", 415, "The body is of the wrong type"


class UnknownEncoding(UnsupportedMediaType):
    """A body that is packed in a way that we don't unpack."""

    slug, status, title = "unknown-encoding", 415, "The body's Content-Encoding is not gzip, deflate or identity"


class InvalidSubmission(AntechamberError):
    """Well-formed, but a field is missing, too long or not what it says."""

    slug, status, title = "invalid", 422, "A field is not right"


class InvalidPolicy(InvalidSubmission):
    """A policy that can't be used: `pointer` says where in it, `line` and `column` (from 1) where in a rule's condition.

    It is the first mistake that was found, and `more` are the others. `said` is the sentence, and `values` what stands in the
    places of it: whoever speaks another language says it anew.
    """

    slug, status, title = "invalid-policy", 422, "The policy can't be used as it is"

    def __init__(
        self,
        said: str = "",
        *,
        pointer: str = "",
        line: int = 0,
        column: int = 0,
        values: Mapping[str, str | int] | None = None,
    ) -> None:
        detail = said.format(**values) if values else said
        super().__init__(f"Line {line}, column {column}: {detail}" if line else detail, pointer=pointer)
        self.line = line
        self.column = column
        self.said = said
        self.values = dict(values or {})
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


class ProviderUnavailable(AntechamberError):
    """The team's own sign-in (an OpenID Connect provider) can't be asked, or answers what it should not."""

    slug, status, title = "provider-unavailable", 502, "Your organisation's sign-in does not answer as it should"


class StoreUnavailable(AntechamberError):
    """Redis can't be reached or failed to answer. Whether the command ran is unknown; repeating it is safe."""

    slug, status, title = "store-unavailable", 503, "The store can't be reached; try again shortly"

    def __init__(self, detail: str = "", *, why: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.why = why  # a word of `core.server.TROUBLES`; "" when it is no trouble of the server

    @property
    def amiss(self) -> str:
        """What is wrong with Redis and what to do about it, in a sentence for operators."""
        return f"Redis can't be used: {TROUBLES[self.why or 'refused']}"


class NotReady(StoreUnavailable):
    """Comments can't be taken in now, and this is why: for operators, not for platforms."""

    @property
    def members(self) -> Mapping[str, object]:
        """The member `why`."""
        return {"why": self.why}


class WrongInstallation(Exception):
    """Data and what works on it don't belong together: other keys, or an older version. The message says what to do."""


class BackupError(Exception):
    """A back-up can't be taken or used; the message says why."""


class ModelUnavailable(AntechamberError):
    """There is no model to ask."""

    slug, status, title = "model-unavailable", 503, "No model can be loaded"


# Collects mistakes, so that a policy is refused with all that is wrong with it at once. For whoever checks one in `core`.


_NUMBER = re.compile(r"\d+")


class ValidationErrors:
    """What is wrong."""

    def __init__(self) -> None:
        self.found: list[InvalidPolicy] = []

    def add(self, detail: str, pointer: str) -> None:
        """Note a mistake."""
        self.found.append(InvalidPolicy(detail, pointer=pointer))

    @contextmanager
    def gathered(self, pointer: str = "") -> Iterator[None]:
        """Note what is raised inside, all of it, as being under `pointer`."""
        try:
            yield
        except InvalidPolicy as error:
            self.found += error.under(pointer).all

    def refuse(self) -> None:
        """Raise InvalidPolicy with everything that was noted, if anything was; what is about one rule stands together."""
        if self.found:
            first, *more = sorted(self.found, key=lambda error: _NUMBER.sub(_wide, error.pointer))
            first.more = tuple(more)
            raise first from None


def _wide(number: re.Match[str]) -> str:
    return number[0].zfill(6)


# What msgspec says of a value that does not fit, in our words. For whoever parses what somebody else wrote.
#
# Its messages may quote what came in: of a name only letters are told, of a value nothing.


_UNKNOWN = re.compile(r"unknown field `([A-Za-z_][A-Za-z0-9_]{0,40})`")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_PATH = re.compile(r" - at `\$(.*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


class WrongField(NamedTuple):
    """What is wrong, and where (RFC 6901)."""

    detail: str
    pointer: str


def in_words(message: str) -> WrongField:
    """The text of a `msgspec.ValidationError` in our words."""
    path = _PATH.search(message)
    steps = [name or index for name, index in _STEP.findall(path.group(1))] if path else []
    what = message[: path.start()] if path else message
    detail = "The value is not one that this field takes."
    if unknown := _UNKNOWN.search(what):
        detail = "There is no such field."
        steps.append(unknown.group(1))
    elif what.startswith("Object contains unknown field"):
        detail = "There is an unknown field."
    elif missing := _MISSING.fullmatch(what):
        detail = "This field is required."
        steps.append(missing.group(1))
    elif what.startswith("Expected") and "enum" not in what:
        detail = what.replace("`", "") + "."
    elif what == "Invalid RFC3339 encoded date":
        detail = "A date is written like 2027-06-30."
    elif what.startswith("Invalid RFC3339"):
        detail = "A time is written as RFC 3339 has it."
    return WrongField(detail, "".join(f"/{step}" for step in steps))
