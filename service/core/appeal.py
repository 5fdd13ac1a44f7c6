"""An appeal: the one answer that the author of a rejected comment may give, through a signed link, without an account.

The link is a token: site, comment, the revision of the decision and when it expires, under a keyed digest. It says nothing
that a reader of it could not know already, and nobody can make one but us.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple

import msgspec
from msgspec import Struct

MAX_TEXT = 2_000  # characters
_MAC = 16  # bytes of the digest that a token carries
_LONGEST = 400  # characters of a token


class Appeal(Struct, frozen=True):
    """What an author answered to a rejection; its revision is the one that it made."""

    revision: int
    against: int  # the revision of the decision
    decider: str  # the actor who had made it
    at: int  # milliseconds since 1970
    text: str  # e-mail addresses dotted out; "" once the comment's text was dropped


class Ticket(Struct, frozen=True, array_like=True):
    """What a link stands for."""

    site: str
    comment: str
    against: int  # the revision of the decision
    expires_at: int  # milliseconds since 1970


class Link(NamedTuple):
    """Where an author can appeal, and until when (milliseconds since 1970)."""

    url: str
    until: int


def sign(master: bytes, ticket: Ticket) -> str:
    """The token of a ticket, fit for a URL's path."""
    body = msgspec.msgpack.encode(ticket)
    return base64.urlsafe_b64encode(body + _mac(master, body)).rstrip(b"=").decode()


def read(master: bytes, token: str) -> Ticket | None:
    """The ticket of a token of ours, expired or not; None for anything else."""
    if len(token) > _LONGEST:
        return None
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        body, mac = raw[:-_MAC], raw[-_MAC:]
        return msgspec.msgpack.decode(body, type=Ticket) if hmac.compare_digest(mac, _mac(master, body)) else None
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        return None


class Links(NamedTuple):
    """Makes the links of one service: its secret, its public address, and for how many days an author may appeal."""

    master: bytes
    public_url: str
    days: float

    def __repr__(self) -> str:
        return "Links(…)"

    def of(self, site: str, comment: str, against: int, decided_at: int) -> Link:
        """The link to appeal against a decision."""
        until = decided_at + int(self.days * 86_400_000)
        token = sign(self.master, Ticket(site, comment, against, until))
        return Link(f"{self.public_url.rstrip('/')}/appeals/{token}", until)


def _mac(master: bytes, body: bytes) -> bytes:
    return hmac.digest(master, b"appeal\0" + body, hashlib.sha256)[:_MAC]
