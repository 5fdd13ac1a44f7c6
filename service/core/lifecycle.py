"""THE state machine of a comment, as a table. `comment/transition.lua` applies only moves that this table allows.

States: `pending` (accepted, not yet judged), `approved`, `flagged` (held for a moderator), `rejected`, `erased` (text and
identity are gone; final). Actors: the `policy` (a machine), a `moderator`, the `platform` (the site's own software), the
`author` (a new text came in through the platform), `readers` (reports) and the `operator` (command line).

Two rules stand above the table and are kept by the same script: every change names the revision that it saw
(compare-and-set), and the policy never changes a comment that a human has decided since its present text came in.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a comment stands."""

    PENDING = "pending"
    APPROVED = "approved"
    FLAGGED = "flagged"
    REJECTED = "rejected"
    ERASED = "erased"


class Outcome(StrEnum):
    """What a decision says; the state that follows is `STATE_OF`."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"


class ActorKind(StrEnum):
    """Who acts. Only `POLICY` is a machine."""

    POLICY = "policy"
    MODERATOR = "moderator"
    PLATFORM = "platform"
    AUTHOR = "author"
    READERS = "readers"
    OPERATOR = "operator"


STATE_OF = {Outcome.APPROVE: State.APPROVED, Outcome.HOLD: State.FLAGGED, Outcome.REJECT: State.REJECTED}

_DECIDED = frozenset({State.APPROVED, State.FLAGGED, State.REJECTED})
_LIVE = _DECIDED | {State.PENDING}

# (who, to) -> from which states. A human may confirm a state (`flagged` -> `flagged` is "I looked, it stays held").
MOVES: dict[tuple[ActorKind, State], frozenset[State]] = {
    (ActorKind.AUTHOR, State.PENDING): _LIVE,
    (ActorKind.POLICY, State.APPROVED): frozenset({State.PENDING}),
    (ActorKind.POLICY, State.FLAGGED): frozenset({State.PENDING}),
    (ActorKind.POLICY, State.REJECTED): frozenset({State.PENDING}),
    (ActorKind.OPERATOR, State.PENDING): frozenset({State.PENDING, State.FLAGGED}),
    (ActorKind.READERS, State.FLAGGED): frozenset({State.APPROVED}),
    **{(who, to): _LIVE for who in (ActorKind.MODERATOR, ActorKind.PLATFORM) for to in _DECIDED},
    **{(who, State.ERASED): _LIVE for who in (ActorKind.MODERATOR, ActorKind.PLATFORM, ActorKind.OPERATOR)},
}


def sources(who: ActorKind, to: State) -> frozenset[State]:
    """The states from which `who` may move a comment to `to`; empty when that is never allowed."""
    return MOVES.get((who, to), frozenset())
