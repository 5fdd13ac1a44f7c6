"""The use cases of a comment but judging it: submit, decide, erase; `judging.py` and `redress.py` have the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from service.core.appeal import Links
from service.core.comment import Actor, Change, Comment, Decision
from service.core.errors import BacklogFull, Conflict, Gone, IdempotencyMismatch, NotFound, RequestInProgress
from service.core.example import Lesson, example_of
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.policy import Reason
from service.core.site import Site
from service.core.submission import Submission, comment_id, fingerprint
from service.moves import event, move
from service.store.client import now_ms
from service.store.comments import Comments, Idempotency, Moved, Taken
from service.store.work import Dead, Work

__all__ = ["Idempotency", "Moderation", "Taken"]  # callers need not reach into the store

_to_json = msgspec.json.Encoder().encode
_PLAIN = Lesson()  # a decision teaches what follows from it
_RETRIES = 5  # of a decision that names no revision and meets another change


class Moderation:
    """The use cases of a comment. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        comments: Comments,
        work: Work,
        *,
        links: Links,
        backlog: int,
        appeals_by_others: bool = True,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.comments = comments
        self.work = work
        self._backlog = backlog
        self._links = links
        self._appeals_by_others = appeals_by_others
        self._clock = clock

    async def submit(
        self, site: Site, submission: Submission, *, waiting: str = "", idempotency: Idempotency | None = None
    ) -> Taken:
        """Take a submission in: when this returns, it is in Redis and will be judged.

        Raises BacklogFull, Gone, IdempotencyMismatch, RequestInProgress; then nothing was kept.
        """
        taken = await self.comments.submit(
            site=site.id,
            comment=comment_id(site.id, submission.platform_id),
            submission=submission,
            fingerprint=fingerprint(submission),
            now=self._clock(),
            backlog=self._backlog,
            waiting=waiting,
            idempotency=idempotency,
        )
        match taken.word:
            case "full":
                raise BacklogFull(retry_after=5)
            case "gone":
                raise Gone
            case "mismatch":
                raise IdempotencyMismatch
            case "running":
                raise RequestInProgress(retry_after=1)
        return taken

    async def revive(self, dead: Dead) -> Moved:
        """Put a dead letter's comment before the machine once more. The word says what became of it."""
        comment = await self.comments.get(dead.comment)
        if comment is None:
            return Moved("missing", 0, "")
        change = Change(self._clock(), Actor(ActorKind.OPERATOR), State.PENDING, "requeued")
        return await self.comments.requeue(comment, change=change, dead_entry=dead.entry)

    async def decide(
        self,
        site: Site,
        comment: str,
        outcome: Outcome,
        *,
        actor: Actor,
        reasons: Sequence[str] = (),
        note: str = "",
        revision: int | None = None,
        lesson: Lesson | None = _PLAIN,
        tell_back: bool = True,
        undo_until: int = 0,
        bulk: str = "",
    ) -> Comment:
        """A human's word on a comment, also when it confirms the machine. It becomes an example, as `lesson` says.

        With a `revision`, only if the comment still has it. `tell_back` False: it was said where the comment's return
        address is, which need not hear of it. Until `undo_until` (milliseconds since 1970) it can be taken back, and is told
        to nobody; `bulk` names the bulk decision that it is part of. Raises NotFound, Gone, Conflict.
        """
        for _ in range(_RETRIES):
            seen = await self.get(site, comment)
            if revision is not None and seen.revision != revision:
                raise Conflict(f"The comment is at revision {seen.revision} now.", pointer="/revision")
            if self._appeals_by_others and seen.appeal and seen.appealed and seen.appeal.decider == str(actor):
                raise Conflict("You decided this comment; its author's appeal is judged by another moderator.")
            decision = Decision(
                outcome, actor, tuple(Reason(code) for code in reasons), self._clock(), seen.revision + 1, note=note
            )
            told = msgspec.structs.replace(
                move(seen, site, decision, links=self._links),
                example=example_of(seen, decision, lesson) if lesson is not None else None,
                tell_back=tell_back,
                undo_until=undo_until,
                bulk=bulk,
            )
            (moved,) = await self.comments.apply([told])
            if moved.word == "applied":
                return await self.get(site, comment)
            if moved.word == "illegal":
                raise Conflict(f"A comment that is {moved.state} can't be decided.")
        raise Conflict("The comment keeps changing; look at it again.")

    async def erase(self, site: Site, comment: str, actor: Actor) -> Comment:
        """Erase a comment: text, identity, verdict and notes go, a tombstone and the bare history remain.

        Erasing what was erased is no error. Raises NotFound, Conflict.
        """
        for _ in range(_RETRIES):
            seen = await self.comments.find(site.id, comment)
            if seen is None:
                raise NotFound
            if seen.state is State.ERASED:
                return seen
            now = self._clock()
            bare = [_bare(change) for change in await self.comments.history(comment)]
            tombstone = msgspec.structs.replace(
                seen, state=State.ERASED, revision=seen.revision + 1, submission=None, verdict=None, decision=None
            )
            moved = await self.comments.erase(
                seen,
                now=now,
                history=[*bare, Change(now, actor, State.ERASED, "erased")],
                event=event(tombstone, now) if site.callback else None,
                earlier=await self.comments.earlier_texts(comment),
            )
            if moved.word in ("applied", "gone"):
                return tombstone
        raise Conflict("The comment keeps changing; look at it again.")

    async def get(self, site: Site, comment: str) -> Comment:
        """A comment of a site. Raises NotFound, Gone."""
        found = await self.comments.find(site.id, comment)
        if found is None:
            raise NotFound
        if found.state is State.ERASED:
            raise Gone
        return found


def _bare(change: Change) -> Change:
    """A line of history without what could quote or name somebody."""
    if change.decision is None:
        return change
    reasons = tuple(Reason(reason.code) for reason in change.decision.reasons)
    return msgspec.structs.replace(
        change, decision=msgspec.structs.replace(change.decision, reasons=reasons, note="", shadow=())
    )
