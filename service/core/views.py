"""What goes out: the allow-list of fields that answers and call-backs may show of a comment, and their JSON shape.

The OpenAPI document is generated from these types. Times are RFC 3339 in UTC. No address is here to be shown: text has its
e-mail addresses dotted out since it came in, and an author is known by a digest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from msgspec import Meta, Struct

from service.core.appeal import Link
from service.core.comment import Change, Comment, Decision
from service.core.edit import Edit
from service.core.lifecycle import Outcome, State
from service.core.statement import Statement
from service.core.submission import Submission
from service.core.verdict import Reason, Signal

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Seal = Annotated[
    str,
    Meta(
        description="Which text this is about: of each webhook secret that was good when the comment came, `v1,` and the Base64 "
        "of an HMAC-SHA-256 of its text, a NUL and the page's address, as you sent them; with spaces between."
    ),
]


class PageView(Struct, frozen=True):
    """What was commented on."""

    url: str
    title: str


class AuthorView(Struct, frozen=True):
    """Who wrote it. `digest` is a keyed digest of the e-mail address, null when none was given."""

    name: str
    url: str
    digest: str | None
    role: str


class DecisionView(Struct, frozen=True):
    """A decision: what, by whom, when, and every reason. `discard`: blatant, the platform need not keep it.

    `tags` were given by the policy's rules and lists; `policy` is the edition of the policy that decided.
    """

    outcome: Outcome
    actor: str
    at: Time
    revision: int
    reasons: tuple[Reason, ...]
    scores: dict[str, float]
    model: str
    discard: bool
    note: str
    tags: tuple[str, ...]
    policy: int


class VerdictView(Struct, frozen=True):
    """What the machine said: a calibrated probability per label, flags, language, further evidence, the model, and who read the
    text: `words` alone, or `words` and `meaning`."""

    scores: dict[str, float]
    flags: tuple[str, ...]
    language: str
    signals: dict[str, Signal]
    model: str
    readers: tuple[str, ...]


class AppealLink(Struct, frozen=True):
    """Where the author can appeal, without an account, and until when. Give it to nobody else."""

    url: str
    until: Time


class StatementView(Struct, frozen=True):
    """Why a comment is not shown, for its author, as article 17 of the Digital Services Act (EU 2022/2065) wants it."""

    restriction: str
    territory: str
    duration: str
    codes: tuple[str, ...]
    facts: tuple[str, ...]
    prompted_by: str
    automated_detection: bool
    automated_decision: bool
    ground: str
    appeal: AppealLink | None


class EditView(Struct, frozen=True):
    """What a moderator made of a comment's text, to be shown in the author's place."""

    content: str
    by: str
    at: Time
    revision: int


class Told(Struct, frozen=True):
    """A comment as call-backs tell of it: ids, state and decision. `statement`: of a rejection other than for spam.

    `edit`: of an approval, what to show in the place of the author's text; null: show the author's. No other text is here.
    """

    id: str
    platform_id: str
    site: str
    state: State
    revision: int
    decision: DecisionView | None
    statement: StatementView | None = None
    seal: Seal = ""
    edit: EditView | None = None


class CommentView(Struct, frozen=True):
    """A comment as the API shows it. `text_kept` is false once retention or erasure has dropped the text.

    `created_at` is when it was written, as the platform says; `received_at` when it came in here, by which lists are ordered.
    `content` is always the author's text; `edit` is what to show in its place, null where a moderator changed nothing.
    """

    id: str
    platform_id: str
    site: str
    state: State
    revision: int
    created_at: Time
    received_at: Time
    updated_at: Time
    decision: DecisionView | None
    verdict: VerdictView | None
    page: PageView | None
    author: AuthorView | None
    content: str
    parent_id: str
    text_kept: bool
    seal: Seal = ""
    edit: EditView | None = None


class ChangeView(Struct, frozen=True):
    """One line of a comment's history. `content`: the text that a moderator lets readers see with it, "" where it stays.

    `to`: the person (`moderator:bo`) or role (`role:lead`) that it was handed to.
    """

    revision: int
    at: Time
    actor: str
    what: str
    state: State
    decision: DecisionView | None
    content: str = ""
    to: str = ""


class EventView(Struct, frozen=True):
    """The body of a call-back (Standard Webhooks)."""

    type: str
    timestamp: Time
    data: Told


@lru_cache(maxsize=4096)
def rfc3339(at: int) -> str:
    """A time in milliseconds since 1970 as RFC 3339."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decision_view(decision: Decision, comment: Comment) -> DecisionView:
    """A decision as it goes out, beside the scores that were known."""
    verdict = comment.verdict
    return DecisionView(
        outcome=decision.outcome,
        actor=str(decision.actor),
        at=rfc3339(decision.at),
        revision=decision.revision,
        reasons=decision.reasons,
        scores=verdict.scores if verdict else {},
        model=verdict.model if verdict else "",
        discard=decision.discard,
        note=decision.note,
        tags=decision.tags,
        policy=decision.policy,
    )


def statement_view(said: Statement, link: Link | None) -> StatementView:
    """A statement of reasons as it goes out, with the way to appeal."""
    return StatementView(
        restriction=said.restriction,
        territory=said.territory,
        duration=said.duration,
        codes=said.codes,
        facts=said.facts,
        prompted_by=said.prompted_by,
        automated_detection=said.automated_detection,
        automated_decision=said.automated_decision,
        ground=said.ground,
        appeal=AppealLink(link.url, rfc3339(link.until)) if link else None,
    )


def told(comment: Comment, statement: StatementView | None = None) -> Told:
    """A comment as a call-back tells of it."""
    return Told(
        id=comment.id,
        platform_id=comment.platform_id,
        site=comment.site,
        state=comment.state,
        revision=comment.revision,
        decision=decision_view(comment.decision, comment) if comment.decision else None,
        statement=statement,
        seal=comment.submission.seal if comment.submission else "",
        edit=edit_view(comment.edit) if comment.edit and comment.state is State.APPROVED else None,
    )


def edit_view(edit: Edit) -> EditView:
    """An edit as it goes out."""
    return EditView(edit.content, edit.by, rfc3339(edit.at), edit.revision)


def comment_view(comment: Comment) -> CommentView:
    """A comment as the API shows it. While a new text waits to be judged, no decision is shown."""
    submission, verdict = comment.submission, comment.verdict
    decided = comment.decision is not None and comment.decision.revision > comment.text_revision
    return CommentView(
        id=comment.id,
        platform_id=comment.platform_id,
        site=comment.site,
        state=comment.state,
        revision=comment.revision,
        created_at=rfc3339(comment.written_at),
        received_at=rfc3339(comment.created_at),
        updated_at=rfc3339(comment.updated_at),
        decision=decision_view(comment.decision, comment) if comment.decision and decided else None,
        verdict=VerdictView(
            verdict.scores, verdict.flags, verdict.language, verdict.signals, verdict.model, verdict.readers
        )
        if verdict and decided
        else None,
        page=PageView(submission.page.url, submission.page.title) if submission else None,
        author=author_view(submission) if submission else None,
        content=submission.content if submission else "",
        parent_id=submission.parent_id if submission else "",
        text_kept=bool(submission and submission.content),
        seal=submission.seal if submission else "",
        edit=edit_view(comment.edit) if comment.edit else None,
    )


def change_views(comment: Comment, history: list[Change]) -> list[ChangeView]:
    """A comment's history as it goes out; the n-th change made revision n."""
    return [
        ChangeView(
            revision=number,
            at=rfc3339(change.at),
            actor=str(change.actor),
            what=change.what,
            state=change.state,
            decision=decision_view(change.decision, comment) if change.decision else None,
            content=change.content,
            to=change.to,
        )
        for number, change in enumerate(history, 1)
    ]


def author_view(submission: Submission) -> AuthorView:
    """Who wrote it."""
    author = submission.author
    return AuthorView(author.name, author.url, author.email.digest if author.email else None, author.role)
