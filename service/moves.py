"""Moves: the transition that carries out a decision, with its line of history and its call-back, ready for the store."""

from __future__ import annotations

import msgspec

from service.core.comment import Change, Comment, Decision
from service.core.lifecycle import STATE_OF
from service.core.site import Site
from service.core.verdict import Verdict
from service.core.views import EventView, rfc3339, told
from service.store.comments import Event, Transition

_to_json = msgspec.json.Encoder().encode


def move(
    comment: Comment,
    site: Site | None,
    decision: Decision,
    verdict: Verdict | None = None,
    *,
    work_entry: str = "",
    wake: str = "",
) -> Transition:
    """The transition that carries out a decision about a comment as it was seen."""
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
        event=event(after, decision.at) if site is not None and site.callback else None,
        wake=wake,
    )


def event(comment: Comment, now: int) -> Event:
    """What the site's receiver is told of a comment in its present state."""
    kind = f"comment.{comment.state}"
    body = _to_json(EventView(kind, rfc3339(now), told(comment)))
    return Event(f"msg_{comment.id}_{comment.revision}", kind, body, now)
