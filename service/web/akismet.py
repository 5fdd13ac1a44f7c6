"""The Akismet dialect, `/1.1` and `/1.2`: existing clients point at us and work, unchanged.

A comment-check goes the same way as any submission and is awaited for `akismet_deadline`; a later verdict goes to the
request's `callback`. Corrections (submit-spam, submit-ham) are human decisions. `docs/akismet.md` is for operators.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

from aiohttp import web

from service.conversation import ReturnAddress
from service.core.comment import Comment
from service.core.errors import AntechamberError, InvalidSubmission, NotFound, StoreUnavailable
from service.core.example import Lesson
from service.core.identity import digest_ip, email_domain, mask_addresses
from service.core.lifecycle import Outcome, State
from service.core.site import Site
from service.core.submission import Requirements, Submission, comment_id, prepare
from service.metrics import SUBMISSIONS
from service.web import akismet_answers as say
from service.web import akismet_stats
from service.web.akismet_asking import UNKNOWN_KEY, ask
from service.web.akismet_fields import Check, read_check, words
from service.web.auth import Caller
from service.web.limits import spend
from service.web.parts import DIALECT, PARTS, Dialect, Parts

_NOBODY = Requirements(name=False, email=False)
_CALLBACK_SCHEMES = ("http://", "https://")
_MAX_CALLBACK = 500  # characters
_TIME_TO_PROMISE = 0.03  # seconds, of the deadline


def akismet(parts: Parts) -> list[tuple[str, web.Application]]:
    """The sub-apps and where they go."""
    first, second = web.Application(), web.Application()
    for app in (first, second):
        app[PARTS] = parts
        app[DIALECT] = Dialect(say.problem)
    first.router.add_routes(
        [
            web.post("/verify-key", verify_key),
            web.post("/comment-check", comment_check),
            web.post("/submit-spam", submit_spam),
            web.post("/submit-ham", submit_ham),
            web.post("/deactivate", deactivate),
            web.post("/token", token),
            web.post("/get-stats", akismet_stats.get_stats),
            web.post("/get-subscription", akismet_stats.get_subscription),
            web.get("/test", test),
            web.post("/test", test),
        ]
    )
    for method in (web.get, web.post):
        second.router.add_routes(
            [
                method("/usage-limit", akismet_stats.usage_limit),
                method("/key-sites", akismet_stats.key_sites),
                method("/get-key-stats", akismet_stats.get_key_stats),
                method("/compatible-plugins", akismet_stats.compatible_plugins),
            ]
        )
    return [("/1.1", first), ("/1.2", second)]


async def verify_key(request: web.Request) -> web.Response:
    """Whether a key is one of ours. `key` is the one that is asked about, `api_key` perhaps the one used so far."""
    asked = await ask(request, key_first=True)
    return say.word("valid") if asked is not None else say.invalid(UNKNOWN_KEY)


async def comment_check(request: web.Request) -> web.Response:
    """Judge a comment, and say what can be said within the deadline."""
    parts = request.app[PARTS]
    until = asyncio.get_running_loop().time() + parts.settings.akismet_deadline
    asked = await ask(request)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    site = asked.caller.site
    check = read_check(asked.form, site.url)
    if not check.content:
        return say.invalid("There is nothing to check: comment_content is empty.")
    await spend(parts, request, site, 1)
    comment, called_back = await _judged(parts, asked.caller, check, until)
    retrying = asked.form.get("recheck_reason") == "retry"
    return say.verdict(comment, classify=check.classify, retrying=retrying, called_back=called_back)


async def submit_spam(request: web.Request) -> web.Response:
    """A human says that it is spam."""
    return await _correct(request, Outcome.REJECT, ("spam",), {"spam": 1.0})


async def submit_ham(request: web.Request) -> web.Response:
    """A human says that it is not spam."""
    return await _correct(request, Outcome.APPROVE, (), {"spam": 0.0})


async def deactivate(request: web.Request) -> web.Response:
    """A platform says good-bye; its key stays good, since the operator decides about sites."""
    return say.word("deactivated") if await ask(request) is not None else say.invalid(UNKNOWN_KEY)


async def token(request: web.Request) -> web.Response:
    """An opaque token, which is good for nothing here: no page of ours asks for one."""
    return say.word(secrets.token_hex(16)) if await ask(request) is not None else say.invalid(UNKNOWN_KEY)


async def test(_: web.Request) -> web.Response:
    """Whether we can be reached."""
    return say.word("connected")


async def _judged(parts: Parts, caller: Caller, check: Check, until: float) -> tuple[Comment, bool]:
    """The comment as it stands when it is decided or time is up, and whether a later word will be sent.

    Raises StoreUnavailable when it can't even be taken in before time is up, and what taking in raises.
    """
    site, known, called_back = caller.site, None, False
    try:
        async with asyncio.timeout_at(until):
            platform_id, known = await _find(parts, site, check)
            comment = comment_id(site.id, platform_id)
            with parts.waiting.expecting(comment) as waker:
                word = "same" if known is not None and _same_words(known, check) else ""
                if not word:
                    word = await _submit(parts, site, check, platform_id)
                    known = await parts.moderation.get(site, comment)
                await _note(parts, site, check, comment)
                known = await _wait(parts, site, known, waker, until, will_be_woken=word in ("accepted", "edited"))
            address = _address(caller, check)
            if address is not None:
                state = await parts.conversation.promise(comment, address)
                called_back = True
                if state is not known.state:  # it was decided just now
                    known = await parts.moderation.get(site, comment)
    except TimeoutError:
        if known is None:
            raise StoreUnavailable(retry_after=5) from None
    return known, called_back


async def _wait(
    parts: Parts, site: Site, known: Comment | None, waker: asyncio.Event, until: float, *, will_be_woken: bool
) -> Comment:
    """The comment once it is decided, or as it is when there is just time left to promise a later word."""
    if known is None:
        raise NotFound
    if known.state is not State.PENDING:
        return known
    seconds = until - asyncio.get_running_loop().time() - _TIME_TO_PROMISE
    decided = await parts.waiting.decided(
        waker, lambda: parts.moderation.get(site, known.id), seconds=seconds, will_be_woken=will_be_woken
    )
    return decided or known


async def _correct(
    request: web.Request, outcome: Outcome, reasons: tuple[str, ...], labels: Mapping[str, float]
) -> web.Response:
    """Find the comment that a human corrects, take it in if we never saw it, and make it a decision and an example."""
    parts = request.app[PARTS]
    asked = await ask(request)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    site = asked.caller.site
    check = read_check(asked.form, site.url)
    if not check.content:
        return say.invalid("There is nothing to learn from: comment_content is empty.")
    platform_id, known = await _find(parts, site, check)
    comment = comment_id(site.id, platform_id)
    if known is None or not _same_words(known, check):
        await spend(parts, request, site, 1)
        await _submit(parts, site, check, platform_id)
    await _note(parts, site, check, comment)
    text = _submission(parts, check, platform_id)
    lesson = None if check.test else Lesson("akismet", labels, text)
    await parts.conversation.correct(site, comment, outcome, reporter=check.reporter, reasons=reasons, lesson=lesson)
    return say.word(say.THANKS)


async def _find(parts: Parts, site: Site, check: Check) -> tuple[str, Comment | None]:
    return await parts.conversation.find(site, guid=check.guid, name=check.alias, base=f"ak-{check.fingerprint}")


async def _submit(parts: Parts, site: Site, check: Check, platform_id: str) -> str:
    try:
        submission = _submission(parts, check, platform_id)
        taken = await parts.moderation.submit(site, submission, waiting=parts.waiting.process)
    except AntechamberError as error:
        SUBMISSIONS.labels("akismet", error.slug).inc()
        raise
    SUBMISSIONS.labels("akismet", taken.word).inc()
    return taken.word


async def _note(parts: Parts, site: Site, check: Check, comment: str) -> None:
    """Count the request, and remember the platform's own name of the comment, which it knows only later."""
    if check.alias:
        await parts.conversation.remember(site, check.alias, comment)
    await parts.conversation.count_check(site)


def _same_words(known: Comment, check: Check) -> bool:
    """Whether a comment that we have says what the client sends. Then it is not submitted again: whatever differs in the
    fields around it must not put a text that a human has decided before the machine once more."""
    if known.submission is None or not known.submission.content:  # its text was dropped: its id tells
        return known.platform_id.startswith(f"ak-{check.fingerprint}")
    return words(known.submission.content) == words(check.content)


def _address(caller: Caller, check: Check) -> ReturnAddress | None:
    if not check.callback.lower().startswith(_CALLBACK_SCHEMES) or len(check.callback) > _MAX_CALLBACK:
        return None
    return ReturnAddress(mask_addresses(check.callback), caller.mark, check.post_id, check.parent_id)


def _submission(parts: Parts, check: Check, platform_id: str) -> Submission:
    """A submission of what the client says. An address that is none is left out, as Akismet lets it pass."""
    email = check.email if email_domain(check.email) else ""
    ip = check.ip if _is_ip(check.ip, parts) else ""
    odd = tuple(secret for secret in (check.email, check.ip) if secret not in ("", email, ip))
    return prepare(
        keys=parts.identity,
        requires=_NOBODY,
        platform_id=platform_id,
        content=mask_addresses(check.content, odd),
        page_url=mask_addresses(check.page_url, odd),
        name=mask_addresses(check.name, odd),
        email=email,
        url=mask_addresses(check.url, odd),
        ip=ip,
        user_agent=mask_addresses(check.user_agent, odd),
        role=check.role,
        parent_id=check.parent_id,
        form={name: mask_addresses(value, odd) for name, value in check.form.items()},
        kind=check.kind,
        channel="akismet",
        deliverable=parts.deliverable(email) if email else "unknown",
        trigger=check.trigger,
    )


def _is_ip(value: str, parts: Parts) -> bool:
    try:
        digest_ip(value, parts.identity)
    except InvalidSubmission:
        return False
    return True
