"""Call-backs as values: a delivery, how a try of it ended, what the log says, and where a later word goes."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

NEVER: Final = 4_102_444_800_000
"""The pause of a disabled receiver: until somebody resumes it (the year 2100, in milliseconds)."""


class Delivery(NamedTuple):
    """One call-back. `lease` is 0 unless it was claimed."""

    id: str  # the webhook-id: the same on every try
    site: str
    comment: str
    type: str
    body: bytes
    tries: int  # so far
    created_at: int
    lease: int = 0  # when the lease ends, which is also what names it
    trace: str = ""  # where it stands in a trace (service/tracing.py)


class Back(NamedTuple):
    """A message to a comment's return address, whose body was noted with the address."""

    id: str
    type: str


KINDS: Final = ("msg_", "akm_")
"""How ids of call-backs about a comment begin: those to the site's receiver, those to a return address."""


def event_id(comment: str, revision: int) -> str:
    """The id of what a site's receiver is told of a comment's revision."""
    return f"{KINDS[0]}{comment}_{revision}"


def back(comment: str, revision: int, state: str) -> Back:
    """What a comment's return address is told of a revision that it was approved or rejected with."""
    return Back(f"{KINDS[1]}{comment}_{revision}", f"akismet.{state}")


class Settlement(NamedTuple):
    """How a try ended."""

    result: str  # delivered | retry | dead | back (handed back untried)
    retry_at: int = 0
    pause_until: int = 0  # for the whole site: the receiver asked for it, or is gone
    pause_why: str = ""
    status: int = 0
    error: str = ""  # one of our own words: timeout, connection, blocked-address, …
    took_ms: int = 0


class Attempt(NamedTuple):
    """One line of the delivery log."""

    id: str
    comment: str
    type: str
    result: str
    tries: int
    status: int
    error: str
    took_ms: int
    at: int
    entry: tuple[int, int]  # its place in the log


class Waiting(NamedTuple):
    """A call-back that is next in line for its comment."""

    delivery: Delivery
    due_at: int
    under_way: bool


class Endpoint(NamedTuple):
    """A site's receiver as the deliverer knows it."""

    paused_until: int  # 0: it is not paused
    why: str
    waiting: int  # comments with call-backs that wait
    undelivered: int
    failing_since: int = 0  # when the first of the tries that failed since the last good one was made; 0: none


class ReturnAddress(Struct, frozen=True):
    """Where a later word goes, and what it must carry to be understood there."""

    url: str
    mark: str  # which generation of the site's credentials the platform used; see `Credentials.mark`
    post: str = ""  # the platform's id of the page
    parent: str = ""  # … and of the comment that this one answers
    kind: str = "akismet"  # whose words are spoken there: akismet, or cusdis, which hears of approvals alone


read_address = msgspec.json.Decoder(ReturnAddress).decode
"""A return address from the body of a delivery of type `akismet.*`, whatever its kind. Raises msgspec.DecodeError."""
