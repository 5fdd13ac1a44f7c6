"""What a policy says of a comment: an outcome, and every reason for it. Made by `core.phases`, kept with decisions."""

from __future__ import annotations

from msgspec import Struct

from service.core.lifecycle import Outcome
from service.core.verdict import LABELS, Explanation

HUMAN_REASONS = (*LABELS, "off-topic", "personal-data", "illegal", "other")
"""Reason codes that a moderator may give."""


class Reason(Struct, frozen=True, omit_defaults=True):
    """One line of why: a code, and where a number decided, the number and the threshold that it passed."""

    code: str
    text: str = ""
    label: str = ""
    score: float | None = None
    threshold: float | None = None
    explanation: Explanation | None = None
    rule: str = ""  # the rule or list of the policy that it comes from
    phase: str = ""  # of the policy, see `core.phases.PHASES`


class Ruling(Struct, frozen=True):
    """What the policy says: the outcome, whether it need not be kept at all, and every reason that fired."""

    outcome: Outcome
    reasons: tuple[Reason, ...]  # the deciding one first, then the others in the order of the phases
    discard: bool = False
    tags: tuple[str, ...] = ()  # what rules and lists tagged it with
    shadow: tuple[Reason, ...] = ()  # what rules and lists in shadow would have said
