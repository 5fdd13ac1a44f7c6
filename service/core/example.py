"""Examples: what humans taught us, each a text, labels, and where it all comes from; and decisions sampled for a blind look.

An example is written once and never changed; a human who changes their mind makes another one. It is erased with the
comment that it was made from. A sampled decision holds numbers and ids only: it outlives its comment's text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from service.core.comment import Comment, Decision
from service.core.edit import Edit
from service.core.lifecycle import ActorKind, Outcome
from service.core.submission import Submission
from service.core.verdict import LABELS, Signal, Verdict

AUDITABLE = (Outcome.APPROVE, Outcome.REJECT)
"""What is drawn from. What is held comes before a moderator anyway."""


class SampledDecision(Struct, frozen=True):
    """One automatic decision of the sample, and what a moderator said of the comment without knowing it."""

    comment: str
    at: int  # when it was drawn, milliseconds since 1970
    outcome: Outcome  # the machine's
    share: float  # with which probability such a decision was drawn then
    model: str
    answer: Outcome | None = None  # a moderator's; None: not yet
    by: str = ""
    answered_at: int = 0
    revision: int = 0  # that the answer made of the comment; 0: it is not known


class Said(Struct, frozen=True):
    """What the machine had said when the human spoke."""

    model: str
    scores: dict[str, float]
    outcome: str = ""  # of its decision: approve, hold, reject; "" when it made none


class Example(Struct, frozen=True):
    """One text that a human has judged."""

    id: str
    site: str
    comment: str  # our id, "" when it is about no comment of ours
    text: str  # as it was judged; e-mail addresses dotted out, like everything behind the parser
    author_name: str
    author_url: str
    language: str  # BCP 47, "" when unknown
    labels: dict[
        str, float
    ]  # label -> 1 it is, 0 it is not, or a share between; a label that is missing was not judged
    outcome: str  # approve or reject; "" when only labels were given, or it was approved as a moderator edited it
    actor: str  # who taught it
    at: int  # when, milliseconds since 1970
    source: str  # how it came to us: api, akismet, perspective, review, import
    said: Said | None = None
    signals: dict[str, Signal] = {}  # the evidence beyond the text, as it stood when the machine judged


class Lesson(NamedTuple):
    """How a decision is to become an example. `labels` None: what follows from the decision's outcome and reasons."""

    source: str = "api"
    labels: Mapping[str, float] | None = None
    text: Submission | None = None  # the text, should the store have dropped it


def labels_of(outcome: Outcome, reasons: Sequence[str]) -> dict[str, float]:
    """What a human's decision says of each label. Approving says that none applies; rejecting names those that do."""
    if outcome is Outcome.APPROVE:
        return dict.fromkeys(LABELS, 0.0)
    return {label: 1.0 for label in LABELS if label in reasons}


def example_of(
    comment: Comment, decision: Decision, lesson: Lesson, taught: Sequence[str], edit: Edit | None = None
) -> Example | None:
    """The example that a human's decision makes; None when it holds only, or when there is no text to learn from.

    `taught`: what the decision's reasons teach, see `core.policy.house_rules`. `edit`: what readers see from then on. It is the
    author's own text that teaches: where something was wrong with it, whoever approves the edit calls it what the reasons name,
    and approves nothing; whoever later approves the same edit once more says nothing of the author's text.
    """
    faulty = decision.outcome is Outcome.APPROVE and edit is not None and edit.wrong
    if faulty and edit is not None and edit.revision != decision.revision:
        return None
    submission = comment.submission if comment.submission and comment.submission.content else lesson.text
    if decision.outcome is Outcome.HOLD or submission is None:
        return None
    labels = lesson.labels
    if labels is None:
        labels = labels_of(Outcome.REJECT if faulty else decision.outcome, taught)
    verdict = comment.verdict
    return Example(
        id=f"x_{comment.id}_{decision.revision}",
        site=comment.site,
        comment=comment.id,
        text=submission.content,
        author_name=submission.author.name,
        author_url=submission.author.url,
        language=verdict.language if verdict else "",
        labels=dict(labels),
        outcome="" if faulty else decision.outcome,
        actor=str(decision.actor),
        at=decision.at,
        source=lesson.source,
        said=Said(verdict.model, verdict.scores, _machine_outcome(comment)) if verdict else None,
        signals=verdict.signals if verdict else {},
    )


def suggestion(
    site: str, text: str, labels: Mapping[str, float], *, actor: str, at: int, source: str, verdict: Verdict, token: str
) -> Example:
    """An example about no comment of ours. The same suggestion twice has the same id; `token` is the platform's own."""
    said = repr(sorted(labels.items()))
    digest = hashlib.blake2b("\0".join((site, text, said, token)).encode(), digest_size=13).hexdigest()
    return Example(
        id=f"xs_{digest}",
        site=site,
        comment="",
        text=text,
        author_name="",
        author_url="",
        language=verdict.language,
        labels=dict(labels),
        outcome="",
        actor=actor,
        at=at,
        source=source,
        said=Said(verdict.model, verdict.scores),
    )


def _machine_outcome(comment: Comment) -> str:
    decision = comment.decision
    return str(decision.outcome) if decision is not None and decision.actor.kind is ActorKind.POLICY else ""


class Disagreement(Struct, frozen=True):
    """A comment that the shadow would have decided otherwise. No text: the comment has it, while it is kept."""

    comment: str
    at: int  # milliseconds since 1970
    active: str
    shadow: str
    ours: Outcome
    theirs: Outcome
    label: str  # whose scores differ most
    our_score: float
    their_score: float
