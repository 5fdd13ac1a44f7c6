"""What moderators do with one comment: decide, take back, pass on, put aside, note, say that they look, answer an audit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from service.core.comment import Actor
from service.core.errors import Conflict, Gone, InvalidSubmission, NotFound, Overtaken, TooLate
from service.core.lifecycle import ActorKind, Outcome
from service.core.staff import Right
from service.reviewing.deciding import Done
from service.web.answers import json_answer
from service.web.bodies import decode, read_body
from service.web.operations import Answer, Operation
from service.web.review import wire, wire_acts
from service.web.review.comment import ID, subject
from service.web.review.parts import ME, REVIEW
from service.web.review.routes import BODY, ONE, Route
from service.web.review.showing import claim, note_view, row, undo_view

T = TypeVar("T")
_MAX_BODY = 16_384
_encode = msgspec.json.Encoder().encode


def actor(request: web.Request) -> Actor:
    """Whoever asks, as histories name them."""
    return Actor(ActorKind.MODERATOR, request[ME].member.name)


async def post_decision(request: web.Request) -> web.Response:
    """A moderator's word."""
    asked = await _read(request, _decision)
    site, comment = await subject(request)
    done = await request.app[REVIEW].reviewing.deciding.decide(
        site,
        comment.id,
        asked.outcome,
        by=actor(request),
        revision=asked.revision,
        reasons=asked.reasons,
        note=asked.note,
    )
    return await _changed(request, done)


async def post_undo(request: web.Request) -> web.Response:
    """Take a decision back."""
    asked = await _read(request, _revision)
    site, comment = await subject(request)
    others = request[ME].member.may(Right.UNDO_OTHERS)
    deciding = request.app[REVIEW].reviewing.deciding
    done = await deciding.undo(site, comment.id, asked.revision, by=actor(request), others=others)
    return await _changed(request, done)


async def post_escalate(request: web.Request) -> web.Response:
    """Pass a held comment on."""
    asked = await _read(request, _escalate)
    site, comment = await subject(request)
    deciding = request.app[REVIEW].reviewing.deciding
    done = await deciding.escalate(site, comment.id, asked.revision, by=actor(request), note=asked.note)
    return await _changed(request, done)


async def post_snooze(request: web.Request) -> web.Response:
    """Put a held comment aside."""
    asked = await _read(request, _snooze)
    site, comment = await subject(request)
    deciding, until = request.app[REVIEW].reviewing.deciding, int(asked.until.timestamp() * 1000)
    done = await deciding.snooze(site, comment.id, asked.revision, by=actor(request), until=until)
    return await _changed(request, done)


async def post_return(request: web.Request) -> web.Response:
    """Return a held comment to the queue."""
    asked = await _read(request, _revision)
    site, comment = await subject(request)
    deciding = request.app[REVIEW].reviewing.deciding
    return await _changed(request, await deciding.give_back(site, comment.id, asked.revision, by=actor(request)))


async def post_note(request: web.Request) -> web.Response:
    """Leave a note."""
    asked = await _read(request, _note)
    site, comment = await subject(request)
    note = await request.app[REVIEW].reviewing.deciding.note(site, comment.id, asked.text, by=actor(request))
    return json_answer(_encode(note_view(note)), 201)


async def post_claim(request: web.Request) -> web.Response:
    """Say that one looks, and hear who does."""
    site, comment = await subject(request)
    by = actor(request)
    held = await request.app[REVIEW].reviewing.deciding.attend(site, comment.id, by=by)
    return json_answer(_encode(claim(held.by, held.until, by.name)))


async def delete_claim(request: web.Request) -> web.Response:
    """Say that one no longer looks."""
    site, comment = await subject(request)
    await request.app[REVIEW].reviewing.deciding.leave(site, comment.id, by=actor(request))
    return web.Response(status=204)


async def post_audit(request: web.Request) -> web.Response:
    """A blind word on a comment of the sample: it is counted, and it is a decision like any other. Holding passes on it."""
    asked = await _read(request, _audit)
    site, comment = await subject(request)
    parts, by = request.app[REVIEW], actor(request)
    parts.reviewing.deciding.check(asked.outcome, asked.reasons, "")
    counted = await parts.quality.answer(site.id, comment.id, asked.outcome, str(by))
    if asked.outcome is not Outcome.HOLD:
        if not counted:
            raise NotFound("It is not in the sample, or somebody else has answered.")
        deciding = parts.reviewing.deciding
        await deciding.decide(
            site, comment.id, asked.outcome, by=by, revision=None, reasons=asked.reasons, source="audit"
        )
    return web.Response(status=204)


async def _read(request: web.Request, decoder: msgspec.json.Decoder[T]) -> T:
    return decode(decoder, await read_body(request, _MAX_BODY))


async def _changed(request: web.Request, done: Done) -> web.Response:
    parts = request.app[REVIEW]
    (seen,) = await parts.reviewing.lists.seen([done.comment])
    view = row(seen, request[ME].member.name, parts.now())
    return json_answer(_encode(wire_acts.Changed(view, undo_view(done.offer) if done.offer else None)))


_decision = msgspec.json.Decoder(wire_acts.DecisionInput)
_revision = msgspec.json.Decoder(wire_acts.RevisionInput)
_escalate = msgspec.json.Decoder(wire_acts.EscalateInput)
_snooze = msgspec.json.Decoder(wire_acts.SnoozeInput)
_note = msgspec.json.Decoder(wire_acts.NoteInput)
_audit = msgspec.json.Decoder(wire_acts.AuditInput)
_WRITING = (*ONE, *BODY, Gone, InvalidSubmission)
_CHANGED = Answer(200, "The comment as it is now.", wire_acts.Changed)


def _act(
    path: str,
    name: str,
    summary: str,
    description: str,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    *,
    takes: type[msgspec.Struct] | None = None,
    answer: Answer = _CHANGED,
    problems: tuple[type[Any], ...] = (),
    method: str = "post",
) -> Route:
    known = _WRITING if takes is not None else (*ONE, Gone)
    return Route(
        Operation(
            method, f"/review/api/comments/{{id}}/{path}", name, summary, description, (answer,), (*known, *problems),
            takes=takes, parameters=(ID,), tag="deciding",
        ),
        handler,
    )  # fmt: skip


_OVERTAKEN = "When somebody was faster, 409 says in `won` who, and what the comment is now."
ROUTES = (
    _act(
        "decision", "decideQueued", "Decide", f"It can be undone for a while, and is told to nobody before. {_OVERTAKEN}",
        post_decision, takes=wire_acts.DecisionInput, problems=(Conflict, Overtaken),
    ),
    _act(
        "undo", "undoDecision", "Undo", "As if it had not been decided: the call-back does not leave, the example is gone. "
        "Another moderator's decision is undone by a lead.",
        post_undo, takes=wire_acts.RevisionInput, problems=(TooLate, Overtaken),
    ),
    _act(
        "escalate", "escalateComment", "Escalate", f"It leaves the queue for the list `escalated`. {_OVERTAKEN}", post_escalate,
        takes=wire_acts.EscalateInput, problems=(Conflict, Overtaken),
    ),
    _act(
        "snooze", "snoozeComment", "Snooze", f"It comes back to the queue by itself. {_OVERTAKEN}", post_snooze,
        takes=wire_acts.SnoozeInput, problems=(Conflict, Overtaken),
    ),
    _act(
        "return", "returnComment", "Return to the queue", "What was escalated or snoozed.", post_return,
        takes=wire_acts.RevisionInput, problems=(Conflict, Overtaken),
    ),
    _act(
        "notes", "noteComment", "Leave a note", "For other moderators; it is erased with the comment.", post_note,
        takes=wire_acts.NoteInput, answer=Answer(201, "The note as it is kept.", wire.NoteView), problems=(Conflict,),
    ),
    _act(
        "claim", "claimComment", "Say that you look at it", "Repeat it while you do. It keeps nobody from deciding.",
        post_claim, answer=Answer(200, "Who looks: whoever came first.", wire.Claim),
    ),
    _act(
        "claim", "releaseComment", "Say that you no longer look at it", "", delete_claim,
        answer=Answer(204, "Noted."), method="delete",
    ),
    _act(
        "audit", "answerAudit", "Judge a comment of the sample, blind",
        "Of the list `audit`. It is a decision like any other; `hold` takes it off the list without one.", post_audit,
        takes=wire_acts.AuditInput, answer=Answer(204, "Counted."), problems=(Conflict,),
    ),
)  # fmt: skip
