"""Where a held comment stands in the moderators' queue, and under which facets it is found. For `moves` and `reviewing`.

Severity and age mix: a comment's priority is the time at which it was held, earlier by so many hours as its severity (0 to 1)
times `review_severity_hours`; the smallest is worked first. What readers reported comes before all that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from service.core.comment import Comment
from service.core.lifecycle import ActorKind
from service.core.verdict import Verdict

FACETS: Final = ("label", "signal", "rule", "reason", "model", "author", "language", "campaign")
"""By what the queue of a site is indexed; the site itself is a facet too, by its own keys."""
HARM: Final[Mapping[str, float]] = {
    "threat": 1.0,
    "severe_toxicity": 1.0,
    "identity_attack": 1.0,
    "toxicity": 0.8,
    "insult": 0.7,
    "profanity": 0.4,
    "spam": 0.5,
}
"""How much harm each label stands for, when it is certain."""
MAX_VALUE = 200  # characters of a facet's value
_HOUR = 3_600_000  # milliseconds
_FIRST = 10_000_000_000_000  # milliseconds; so far before everything else stands what is urgent


class Place(NamedTuple):
    """How a comment that is held, or was approved to be reviewed later, stands among the others."""

    facets: tuple[str, ...]  # "facet:value"
    severity: float
    urgent: bool = False

    def priority(self, at: int, severity_hours: float) -> int:
        """Its place, given when it was held (milliseconds since 1970): what has less comes first."""
        return at - round(self.severity * severity_hours * _HOUR) - (_FIRST if self.urgent else 0)


def place(comment: Comment) -> Place:
    """How a comment stands in the queue, given the decision that brings it there."""
    decision = comment.decision
    urgent = decision is not None and decision.actor.kind is ActorKind.READERS
    found = facets(comment)
    return Place(
        tuple(f"{facet}:{value}" for facet in FACETS for value in found[facet]), severity(comment.verdict), urgent
    )


def severity(verdict: Verdict | None) -> float:
    """How much harm a verdict speaks of, from 0 to 1: the worst label counts."""
    scores = verdict.scores if verdict else {}
    return max((HARM.get(label, 0.0) * score for label, score in scores.items()), default=0.0)


def raised(verdict: Verdict | None) -> tuple[str, ...]:
    """The names of the yes-or-no signals that say yes, in their order."""
    return tuple(name for name, value in verdict.signals.items() if value is True) if verdict else ()


def facets(comment: Comment) -> dict[str, tuple[str, ...]]:
    """The values that a comment has of each facet. A label is one whose threshold was passed."""
    decision, verdict, submission = comment.decision, comment.verdict, comment.submission
    reasons = decision.reasons if decision else ()
    author = submission.author.email if submission else None
    campaign = verdict.signals.get("campaign", "") if verdict else ""
    return {
        "label": _values(reason.label for reason in reasons),
        "signal": _values(raised(verdict)),
        "rule": _values(reason.rule for reason in reasons),
        "reason": _values(reason.code for reason in reasons),
        "model": _values([verdict.model] if verdict else []),
        "author": _values([author.digest] if author else []),
        "language": _values([verdict.language] if verdict else []),
        "campaign": _values([str(campaign)]),
    }


def _values(found: Iterable[str]) -> tuple[str, ...]:
    """Each once, in order, without what a line-based record can't hold."""
    return tuple(dict.fromkeys(" ".join(value.split())[:MAX_VALUE] for value in found if value.strip()))
