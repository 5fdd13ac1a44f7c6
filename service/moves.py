"""Moves: the transition that carries out a decision, with its line of history and its call-back, ready for the store."""

from __future__ import annotations

import msgspec

from service.core.appeal import Links
from service.core.comment import Change, Comment, Decision
from service.core.lifecycle import STATE_OF, ActorKind, Outcome, State
from service.core.phases import REVIEW
from service.core.queueing import place
from service.core.site import Site
from service.core.statement import is_spam, statement
from service.core.verdict import Verdict
from service.core.views import EventView, StatementView, rfc3339, statement_view, told
from service.store.comments import Event, Transition

_to_json = msgspec.json.Encoder().encode


def move(
    comment: Comment,
    site: Site | None,
    decision: Decision,
    verdict: Verdict | None = None,
    *,
    links: Links,
    work_entry: str = "",
    wake: str = "",
) -> Transition:
    """The transition that carries out a decision about a comment as it was seen; `links` are for who may appeal."""
    to = STATE_OF[decision.outcome]
    after = msgspec.structs.replace(
        comment, state=to, revision=decision.revision, decision=decision, verdict=verdict or comment.verdict
    )
    return Transition(
        comment=comment.id,
        site=comment.site,
        to=to,
        actor=decision.actor,
        seen=decision.revision - 1,
        change=Change(decision.at, decision.actor, to, "decided", decision),
        verdict=verdict,
        work_entry=work_entry,
        place=place(after) if to is State.FLAGGED or _reviewed_later(decision) else None,
        event=event(after, decision.at, _statement(comment, decision, links)) if site and site.callback else None,
        wake=wake,
    )


def event(comment: Comment, now: int, statement: StatementView | None = None) -> Event:
    """What the site's receiver is told of a comment in its present state."""
    kind = f"comment.{comment.state}"
    body = _to_json(EventView(kind, rfc3339(now), told(comment, statement)))
    return Event(f"msg_{comment.id}_{comment.revision}", kind, body, now)


def _reviewed_later(decision: Decision) -> bool:
    """Whether a machine approved it for a moderator to look at later."""
    machine = decision.actor.kind is ActorKind.POLICY
    return machine and decision.outcome is Outcome.APPROVE and REVIEW in decision.tags


def _statement(before: Comment, decision: Decision, links: Links) -> StatementView | None:
    """The statement of reasons that a call-back carries: of every rejection but for spam."""
    earlier = [before.decision] if before.decision and before.decision.revision > before.text_revision else []
    said = statement(decision, earlier)
    if said is None or is_spam(decision):
        return None
    link = None if before.appeal else links.of(before.site, before.id, decision.revision, decision.at)
    return statement_view(said, link)
