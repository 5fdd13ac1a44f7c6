"""A comment as we keep it, the decisions made about it, and its history."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from service.core.appeal import Appeal
from service.core.edit import Edit
from service.core.errors import InvalidSubmission
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.review import Handed
from service.core.submission import Submission
from service.core.verdict import Case, Reason, Verdict


class Actor(Struct, frozen=True):
    """Who made a change: `policy:<model version>`, `moderator:<name>`, `platform:<site>`, `platform:<site>/<name>`, …

    A moderator here is somebody with an account here. The platform's own people have a name space of their own."""

    kind: ActorKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


def platform_moderator(site: str, name: str) -> Actor:
    """Somebody who moderates on a site's platform, as that names them. Raises InvalidSubmission for what is no name.

    Marks that turn the direction of text, and other invisible characters, would let one name pass for another.
    """
    name = " ".join(name.split())
    if not name.isprintable():
        raise InvalidSubmission("A moderator's name has no control or invisible characters.", pointer="/moderator")
    return Actor(ActorKind.PLATFORM, f"{site}/{name}" if name else site)


class Decision(Struct, frozen=True, omit_defaults=True):
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


class Change(Struct, frozen=True, omit_defaults=True):
    """One line of a comment's append-only history; every change is one revision, so the n-th line made revision n."""

    at: int
    actor: Actor
    state: State  # the state that followed
    what: str  # submitted, imported, edited, decided, appealed, requeued, erased, text-dropped
    decision: Decision | None = None
    content: str = ""  # the text that a moderator's edit with it lets readers see, or the author's, when it ended one
    to: str = ""  # whom it was handed to (core/review.py)


class Comment(Struct, frozen=True):
    """One comment of one site. `submission` is None once it is erased. Once the text was dropped, its content is "", and the
    verdict is gone."""

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
    handed: Handed | None = None  # to whom, while it waits for them
    edit: Edit | None = None  # what readers see in the place of the present text

    @property
    def written_at(self) -> int:
        """When it was written, milliseconds since 1970: as the platform says, unless that is later than it came in."""
        said = self.submission.created_at if self.submission is not None else 0
        return said if 0 < said < self.created_at else self.created_at

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


class ByAuthor(NamedTuple):
    """The index of an author's comments, by the digest of their e-mail address."""

    digest: str


class Taken(NamedTuple):
    """What became of a submission; `word` is comment/submit.lua's."""

    word: str
    comment: str
    revision: int
    state: str
    answer: bytes  # the stored answer, when an idempotency key was replayed
    at: int  # when this request came in; a new comment's `created_at`, milliseconds since 1970


class Idempotency(Struct, frozen=True):
    """The keyed digests of an Idempotency-Key and of the request it came with, and how long they count (milliseconds)."""

    key: str
    request: str
    ttl: int
    lease: int
