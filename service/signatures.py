"""Standard Webhooks signatures: made for our call-backs, checked on the webhooks that come in.

A message is signed by every secret that is good now, so that a platform can change its secret without losing one. Used by
`workers/deliver/__init__.py` and `web/hooks/__init__.py`; https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from service.core.errors import Unauthenticated

_ID = re.compile(r"[\x21-\x7e]{1,256}\Z")
_TIMESTAMP = re.compile(r"(?:0|[1-9][0-9]{0,11})\Z")
_MOST_SIGNATURES = 16  # in one header; more than any rotation needs


def sign(secrets: Sequence[str], message: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a call-back: its id, the time (seconds since 1970) and a signature by each secret."""
    text = body.decode()
    signatures = [_signature(secret, message, at, text) for secret in secrets]
    return {"webhook-id": message, "webhook-timestamp": str(at), "webhook-signature": " ".join(signatures)}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float, tolerance: float) -> str:
    """The id of a signed webhook. `headers` finds names in any case, as aiohttp's do; times are seconds since 1970.

    Raises Unauthenticated when something is missing, too old or too new, or signed by none of the secrets.
    """
    message = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    presented = headers.get("webhook-signature", "").split(" ")
    if not _ID.match(message) or not _TIMESTAMP.match(timestamp):
        raise Unauthenticated("The headers webhook-id and webhook-timestamp are missing or not what they should be.")
    at = int(timestamp)
    if abs(now - at) > tolerance:
        raise Unauthenticated("The webhook's timestamp is too far from now.")
    try:
        text = body.decode()
        expected = [_signature(secret, message, at, text).encode() for secret in secrets]
    except (UnicodeDecodeError, OverflowError, ValueError):
        raise Unauthenticated("The webhook can't have been signed: it is not UTF-8, or its time is none.") from None
    # Every pair is compared, and each in constant time: how long it takes says nothing about the secrets.
    matches = [
        hmac.compare_digest(good, given.encode(errors="replace"))
        for good in expected
        for given in presented[:_MOST_SIGNATURES]
    ]
    if not any(matches):
        raise Unauthenticated("The webhook's signature does not match.")
    return message


def _signature(secret: str, message: str, at: int, text: str) -> str:
    return Webhook(secret).sign(message, datetime.fromtimestamp(at, UTC), text)
