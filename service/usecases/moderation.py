"""A comment's life but for its classification: submitted, decided, erased, revived; and the transition that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from msgspec import UNSET, UnsetType

from service.clock import now_ms
from service.core.appeal import Links
from service.core.comment import Actor, ByAuthor, Change, Comment, Decision, Idempotency, Taken
from service.core.delivery import back, event_id
from service.core.edit import Edit, Wanted, check_edit
from service.core.errors import BacklogFull, Conflict, Gone, IdempotencyMismatch, NotFound, RequestInProgress
from service.core.example import Lesson, example_of
from service.core.lifecycle import STATE_OF, ActorKind, Outcome, State
from service.core.policy.evaluate import REVIEW
from service.core.policy.house_rules import check_reasons, reasons_of, taught
from service.core.queue import FOREVER, place
from service.core.site import Site
from service.core.statement import is_spam, statement
from service.core.submission import Submission
from service.core.transition import Event, Moved, Transition
from service.core.verdict import Reason, Verdict
from service.core.views import EventView, StatementView, rfc3339, statement_view, told
from service.core.work import Dead
from service.store.comments import Comments
from service.store.work import Work

# Moves: the transition that carries out a decision, with its line of history and its call-back, ready for the store.


_to_json = msgspec.json.Encoder().encode


def transition_for(
    comment: Comment,
    site: Site | None,
    decision: Decision,
    verdict: Verdict | None = None,
    *,
    links: Links,
    work_entry: str = "",
    wake: str = "",
    trace: str = "",
    edit: Edit | UnsetType | None = UNSET,
) -> Transition:
    """The transition that carries out a decision about a comment as it was seen; `links` are for who may appeal.

    `edit`: what readers see from then on, None for the author's text; unset: as before.
    """
    to = STATE_OF[decision.outcome]
    shown = comment.edit if isinstance(edit, UnsetType) else edit
    after = msgspec.structs.replace(
        comment, state=to, revision=decision.revision, decision=decision, verdict=verdict or comment.verdict, edit=shown
    )
    own = comment.submission.content if comment.submission else ""
    content = "" if edit is UNSET else shown.content if shown else own
    return Transition(
        comment=comment.id,
        site=comment.site,
        to=to,
        actor=decision.actor,
        seen=decision.revision - 1,
        change=Change(decision.at, decision.actor, to, "decided", decision, content),
        verdict=verdict,
        work_entry=work_entry,
        place=place(after) if to is State.FLAGGED or _reviewed_later(decision) else None,
        event=event(after, decision.at, _statement(comment, site, decision, links)) if site and site.callback else None,
        wake=wake,
        trace=trace,
        back=back(comment.id, decision.revision, to) if to in (State.APPROVED, State.REJECTED) else None,
        edit=edit,
        zone=site.time_zone if site else "",
        faulty=to is State.APPROVED and shown is not None and shown.wrong,
    )


def event(comment: Comment, now: int, statement: StatementView | None = None) -> Event:
    """What the site's receiver is told of a comment in its present state."""
    kind = f"comment.{comment.state}"
    body = _to_json(EventView(kind, rfc3339(now), told(comment, statement)))
    return Event(event_id(comment.id, comment.revision), kind, body, now)


def _reviewed_later(decision: Decision) -> bool:
    """Whether a machine approved it for a moderator to look at later."""
    machine = decision.actor.kind is ActorKind.POLICY
    return machine and decision.outcome is Outcome.APPROVE and REVIEW in decision.tags


def _statement(before: Comment, site: Site, decision: Decision, links: Links) -> StatementView | None:
    """The statement of reasons that a call-back carries: of every rejection but for spam."""
    earlier = [before.decision] if before.decision and before.decision.revision > before.text_revision else []
    said = statement(decision, earlier)
    if said is None or is_spam(decision):
        return None
    link = None if before.appeal else links.of(site.id, before.id, decision.revision, decision.at, site.created_at)
    return statement_view(said, link)


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
        site_backlog: int | None = None,
        appeals_by_others: bool = True,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.comments = comments
        self.work = work
        self._backlog, self._site_backlog = backlog, site_backlog
        self._links = links
        self._appeals_by_others = appeals_by_others
        self._clock = clock

    async def submit(
        self,
        site: Site,
        submission: Submission,
        *,
        waiting: str = "",
        idempotency: Idempotency | None = None,
        evidence: bool = False,
    ) -> Taken:
        """Take a submission in: when this returns, it is in Redis and will be judged, or stands as it was judged.

        `evidence` as `Comments.submit` has it.
        Raises BacklogFull, Gone, IdempotencyMismatch, RequestInProgress; then nothing was kept.
        """
        if submission.parent_text and submission.parent_id:
            parent = await self.comments.find(site.id, self.comments.identify(site.id, submission.parent_id))
            if parent is not None and parent.state is State.ERASED:  # it does not come back as a quotation
                submission = msgspec.structs.replace(submission, parent_text="")
        taken = await self.comments.submit(
            site=site.id,
            comment=self.comments.identify(site.id, submission.platform_id),
            submission=submission,
            now=self._clock(),
            backlog=self._backlog,
            site_backlog=self._site_backlog,
            waiting=waiting,
            idempotency=idempotency,
            evidence=evidence,
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
        edit: Wanted | None = None,
    ) -> Comment:
        """A human's word on a comment, also when it confirms the machine. It becomes an example, as `lesson` says.

        `reasons` are codes that every site has, or those of the site's house rules.

        With a `revision`, only if the comment still has it. `tell_back` False: it was said where the comment's return
        address is, which need not hear of it. Until `undo_until` (milliseconds since 1970) it can be taken back, and is told
        to nobody; `bulk` names the bulk decision that it is part of. An `edit` is shown from then on in the place of the author's
        text, for as long as that stands (`core.edit`). Raises InvalidSubmission, NotFound, Gone, Conflict, and what `check_edit`
        raises.
        """
        house = site.policy.house
        check_reasons(reasons, house)
        for _ in range(_RETRIES):
            seen = await self.get(site, comment)
            if revision is not None and seen.revision != revision:
                raise Conflict(f"The comment is at revision {seen.revision} now.", pointer="/revision")
            if not self.may_judge(seen, actor):
                raise Conflict("You decided this comment; its author's appeal is judged by another moderator.")
            decision = Decision(outcome, actor, reasons_of(reasons, house), self._clock(), seen.revision + 1, note=note)
            shown = _edited(seen, site, decision, reasons, edit)
            move = transition_for(seen, site, decision, links=self._links, edit=shown)
            after = seen.edit if isinstance(shown, UnsetType) else shown
            told = msgspec.structs.replace(
                move,
                example=example_of(seen, decision, lesson, taught(reasons, house), after)
                if lesson is not None
                else None,
                back=move.back if tell_back else None,
                undo_until=undo_until,
                bulk=bulk,
            )
            (moved,) = await self.comments.apply([told])
            if moved.word == "applied":
                return await self.get(site, comment)
            if moved.word == "illegal" and moved.state == State.ERASED:
                raise Gone
            if moved.word == "illegal":
                raise Conflict(f"A comment that is {moved.state} can't be decided.")
        raise Conflict("The comment keeps changing; look at it again.")

    def may_judge(self, comment: Comment, actor: Actor) -> bool:
        """Whether somebody may decide a comment: an appeal is judged by others than the decider, unless a setting says else."""
        appeal = comment.appeal if comment.appealed and self._appeals_by_others else None
        return appeal is None or appeal.decider != str(actor)

    async def withdraw(self, site: Site, platform_id: str, at: int) -> None:
        """A platform has deleted a comment, at `at` by its own clock (milliseconds since 1970): erase it, so that it may return.

        What is no newer than the last such word is a repetition of it, and does nothing. Raises Conflict.
        """
        comment = self.comments.identify(site.id, platform_id)
        before = await self.comments.withdrawn(comment)
        if before is not None and at <= before:
            return
        with suppress(NotFound):
            await self.erase(site, comment, Actor(ActorKind.PLATFORM, site.id), withdrawn=at)

    async def may_return(self, site: Site, platform_id: str) -> bool:
        """A platform has restored a comment: whether it is one that it had deleted, so that its text is taken in again."""
        comment = self.comments.identify(site.id, platform_id)
        found = await self.comments.find(site.id, comment)
        if found is None or found.state is not State.ERASED or await self.comments.withdrawn(comment) is None:
            return False
        await self.comments.let_return(comment)
        return True

    async def erase(self, site: Site, comment: str, actor: Actor, *, withdrawn: int | None = None) -> Comment:
        """Erase a comment: text, identity, verdict and notes go, a tombstone and the bare history remain.

        Erasing what was erased is no error. Only what its platform has `withdrawn` may come back, until it is erased without
        that. Raises NotFound, Conflict.
        """
        for _ in range(_RETRIES):
            seen = await self.comments.find(site.id, comment)
            if seen is None:
                raise NotFound
            if seen.state is State.ERASED:
                if withdrawn is None:
                    await self.comments.seal(comment)
                await self.comments.forget_quotes(site.id, comment)
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
                withdrawn=withdrawn,
            )
            if moved.word in ("applied", "gone"):
                await self.comments.forget_quotes(site.id, comment)
                return tombstone
        raise Conflict("The comment keeps changing; look at it again.")

    def identify(self, site: str, platform_id: str) -> str:
        """Our id of a comment, by the platform's, whether it is here or not."""
        return self.comments.identify(site, platform_id)

    async def our_id(self, site: str, given: str) -> str:
        """The id that is meant: ours as it is, else the one that belongs to the platform's."""
        return given if await self.comments.get(given) is not None else self.comments.identify(site, given)

    async def newest(self, site: Site, state: str, limit: int) -> list[Comment]:
        """The newest comments of a site in a state, or in `all` of them, the latest first."""
        places = await self.page(site, state, newest=FOREVER, oldest=0, after=None, limit=limit)
        return [comment for _, _, comment in places if comment is not None]

    async def history(self, comment: Comment) -> list[Change]:
        """What happened to a comment, oldest first."""
        return await self.comments.history(comment.id)

    async def history_of(self, site: Site, comment: str) -> tuple[Comment, list[Change]]:
        """A comment of a site and what happened to it, oldest first, also when it was erased. Raises NotFound."""
        found = await self.comments.find(site.id, comment)
        if found is None:
            raise NotFound
        return found, await self.comments.history(comment)

    async def named(self, site: Site, platform_id: str) -> Comment | None:
        """The comment that a platform knows by its own id, unless it was erased."""
        found = await self.comments.get(self.comments.identify(site.id, platform_id))
        return found if found is not None and found.state is not State.ERASED else None

    async def page(
        self, site: Site, index: str | ByAuthor, *, newest: int, oldest: int, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[str, int, Comment | None]]:
        """Places of an index from the newest on, each with its time (milliseconds since 1970) and its comment."""
        rows = await self.comments.page(site.id, index, newest=newest, oldest=oldest, after=after, limit=limit)
        found = await self.comments.get_many([name for name, _ in rows])
        return [(name, at, comment) for (name, at), comment in zip(rows, found, strict=True)]

    async def counts(self, site: Site) -> dict[str, int]:
        """How many comments of a site stand in each state."""
        return await self.comments.counts(site.id)

    async def remember_answer(self, site: Site, once: Idempotency, answer: bytes) -> None:
        """Keep what an idempotency key was answered with; it holds no words of the comment."""
        await self.comments.remember_answer(site.id, once, answer)

    async def get(self, site: Site, comment: str) -> Comment:
        """A comment of a site. Raises NotFound, Gone."""
        found = await self.comments.find(site.id, comment)
        if found is None:
            raise NotFound
        if found.state is State.ERASED:
            raise Gone
        return found


def _edited(
    seen: Comment, site: Site, decision: Decision, reasons: Sequence[str], wanted: Wanted | None
) -> Edit | UnsetType | None:
    """What readers see from a decision on, as `transition_for` takes it. Raises what `check_edit` raises."""
    if wanted is None:
        return UNSET
    content = check_edit(wanted, site, seen.submission, decision.outcome, reasons)
    if content is None:
        return None if seen.edit is not None else UNSET
    return Edit(content, str(decision.actor), decision.at, decision.revision, wrong=not wanted.nothing_wrong)


def _bare(change: Change) -> Change:
    """A line of history without what could quote or name somebody."""
    if change.decision is None:
        return change
    reasons = tuple(Reason(reason.code) for reason in change.decision.reasons)
    return msgspec.structs.replace(
        change, decision=msgspec.structs.replace(change.decision, reasons=reasons, note="", shadow=()), content=""
    )
