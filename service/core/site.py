"""A site, and its credentials, which are derived from a master secret so that the store never holds one.

Each credential is an HMAC-SHA-256 of the master secret over its kind, the site and a random generation. The store keeps
generations and, to find a site by its key, a keyed digest. Rotating adds a generation; the one before it keeps working
until it expires.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from service.core.errors import InvalidSubmission
from service.core.policy import Policy
from service.core.submission import Requirements
from service.core.web_address import is_web_address

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_ADDRESS = "begins with http:// or https://, and has a host and, if any, a port from 1 to 65535; no name or password."


class Generation(Struct, frozen=True):
    """One generation of a site's credentials; `expires_at` (milliseconds) is 0 for the current one."""

    nonce: str
    created_at: int
    expires_at: int = 0

    def live(self, now: int) -> bool:
        """Whether credentials of this generation are still good at `now`."""
        return self.expires_at == 0 or now < self.expires_at


class Edition(Struct, frozen=True):
    """Which edition of its policy a site has, since when, and from whom. Edition 0 is the default that it began with."""

    version: int = 0
    at: int = 0  # milliseconds since 1970
    by: str = ""  # "operator", "moderator:<name>", "platform:<site>", …
    note: str = ""


class Site(Struct, frozen=True):
    """Somewhere comments come from: a blog, a forum, a news site."""

    id: str  # a short name: lower-case letters, digits, hyphens
    url: str
    created_at: int
    generations: tuple[Generation, ...]  # newest first
    callback: str = ""  # where decisions are told; "" = nowhere
    policy: Policy = Policy()
    require_name: bool = True
    require_email: bool = True
    edition: Edition = Edition()
    second_factor: bool = False  # whoever sees it must have a second factor
    circle: str = ""  # by which name it is joined with others, which know people by the same digests; "": it is not
    circles_before: tuple[str, ...] = ()  # circles that it was in, the latest first; "" its own
    time_zone: str = ""  # by whose midnight its days are counted, as IANA names it; "": UTC's
    accepts_edits: bool = False  # its platform shows the text that a moderator made of a comment's

    @property
    def circles(self) -> tuple[str, ...]:
        """Its circle, and those that it was in before, as digests are made for them."""
        return tuple(circle_of(self.id, one) for one in (self.circle, *self.circles_before))

    @property
    def requires(self) -> Requirements:
        """What a submission to this site must carry."""
        return Requirements(self.require_name, self.require_email)


def circle_of(site: str, joined: str) -> str:
    """A circle as digests are made for it: of the sites that are joined by a name, or of a site alone."""
    return f"joined\0{joined}" if joined else f"site\0{site}"


class Credentials(NamedTuple):
    """What a platform needs to speak with us. Never logged: the repr hides it."""

    api_key: str  # bearer token of the native API
    akismet_key: str  # 12 lower-case hexadecimal characters
    webhook_secret: str  # Standard Webhooks: signs our call-backs and checks their webhooks

    def __repr__(self) -> str:
        return "Credentials(…)"

    @property
    def mark(self) -> str:
        """Tells this generation from others without telling anything else; the store may hold it."""
        return hmac.digest(self.webhook_secret.encode(), b"mark", hashlib.sha256)[:6].hex()


def derive(master: bytes, site: str, nonce: str) -> Credentials:
    """The credentials of one generation."""

    def mac(kind: str) -> bytes:
        return hmac.digest(master, f"{kind}\0{site}\0{nonce}".encode(), hashlib.sha256)

    return Credentials(
        api_key="ant_" + base64.b32encode(mac("api")[:20]).decode().lower(),
        akismet_key=mac("akismet")[:6].hex(),
        webhook_secret="whsec_" + base64.b64encode(mac("webhook")).decode(),
    )


def seal(secrets: Sequence[str], text: str, page: str) -> str:
    """What a call-back says its comment by: of each webhook secret `v1,` and an HMAC-SHA-256 of text and page, as the platform
    sent them, with spaces between.

    The receiver makes it of what it has, and so knows whether a decision is about that (docs/webhooks.md).
    """
    said = f"{text}\0{page}".encode(errors="replace")
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()}" for key in keys)


def sealing_secrets(master: bytes, site: Site, now: int) -> list[str]:
    """The webhook secrets of a site that are good now, the newest first; for `seal`."""
    return [_webhook_secret(master, site.id, one.nonce) for one in site.generations if one.live(now)]


@lru_cache(maxsize=256)
def _webhook_secret(master: bytes, site: str, nonce: str) -> str:
    return derive(master, site, nonce).webhook_secret


def key_digest(master: bytes, key: str) -> str:
    """What the store indexes a presented key by: keyed BLAKE2b, since it is computed for every request."""
    return hashlib.blake2b(
        key.encode(errors="replace"), key=master[:64], digest_size=32, person=b"key lookup"
    ).hexdigest()


def check_circle(name: str) -> None:
    """Refuse a name that no circle can have. Raises InvalidSubmission."""
    if name and _NAME.match(name) is None:
        raise InvalidSubmission("A circle's name has 1 to 63 lower-case letters, digits or hyphens.", pointer="/circle")


def check_name(name: str) -> None:
    """Refuse a name that no site can have. Raises InvalidSubmission."""
    if _NAME.match(name) is None:
        raise InvalidSubmission("A site's name has 1 to 63 lower-case letters, digits or hyphens.", pointer="/name")


def check_site(name: str, url: str, callback: str) -> None:
    """Refuse a site whose name or addresses can't be used. Raises InvalidSubmission."""
    check_name(name)
    if not is_web_address(url):
        raise InvalidSubmission(f"A site's address {_ADDRESS}", pointer="/url")
    if callback and not is_web_address(callback):
        raise InvalidSubmission(f"A call-back's address {_ADDRESS}", pointer="/callback")


class Known(NamedTuple):
    """A site with the credentials that are good now, newest first."""

    site: Site
    credentials: tuple[Credentials, ...]


class Presented(NamedTuple):
    """A key that somebody presented: whose it is, which it is (`api_key`, `akismet_key`), and its generation."""

    site: Site
    kind: str
    credentials: Credentials


class LogEntry(NamedTuple):
    """One line of the audit log."""

    id: str  # orders them
    at: int  # milliseconds since 1970
    actor: str  # "operator" at the command line, or "moderator:<name>"
    what: str  # such as "sites.add"
    subject: str  # whom or what it was done to
    site: str  # whose it is; "": of the whole box
    note: str


class KeptPolicy(Struct, frozen=True):
    """One edition of a policy."""

    edition: Edition
    policy: Policy
