"""The use cases of deciding: a moderator's word, taking it back, passing on, putting aside, notes, claims. For `web.review`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from service.clock import now_ms
from service.core.comment import Actor, Change, Comment
from service.core.edit import Wanted
from service.core.errors import Conflict, Forbidden, InvalidSubmission, NotFound, Overtaken, TooLate
from service.core.example import Lesson
from service.core.lifecycle import Outcome, State
from service.core.moderator import HANDED_TO
from service.core.policy.house_rules import check_reasons
from service.core.review import Claim, Handed, Note, Offer
from service.core.site import Site
from service.core.submission import free_text
from service.core.views import rfc3339
from service.store.moderators import ModeratorStore
from service.store.review import MAX_NOTES, ReviewStore
from service.store.sites import Accounts
from service.usecases.moderation import Moderation

LONGEST_SNOOZE = 90 * 86_400_000
"""Milliseconds."""


class Done(NamedTuple):
    """A comment after what was done to it, and how it can be taken back, if it can."""

    comment: Comment
    offer: Offer | None


class Decisions:
    """The use cases; `by` is always the moderator. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderation: Moderation,
        review_store: ReviewStore,
        accounts: Accounts,
        moderator_store: ModeratorStore,
        *,
        undo_seconds: float = 15.0,
        claim_seconds: float = 60.0,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderation = moderation
        self._review_store = review_store
        self._accounts = accounts
        self._moderator_store = moderator_store
        self._undo = int(undo_seconds * 1000)
        self._claim = int(claim_seconds * 1000)
        self._clock = clock

    def may_judge(self, comment: Comment, by: Actor) -> bool:
        """Whether `by` may decide a comment, which its appeal may forbid."""
        return self._moderation.may_judge(comment, by)

    def window(self) -> int:
        """Until when what is decided now can be undone, milliseconds since 1970; 0: it can't."""
        return self._clock() + self._undo if self._undo else 0

    async def decide(
        self,
        site: Site,
        comment: str,
        outcome: Outcome,
        *,
        by: Actor,
        revision: int | None,
        reasons: Sequence[str] = (),
        note: str = "",
        until: int | None = None,
        bulk: str = "",
        source: str = "review",
        edit: Wanted | None = None,
    ) -> Done:
        """A moderator's word on a comment as it was seen. Told to nobody before `until`, and taken back until then.

        `source` is how the example that it makes came to us; with an `edit`, the text that readers see is another from then on,
        which the audit log notes.

        Raises InvalidSubmission, NotFound, Gone, Overtaken when another came first, Conflict when somebody else must decide,
        TextDropped when there is no text to edit.
        """
        note = self.check(site, outcome, reasons, note)
        until = self.window() if until is None else until
        try:
            decided = await self._moderation.decide(
                site, comment, outcome, actor=by, reasons=reasons, note=note, revision=revision, lesson=Lesson(source),
                undo_until=until, bulk=bulk, edit=edit,
            )  # fmt: skip
        except Conflict:
            now = await self._moderation.get(site, comment)
            if revision is None or now.revision == revision:
                raise
            raise await self._overtaken(now, revision) from None
        if edit is not None:
            lines = await self._moderation.history(decided)
            if any(line.content and line.decision == decided.decision for line in lines):
                await self._audit("comments.edit" if decided.edit else "comments.unedit", decided, by)
        return Done(decided, Offer(decided.revision, str(by), bulk, until, decided.state) if until else None)

    @staticmethod
    def check(site: Site, outcome: Outcome, reasons: Sequence[str], note: str) -> str:
        """Refuse a decision that does not say why; the note as it is kept. Raises InvalidSubmission."""
        check_reasons(reasons, site.policy.house)
        if outcome is Outcome.REJECT and not reasons:
            raise InvalidSubmission("A rejection says why: name a reason.", pointer="/reasons")
        note = free_text(note, "/note")
        if "other" in reasons and not note:
            raise InvalidSubmission('The reason "other" needs a note.', pointer="/note")
        return note

    async def undo(self, site: Site, comment: str, revision: int, *, by: Actor, others: bool) -> Done:
        """Take a decision back as if it had not been made; `others`: also somebody else's.

        Raises NotFound, Gone, Overtaken, TooLate when its call-back has left, Forbidden.
        """
        seen = await self._seen(site, comment, revision)
        offer = await self._review_store.offer(comment)
        if offer is None or offer.rev != revision:
            raise TooLate
        if offer.by != str(by) and not others:
            raise Forbidden("Somebody else decided this; decide anew, or ask a lead to undo it.")
        moved = await self._review_store.undo(seen, Change(self._clock(), by, offer.state, "undone"))
        if moved.word == "late":
            raise TooLate
        done = await self._done(site, comment, moved.word, revision)
        if done.comment.edit != seen.edit:
            await self._audit("comments.unedit" if seen.edit else "comments.edit", done.comment, by)
        return done

    async def escalate(
        self, site: Site, comment: str, revision: int, *, by: Actor, note: str = "", to: str = ""
    ) -> Done:
        """Pass what is held on: to whoever decides the hard ones, or `to` a person or a role (see `core.review.Handed`).

        Raises NotFound, Gone, Overtaken, Conflict, InvalidSubmission.
        """
        said, now = free_text(note, "/note"), self._clock()
        await self._check_whom(site, to)
        handed = Handed(to, str(by), now, said) if to or said else None
        done = await self._set_aside(site, comment, revision, by=by, to="escalated", at=now, handed=handed)
        if said:
            await self.note(site, comment, said, by=by)
        return done

    async def snooze(self, site: Site, comment: str, revision: int, *, by: Actor, until: int) -> Done:
        """Put what is held aside until a time. Raises NotFound, Gone, Overtaken, Conflict, InvalidSubmission."""
        if not 0 < until - self._clock() <= LONGEST_SNOOZE:
            raise InvalidSubmission("A comment is put aside until a time within the next 90 days.", pointer="/until")
        return await self._set_aside(site, comment, revision, by=by, to="snoozed", at=until)

    async def give_back(self, site: Site, comment: str, revision: int, *, by: Actor) -> Done:
        """Return what was escalated or snoozed to the queue. Raises NotFound, Gone, Overtaken, Conflict."""
        return await self._set_aside(site, comment, revision, by=by, to="flagged", at=0)

    async def note(self, site: Site, comment: str, text: str, *, by: Actor) -> Note:
        """Leave a note for other moderators. Raises NotFound, Gone, InvalidSubmission, Conflict when there are too many."""
        seen = await self._moderation.get(site, comment)
        said = free_text(text, "/text")
        if not said:
            raise InvalidSubmission("The note is empty.", pointer="/text")
        note = Note(secrets.token_hex(6), str(by), self._clock(), said)
        word = await self._review_store.note(seen, note)
        if word == "missing":
            raise NotFound
        if word == "full":
            raise Conflict(f"A comment has at most {MAX_NOTES} notes.")
        return note

    async def attend(self, site: Site, comment: str, *, by: Actor) -> Claim:
        """Say that `by` looks at a comment, and hear who does: whoever came first. Raises NotFound, Gone."""
        seen = await self._moderation.get(site, comment)
        return await self._review_store.attend(seen, by.name, now=self._clock(), milliseconds=self._claim)

    async def leave(self, site: Site, comment: str, *, by: Actor) -> None:
        """Say that `by` no longer looks at a comment. Raises NotFound, Gone."""
        seen = await self._moderation.get(site, comment)
        await self._review_store.attend(seen, by.name, now=self._clock(), milliseconds=0)

    async def _audit(self, what: str, comment: Comment, by: Actor) -> None:
        await self._accounts.audit(what, comment.id, actor=str(by), site=comment.site)

    async def _check_whom(self, site: Site, to: str) -> None:
        kind, _, name = to.partition(":")
        if not to or (kind == "role" and name in HANDED_TO):
            return
        member = await self._moderator_store.get(name) if kind == "moderator" else None
        if member is None or not member.sees(site.id):
            raise InvalidSubmission("Nobody of that name sees this site.", pointer="/to")

    async def _set_aside(
        self, site: Site, comment: str, revision: int, *, by: Actor, to: str, at: int, handed: Handed | None = None
    ) -> Done:
        seen = await self._seen(site, comment, revision)
        what = "returned" if to == "flagged" else to
        change = Change(self._clock(), by, State.FLAGGED, what, to=handed.to if handed else "")
        moved = await self._review_store.set_aside(seen, change, to=to, at=at, handed=handed)
        if moved.word == "illegal":
            raise Conflict(f"Only what is held can be put aside; this comment is {moved.state}.")
        return await self._done(site, comment, moved.word, revision)

    async def _done(self, site: Site, comment: str, word: str, revision: int) -> Done:
        now = await self._moderation.get(site, comment)
        if word != "applied":
            raise await self._overtaken(now, revision)
        return Done(now, None)

    async def _seen(self, site: Site, comment: str, revision: int) -> Comment:
        """The comment, if it is still what the moderator saw."""
        now = await self._moderation.get(site, comment)
        if now.revision != revision:
            raise await self._overtaken(now, revision)
        return now

    async def _overtaken(self, now: Comment, revision: int) -> Overtaken:
        """What became of a comment since `revision`. A new text goes before whatever a machine or a human made of it."""
        history = await self._moderation.comments.history(now.id)
        last = history[-1]
        decision = last.decision
        edited = now.text_revision > revision
        return Overtaken(
            f"The author changed the text, and it is {now.state} now."
            if edited
            else f"{last.actor.name or last.actor} was faster: the comment was {last.what} and is {now.state} now.",
            won={
                "edited": edited,
                "state": str(now.state),
                "revision": now.revision,
                "actor": str(last.actor),
                "outcome": str(decision.outcome) if decision else "",
                "what": last.what,
                "reasons": [reason.code for reason in decision.reasons] if decision else [],
                "at": rfc3339(last.at),
            },
        )
