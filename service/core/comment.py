"""A comment as we keep it, the decisions made about it, and its history."""

from __future__ import annotations

from msgspec import Struct

from service.core.appeal import Appeal
from service.core.case import Case
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.policy import Reason
from service.core.submission import Submission
from service.core.verdict import Verdict


class Actor(Struct, frozen=True):
    """Who made a change: `policy:<model version>`, `moderator:<name>`, `platform:<site>`, …"""

    kind: ActorKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


class Decision(Struct, frozen=True):
    """Approve, hold or reject, by policy or by a human, with reasons."""

    outcome: Outcome
    actor: Actor
    reasons: tuple[Reason, ...]
    at: int  # milliseconds since 1970
    revision: int  # the comment's revision that this decision made
    discard: bool = False  # blatant: the platform need not keep it
    note: str = ""
    tags: tuple[str, ...] = ()  # what the policy's rules and lists tagged it with
    policy: int = 0  # the edition of the site's policy that decided; 0: none, or the first
    shadow: tuple[Reason, ...] = ()  # what rules and lists in shadow would have said; for moderators only


class Change(Struct, frozen=True):
    """One line of a comment's append-only history; every change is one revision, so the n-th line made revision n."""

    at: int
    actor: Actor
    state: State  # the state that followed
    what: str  # submitted, imported, edited, decided, appealed, requeued, erased, text-dropped
    decision: Decision | None = None


class Comment(Struct, frozen=True):
    """One comment of one site. `submission` is None once it is erased; its content is "" once the text was dropped."""

    id: str
    site: str
    platform_id: str
    state: State
    revision: int  # counts every change; what compare-and-set compares
    text_revision: int  # the revision that brought the present text
    human: bool  # a human has decided about the present text
    ruled: Outcome | None  # what a human last decided, about this text or an earlier one
    created_at: int  # when we accepted it, milliseconds since 1970
    updated_at: int
    submission: Submission | None = None
    verdict: Verdict | None = None
    decision: Decision | None = None
    appeal: Appeal | None = None  # against a rejection of the present text

    @property
    def appealed(self) -> bool:
        """Whether an appeal waits for somebody's word."""
        return self.appeal is not None and self.decision is not None and self.decision.revision == self.appeal.against

    @property
    def case(self) -> Case | None:
        """The comment as it was put before the model; None when its text is gone."""
        if self.submission is None or not self.submission.content:
            return None
        return Case(self.submission, self.site, self.verdict.signals if self.verdict else {}, self.updated_at)
