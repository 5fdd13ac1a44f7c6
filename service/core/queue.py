"""The moderators' lists, where a held comment stands in their queue, and under which facets it is found.

Severity and age mix: a comment's priority is the time at which it was held, earlier by so many hours as its severity (0 to 1)
times `review_severity_hours`; the smallest is worked first. What readers reported comes before all that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, structs

from service.core.comment import Comment
from service.core.lifecycle import ActorKind, State
from service.core.verdict import Verdict

FACETS: Final = ("page", "label", "signal", "rule", "reason", "model", "author", "language", "campaign")
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
MAX_VALUES = 20  # of one facet that are chosen at once
Chosen = Mapping[str, Sequence[str]]
"""Facets, and of each the values of which a comment has at least one."""
_HOUR = 3_600_000  # milliseconds
_FIRST = 10_000_000_000_000  # milliseconds; so far before everything else stands what is urgent
_STEPS, _SECONDS = 10_000, 10_000_000_000  # of severity; more than there are since 1970


class Place(NamedTuple):
    """How a comment that is held, or was approved to be reviewed later, stands among the others."""

    facets: tuple[str, ...]  # "facet:value"
    severity: float
    urgent: bool = False

    def priority(self, at: int, severity_hours: float) -> int:
        """Its place, given when it was held (milliseconds since 1970): what has less comes first."""
        return at - round(self.severity * severity_hours * _HOUR) - (_FIRST if self.urgent else 0)

    def severest(self, at: int) -> int:
        """Its place among the most severe first: by severity as it is shown, then by when it was held."""
        return (_STEPS - round(self.severity * _STEPS)) * _SECONDS + at // 1_000


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
        "page": values([submission.page.url] if submission else []),
        "label": values(reason.label for reason in reasons),
        "signal": values(raised(verdict)),
        "rule": values(reason.rule for reason in reasons),
        "reason": values(reason.code for reason in reasons),
        "model": values([verdict.model] if verdict else []),
        "author": values([author.digest] if author else []),
        "language": values([verdict.language] if verdict else []),
        "campaign": values([str(campaign)]),
    }


def values(found: Iterable[str]) -> tuple[str, ...]:
    """Values of a facet, each once, in order, without what a line-based record can't hold."""
    return tuple(dict.fromkeys(" ".join(value.split())[:MAX_VALUE] for value in found if value.strip()))


FOREVER: Final = 253_402_300_799_999
"""The end of the year 9999, milliseconds since 1970: a list until then is not limited in time."""


class Shelf(Struct, frozen=True):
    """How a list is kept: its index, in which direction it is read, which index says when something came to be there, and in
    which state all of it is (None: in several). A blind one is judged without knowing what the machine said. `within`: only
    what this index has too belongs to it."""

    index: str
    newest_first: bool
    times: str
    state: State | None = None
    blind: bool = False
    within: str = ""


LISTS: Final[Mapping[str, Shelf]] = {
    "flagged": Shelf("queue", False, "flagged", State.FLAGGED),
    "escalated": Shelf("escalated", False, "escalated", State.FLAGGED),
    "snoozed": Shelf("snoozed", False, "flagged", State.FLAGGED),
    "decided": Shelf("decided", True, "decided"),
    "approved": Shelf("approved", True, "approved", State.APPROVED),
    "rejected": Shelf("rejected", True, "rejected", State.REJECTED),
    "reported": Shelf("reports", True, "all"),
    "appealed": Shelf("appealed", False, "appealed", State.REJECTED),
    "later": Shelf("later", False, "approved", State.APPROVED),
    "audit": Shelf("audit", False, "audit", blind=True),
}
"""The one table of the moderators' lists, in the order in which they are named.

The first three are disjoint and together all that is held: what is escalated or snoozed is not in `flagged`. `later` is what
was approved to be reviewed (mode `approve-first`, or a rule that tags it `review`) until a human has; `audit` is the sample.
"""


SORTS: Final = ("newest", "oldest", "severest")
"""How a list can be read instead of in its own order: by when something came to be there; the queue also by severity."""


def shelf(name: str, sort: str = "") -> Shelf:
    """How a list is read in an order, "" being its own."""
    kept = LISTS[name]
    if not sort:
        return kept
    if sort == "severest":
        return structs.replace(kept, index="severest", within=kept.index)
    within = kept.index if kept.times != kept.index else ""
    return structs.replace(kept, index=kept.times, newest_first=sort == "newest", within=within)


def is_blind(name: str) -> bool:
    """Whether a list of this name is judged blind; one that there is not is not."""
    return name in LISTS and LISTS[name].blind


class Span(NamedTuple):
    """A span of time, ends included, milliseconds since 1970."""

    since: int = 0
    until: int = FOREVER

    @property
    def limited(self) -> bool:
        """Whether anything lies outside of it."""
        return self.since > 0 or self.until < FOREVER


class Entry(NamedTuple):
    """A place in a list; entries of one list are ordered like these tuples, or the other way round."""

    score: int
    comment: str


class Stretch(NamedTuple):
    """Some of a list, in order. `upto` is the last place that was looked at, None when the list ended."""

    entries: list[Entry]
    upto: Entry | None
    looked: int


class Standing(NamedTuple):
    """What is known of a comment beside its record; times are milliseconds since 1970, 0: none."""

    list: str  # flagged, escalated, snoozed or later; "" when it waits for nobody
    entered: int  # when it came into its state
    snoozed_until: int
    notes: int
    reports: int
    claimed_by: str
    claimed_for: int  # milliseconds that the claim will last, unless it is renewed
