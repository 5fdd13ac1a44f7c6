"""The native API, `/v1`: comments in, out, listed, decided, reported, erased. Handlers parse, call one use case, render."""

from __future__ import annotations

import msgspec
from aiohttp import web

from service.core.comment import Actor
from service.core.errors import InvalidSubmission, MalformedRequest, NotFound, TextDropped
from service.core.lifecycle import ActorKind
from service.core.policy import HUMAN_REASONS
from service.core.site import Site
from service.core.submission import free_text, refuse_unstorable
from service.core.verdict import LABELS
from service.core.views import change_views, comment_view
from service.web import batch, listing
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.intake import Answer, idempotency, take
from service.web.limits import spend
from service.web.pages import api_pages
from service.web.parts import DIALECT, PARTS, Dialect, Parts
from service.web.policy import policy_routes
from service.web.problems import problem_response
from service.web.waiting import Preferences, preferences
from service.web.wire import (
    CommentInput,
    DecisionInput,
    ExplanationView,
    History,
    Reported,
    ReportInput,
    SiteView,
)

_encode = msgspec.json.Encoder().encode
_comment_input = msgspec.json.Decoder(CommentInput)
_decision_input = msgspec.json.Decoder(DecisionInput)
_report_input = msgspec.json.Decoder(ReportInput)


def native_api(parts: Parts) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[PARTS] = parts
    app[DIALECT] = Dialect(problem_response)
    app.router.add_routes(
        [
            web.post("/comments", post_comment),
            web.get("/comments", list_comments, allow_head=False),
            web.post("/comments/batch", post_batch),
            web.get("/comments/{id:c[0-9a-f]{26}}", get_comment, allow_head=False),
            web.delete("/comments/{id:c[0-9a-f]{26}}", delete_comment),
            web.get("/comments/{id:c[0-9a-f]{26}}/history", get_history, allow_head=False),
            web.get("/comments/{id:c[0-9a-f]{26}}/explanation", get_explanation, allow_head=False),
            web.post("/comments/{id:c[0-9a-f]{26}}/decision", post_decision),
            web.get("/comments/{id:c[0-9a-f]{26}}/statement", get_statement, allow_head=False),
            web.post("/comments/{id:c[0-9a-f]{26}}/report", post_report),
            web.get("/site", get_site, allow_head=False),
            *policy_routes(),
            *api_pages(),
        ]
    )
    return app


async def post_comment(request: web.Request) -> web.Response:
    """Take a comment in; with `Prefer: wait=N` answer with the decision when it comes in time."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    body = await read_body(request, parts.settings.max_body)
    once = idempotency(request.headers.get("Idempotency-Key"), body, parts.settings)
    await spend(parts, request, site, 1)
    asked = preferences(request.headers.get("Prefer"))
    wait = min(float(asked.wait or 0), parts.settings.max_wait)
    answer = await take(parts, site, decode(_comment_input, body), channel="api", wait=wait, once=once)
    return _taken(answer, asked, wait)


async def post_batch(request: web.Request) -> web.Response:
    """Take many comments in, one a line; each line's answer is what it would have had by itself."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    body = await read_body(request, parts.settings.max_batch_body, batch.NDJSON)
    lines = batch.split(body, parts.settings.max_batch_items)
    await spend(parts, request, site, len(lines))
    return web.Response(body=await batch.take_all(parts, site, lines), content_type=batch.NDJSON)


async def get_comment(request: web.Request) -> web.Response:
    """One comment, by our id."""
    parts, site, identity = await _subject(request)
    return _json(comment_view(await parts.moderation.get(site, identity)))


async def list_comments(request: web.Request) -> web.Response:
    """The site's comments, newest first, a page at a time; or the one with the platform's id."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    return _json(await listing.page(parts.moderation, site, request.query))


async def get_history(request: web.Request) -> web.Response:
    """Everything that happened to a comment, also to one that was erased."""
    parts, site, identity = await _subject(request)
    comment = await parts.moderation.comments.find(site.id, identity)
    if comment is None:
        raise NotFound
    return _json(History(identity, change_views(comment, await parts.moderation.comments.history(identity))))


async def get_explanation(request: web.Request) -> web.Response:
    """Why a label has its score, computed from the text while it is kept."""
    parts, site, identity = await _subject(request)
    label = request.query.get("label", "spam")
    if label not in LABELS:
        raise MalformedRequest(f"The parameter label is one of: {', '.join(LABELS)}.")
    comment = await parts.moderation.get(site, identity)
    case = comment.case
    if case is None:
        raise TextDropped
    model, explanation = await parts.explain(case, label)
    return _json(ExplanationView(identity, model, explanation))


async def get_statement(request: web.Request) -> web.Response:
    """Why a comment is rejected, for its author, with the link to appeal."""
    parts, site, identity = await _subject(request)
    return _json(await parts.redress.statement(site, identity))


async def post_decision(request: web.Request) -> web.Response:
    """A human's word on a comment."""
    parts, site, identity = await _subject(request)
    asked = decode(_decision_input, await read_body(request, parts.settings.max_body))
    if any(code not in HUMAN_REASONS for code in asked.reasons):
        raise InvalidSubmission(f"A reason is one of: {', '.join(HUMAN_REASONS)}.", pointer="/reasons")
    moderator = free_text(asked.moderator or "", "/moderator")
    actor = Actor(ActorKind.MODERATOR, moderator) if moderator else Actor(ActorKind.PLATFORM, site.id)
    comment = await parts.moderation.decide(
        site,
        identity,
        asked.decision,
        actor=actor,
        reasons=asked.reasons,
        note=free_text(asked.note or "", "/note"),
        revision=asked.revision,
    )
    return _json(comment_view(comment))


async def post_report(request: web.Request) -> web.Response:
    """A reader's report; who reported is kept as a keyed digest only, to count each reader once."""
    parts, site, identity = await _subject(request)
    asked = decode(_report_input, await read_body(request, parts.settings.max_body))
    refuse_unstorable({"/reporter": asked.reporter})
    reporter = parts.identity.digest("r", f"{site.id}\0{asked.reporter}")
    return _json(Reported(identity, await parts.redress.report(site, identity, reporter)))


async def delete_comment(request: web.Request) -> web.Response:
    """Erase a comment; erasing it again is fine."""
    parts, site, identity = await _subject(request)
    await parts.moderation.erase(site, identity, Actor(ActorKind.PLATFORM, site.id))
    return web.Response(status=204)


async def get_site(request: web.Request) -> web.Response:
    """What a key's site is set to."""
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    return _json(
        SiteView(
            id=site.id,
            url=site.url,
            callback=site.callback,
            require_name=site.require_name,
            require_email=site.require_email,
            mode=site.policy.mode,
            thresholds=site.policy.effective,
            counts=await parts.moderation.comments.counts(site.id),
        )
    )


async def _subject(request: web.Request) -> tuple[Parts, Site, str]:
    parts = request.app[PARTS]
    site = await parts.gate.site(request)
    return parts, site, request.match_info["id"]


def _taken(answer: Answer, asked: Preferences, wait: float) -> web.Response:
    response = json_answer(_encode(answer.view), answer.status)
    headers = response.headers
    headers["Location"] = f"/v1/comments/{answer.view.id}"
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    if wait > 0:
        headers["Preference-Applied"] = f"wait={wait:g}"
    elif asked.respond_async:
        headers["Preference-Applied"] = "respond-async"
    return response


def _json(view: msgspec.Struct) -> web.Response:
    return json_answer(_encode(view))
