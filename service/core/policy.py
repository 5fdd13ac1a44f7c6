"""A site's policy: thresholds and a mode, as data, and `rule`, which turns a verdict into a ruling.

Phases run in this order and the first that decides, decides: (1) no verdict: fail closed; (2) the mode; (3) a language
that the model does not know; (4) thresholds. Everything that fired is among the reasons.
"""

from __future__ import annotations

import math

from msgspec import Struct

from service.core.case import Case
from service.core.errors import InvalidSubmission
from service.core.lifecycle import Outcome
from service.core.submission import Submission
from service.core.verdict import LABELS, Explanation, Verdict

MODES = ("by-score", "hold-everything")
HUMAN_REASONS = (*LABELS, "off-topic", "personal-data", "illegal", "other")
"""Reason codes that a moderator may give."""


class Thresholds(Struct, frozen=True):
    """From which probability on a label holds, rejects, or rejects as blatant ("discard"). None: never."""

    hold: float | None = None
    reject: float | None = None
    discard: float | None = None


DEFAULT_THRESHOLDS = {
    "spam": Thresholds(hold=0.59, reject=0.92, discard=0.98),
    "toxicity": Thresholds(hold=0.5, reject=0.87),
    "severe_toxicity": Thresholds(hold=0.5),
    "insult": Thresholds(hold=0.5),
    "profanity": Thresholds(hold=0.5),
    "threat": Thresholds(hold=0.5),
    "identity_attack": Thresholds(hold=0.5),
}
"""What the shipped model's card recommends; what was measured with them is in `docs/model-card.md`."""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """What a site wants done with which verdict."""

    mode: str = "by-score"
    thresholds: dict[str, Thresholds] = {}  # what differs from DEFAULT_THRESHOLDS
    unsupported_language: Outcome | None = Outcome.HOLD  # None: trust the scores all the same
    on_no_verdict: Outcome = Outcome.HOLD

    @property
    def effective(self) -> dict[str, Thresholds]:
        """The thresholds that apply: the defaults, and over them what this site set."""
        return {**DEFAULT_THRESHOLDS, **self.thresholds}

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InvalidSubmission(f"A policy's mode is one of: {', '.join(MODES)}.", pointer="/mode")
        for label, steps in self.thresholds.items():
            if label not in LABELS:
                raise InvalidSubmission(f"A threshold's label is one of: {', '.join(LABELS)}.", pointer="/thresholds")
            _check_order(label, steps)


class Reason(Struct, frozen=True, omit_defaults=True):
    """One line of why: a code, and where a number decided, the number and the threshold that it passed."""

    code: str
    text: str = ""
    label: str = ""
    score: float | None = None
    threshold: float | None = None
    explanation: Explanation | None = None
    rule: str = ""  # the rule or list of the policy that it comes from
    phase: str = ""  # of the policy, see `PHASES`


class Ruling(Struct, frozen=True):
    """What the policy says: the outcome, whether it need not be kept at all, and every reason that fired."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    discard: bool = False
    tags: tuple[str, ...] = ()  # what rules and lists tagged it with
    shadow: tuple[Reason, ...] = ()  # what rules and lists in shadow would have said


def rule(policy: Policy, case: Case, verdict: Verdict | None) -> Ruling:
    """Apply a policy to a case and its verdict (None: there is none, because the model failed or is missing)."""
    if verdict is None:
        return Ruling(policy.on_no_verdict, (Reason("no-verdict", "No machine verdict could be had."),))
    outcome, reasons, discard = _by_score(policy, verdict)
    unsupported = policy.unsupported_language if "unsupported-language" in verdict.flags else None
    if policy.mode == "hold-everything":
        held = Reason("hold-everything", "This site holds every comment for a moderator.")
        return Ruling(Outcome.HOLD, (held, *reasons))
    if unsupported is not None:
        stranger = Reason("unsupported-language", "Written in a language that the model was not trained in.")
        return Ruling(unsupported, (stranger, *reasons))
    if not reasons:
        return Ruling(Outcome.APPROVE, (Reason("below-thresholds", "Every score is below the site's thresholds."),))
    return Ruling(outcome, reasons, discard)


def preset(submission: Submission) -> Ruling | None:
    """What is ruled whatever the scores say: a documented test value, or the platform's word that its owner wrote this."""
    if submission.trigger == "spam":
        reason = Reason("test-trigger", "It carries a value that is documented as always being spam, for tests.")
        return Ruling(Outcome.REJECT, (reason,))
    if submission.author.role == "administrator":
        return Ruling(Outcome.APPROVE, (Reason("administrator", "The platform says that its administrator wrote it."),))
    return None


_SEVERITY = {Outcome.APPROVE: 0, Outcome.HOLD: 1, Outcome.REJECT: 2}


def _by_score(policy: Policy, verdict: Verdict) -> tuple[Outcome, tuple[Reason, ...], bool]:
    """The strictest outcome that a threshold asks for, the reasons (strictest first), and whether to discard."""
    fired: list[tuple[int, float, Reason]] = []
    discard = False
    for label, steps in policy.effective.items():
        score = verdict.scores.get(label)
        if score is None:
            continue
        if steps.discard is not None and score >= steps.discard:
            discard = True
            fired.append((2, score, _passed(label, score, steps.discard, "discard")))
        elif steps.reject is not None and score >= steps.reject:
            fired.append((2, score, _passed(label, score, steps.reject, "reject")))
        elif steps.hold is not None and score >= steps.hold:
            fired.append((1, score, _passed(label, score, steps.hold, "hold")))
    if not fired:
        return Outcome.APPROVE, (), False
    fired.sort(key=lambda item: item[:2], reverse=True)
    outcome = Outcome.REJECT if fired[0][0] == _SEVERITY[Outcome.REJECT] else Outcome.HOLD
    return outcome, tuple(reason for _, _, reason in fired), discard


def _passed(label: str, score: float, threshold: float, step: str) -> Reason:
    name = label.replace("_", " ")
    text = f"{name} {score:.0%} is at or above the {step} threshold {threshold:.0%}"
    return Reason(code=label, text=text, label=label, score=round(score, 6), threshold=threshold)


def _check_order(label: str, steps: Thresholds) -> None:
    values = [value for value in (steps.hold, steps.reject, steps.discard) if value is not None]
    if any(not math.isfinite(value) or not 0 <= value <= 1 for value in values):
        raise InvalidSubmission("A threshold is a probability from 0 to 1.", pointer=f"/thresholds/{label}")
    if values != sorted(values):
        raise InvalidSubmission("Thresholds must rise: hold ≤ reject ≤ discard.", pointer=f"/thresholds/{label}")
