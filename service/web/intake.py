"""Taking a submission in, for the native API, its batches and webhooks: parse, submit, perhaps wait, answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from prometheus_client import Counter

from service.core.errors import AntechamberError, Gone, MalformedRequest, StoreUnavailable
from service.core.lifecycle import State
from service.core.site import Site
from service.core.submission import Submission, comment_id, prepare
from service.core.views import AuthorView, CommentView, PageView, comment_view, rfc3339
from service.metrics import SUBMISSIONS
from service.moderation import Idempotency, Taken
from service.settings import Settings
from service.web.parts import Parts
from service.web.wire import CommentInput

_KEY = re.compile(r'"([\x20-\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_encode_answer = msgspec.msgpack.Encoder().encode


class Answer(NamedTuple):
    """What a submission is answered with."""

    status: int
    view: CommentView
    replayed: bool = False


_decode_answer = msgspec.msgpack.Decoder(tuple[int, CommentView]).decode


@lru_cache(maxsize=256)
def _count(channel: str, word: str) -> Counter:
    return SUBMISSIONS.labels(channel, word)


def idempotency(header: str | None, body: bytes, settings: Settings) -> Idempotency | None:
    """What an Idempotency-Key header says: a quoted string, or a bare one. Raises MalformedRequest."""
    if header is None:
        return None
    found = _KEY.fullmatch(header.strip())
    if found is None:
        raise MalformedRequest("An Idempotency-Key has 1 to 255 printable characters.")
    return Idempotency(
        key=_digest((found.group(1) or found.group(2)).encode()),
        request=_digest(body),
        ttl=settings.idempotency_ttl * 1000,
        lease=int(settings.idempotency_lease * 1000),
    )


def webhook_once(webhook_id: str, body: bytes, settings: Settings) -> Idempotency:
    """A signed webhook's id counts once for as long as its timestamp could still be accepted.

    It is noted by the script that takes the comment in, so that a crash can't part the two. Nothing is stored as the
    answer, hence no lease: a repeated one is answered with the comment as it stands.
    """
    return Idempotency("w" + _digest(webhook_id.encode()), _digest(body), 2_000 * settings.webhook_tolerance + 1_000, 0)


async def take(
    parts: Parts,
    site: Site,
    item: CommentInput,
    *,
    channel: str,
    wait: float = 0.0,
    once: Idempotency | None = None,
) -> Answer:
    """Take a submission in. Raises what `prepare` and `Moderation.submit` raise; then nothing was kept."""
    try:
        submission = _parse(parts, site, item, channel)
        if item.author.ip:
            submission = await parts.listed(submission, item.author.ip)
        if wait > 0:
            taken, answer = await _submit_and_wait(parts, site, submission, wait, once)
        else:
            taken = await parts.moderation.submit(site, submission, idempotency=once)
            answer = await _answer(parts, site, submission, taken)
    except AntechamberError as error:
        _count(channel, error.slug).inc()
        raise
    _count(channel, taken.word).inc()
    if once is not None and once.lease and not taken.answer:
        await _remember(parts, site, once, answer)
    return answer


async def _submit_and_wait(
    parts: Parts, site: Site, submission: Submission, wait: float, once: Idempotency | None
) -> tuple[Taken, Answer]:
    waiting = parts.waiting
    comment = comment_id(site.id, submission.platform_id)
    with waiting.expecting(comment) as waker:
        taken = await parts.moderation.submit(site, submission, waiting=waiting.process, idempotency=once)
        answer = await _answer(parts, site, submission, taken)
        if answer.replayed or answer.view.state != State.PENDING:
            return taken, answer
        try:
            decided = await waiting.decided(
                waker,
                lambda: parts.moderation.get(site, comment),
                seconds=wait,
                will_be_woken=taken.word in ("accepted", "edited"),
            )
        except StoreUnavailable:
            decided = None  # it was taken in all the same, and that is what the answer says
    return taken, Answer(200, comment_view(decided)) if decided else answer


async def _answer(parts: Parts, site: Site, submission: Submission, taken: Taken) -> Answer:
    if taken.word == "accepted":
        return Answer(202, _pending(site, submission, taken))
    if taken.state == State.ERASED:
        raise Gone
    if taken.answer:
        status, view = _decode_answer(taken.answer)
        return Answer(status, _with_words(view, submission), replayed=True)
    view = comment_view(await parts.moderation.get(site, taken.comment))
    status = 202 if view.state == State.PENDING else 200
    return Answer(status, view, replayed=taken.word == "replayed")


async def _remember(parts: Parts, site: Site, once: Idempotency, answer: Answer) -> None:
    """Keep the answer for a repetition, without the words: those are in the repeated request, and may be erased here."""
    bare = msgspec.structs.replace(answer.view, page=None, author=None, content="", parent_id="")
    try:
        await parts.moderation.comments.remember_answer(site.id, once, _encode_answer((answer.status, bare)))
    except StoreUnavailable:
        return  # the comment is in; a repetition is answered with it as it stands


def _pending(site: Site, submission: Submission, taken: Taken) -> CommentView:
    """A new comment as `comment_view` would show it, without asking the store again."""
    at = rfc3339(taken.at)
    return CommentView(
        id=taken.comment,
        platform_id=submission.platform_id,
        site=site.id,
        state=State(taken.state),
        revision=taken.revision,
        created_at=at,
        updated_at=at,
        decision=None,
        verdict=None,
        page=PageView(submission.page.url, submission.page.title),
        author=_author(submission),
        content=submission.content,
        parent_id=submission.parent_id,
        text_kept=True,
    )


def _with_words(view: CommentView, submission: Submission) -> CommentView:
    return msgspec.structs.replace(
        view,
        page=PageView(submission.page.url, submission.page.title),
        author=_author(submission),
        content=submission.content,
        parent_id=submission.parent_id,
    )


def _author(submission: Submission) -> AuthorView:
    author = submission.author
    return AuthorView(author.name, author.url, author.email.digest if author.email else None, author.role)


def _parse(parts: Parts, site: Site, item: CommentInput, channel: str) -> Submission:
    author, email = item.author, item.author.email or ""
    return prepare(
        keys=parts.identity,
        requires=site.requires,
        platform_id=str(item.id),
        content=item.content,
        page_url=item.page.url,
        page_title=item.page.title or "",
        name=author.name or "",
        email=email,
        url=author.url or "",
        ip=author.ip or "",
        user_agent=author.user_agent or "",
        role=author.role or "",
        parent_id="" if item.parent_id is None else str(item.parent_id),
        parent_text=(item.context.parent_text or "") if item.context else "",
        created_at=(item.created_at - _EPOCH) // _MILLISECOND if item.created_at else 0,
        form=_form(item.form) if item.form else None,
        channel=channel,
        deliverable=parts.deliverable(email) if email else "unknown",
    )


def _form(raw: Mapping[str, object]) -> dict[str, str]:
    """Form signals as text: true and false as JSON writes them, null as nothing."""
    return {
        name: value if isinstance(value, str) else "" if value is None else _plain(value) for name, value in raw.items()
    }


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
