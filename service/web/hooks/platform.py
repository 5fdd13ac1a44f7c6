"""What the platforms' hooks share: who calls, what they send, how it is taken in, and what is answered. For the hooks only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

import msgspec
from aiohttp import web

from service.core.comment import Idempotency
from service.core.errors import MalformedRequest, Unauthenticated
from service.core.identity import mask_addresses
from service.core.site import Known, Site
from service.core.submission import Lenient, RawComment
from service.core.text.spoken import plain
from service.web.context import CONTEXT, Context, site_of_key, site_of_name
from service.web.intake import Arrival, spend, take_and_wait
from service.web.requests import read_body, whole_json
from service.web.responses import json_answer

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_MOST_SIGNATURES = 16  # in one header; more than any rotation needs
_PREFIX = "sha256="


async def named_site(request: web.Request) -> Known:
    """The site that the address names, or nobody's: what follows tells the two apart by the signature or the key alone."""
    return await site_of_name(request, request.match_info["site"])


async def read_keyed(request: web.Request) -> tuple[Site, bytes]:
    """The site that the address names, and the body, of whatever type. Raises Unauthenticated without a key of the site."""
    known = await named_site(request)
    await check_key(request, known)
    return known.site, await read_body(request, request.app[CONTEXT].settings.max_body, None)


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
    found = await site_of_key(request, key)
    if found is None or found.id != known.site.id:
        raise Unauthenticated("Send a key of this site, as bearer token or as the parameter key.")


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """What a signed or known caller sends; it may hold more than we look at. Raises MalformedRequest."""
    try:
        return decoder.decode(whole_json(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedRequest("The body is not what this platform sends.") from None


async def receive(
    request: web.Request, site: Site, raw: RawComment, *, wait: float = 0.0, once: Idempotency | None = None
) -> Arrival:
    """Take in what a hook brings, as far as it can be taken, and perhaps wait for its decision.

    Raises what taking in raises. The same words under the same id change nothing; nor does, with `once`, the same body.
    """
    context = request.app[CONTEXT]
    await spend(context, request, site, 1)
    return await take_and_wait(context, site, raw, Lenient(site.url), wait, once=once)


def seen_once(context: Context, platform: str, *signed: bytes) -> Idempotency:
    """What is signed and says no time counts once for as long as we remember it: by a keyed digest, and not for ever.

    Somebody who has captured it can't bring back what it said.
    """
    mac = context.identity.digest("b", "\0".join([platform, *(sha256(part).hexdigest() for part in signed)]))
    return Idempotency("b" + mac, mac, context.settings.hook_memory * 1_000, 0)


def told(arrival: Arrival) -> web.Response:
    """What is answered where the platform does not read it: our id and the state, for whoever looks."""
    state = arrival.comment.state if arrival.comment is not None else arrival.taken.state
    return document({"id": arrival.taken.comment, "state": state})


def document(value: object) -> web.Response:
    """JSON."""
    return json_answer(_encode(value))


def nothing_to_do() -> web.Response:
    """An event that is none of our business was heard."""
    return web.Response(status=204)


def digest(*words: str, own: Sequence[str] = ()) -> str:
    """An id for what comes without one: the same for the same words in the same place, however they are stored, addresses in them
    aside. `own` is what the author gave as theirs, which is hidden however it is spelt."""
    said = mask_addresses("\0".join(map(plain, words)), own)
    return hashlib.blake2b(said.encode(errors="replace"), digest_size=16).hexdigest()
