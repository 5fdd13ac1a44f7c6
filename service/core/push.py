"""Web Push: a browser that a moderator has told that comments wait, and which push services may be written to. Values and rules.

A browser gives its page a subscription: an address at the push service of its maker, and two keys by which only it can read
what comes (RFC 8030, RFC 8291). The address is a secret, since whoever knows it may write there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from service.core.errors import InvalidSubmission
from service.core.web_address import is_web_address

SERVICES: Final = (
    "https://fcm.googleapis.com",  # Chrome, Edge elsewhere than on Windows, Brave, Opera, Samsung
    "https://updates.push.services.mozilla.com",
    "https://*.push.apple.com",
    "https://*.notify.windows.com",
)
"""The push services of the browsers that there are. An operator may name more."""
MOST_BROWSERS: Final = 10
"""So many browsers of one moderator are told; of more, those that were here last."""
KEPT_DAYS: Final = 30
"""Days until a browser is forgotten in which the page was not opened."""
MOST_ADDRESS: Final = 1_000
"""Characters."""
_POINT, _SECRET = 65, 16  # bytes of the keys


class Browser(Struct, frozen=True):
    """A browser that is told. The repr hides where and how."""

    endpoint: str
    key: bytes  # its public key, an uncompressed point of P-256
    auth: bytes  # 16 secret bytes that it shares with us
    generation: int  # of its moderator's sessions: those of another one are over
    session: str  # keyed digest of the session that it was last seen with; signing out of that ends this too
    seen: int  # when that was, milliseconds since 1970

    def __repr__(self) -> str:
        return "Browser(…)"


class Subscription(NamedTuple):
    """What a page says of its browser, checked."""

    endpoint: str
    key: bytes
    auth: bytes

    def __repr__(self) -> str:
        return "Subscription(…)"


def read_subscription(endpoint: str, key: str, auth: str, services: Sequence[str]) -> Subscription:
    """Check what a page says of its browser; the keys are base64url. Raises InvalidSubmission, which quotes nothing."""
    if not is_allowed(endpoint, services):
        raise InvalidSubmission("This browser's push service is none that is known here.", pointer="/endpoint")
    return Subscription(endpoint, _bytes(key, _POINT, "/key"), _bytes(auth, _SECRET, "/auth"))


def is_allowed(endpoint: str, services: Sequence[str]) -> bool:
    """Whether an address is at one of these push services, each "https://host", or "https://*.domain" for all hosts there."""
    if len(endpoint) > MOST_ADDRESS or not endpoint.isascii() or not is_web_address(endpoint):
        return False
    origin = origin_of(endpoint)
    return any(_fits(origin, service) for service in services)


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, the port only where it is not the scheme's own."""
    parts = urlsplit(address)
    port = "" if parts.port in (None, {"https": 443, "http": 80}.get(parts.scheme)) else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def is_service(service: str) -> bool:
    """Whether something can stand for a push service; see `is_allowed`."""
    plain = service.replace("://*.", "://any.", 1)
    return "*" not in plain and is_web_address(plain) and origin_of(plain) == plain


def _fits(origin: str, service: str) -> bool:
    scheme, _, domain = service.partition("*")
    return origin.startswith(scheme) and origin.endswith(domain) if domain else origin == service


def _bytes(text: str, size: int, pointer: str) -> bytes:
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != size:
        raise InvalidSubmission(f"A browser's key has {size} bytes, in base64url.", pointer=pointer)
    return found
