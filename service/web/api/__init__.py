"""The native API, `/v1`: comments in, out, listed, decided, reported, erased. Handlers parse, call one use case, render.

Each says what it takes and answers; `INTERFACE` is all of that together.
"""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from service.core.comment import Actor, platform_moderator
from service.core.errors import (
    AntechamberError,
    Conflict,
    Gone,
    InvalidSubmission,
    MalformedRequest,
    ModelUnavailable,
    NotFound,
    TextDropped,
    TooLarge,
)
from service.core.lifecycle import ActorKind
from service.core.site import Site
from service.core.submission import free_text, refuse_unstorable
from service.core.verdict import LABELS
from service.core.views import CommentView, StatementView, change_views, comment_view
from service.web.api import listing, policy, webhook
from service.web.api.docs import api_pages
from service.web.api.schema import (
    BODY,
    LOCATION,
    READING,
    SUBMITTING,
    TAKING,
    BatchLine,
    CommentPage,
    DecisionInput,
    ExplanationView,
    History,
    Reported,
    ReportInput,
    SiteView,
)
from service.web.context import CONTEXT, DIALECT, Context, Dialect, authenticated
from service.web.intake import Receipt, idempotency, spend, submit
from service.web.openapi import COMMENT_ID, Answer, Interface, Parameter, Routes, definition, header
from service.web.requests import NDJSON, asked_label, decode, read_body
from service.web.responses import json_answer, problem, problem_response
from service.web.schema import CommentInput
from service.web.waiting import Preferences, preferences

# Batches: NDJSON in, NDJSON out, one answer a line and in order, so that a partial failure shows where it is.


_AT_ONCE = 64  # lines under way at a time: they share one write to Redis, and other requests get their turn in between
_input = msgspec.json.Decoder(CommentInput)
_encode_lines = msgspec.json.Encoder().encode_lines


def split(body: bytes, most: int) -> list[tuple[int, bytes]]:
    """(line number from 1, line) of the lines that are not blank. Raises MalformedRequest, TooLarge."""
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise MalformedRequest("The batch is empty.")
    if len(lines) > most:
        raise TooLarge(f"A batch has at most {most} lines.")
    return lines


async def take_all(context: Context, site: Site, lines: list[tuple[int, bytes]]) -> bytes:
    """Take every line in; what became of them."""
    results: list[BatchLine] = []
    for first in range(0, len(lines), _AT_ONCE):
        chunk = lines[first : first + _AT_ONCE]
        results += await asyncio.gather(*[_take_line(context, site, number, line) for number, line in chunk])
    return _encode_lines(results)


async def _take_line(context: Context, site: Site, number: int, line: bytes) -> BatchLine:
    try:
        if len(line) > context.settings.max_body:
            raise TooLarge(f"A line has at most {context.settings.max_body} bytes.")
        answer = await submit(context, site, decode(_input, line), channel="batch")
    except AntechamberError as error:
        return BatchLine(number, error.status, problem=problem(error))
    return BatchLine(number, answer.status, comment=answer.view)


_encode = msgspec.json.Encoder().encode
_comment_input = msgspec.json.Decoder(CommentInput)
_decision_input = msgspec.json.Decoder(DecisionInput)
_report_input = msgspec.json.Decoder(ReportInput)


route = Routes("/v1", tag="comments")
_PREFER = Parameter(
    "header",
    "Prefer",
    "`wait=N`: answer with the decision if it comes within N seconds (RFC 7240). `respond-async`: at once.",
)
_ONCE = Parameter(
    "header",
    "Idempotency-Key",
    "Names this request, so that repeating it is safe: the same key and body get the same answer for a day.",
)
_LABEL = Parameter("query", "label", "Which label; `spam` unless told.", {"type": "string", "enum": list(LABELS)})
_SUBMITTED = {
    **LOCATION,
    "Preference-Applied": header("Which preference was followed (RFC 7240)."),
    "Idempotency-Replayed": header("`true`: this request had been answered before."),
}
_ONE = (*READING, NotFound, Gone)


@route(
    "post", "/comments", "submitComment",
    answers=(
        Answer(200, "It has been decided, within the wait or before.", CommentView, headers=_SUBMITTED),
        Answer(202, "It is taken in and will be judged.", CommentView, headers=_SUBMITTED),
    ),
    problems=SUBMITTING, takes=CommentInput, parameters=(_PREFER, _ONCE),
)  # fmt: skip
async def post_comment(request: web.Request) -> web.Response:
    """Submit a comment.

    Takes a comment in. The answer is sent after the comment is durably stored. A repeated `id` with the same content is the
    same comment; with another text it is an edit, which is judged again. Fields that are not listed are refused, except
    inside `form`.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    body = await read_body(request, context.settings.max_body)
    once = idempotency(request.headers.get("Idempotency-Key"), body, context.identity, context.settings)
    await spend(context, request, site, 1)
    asked = preferences(request.headers.get("Prefer"))
    wait = min(float(asked.wait or 0), context.settings.max_wait)
    answer = await submit(context, site, decode(_comment_input, body), channel="api", wait=wait, once=once)
    return _taken(answer, asked, wait)


@route(
    "post", "/comments/batch", "submitBatch", answers=(Answer(200, "What became of each line.", BatchLine, NDJSON),),
    problems=TAKING, takes=CommentInput, media=NDJSON,
)  # fmt: skip
async def post_batch(request: web.Request) -> web.Response:
    """Submit many comments.

    Takes one comment a line (NDJSON) and answers one `BatchLine` a line, in order: the status that the comment would have had
    by itself, and the comment or a problem. Blank lines are skipped but counted.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    body = await read_body(request, context.settings.max_batch_body, NDJSON)
    lines = split(body, context.settings.max_batch_items)
    await spend(context, request, site, len(lines))
    return web.Response(body=await take_all(context, site, lines), content_type=NDJSON)


@route(
    "get", "/comments", "listComments", answers=(Answer(200, "A page of comments.", CommentPage),),
    problems=(*READING, MalformedRequest), parameters=listing.DESCRIBED,
)  # fmt: skip
async def list_comments(request: web.Request) -> web.Response:
    """List comments.

    The site's comments, newest first. With `state`, times are those at which the state was entered, otherwise those at which
    the comments came in. `next` is the cursor of the next page; it goes with the same filters only.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    return _json(await listing.page(context.services.moderation, site, request.query))


@route(
    "get", "/comments/{id}", "getComment", answers=(Answer(200, "The comment.", CommentView),), problems=_ONE,
    parameters=(COMMENT_ID,),
)  # fmt: skip
async def get_comment(request: web.Request) -> web.Response:
    """Look at a comment."""
    context, site, identity = await _subject(request)
    return _json(comment_view(await context.services.moderation.get(site, identity)))


@route(
    "delete", "/comments/{id}", "eraseComment", answers=(Answer(204, "It is erased."),),
    problems=(*READING, NotFound, Conflict), parameters=(COMMENT_ID,),
)  # fmt: skip
async def delete_comment(request: web.Request) -> web.Response:
    """Erase a comment.

    Text, author, verdict and notes go; a tombstone and the bare history remain. Erasing it again is no error.
    """
    context, site, identity = await _subject(request)
    await context.services.moderation.erase(site, identity, Actor(ActorKind.PLATFORM, site.id))
    return web.Response(status=204)


@route(
    "get", "/comments/{id}/history", "getHistory", answers=(Answer(200, "The history.", History),),
    problems=(*READING, NotFound), parameters=(COMMENT_ID,),
)  # fmt: skip
async def get_history(request: web.Request) -> web.Response:
    """What happened to a comment.

    Every change, oldest first; the n-th made revision n. An erased comment keeps its bare history.
    """
    context, site, identity = await _subject(request)
    return _json(History(identity, change_views(*await context.services.moderation.history_of(site, identity))))


@route(
    "get", "/comments/{id}/explanation", "explainComment",
    answers=(Answer(200, "The explanation.", ExplanationView),),
    problems=(*_ONE, MalformedRequest, TextDropped, ModelUnavailable), parameters=(COMMENT_ID, _LABEL),
)  # fmt: skip
async def get_explanation(request: web.Request) -> web.Response:
    """Why a label has its score.

    Computed with the present model from the text, as long as that is kept. The contributions add up to the logit.
    """
    context, site, identity = await _subject(request)
    label = asked_label(request.query)
    comment = await context.services.moderation.get(site, identity)
    case = comment.case
    if case is None:
        raise TextDropped
    model, explanation = await context.explain(case, label)
    return _json(ExplanationView(identity, model, explanation))


@route(
    "post", "/comments/{id}/decision", "decideComment",
    answers=(Answer(200, "The comment as it stands now.", CommentView),),
    problems=(*BODY, *_ONE, Conflict, InvalidSubmission), takes=DecisionInput, parameters=(COMMENT_ID,),
)  # fmt: skip
async def post_decision(request: web.Request) -> web.Response:
    """Decide a comment.

    A human's word, also when it confirms the machine; no machine overrides it. Send it for every decision that your
    moderators make: it is what the model learns from. E-mail addresses in the note are dotted out.
    """
    context, site, identity = await _subject(request)
    asked = decode(_decision_input, await read_body(request, context.settings.max_body))
    actor = platform_moderator(site.id, free_text(asked.moderator or "", "/moderator"))
    comment = await context.services.moderation.decide(
        site,
        identity,
        asked.decision,
        actor=actor,
        reasons=asked.reasons,
        note=free_text(asked.note or "", "/note"),
        revision=asked.revision,
    )
    return _json(comment_view(comment))


@route(
    "get", "/comments/{id}/statement", "getStatement", answers=(Answer(200, "The statement.", StatementView),),
    problems=(*_ONE, Conflict), parameters=(COMMENT_ID,),
)  # fmt: skip
async def get_statement(request: web.Request) -> web.Response:
    """Why a comment is rejected, for its author.

    The statement of reasons, as article 17 of the Digital Services Act wants it, and the link under which the author may
    appeal once, without an account. Call-backs carry it for every rejection but for spam. Give it to the author only.
    """
    context, site, identity = await _subject(request)
    return _json(await context.services.redress.statement(site, identity))


@route(
    "post", "/comments/{id}/report", "reportComment",
    answers=(Answer(200, "How many readers have reported it.", Reported),),
    problems=(*BODY, *_ONE, InvalidSubmission), takes=ReportInput, parameters=(COMMENT_ID,),
)  # fmt: skip
async def post_report(request: web.Request) -> web.Response:
    """Report a comment.

    A reader finds it wrong. Enough readers send an approved comment to the moderators; each reader counts once.
    """
    context, site, identity = await _subject(request)
    asked = decode(_report_input, await read_body(request, context.settings.max_body))
    refuse_unstorable({"/reporter": asked.reporter})
    reporter = context.identity.digest("r", f"{site.id}\0{asked.reporter}")
    return _json(Reported(identity, await context.services.redress.report(site, identity, reporter, asked.reason)))


@route(
    "get", "/site", "getSite", answers=(Answer(200, "The site.", SiteView),), problems=READING, tag="site",
)  # fmt: skip
async def get_site(request: web.Request) -> web.Response:
    """The site of this key.

    Its settings, the thresholds that apply, and how many comments stand in each state.
    """
    context = request.app[CONTEXT]
    site = await authenticated(request)
    return _json(
        SiteView(
            id=site.id,
            url=site.url,
            callback=site.callback,
            require_name=site.require_name,
            require_email=site.require_email,
            accepts_edits=site.accepts_edits,
            mode=site.policy.mode,
            thresholds=site.policy.effective,
            counts=await context.services.moderation.counts(site),
        )
    )


async def _subject(request: web.Request) -> tuple[Context, Site, str]:
    context = request.app[CONTEXT]
    site = await authenticated(request)
    return context, site, request.match_info["id"]


def _taken(answer: Receipt, asked: Preferences, wait: float) -> web.Response:
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


INTERFACE = Interface(
    "Antechamber",
    "Comments wait in the antechamber until they are cleared. Submit them here; the decision comes by call-back, in the same "
    "answer if you ask to wait, or by looking.",
    [*route, *policy.route, *webhook.route],
    {"key": {"type": "http", "scheme": "bearer", "description": "The site's API key."}},
    {
        "RateLimit": header("What is left of the minute's submissions."),
        "RateLimit-Policy": header("The limit."),
    },
)
"""The native API, signed webhooks included."""


def native_api(context: Context) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(problem_response)
    app.router.add_routes([definition(one, "/v1", one.handler) for one in (*route, *policy.route)])
    app.router.add_routes(api_pages(INTERFACE))
    return app
