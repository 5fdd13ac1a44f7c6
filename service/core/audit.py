"""The audit sample: automatic decisions drawn by lot, which moderators judge blind, so that live quality is measured.

Numbers and ids only, no text: an audited decision outlives its comment's text.
"""

from __future__ import annotations

from msgspec import Struct

from service.core.lifecycle import Outcome

AUDITABLE = (Outcome.APPROVE, Outcome.REJECT)
"""What is drawn from. What is held comes before a moderator anyway."""


class Audited(Struct, frozen=True):
    """One automatic decision of the sample, and what a moderator said of the comment without knowing it."""

    comment: str
    at: int  # when it was drawn, milliseconds since 1970
    outcome: Outcome  # the machine's
    share: float  # with which probability such a decision was drawn then
    model: str
    answer: Outcome | None = None  # a moderator's; None: not yet
    by: str = ""
    answered_at: int = 0
