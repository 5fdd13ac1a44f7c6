"""The Akismet dialect, `/1.1` and `/1.2`: existing clients point at us and work, unchanged.

A comment-check goes the same way as any submission and is awaited for `akismet_deadline`; a later verdict goes to the
request's `callback`. Corrections (submit-spam, submit-ham) are human decisions. `docs/akismet.md` is for operators.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

import msgspec
from aiohttp import web

from service.core.comment import Comment
from service.core.delivery import ReturnAddress
from service.core.errors import StoreUnavailable
from service.core.example import Lesson
from service.core.identity import mask_addresses
from service.core.lifecycle import Outcome, State
from service.core.likeness import Meant, likeness
from service.core.site import Site
from service.core.submission import Lenient, RawComment, prepare
from service.web.akismet import response as say
from service.web.akismet import stats
from service.web.akismet.request import UNKNOWN_KEY, Check, ask, read_check
from service.web.context import CONTEXT, DIALECT, Caller, Context, Dialect
from service.web.intake import spend, take

_CALLBACK_SCHEMES = ("http://", "https://")
_MAX_CALLBACK = 500  # characters
_PROMISE = 1.0  # seconds beyond the deadline for noting where a later word goes


def akismet(context: Context) -> list[tuple[str, web.Application]]:
    """The sub-apps and where they go."""
    first, second = web.Application(), web.Application()
    for app in (first, second):
        app[CONTEXT] = context
        app[DIALECT] = Dialect(say.problem)
    first.router.add_routes(
        [
            web.post("/verify-key", verify_key),
            web.post("/comment-check", comment_check),
            web.post("/submit-spam", submit_spam),
            web.post("/submit-ham", submit_ham),
            web.post("/deactivate", deactivate),
            web.post("/token", token),
            web.post("/get-stats", stats.get_stats),
            web.post("/get-subscription", stats.get_subscription),
            web.get("/test", test),
            web.post("/test", test),
        ]
    )
    for method in (web.get, web.post):
        second.router.add_routes(
            [
                method("/usage-limit", stats.usage_limit),
                method("/key-sites", stats.key_sites),
                method("/get-key-stats", stats.get_key_stats),
                method("/compatible-plugins", stats.compatible_plugins),
            ]
        )
    return [("/1.1", first), ("/1.2", second)]


async def verify_key(request: web.Request) -> web.Response:
    """Whether a key is one of ours. `key` is the one that is asked about, `api_key` perhaps the one used so far."""
    asked = await ask(request, key_first=True)
    return say.word("valid") if asked is not None else say.invalid(UNKNOWN_KEY)


async def comment_check(request: web.Request) -> web.Response:
    """Judge a comment, and say what can be said within the deadline."""
    context = request.app[CONTEXT]
    asked = await ask(request)
    if asked is None:
        return say.unchecked(UNKNOWN_KEY)
    site, until = asked.caller.site, asyncio.get_running_loop().time() + context.settings.akismet_deadline
    check = read_check(asked.form)
    if not check.content:
        return say.unchecked("There is nothing to check: comment_content is empty.")
    await spend(context, request, site, 1)
    comment, called_back = await _judged(context, asked.caller, check, until)
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


async def _judged(context: Context, caller: Caller, check: Check, until: float) -> tuple[Comment, bool]:
    """The comment as it stands when it is decided or time is up, and whether a later word will be sent.

    Raises StoreUnavailable when it can't even be taken in before time is up, and what taking in raises.
    """
    site, known = caller.site, None
    try:
        async with asyncio.timeout_at(until):
            raw, meant = _meant(context, site, check)
            platform_id, _ = await context.services.feedback.find(site, meant)
            comment = context.services.moderation.identify(site.id, platform_id)
            raw = msgspec.structs.replace(raw, platform_id=platform_id)
            with context.waiting.expecting(comment) as waker:
                arrival = await take(context, site, raw, Lenient(site.url), expected=True, evidence=True)
                known = arrival.comment or await context.services.moderation.get(site, comment)
                await _note(context, site, meant, comment)
                if known.state is State.PENDING:
                    known = await _wait(context, site, known, waker, until, woken=arrival.new_text)
    except TimeoutError:
        pass
    if known is None:
        raise StoreUnavailable(retry_after=5)
    return await _promise(context, site, known, _address(caller, check))


async def _wait(
    context: Context, site: Site, pending: Comment, waker: asyncio.Event, until: float, *, woken: bool
) -> Comment:
    """The comment once it is decided, or as it is when time is up."""
    decided = await context.waiting.decided(
        waker,
        lambda: context.services.moderation.get(site, pending.id),
        seconds=until - asyncio.get_running_loop().time(),
        will_be_woken=woken,
    )
    return decided or pending


async def _promise(context: Context, site: Site, known: Comment, address: ReturnAddress | None) -> tuple[Comment, bool]:
    """Note where a later word goes, if the client wants one. It has more time then: who can be called back can wait."""
    if address is None:
        return known, False
    try:
        async with asyncio.timeout(_PROMISE):
            state = await context.services.feedback.promise(known.id, address)
            if state is not known.state:  # it was decided just now
                known = await context.services.moderation.get(site, known.id)
            return known, True
    except (TimeoutError, StoreUnavailable):
        return known, False


async def _correct(
    request: web.Request, outcome: Outcome, reasons: tuple[str, ...], labels: Mapping[str, float]
) -> web.Response:
    """Find the comment that a human corrects, take it in if we never saw it, and make it a decision and an example."""
    context = request.app[CONTEXT]
    asked = await ask(request)
    if asked is None:
        return say.invalid(UNKNOWN_KEY)
    site = asked.caller.site
    check = read_check(asked.form)
    if not check.content:
        return say.invalid("There is nothing to learn from: comment_content is empty.")
    raw, meant = _meant(context, site, check, again=True)
    platform_id, known = await context.services.feedback.find(site, meant)
    comment, rules = context.services.moderation.identify(site.id, platform_id), Lenient(site.url)
    raw = msgspec.structs.replace(raw, platform_id=platform_id)
    if known is None:
        await spend(context, request, site, 1)
    await take(context, site, raw, rules)
    await _note(context, site, meant, comment)
    text = prepare(raw, context.identity.within(site.circles), rules, deliverable=context.deliverable).submission
    lesson = None if check.test else Lesson("akismet", labels, text)
    await context.services.feedback.correct(
        site, comment, outcome, reporter=check.reporter, reasons=reasons, lesson=lesson
    )
    return say.word(say.THANKS)


def _meant(context: Context, site: Site, check: Check, *, again: bool = False) -> tuple[RawComment, Meant]:
    """What a client says of a comment, and how that is to be found."""
    raw = _raw(check)
    known_by = likeness(raw, check.where, context.identity)
    raw = msgspec.structs.replace(raw, platform_id=known_by.ids[0])
    submission = prepare(raw, context.identity.within(site.circles), Lenient(site.url)).submission
    edited = check.recheck == "edit"
    return raw, Meant(submission, known_by, check.guid, check.alias, again or check.again, edited, check.earlier_id)


async def _note(context: Context, site: Site, meant: Meant, comment: str) -> None:
    """Count the request, and remember what the comment is known by: the platform knows its own name of it only later."""
    await context.services.feedback.remember(site, meant, comment)
    await context.services.feedback.count_check(site)


def _address(caller: Caller, check: Check) -> ReturnAddress | None:
    if not check.callback.lower().startswith(_CALLBACK_SCHEMES) or len(check.callback) > _MAX_CALLBACK:
        return None
    return ReturnAddress(mask_addresses(check.callback), caller.mark, check.post_id, check.parent_id)


def _raw(check: Check) -> RawComment:
    return RawComment(
        platform_id="",
        content=check.content,
        page_url=check.page_url,
        name=check.name,
        email=check.email,
        url=check.url,
        ip=check.ip,
        user_agent=check.user_agent,
        role=check.role,
        parent_id=check.parent_id,
        created_at=check.written_at,
        form=check.form,
        kind=check.kind,
        channel="akismet",
        trigger=check.trigger,
        vouched=check.signed_in,
    )
