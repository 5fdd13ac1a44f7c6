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
from typing import NamedTuple

from msgspec import Struct

from service.core.errors import InvalidSubmission
from service.core.policy import Policy
from service.core.submission import Requirements

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?\Z", re.IGNORECASE)


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

    @property
    def requires(self) -> Requirements:
        """What a submission to this site must carry."""
        return Requirements(self.require_name, self.require_email)


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


def key_digest(master: bytes, key: str) -> str:
    """What the store indexes a presented key by: keyed BLAKE2b, since it is computed for every request."""
    return hashlib.blake2b(
        key.encode(errors="replace"), key=master[:64], digest_size=32, person=b"key lookup"
    ).hexdigest()


def check_site(name: str, url: str, callback: str) -> None:
    """Refuse a site whose name or addresses can't be used. Raises InvalidSubmission."""
    if _NAME.match(name) is None:
        raise InvalidSubmission("A site's name has 1 to 63 lower-case letters, digits or hyphens.", pointer="/name")
    if _URL.match(url) is None:
        raise InvalidSubmission("A site's address begins with http:// or https://.", pointer="/url")
    if callback and _URL.match(callback) is None:
        raise InvalidSubmission("A call-back's address begins with http:// or https://.", pointer="/callback")
