"""Taking in what a platform's hook brings, and saying what became of it. For the hooks beside it only."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from aiohttp import web

from service.core.comment import Comment
from service.core.errors import AntechamberError, MalformedRequest
from service.core.lifecycle import State
from service.core.site import Site
from service.core.submission import Submission, comment_id
from service.metrics import SUBMISSIONS
from service.web.limits import spend
from service.web.parts import PARTS

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """What a signed or known caller sends; it may hold more than we look at. Raises MalformedRequest."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedRequest("The body is not what this platform sends.") from None


async def take(request: web.Request, site: Site, submission: Submission, *, ip: str = "", wait: float = 0.0) -> Comment:
    """Take a submission in, and perhaps wait for its decision; the comment as it then is. `ip` is its author's address.

    Raises what taking in raises. The same words under the same id change nothing.
    """
    parts = request.app[PARTS]
    await spend(parts, request, site, 1)
    if ip:
        submission = await parts.listed(submission, ip)
    identity = comment_id(site.id, submission.platform_id)
    with parts.waiting.expecting(identity) as waker:
        try:
            taken = await parts.moderation.submit(site, submission, waiting=parts.waiting.process)
        except AntechamberError as error:
            SUBMISSIONS.labels(submission.channel, error.slug).inc()
            raise
        SUBMISSIONS.labels(submission.channel, taken.word).inc()
        comment = await parts.moderation.get(site, identity)
        if comment.state is State.PENDING and wait > 0:
            woken = taken.word in ("accepted", "edited")
            decided = await parts.waiting.decided(
                waker, lambda: parts.moderation.get(site, identity), seconds=wait, will_be_woken=woken
            )
            return decided or comment
    return comment


def told(comment: Comment) -> web.Response:
    """What is answered where the platform does not read it: our id and the state, for whoever looks."""
    return document({"id": comment.id, "state": comment.state})


def document(value: object) -> web.Response:
    """JSON."""
    return web.Response(body=_encode(value), content_type="application/json")


def nothing_to_do() -> web.Response:
    """An event that is none of our business was heard."""
    return web.Response(status=204)


def digest(*parts: str) -> str:
    """An id for what comes without one: the same for the same words in the same place."""
    return hashlib.blake2b("\0".join(parts).encode(errors="replace"), digest_size=16).hexdigest()


def milliseconds(moment: str | None) -> int:
    """An ISO 8601 time as we keep it: UTC when no zone is said, 0 when it is none."""
    try:
        read = datetime.fromisoformat(moment or "")
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
