"""One comment at the page: looked at with all its evidence, decided, taken back, passed on, noted; and its author marked."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from aiohttp import web

from service.clock import now_ms
from service.core.comment import Actor, Comment
from service.core.edit import Wanted
from service.core.errors import (
    AntechamberError,
    Conflict,
    Gone,
    InvalidSubmission,
    MalformedRequest,
    ModelUnavailable,
    NotFound,
    Overtaken,
    TextDropped,
    TooLate,
)
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import HANDED_TO, Right
from service.core.queue import is_blind
from service.core.site import Site
from service.core.verdict import LABELS
from service.usecases.review.decisions import Done
from service.usecases.review.detail import digest_of
from service.web.context import CONTEXT
from service.web.openapi import COMMENT_ID, Answer, Parameter, Routes
from service.web.requests import asked_label, decode, read_body
from service.web.responses import json_answer
from service.web.review import schema
from service.web.review.routes import BODY, ME, ONE, SITE, wanted_sites
from service.web.review.schema import MarkInput, Marks, MarkView, UnmarkInput
from service.web.review.views import claim, detail_view, mark_view, note_view, row, undo_view

_encode = msgspec.json.Encoder().encode


async def subject(request: web.Request) -> tuple[Site, Comment]:
    """The comment that the request is about, and its site. Raises NotFound, also for what whoever asks does not see."""
    context, me = request.app[CONTEXT], request[ME]
    comment = await context.services.review.details.find(request.match_info["id"])
    if not me.member.sees(comment.site):
        raise NotFound
    return await context.services.moderators.site(me.member, comment.site), comment


route = Routes("/review/api", tag="comment", right=Right.QUEUE)
deciding = Routes("/review/api", tag="deciding", right=Right.QUEUE)
authors = Routes("/review/api", tag="authors", right=Right.QUEUE)
_LIST = Parameter("query", "list", '"audit": show it blind, as it is judged there.', {"type": "string"})
_LABEL = Parameter(
    "query", "label", "Whose score; spam unless told.", {"type": "string", "enum": list(LABELS), "default": "spam"}
)
_WRITING = (*ONE, *BODY, Gone, InvalidSubmission)
_CHANGED = Answer(200, "The comment as it is now.", schema.Changed)
_OVERTAKEN = "When somebody was faster, 409 says in `won` who, and what the comment is now."


@route(
    "get",
    "/comments/{id}",
    "getDossier",
    answers=(Answer(200, "The comment.", schema.Detail),),
    problems=ONE,
    parameters=(COMMENT_ID, _LIST),
)
async def get_comment(request: web.Request) -> web.Response:
    """One comment with all its evidence."""
    blind = is_blind(request.query.get("list", ""))
    site, comment = await subject(request)
    context, me = request.app[CONTEXT], request[ME].member
    sites = {one.id for one in await context.services.moderators.sites(me)}
    detail = await context.services.review.details.open(site, comment, sites)
    may = context.services.review.decisions.may_judge(comment, actor(request))
    view = detail_view(detail, me, now_ms(), blind=blind, may_judge=may)
    return json_answer(_encode(view))


@route(
    "get",
    "/find",
    "findComment",
    answers=(Answer(200, "What was found, perhaps nothing.", schema.Found),),
    problems=(*ONE, MalformedRequest),
    parameters=(
        SITE,
        Parameter("query", "q", "An address or an id.", {"type": "string", "maxLength": 2_000}, required=True),
    ),
)
async def find_comment(request: web.Request) -> web.Response:
    """Find a comment by its address or an id.

    Ours, or the platform's own, by itself or within the address of the comment on its page.
    """
    text = request.query.get("q", "")
    if len(text) > 2_000:
        raise MalformedRequest("The parameter q has at most 2,000 characters.")
    sites = [site.id for site in await wanted_sites(request)]
    found = await request.app[CONTEXT].services.review.details.named(text, sites)
    me, now = request[ME].member.name, now_ms()
    return json_answer(_encode(schema.Found([row(one, me, now) for one in found])))


@route(
    "get",
    "/comments/{id}/explanation",
    "explainComment",
    answers=(Answer(200, "The parts of the score.", schema.ExplanationView),),
    problems=(*ONE, Gone, TextDropped, ModelUnavailable, MalformedRequest),
    parameters=(COMMENT_ID, _LABEL),
)
async def get_explanation(request: web.Request) -> web.Response:
    """Why a label has its score."""
    label = asked_label(request.query)
    _, comment = await subject(request)
    case = comment.case
    if case is None:
        raise TextDropped
    model, explanation = await request.app[CONTEXT].explain(case, label)
    return json_answer(_encode(schema.ExplanationView(comment.id, comment.revision, model, explanation)))


T = TypeVar("T")
_MAX_BODY = 16_384
_MAX_EDIT = 400_000  # bytes: the longest text, with every character of it escaped


def actor(request: web.Request) -> Actor:
    """Whoever asks, as histories name them."""
    return Actor(ActorKind.MODERATOR, request[ME].member.name)


@deciding(
    "post",
    "/comments/{id}/decision",
    "decideQueued",
    answers=(_CHANGED,),
    problems=(*_WRITING, Conflict, Overtaken, TextDropped),
    takes=schema.DecisionInput,
    parameters=(COMMENT_ID,),
    more=_OVERTAKEN,
)
async def post_decision(request: web.Request) -> web.Response:
    """Decide.

    It can be undone for a while, and is told to nobody before.
    """
    asked = await _read(request, _decision, _MAX_EDIT)
    site, comment = await subject(request)
    done = await request.app[CONTEXT].services.review.decisions.decide(
        site,
        comment.id,
        asked.outcome,
        by=actor(request),
        revision=asked.revision,
        reasons=asked.reasons,
        note=asked.note,
        edit=Wanted(asked.edit.content, asked.edit.nothing_wrong) if asked.edit else None,
    )
    return await _changed(request, done)


@deciding(
    "post",
    "/comments/{id}/undo",
    "undoDecision",
    answers=(_CHANGED,),
    problems=(*_WRITING, TooLate, Overtaken),
    takes=schema.RevisionInput,
    parameters=(COMMENT_ID,),
)
async def post_undo(request: web.Request) -> web.Response:
    """Undo.

    As if it had not been decided: the call-back does not leave, the example is gone. Another moderator's decision is
    undone by a lead.
    """
    asked = await _read(request, _revision)
    site, comment = await subject(request)
    others = request[ME].member.may(Right.UNDO_OTHERS)
    decisions = request.app[CONTEXT].services.review.decisions
    done = await decisions.undo(site, comment.id, asked.revision, by=actor(request), others=others)
    await request.app[CONTEXT].services.quality.take_back(site.id, comment.id, asked.revision)
    return await _changed(request, done)


@deciding(
    "post",
    "/comments/{id}/erase",
    "eraseComment",
    answers=(Answer(200, "What is gone.", schema.ErasedView),),
    problems=(*_WRITING, Conflict),
    takes=schema.EraseInput,
    parameters=(COMMENT_ID,),
    right=Right.ERASE,
)
async def post_erase(request: web.Request) -> web.Response:
    """Erase a comment, or all of its author's on the site, for good.

    Text, identity, evidence and notes go; that there was one remains. The platform is told.
    """
    asked = await _read(request, _erase)
    _, comment = await subject(request)
    erasure, by = request.app[CONTEXT].services.erasure, actor(request)
    whole = asked.author
    erased = await (erasure.author_of(comment, by=by) if whole else erasure.comment(comment.site, comment.id, by=by))
    return json_answer(_encode(schema.ErasedView(erased)))


@deciding(
    "post",
    "/comments/{id}/escalate",
    "escalateComment",
    answers=(_CHANGED,),
    problems=(*_WRITING, Conflict, Overtaken),
    takes=schema.EscalateInput,
    parameters=(COMMENT_ID,),
    more=_OVERTAKEN,
)
async def post_escalate(request: web.Request) -> web.Response:
    """Escalate, or hand over.

    It leaves the queue for the list `escalated`, and may be handed to a colleague or a role there, anew too.
    """
    asked = await _read(request, _escalate)
    site, comment = await subject(request)
    decisions = request.app[CONTEXT].services.review.decisions
    by = actor(request)
    done = await decisions.escalate(site, comment.id, asked.revision, by=by, note=asked.note, to=asked.to)
    return await _changed(request, done)


@deciding(
    "post",
    "/comments/{id}/snooze",
    "snoozeComment",
    answers=(_CHANGED,),
    problems=(*_WRITING, Conflict, Overtaken),
    takes=schema.SnoozeInput,
    parameters=(COMMENT_ID,),
    more=_OVERTAKEN,
)
async def post_snooze(request: web.Request) -> web.Response:
    """Snooze.

    It comes back to the queue by itself.
    """
    asked = await _read(request, _snooze)
    site, comment = await subject(request)
    decisions, until = request.app[CONTEXT].services.review.decisions, int(asked.until.timestamp() * 1000)
    done = await decisions.snooze(site, comment.id, asked.revision, by=actor(request), until=until)
    return await _changed(request, done)


@deciding(
    "post",
    "/comments/{id}/return",
    "returnComment",
    answers=(_CHANGED,),
    problems=(*_WRITING, Conflict, Overtaken),
    takes=schema.RevisionInput,
    parameters=(COMMENT_ID,),
)
async def post_return(request: web.Request) -> web.Response:
    """Return to the queue.

    What was escalated or snoozed.
    """
    asked = await _read(request, _revision)
    site, comment = await subject(request)
    decisions = request.app[CONTEXT].services.review.decisions
    return await _changed(request, await decisions.give_back(site, comment.id, asked.revision, by=actor(request)))


@deciding(
    "post",
    "/comments/{id}/notes",
    "noteComment",
    answers=(Answer(201, "The note as it is kept.", schema.NoteView),),
    problems=(*_WRITING, Conflict),
    takes=schema.NoteInput,
    parameters=(COMMENT_ID,),
)
async def post_note(request: web.Request) -> web.Response:
    """Leave a note.

    For other moderators; it is erased with the comment.
    """
    asked = await _read(request, _note)
    site, comment = await subject(request)
    note = await request.app[CONTEXT].services.review.decisions.note(site, comment.id, asked.text, by=actor(request))
    return json_answer(_encode(note_view(note)), 201)


@deciding(
    "post",
    "/comments/{id}/claim",
    "claimComment",
    answers=(Answer(200, "Who looks: whoever came first.", schema.Claim),),
    problems=(*ONE, Gone),
    parameters=(COMMENT_ID,),
)
async def post_claim(request: web.Request) -> web.Response:
    """Say that you look at it.

    Repeat it while you do. It keeps nobody from deciding.
    """
    site, comment = await subject(request)
    by = actor(request)
    held = await request.app[CONTEXT].services.review.decisions.attend(site, comment.id, by=by)
    return json_answer(_encode(claim(held.by, held.until, by.name)))


@deciding(
    "delete",
    "/comments/{id}/claim",
    "releaseComment",
    answers=(Answer(204, "Noted."),),
    problems=(*ONE, Gone),
    parameters=(COMMENT_ID,),
)
async def delete_claim(request: web.Request) -> web.Response:
    """Say that you no longer look at it."""
    site, comment = await subject(request)
    await request.app[CONTEXT].services.review.decisions.leave(site, comment.id, by=actor(request))
    return web.Response(status=204)


@deciding(
    "post",
    "/comments/{id}/audit",
    "answerAudit",
    answers=(_CHANGED, Answer(204, "It is off the list.")),
    problems=(*_WRITING, Conflict, Overtaken),
    takes=schema.AuditInput,
    parameters=(COMMENT_ID,),
)
async def post_audit(request: web.Request) -> web.Response:
    """Judge a comment of the sample, blind.

    Of the list `audit`. It is a decision like any other, and can be undone like one; `hold` takes it off the list without one.
    """
    asked = await _read(request, _audit)
    site, comment = await subject(request)
    context, by = request.app[CONTEXT], actor(request)
    context.services.review.decisions.check(site, asked.outcome, asked.reasons, "")
    quality, seen = context.services.quality, asked.revision or comment.revision
    counted = await quality.answer(site.id, comment.id, asked.outcome, str(by), seen + 1)
    if asked.outcome is Outcome.HOLD:
        return web.Response(status=204)
    if not counted:
        raise NotFound("It is not in the sample, or somebody else has answered.")
    try:
        done = await context.services.review.decisions.decide(
            site, comment.id, asked.outcome, by=by, revision=seen, reasons=asked.reasons, source="audit"
        )
    except AntechamberError:
        await quality.take_back(site.id, comment.id, seen + 1)
        raise
    return await _changed(request, done)


async def _read(request: web.Request, decoder: msgspec.json.Decoder[T], most: int = _MAX_BODY) -> T:
    return decode(decoder, await read_body(request, most))


async def _changed(request: web.Request, done: Done) -> web.Response:
    context = request.app[CONTEXT]
    (seen,) = await context.services.review.lists.seen([done.comment])
    view = row(seen, request[ME].member.name, now_ms())
    return json_answer(_encode(schema.Changed(view, undo_view(done.offer) if done.offer else None)))


@route(
    "get",
    "/comments/{id}/colleagues",
    "listColleagues",
    answers=(Answer(200, "Who sees its site.", schema.Colleagues),),
    problems=ONE,
    parameters=(COMMENT_ID,),
)
async def get_colleagues(request: web.Request) -> web.Response:
    """To whom a comment can be handed."""
    site, _ = await subject(request)
    people = await request.app[CONTEXT].services.moderators.who_see(site.id)
    roles = [schema.Colleague(f"role:{role}", "", role) for role in HANDED_TO]
    persons = [schema.Colleague(f"moderator:{one.name}", one.name, one.role) for one in people]
    return json_answer(_encode(schema.Colleagues([*roles, *persons])))


_decision = msgspec.json.Decoder(schema.DecisionInput)
_revision = msgspec.json.Decoder(schema.RevisionInput)
_erase = msgspec.json.Decoder(schema.EraseInput)
_escalate = msgspec.json.Decoder(schema.EscalateInput)
_snooze = msgspec.json.Decoder(schema.SnoozeInput)
_note = msgspec.json.Decoder(schema.NoteInput)
_audit = msgspec.json.Decoder(schema.AuditInput)


@authors(
    "get",
    "/authors",
    "listMarks",
    answers=(Answer(200, "The marks.", Marks),),
    problems=ONE,
    parameters=(SITE,),
)
async def get_marks(request: web.Request) -> web.Response:
    """Who is trusted or blocked."""
    marking = request.app[CONTEXT].services.review.marking
    found = [
        mark_view(site.id, digest, mark)
        for site in await wanted_sites(request)
        for digest, mark in await marking.marks(site)
    ]
    return json_answer(_encode(Marks(sorted(found, key=lambda one: one.at, reverse=True))))


@authors(
    "put",
    "/authors",
    "markAuthor",
    answers=(Answer(200, "The mark.", MarkView),),
    problems=(*ONE, *BODY, InvalidSubmission),
    takes=MarkInput,
    right=Right.MARKS,
)
async def put_mark(request: web.Request) -> web.Response:
    """Trust or block an author, an IP address or a network.

    On one site, by digest or by a comment, until a time or for good. Policies ask for marks before their lists, rules and
    thresholds: what is trusted is approved, what is blocked is rejected.
    """
    asked = decode(_mark_input, await read_body(request, _MAX_BODY))
    context, me = request.app[CONTEXT], request[ME]
    site = await context.services.moderators.site(me.member, asked.site)
    until = int(asked.until.timestamp() * 1000) if asked.until else 0
    review = context.services.review
    comment = await review.details.find(asked.comment) if asked.comment else None
    if comment is not None and comment.site != site.id:
        raise NotFound
    digest = asked.digest or (digest_of(comment, asked.whom) if comment is not None else "")
    mark = await review.marking.mark(
        site, digest, asked.what, until=until, note=asked.note, by=me.actor, comment=comment
    )
    return json_answer(_encode(mark_view(site.id, digest, mark)))


@authors(
    "delete",
    "/authors",
    "unmarkAuthor",
    answers=(Answer(204, "It is gone."),),
    problems=(*ONE, *BODY, InvalidSubmission),
    takes=UnmarkInput,
    right=Right.MARKS,
)
async def delete_mark(request: web.Request) -> web.Response:
    """Take a mark back."""
    asked = decode(_unmark_input, await read_body(request, _MAX_BODY))
    context, me = request.app[CONTEXT], request[ME]
    site = await context.services.moderators.site(me.member, asked.site)
    await context.services.review.marking.unmark(site, asked.digest, by=me.actor)
    return web.Response(status=204)


_mark_input = msgspec.json.Decoder(MarkInput)
_unmark_input = msgspec.json.Decoder(UnmarkInput)
