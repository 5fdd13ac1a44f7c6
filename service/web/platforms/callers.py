"""Who calls a platform's hook: by a signature over the body, or by a key. For the hooks beside it only."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

from aiohttp import web

from service.core.errors import NotFound, Unauthenticated
from service.web.auth import Known
from service.web.parts import PARTS

_MOST_SIGNATURES = 16  # in one header; more than any rotation needs
_PREFIX = "sha256="


async def named_site(request: web.Request) -> Known:
    """The site that the address names. Raises NotFound."""
    known = await request.app[PARTS].gate.named(request, request.match_info["site"])
    if known is None:
        raise NotFound("There is no such site.")
    return known


def check_signature(header: str, secrets: Sequence[str], body: bytes) -> None:
    """See that one of the comma-separated `sha256=<hex>` signatures is of the body by one of the secrets.

    Raises Unauthenticated. Every pair is compared, and each in constant time: how long it takes says nothing.
    """
    presented = [part.strip() for part in header.split(",")][:_MOST_SIGNATURES]
    expected = [_PREFIX + hmac.new(secret.encode(), body, sha256).hexdigest() for secret in secrets]
    matches = [
        hmac.compare_digest(good.encode(), given.encode(errors="replace")) for good in expected for given in presented
    ]
    if not any(matches):
        raise Unauthenticated("The body is not signed with a secret of this site.")


async def check_key(request: web.Request, known: Known) -> None:
    """See that a key of the site comes in the Authorization header or as the parameter `key`. Raises Unauthenticated."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    key = given.strip() if scheme.lower() == "bearer" else request.query.get("key", "")
    found = await request.app[PARTS].gate.any_key(request, key)
    if found is None or found.id != known.site.id:
        raise Unauthenticated("Send a key of this site, as bearer token or as the parameter key.")
