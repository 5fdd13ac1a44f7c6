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
    since: int = 0  # when its site was made: the next one of that name is another; 0 in links of earlier versions


class Link(NamedTuple):
    """Where an author can appeal, and until when (milliseconds since 1970)."""

    url: str
    until: int


def sign(master: bytes, ticket: Ticket) -> str:
    """The token of a ticket, fit for a URL's path."""
    body = msgspec.msgpack.encode(ticket)
    return _written(body + _mac(master, body))


def read(master: bytes, token: str) -> Ticket | None:
    """The ticket of a token of ours, exactly as we wrote it, expired or not; None for anything else."""
    if len(token) > _LONGEST:
        return None
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if not hmac.compare_digest(mac, _mac(master, body)) or _written(raw) != token:
            return None
        return msgspec.msgpack.decode(body, type=Ticket)
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        return None


class Links(NamedTuple):
    """Makes the links of one service: its secret, its public address, and for how many days an author may appeal."""

    master: bytes
    public_url: str
    days: float

    def __repr__(self) -> str:
        return "Links(…)"

    @property
    def lasts(self) -> int:
        """For how many milliseconds from the decision on."""
        return int(self.days * 86_400_000)

    def of(self, site: str, comment: str, against: int, decided_at: int, since: int = 0) -> Link:
        """The link to appeal against a decision; `since` says which site of that name it is, by when it was made."""
        until = decided_at + self.lasts
        token = sign(self.master, Ticket(site, comment, against, until, since))
        return Link(f"{self.public_url.rstrip('/')}/appeals/{token}", until)


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(master: bytes, body: bytes) -> bytes:
    return hmac.digest(master, b"appeal\0" + body, hashlib.sha256)[:_MAC]
