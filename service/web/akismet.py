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
from service.core.errors import AntechamberError, StoreUnavailable
from service.core.example import Lesson
from service.core.identity import mask_addresses
from service.core.lifecycle import Outcome, State
from service.core.site import Site
from service.core.submission import Submission, comment_id
from service.metrics import SUBMISSIONS
from service.web import akismet_answers as say
from service.web import akismet_stats
from service.web.akismet_asking import UNKNOWN_KEY, ask
from service.web.akismet_fields import Check, read_check, words
from service.web.auth import Caller
from service.web.leniency import submission
from service.web.limits import spend
from service.web.parts import DIALECT, PARTS, Dialect, Parts

_CALLBACK_SCHEMES = ("http://", "https://")
_MAX_CALLBACK = 500  # characters
_PROMISE = 1.0  # seconds beyond the deadline for noting where a later word goes


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
    asked = await ask(request)
    if asked is None:
        return say.unchecked(UNKNOWN_KEY)
    site, until = asked.caller.site, asyncio.get_running_loop().time() + parts.settings.akismet_deadline
    check = read_check(asked.form)
    if not check.content:
        return say.unchecked("There is nothing to check: comment_content is empty.")
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
    site, known = caller.site, None
    try:
        async with asyncio.timeout_at(until):
            platform_id, known = await _find(parts, site, check)
            comment = comment_id(site.id, platform_id)
            with parts.waiting.expecting(comment) as waker:
                word = "same"
                if known is None or not _same_words(known, check):
                    known = None  # whatever was said of an earlier text says nothing of this one
                    word = await _submit(parts, site, check, platform_id)
                    known = await parts.moderation.get(site, comment)
                await _note(parts, site, check, comment)
                if known.state is State.PENDING:
                    known = await _wait(parts, site, known, waker, until, woken=word in ("accepted", "edited"))
    except TimeoutError:
        pass
    if known is None:
        raise StoreUnavailable(retry_after=5)
    return await _promise(parts, site, known, _address(caller, check))


async def _wait(
    parts: Parts, site: Site, pending: Comment, waker: asyncio.Event, until: float, *, woken: bool
) -> Comment:
    """The comment once it is decided, or as it is when time is up."""
    decided = await parts.waiting.decided(
        waker,
        lambda: parts.moderation.get(site, pending.id),
        seconds=until - asyncio.get_running_loop().time(),
        will_be_woken=woken,
    )
    return decided or pending


async def _promise(parts: Parts, site: Site, known: Comment, address: ReturnAddress | None) -> tuple[Comment, bool]:
    """Note where a later word goes, if the client wants one. It has more time then: who can be called back can wait."""
    if address is None:
        return known, False
    try:
        async with asyncio.timeout(_PROMISE):
            state = await parts.conversation.promise(known.id, address)
            if state is not known.state:  # it was decided just now
                known = await parts.moderation.get(site, known.id)
            return known, True
    except (TimeoutError, StoreUnavailable):
        return known, False


async def _correct(
    request: web.Request, outcome: Outcome, reasons: tuple[str, ...], labels: Mapping[str, float]
) -> web.Response:
    """Find the comment that a human corrects, take it in if we never saw it, and make it a decision and an example."""
    parts = request.app[PARTS]
    asked = await ask(request)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    site = asked.caller.site
    check = read_check(asked.form)
    if not check.content:
        return say.invalid("There is nothing to learn from: comment_content is empty.")
    platform_id, known = await _find(parts, site, check)
    comment = comment_id(site.id, platform_id)
    if known is None or not _same_words(known, check):
        await spend(parts, request, site, 1)
        await _submit(parts, site, check, platform_id)
    await _note(parts, site, check, comment)
    text = _submission(parts, site, check, platform_id)
    lesson = None if check.test else Lesson("akismet", labels, text)
    await parts.conversation.correct(site, comment, outcome, reporter=check.reporter, reasons=reasons, lesson=lesson)
    return say.word(say.THANKS)


async def _find(parts: Parts, site: Site, check: Check) -> tuple[str, Comment | None]:
    return await parts.conversation.find(site, guid=check.guid, name=check.alias, base=f"ak-{check.fingerprint}")


async def _submit(parts: Parts, site: Site, check: Check, platform_id: str) -> str:
    try:
        taken_in = await parts.listed(_submission(parts, site, check, platform_id), check.ip)
        taken = await parts.moderation.submit(site, taken_in, waiting=parts.waiting.process)
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


def _submission(parts: Parts, site: Site, check: Check, platform_id: str) -> Submission:
    return submission(
        parts,
        site,
        platform_id=platform_id,
        content=check.content,
        page_url=check.page_url,
        name=check.name,
        email=check.email,
        url=check.url,
        ip=check.ip,
        user_agent=check.user_agent,
        role=check.role,
        parent_id=check.parent_id,
        form=check.form,
        kind=check.kind,
        channel="akismet",
        trigger=check.trigger,
    )
