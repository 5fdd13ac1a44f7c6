"""What a decision adds to the counts of its day: words that `transition.lua` counts and `service.statistics` reads again.

A word is `by:<outcome>:<actor>`, one for each decision, or `why:<machine|human>:<outcome>:<reason code>`, one for each code that
it gives. The actor comes last because it may hold anything, a colon too.
"""

from __future__ import annotations

from service.core.comment import Decision
from service.core.lifecycle import ActorKind

MAX_ACTOR = 120
"""Characters of an actor that are told apart; a platform may name its moderators as it likes."""


def words(decision: Decision) -> tuple[str, ...]:
    """The words that a decision adds, none of them with a line break."""
    actor = "".join(char if char.isprintable() else " " for char in str(decision.actor))[:MAX_ACTOR]
    who = "machine" if decision.actor.kind is ActorKind.POLICY else "human"
    codes = dict.fromkeys(reason.code for reason in decision.reasons)
    return (f"by:{decision.outcome}:{actor}", *(f"why:{who}:{decision.outcome}:{code}" for code in codes))
