"""The way in, for every dialect: the quota (`spend`), then `take`: cleanse, look up the sender, submit, count, wait.

Beside it what those share that take a comment as the native API has it (`submit`): its fields, its answer, its repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec
from aiohttp import web
from prometheus_client import Counter

from service import tracing
from service.clock import now_ms
from service.core.comment import Comment, Idempotency, Taken
from service.core.errors import AntechamberError, Gone, MalformedRequest, RateLimited, StoreUnavailable
from service.core.identity import IdentityKeys
from service.core.lifecycle import State
from service.core.site import Site, seal, sealing_secrets
from service.core.submission import Lenient, RawComment, Strict, Submission, prepare
from service.core.views import CommentView, PageView, author_view, comment_view, rfc3339
from service.metrics import SUBMISSIONS
from service.settings import Settings
from service.web.context import RATE, Context
from service.web.schema import CommentInput


async def spend(context: Context, request: web.Request, site: Site, cost: int) -> None:
    """Count submissions against the site's minute, in Redis for all processes together. Raises RateLimited; then nothing was
    counted."""
    quota = context.settings.rate_limit
    if not quota:
        return
    allowed, left, seconds = await context.services.access.spend(site.id, cost, quota)
    request[RATE] = {
        "RateLimit-Policy": f'"submissions";q={quota};w=60',
        "RateLimit": f'"submissions";r={left};t={seconds}',
    }
    if not allowed:
        raise RateLimited(f"A site may submit {quota} comments a minute.", retry_after=seconds)


class Arrival(NamedTuple):
    """A comment that was taken in, or was here already. `comment` is how it stands; None: nothing but `taken` tells, since it
    is new, or the same request was answered before."""

    submission: Submission
    taken: Taken
    comment: Comment | None

    @property
    def new_text(self) -> bool:
        """Whether a verdict is on its way, and whoever waits will be woken."""
        return self.taken.word in ("accepted", "edited", "requeued")


async def take(
    context: Context,
    site: Site,
    raw: RawComment,
    rules: Strict | Lenient,
    *,
    once: Idempotency | None = None,
    expected: bool = False,
    evidence: bool = False,
) -> Arrival:
    """Take a comment in; `expected`: somebody here waits for its decision, so that we are to be woken; `evidence`: see
    `Moderation.submit`.

    Raises what `prepare` and `Moderation.submit` raise; then nothing was kept.
    """
    with tracing.span("take in", "producer", channel=raw.channel, site=site.id) as span:
        arrival = await _take(context, site, raw, rules, once=once, expected=expected, evidence=evidence)
        span.note(comment=arrival.taken.comment, word=arrival.taken.word)
        return arrival


async def _take(
    context: Context,
    site: Site,
    raw: RawComment,
    rules: Strict | Lenient,
    *,
    once: Idempotency | None,
    expected: bool,
    evidence: bool,
) -> Arrival:
    try:
        submission = prepare(
            raw, context.identity.within(site.circles), rules, deliverable=context.deliverable
        ).submission
        secrets = sealing_secrets(context.services.secrets.master, site, now_ms())
        submission = msgspec.structs.replace(submission, seal=seal(secrets, raw.content, raw.page_url))
        submission = context.on_lists(submission, raw.email, raw.ip)
        if raw.ip and context.listed is not None:
            with tracing.span("http:BL"):
                submission = await context.listed(submission, raw.ip)
        waiting = context.waiting.process if expected else ""
        taken = await context.services.moderation.submit(
            site, submission, waiting=waiting, idempotency=once, evidence=evidence
        )
        known = taken.word != "accepted"
        if known and taken.state == State.ERASED:
            raise Gone
        comment = await context.services.moderation.get(site, taken.comment) if known and not taken.answer else None
    except AntechamberError as error:
        _count(raw.channel, error.slug).inc()
        raise
    _count(raw.channel, taken.word).inc()
    return Arrival(submission, taken, comment)


async def take_and_wait(
    context: Context,
    site: Site,
    raw: RawComment,
    rules: Strict | Lenient,
    wait: float,
    *,
    once: Idempotency | None = None,
) -> Arrival:
    """Take a comment in, and wait so many seconds for its decision; 0: not at all. Raises what `take` raises."""
    if wait <= 0:
        return await take(context, site, raw, rules, once=once)
    with context.waiting.expecting(context.services.moderation.identify(site.id, raw.platform_id)) as waker:
        arrival = await take(context, site, raw, rules, once=once, expected=True)
        comment = arrival.comment
        if arrival.taken.word == "replayed" or (comment is not None and comment.state is not State.PENDING):
            return arrival
        try:
            decided = await context.waiting.decided(
                waker,
                lambda: context.services.moderation.get(site, arrival.taken.comment),
                seconds=wait,
                will_be_woken=arrival.new_text,
            )
        except StoreUnavailable:
            return arrival  # it was taken in all the same, and that is what the answer says
        return arrival._replace(comment=decided or comment)


@lru_cache(maxsize=256)
def _count(channel: str, word: str) -> Counter:
    return SUBMISSIONS.labels(channel, word)


# Comments as the native API has them, from it and from signed webhooks: their fields, their answers, their repetitions.


_KEY = re.compile(r'"([\x20-\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
_NOBODY = frozenset({None, "", 0, "0"})  # as `author.id`: many platforms know guests by the number 0
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_encode_answer = msgspec.msgpack.Encoder().encode
_decode_answer = msgspec.msgpack.Decoder(tuple[int, CommentView]).decode


class Receipt(NamedTuple):
    """What a submission is answered with."""

    status: int
    view: CommentView
    replayed: bool = False


async def submit(
    context: Context,
    site: Site,
    item: CommentInput,
    *,
    channel: str,
    wait: float = 0.0,
    once: Idempotency | None = None,
    sent_at: int = 0,
) -> Receipt:
    """Take in a comment as the native API has it. `sent_at`: when the platform sent it, by its own clock (milliseconds since
    1970). Raises what `take` raises."""
    arrival = await take_and_wait(context, site, _raw(item, channel, sent_at), Strict(site.requires), wait, once=once)
    answer = _answer(site, arrival)
    if once is not None and once.lease and not arrival.taken.answer:
        await _remember(context, site, once, answer)
    return answer


def idempotency(header: str | None, body: bytes, keys: IdentityKeys, settings: Settings) -> Idempotency | None:
    """What an Idempotency-Key header says: a quoted string, or a bare one. Raises MalformedRequest.

    A body holds the author's addresses, so that it is known by a keyed digest alone, and so is the name of the request.
    """
    if header is None:
        return None
    found = _KEY.fullmatch(header.strip())
    if found is None:
        raise MalformedRequest("An Idempotency-Key has 1 to 255 printable characters.")
    return Idempotency(
        key=keys.digest("k", found.group(1) or found.group(2)),
        request=keys.digest("b", body),
        ttl=settings.idempotency_ttl * 1000,
        lease=int(settings.idempotency_lease * 1000),
    )


def webhook_once(webhook_id: str, body: bytes, keys: IdentityKeys, settings: Settings) -> Idempotency:
    """A signed webhook's id counts once for as long as its timestamp could still be accepted.

    It is noted by the script that takes the comment in, so that a crash can't part the two. Nothing is stored as the
    answer, hence no lease: a repeated one is answered with the comment as it stands.
    """
    lives = 2_000 * settings.webhook_tolerance + 1_000
    return Idempotency(keys.digest("w", webhook_id), keys.digest("b", body), lives, 0)


def _raw(item: CommentInput, channel: str, sent_at: int) -> RawComment:
    author = item.author
    return RawComment(
        platform_id=str(item.id),
        content=item.content,
        page_url=item.page.url,
        page_title=item.page.title or "",
        name=author.name or "",
        email=author.email or "",
        url=author.url or "",
        ip=author.ip or "",
        user_agent=author.user_agent or "",
        role=author.role or "",
        parent_id="" if item.parent_id is None else str(item.parent_id),
        parent_text=(item.context.parent_text or "") if item.context else "",
        created_at=_milliseconds(item.created_at),
        form=_form(item.form) if item.form else {},
        kind=item.kind or "comment",
        channel=channel,
        vouched=bool(author.verified) or (author.id not in _NOBODY and author.role != "guest"),
        revision=item.revision or 0,
        edited_at=_milliseconds(item.edited_at),
        sent_at=sent_at,
    )


def _milliseconds(moment: datetime | None) -> int:
    return (moment - _EPOCH) // _MILLISECOND if moment else 0


def _form(raw: Mapping[str, object]) -> dict[str, str]:
    """Form signals as text: true and false as JSON writes them, null as nothing."""
    return {
        name: value if isinstance(value, str) else "" if value is None else _plain(value) for name, value in raw.items()
    }


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answer(site: Site, arrival: Arrival) -> Receipt:
    submission, taken, comment = arrival
    if taken.answer:
        status, view = _decode_answer(taken.answer)
        return Receipt(status, _with_words(view, submission), replayed=True)
    if comment is None:
        return Receipt(202, _pending(site, submission, taken))
    status = 202 if comment.state is State.PENDING else 200
    return Receipt(status, comment_view(comment), replayed=taken.word == "replayed")


async def _remember(context: Context, site: Site, once: Idempotency, answer: Receipt) -> None:
    """Keep the answer for a repetition, without the words: those are in the repeated request, and may be erased here."""
    bare = msgspec.structs.replace(answer.view, page=None, author=None, content="", parent_id="")
    try:
        await context.services.moderation.remember_answer(site, once, _encode_answer((answer.status, bare)))
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
        created_at=rfc3339(submission.created_at) if 0 < submission.created_at < taken.at else at,
        received_at=at,
        updated_at=at,
        decision=None,
        verdict=None,
        page=PageView(submission.page.url, submission.page.title),
        author=author_view(submission),
        content=submission.content,
        parent_id=submission.parent_id,
        text_kept=True,
        seal=submission.seal,
    )


def _with_words(view: CommentView, submission: Submission) -> CommentView:
    return msgspec.structs.replace(
        view,
        page=PageView(submission.page.url, submission.page.title),
        author=author_view(submission),
        content=submission.content,
        parent_id=submission.parent_id,
    )
