"""The use cases of a comment: submit, judge, decide, report, erase. The only place where core, store and scorer meet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import msgspec

from service.core.comment import Actor, Change, Comment, Decision
from service.core.errors import BacklogFull, Conflict, Gone, IdempotencyMismatch, NotFound, RequestInProgress
from service.core.example import Lesson, example_of
from service.core.lifecycle import STATE_OF, ActorKind, Outcome, State
from service.core.policy import Reason, Ruling, preset, rule
from service.core.site import Site
from service.core.submission import Submission, comment_id, fingerprint
from service.core.verdict import Explanation, Verdict
from service.core.views import EventView, rfc3339, told
from service.store.client import now_ms
from service.store.comments import Comments, Event, Idempotency, Moved, Taken, Transition
from service.store.work import Dead, Job, Work

__all__ = ["Idempotency", "Judged", "Moderation", "Scorer", "Taken"]  # callers need not reach into the store

_to_json = msgspec.json.Encoder().encode
_PLAIN = Lesson()  # a decision teaches what follows from it
_RETRIES = 5  # of a decision that names no revision and meets another change


class Scorer(Protocol):
    """A model as the use cases see it."""

    @property
    def version(self) -> str:
        """The model's version."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it was trained in, as two-letter codes."""

    def judge(self, submissions: Sequence[Submission]) -> list[Verdict]:
        """One verdict a submission, in order."""

    def explain(self, submission: Submission, label: str) -> Explanation:
        """Why a label has its score."""


class Judged(NamedTuple):
    """What became of a job: transition.lua's word and the outcome, for metrics."""

    job: Job
    word: str
    outcome: str


class Moderation:
    """The use cases of a comment. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        comments: Comments,
        work: Work,
        *,
        backlog: int,
        reports_to_flag: int = 3,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.comments = comments
        self.work = work
        self._backlog = backlog
        self._reports_to_flag = reports_to_flag
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "scorer")  # one: a model need not be safe for two

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

    async def judge(self, jobs: Sequence[Job], sites: dict[str, Site], scorer: Scorer | None) -> list[Judged]:
        """Judge claimed jobs: one scoring call, one write. Jobs that need no judgement any more are acknowledged.

        `sites` maps the jobs' site ids; comments of a removed site are held. `scorer` None: there is no model, and the
        site's failure policy decides. Raises StoreUnavailable; the jobs stay claimed then and come again.
        """
        comments = await self.comments.get_many([job.comment for job in jobs])
        live = [
            (job, comment)
            for job, comment in zip(jobs, comments, strict=True)
            if comment is not None and comment.text_revision == job.revision and comment.submission is not None
        ]
        fresh = {job.entry for job, _ in live}
        stale = [job for job in jobs if job.entry not in fresh]
        await self.work.acknowledge([job.entry for job in stale])
        moves = await asyncio.get_running_loop().run_in_executor(self._thread, self._policy_moves, live, sites, scorer)
        moved = await self.comments.apply(moves)
        return [
            *(Judged(job, "stale", "") for job in stale),
            *(
                Judged(job, result.word, move.change.decision.outcome if move.change.decision else "")
                for (job, _), move, result in zip(live, moves, moved, strict=True)
            ),
        ]

    def _policy_moves(
        self, live: Sequence[tuple[Job, Comment]], sites: dict[str, Site], scorer: Scorer | None
    ) -> list[Transition]:
        """Pure computing, outside the event loop: it goes on reading and writing meanwhile."""
        submissions = [comment.submission for _, comment in live if comment.submission is not None]
        verdicts: Sequence[Verdict | None] = scorer.judge(submissions) if scorer and live else [None] * len(live)
        return [
            self._policy_move(job, comment, sites.get(job.site), verdict, scorer)
            for (job, comment), verdict in zip(live, verdicts, strict=True)
        ]

    def _policy_move(
        self, job: Job, comment: Comment, site: Site | None, verdict: Verdict | None, scorer: Scorer | None
    ) -> Transition:
        ruling = _ruling(comment, site, verdict)
        reasons = ruling.reasons
        if scorer is not None and comment.submission is not None and reasons[0].label:
            explanation = scorer.explain(comment.submission, reasons[0].label)
            reasons = (msgspec.structs.replace(reasons[0], explanation=explanation), *reasons[1:])
        actor = Actor(ActorKind.POLICY, verdict.model if verdict else "none")
        decision = Decision(ruling.outcome, actor, reasons, self._clock(), comment.text_revision + 1, ruling.discard)
        return self._move(comment, site, decision, verdict, work_entry=job.entry, wake=job.wake)

    async def give_up(self, job: Job, site: Site | None, why: str) -> None:
        """Hold the comment of a poison job by the failure policy, and move the job to the dead letters."""
        comment = await self.comments.get(job.comment)
        if comment is not None and comment.text_revision == job.revision:
            await self.comments.apply([self._policy_move(job._replace(entry=""), comment, site, None, None)])
        await self.work.bury(job, why)

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
    ) -> Comment:
        """A human's word on a comment, also when it confirms the machine. It becomes an example, as `lesson` says.

        With a `revision`, only if the comment still has it. `tell_back` False: it was said where the comment's return
        address is, which need not hear of it. Raises NotFound, Gone, Conflict.
        """
        for _ in range(_RETRIES):
            seen = await self.get(site, comment)
            if revision is not None and seen.revision != revision:
                raise Conflict(f"The comment is at revision {seen.revision} now.", pointer="/revision")
            decision = Decision(
                outcome, actor, tuple(Reason(code) for code in reasons), self._clock(), seen.revision + 1, note=note
            )
            move = msgspec.structs.replace(
                self._move(seen, site, decision, None),
                example=example_of(seen, decision, lesson) if lesson is not None else None,
                tell_back=tell_back,
            )
            (moved,) = await self.comments.apply([move])
            if moved.word == "applied":
                return await self.get(site, comment)
            if moved.word == "illegal":
                raise Conflict(f"A comment that is {moved.state} can't be decided.")
        raise Conflict("The comment keeps changing; look at it again.")

    async def report(self, site: Site, comment: str, reporter: str) -> int:
        """A reader's report; enough of them flag an approved comment. How many readers have reported it by now.

        `reporter` is a digest that names the reader to nobody. Raises NotFound, Gone.
        """
        seen = await self.get(site, comment)
        count = await self.comments.report(seen, reporter)
        if count >= self._reports_to_flag and seen.state is State.APPROVED:
            reason = Reason("reported", f"{count} readers have reported it.")
            decision = Decision(Outcome.HOLD, Actor(ActorKind.READERS), (reason,), self._clock(), seen.revision + 1)
            await self.comments.apply([self._move(seen, site, decision, None)])
        return count

    async def erase(self, site: Site, comment: str, actor: Actor) -> Comment:
        """Erase a comment: text, identity, verdict and notes go, a tombstone and the bare history remain.

        Erasing what was erased is no error. Raises NotFound, Conflict.
        """
        for _ in range(_RETRIES):
            seen = await self.comments.get(comment)
            if seen is None or seen.site != site.id:
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
                event=self._event(tombstone, now) if site.callback else None,
            )
            if moved.word in ("applied", "gone"):
                return tombstone
        raise Conflict("The comment keeps changing; look at it again.")

    async def get(self, site: Site, comment: str) -> Comment:
        """A comment of a site. Raises NotFound, Gone."""
        found = await self.comments.get(comment)
        if found is None or found.site != site.id:
            raise NotFound
        if found.state is State.ERASED:
            raise Gone
        return found

    def _move(
        self,
        comment: Comment,
        site: Site | None,
        decision: Decision,
        verdict: Verdict | None,
        *,
        work_entry: str = "",
        wake: str = "",
    ) -> Transition:
        """The transition that carries out a decision, with its history and its call-back."""
        to = STATE_OF[decision.outcome]
        after = msgspec.structs.replace(
            comment, state=to, revision=decision.revision, decision=decision, verdict=verdict or comment.verdict
        )
        return Transition(
            comment=comment.id,
            site=comment.site,
            to=to,
            actor=decision.actor,
            seen=decision.revision - 1,
            change=Change(decision.at, decision.actor, to, "decided", decision),
            verdict=verdict,
            work_entry=work_entry,
            event=self._event(after, decision.at) if site is not None and site.callback else None,
            wake=wake,
        )

    def _event(self, comment: Comment, now: int) -> Event:
        kind = f"comment.{comment.state}"
        body = _to_json(EventView(kind, rfc3339(now), told(comment)))
        return Event(f"msg_{comment.id}_{comment.revision}", kind, body, now)


def _ruling(comment: Comment, site: Site | None, verdict: Verdict | None) -> Ruling:
    """What the site's policy says, with what stands above it: what a submission presets, and humans."""
    if site is None:
        return Ruling(Outcome.HOLD, (Reason("site-removed", "The site was removed while the comment waited."),))
    ruling = (preset(comment.submission) if comment.submission else None) or rule(site.policy, verdict)
    if ruling.outcome is Outcome.APPROVE and comment.ruled is Outcome.REJECT:
        again = Reason(
            "edited-after-rejection", "A human rejected an earlier text; a machine does not approve this one."
        )
        return Ruling(Outcome.HOLD, (again, *ruling.reasons))
    return ruling


def _bare(change: Change) -> Change:
    """A line of history without what could quote or name somebody."""
    if change.decision is None:
        return change
    reasons = tuple(Reason(reason.code) for reason in change.decision.reasons)
    return msgspec.structs.replace(change, decision=msgspec.structs.replace(change.decision, reasons=reasons, note=""))
