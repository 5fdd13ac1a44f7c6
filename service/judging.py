"""The use case of judging: claimed jobs in, decisions by policy out. The only place where core, store and scorer meet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import msgspec

from service import metrics
from service.core.appeal import Links
from service.core.case import Case
from service.core.comment import Actor, Comment, Decision
from service.core.lifecycle import ActorKind, Outcome
from service.core.phases import preset, rule
from service.core.policy import Reason, Ruling
from service.core.site import Site
from service.core.submission import Submission
from service.core.verdict import Explanation, Verdict, largest
from service.gathering import Gathering
from service.moves import move
from service.observing import Carried, Observing
from service.store.client import now_ms
from service.store.comments import Comments, Transition
from service.store.work import Job, Work

KEPT_PARTS = 8
"""How many of an explanation's largest parts are kept with a decision."""


class Scorer(Protocol):
    """A model as the use cases see it."""

    @property
    def version(self) -> str:
        """The model's version."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it was trained in, as two-letter codes."""

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        """One verdict a case, in order."""

    def rivals(self, cases: Sequence[Case]) -> list[Verdict | None]:
        """What a shadow says of each case, where there is one: a version that scores along and decides nothing."""

    def explain(self, case: Case, label: str, version: str = "") -> Explanation:
        """Why a label has its score, by the version that made the verdict ("": by what the site runs now)."""

    def version_at(self, site: str) -> str:
        """The version that scores a site's comments now."""


class Judged(NamedTuple):
    """What became of a job: transition.lua's word and the outcome, for metrics."""

    job: Job
    word: str
    outcome: str


class Live(NamedTuple):
    """A claimed job whose comment still has the text that it is about."""

    job: Job
    comment: Comment
    site: Site | None  # None: it was removed
    case: Case


class Judging:
    """Judges comments. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        comments: Comments,
        work: Work,
        gathering: Gathering,
        *,
        links: Links,
        observing: Observing | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.comments = comments
        self.work = work
        self._gathering = gathering
        self._links = links
        self._observing = observing
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "scorer")  # one: a model need not be safe for two

    async def judge(self, jobs: Sequence[Job], sites: dict[str, Site], scorer: Scorer | None) -> list[Judged]:
        """Judge claimed jobs: one scoring call, one write. Jobs that need no judgement any more are acknowledged.

        `sites` maps the jobs' site ids; comments of a removed site are held. `scorer` None: there is no model, and the
        site's failure policy decides. Raises StoreUnavailable; the jobs stay claimed then and come again.
        """
        comments = await self.comments.get_many([job.comment for job in jobs])
        live = [
            Live(job, comment, sites.get(job.site), self._case(comment, comment.submission))
            for job, comment in zip(jobs, comments, strict=True)
            if comment is not None and comment.text_revision == job.revision and comment.submission is not None
        ]
        fresh = {job.entry for job, *_ in live}
        stale = [job for job in jobs if job.entry not in fresh]
        await self.work.acknowledge([job.entry for job in stale])
        live = await self._with_signals(live)
        moves, rivals = await asyncio.get_running_loop().run_in_executor(self._thread, self._moves, live, scorer)
        moved = await self.comments.apply(moves)
        if self._observing is not None:
            await self._observing.note(
                _carried(one, move, rival)
                for one, move, rival, result in zip(live, moves, rivals, moved, strict=True)
                if result.word == "applied"
            )
        return [
            *(Judged(job, "stale", "") for job in stale),
            *(
                Judged(one.job, result.word, move.change.decision.outcome if move.change.decision else "")
                for one, move, result in zip(live, moves, moved, strict=True)
            ),
        ]

    async def _with_signals(self, live: Sequence[Live]) -> list[Live]:
        found = await self._gathering.gather([(one.comment, one.case.submission) for one in live], self._clock())
        return [one._replace(case=one.case._replace(signals=all_)) for one, all_ in zip(live, found, strict=True)]

    def _case(self, comment: Comment, submission: Submission) -> Case:
        return Case(submission, comment.site, at=self._clock())

    def _moves(self, live: Sequence[Live], scorer: Scorer | None) -> tuple[list[Transition], Sequence[Verdict | None]]:
        """The moves, and what shadows say. Pure computing, outside the event loop: it goes on reading and writing."""
        cases = [one.case for one in live]
        nothing: list[Verdict | None] = [None] * len(live)
        verdicts: Sequence[Verdict | None] = scorer.judge(cases) if scorer and live else nothing
        moves = [self._move(one, verdict, scorer) for one, verdict in zip(live, verdicts, strict=True)]
        return moves, _rivals(scorer, cases) if scorer and live else nothing

    def _move(self, one: Live, verdict: Verdict | None, scorer: Scorer | None) -> Transition:
        job, comment, site, case = one
        ruling = _ruling(comment, site, case, verdict)
        reasons = ruling.reasons
        scored = next((at for at, reason in enumerate(reasons) if reason.label), None)
        if scorer is not None and scored is not None:  # the first score, also where a rule decided before it
            explanation = scorer.explain(case, reasons[scored].label, verdict.model if verdict else "")
            explained = msgspec.structs.replace(reasons[scored], explanation=largest(explanation, KEPT_PARTS))
            reasons = (*reasons[:scored], explained, *reasons[scored + 1 :])
        actor = Actor(ActorKind.POLICY, verdict.model if verdict else "none")
        decision = Decision(
            ruling.outcome,
            actor,
            reasons,
            self._clock(),
            comment.text_revision + 1,
            ruling.discard,
            tags=ruling.tags,
            policy=site.edition.version if site else 0,
            shadow=ruling.shadow,
        )
        return move(comment, site, decision, verdict, links=self._links, work_entry=job.entry, wake=job.wake)

    async def give_up(self, job: Job, site: Site | None, why: str) -> None:
        """Hold the comment of a poison job by the failure policy, and move the job to the dead letters."""
        comment = await self.comments.get(job.comment)
        if comment is not None and comment.submission is not None and comment.text_revision == job.revision:
            one = Live(job._replace(entry=""), comment, site, self._case(comment, comment.submission))
            await self.comments.apply([self._move(one, None, None)])
        await self.work.bury(job, why)


def _rivals(scorer: Scorer, cases: Sequence[Case]) -> Sequence[Verdict | None]:
    try:
        return scorer.rivals(cases)
    except Exception:  # a shadow decides nothing, so it must not keep anything from being decided
        metrics.FAILURES.labels("shadow").inc()
        return [None] * len(cases)


def _carried(one: Live, move: Transition, rival: Verdict | None) -> Carried:
    outcome = move.change.decision.outcome if move.change.decision else Outcome.HOLD
    theirs = _ruling(one.comment, one.site, one.case, rival).outcome if rival else None
    share = one.site.policy.audit_share if one.site else None
    return Carried(move.site, move.comment, move.change.at, outcome, move.verdict, theirs, rival, share)


def _ruling(comment: Comment, site: Site | None, case: Case, verdict: Verdict | None) -> Ruling:
    """What the site's policy says, with what stands above it: what a submission presets, and humans."""
    if site is None:
        return Ruling(Outcome.HOLD, (Reason("site-removed", "The site was removed while the comment waited."),))
    ruling = preset(case.submission) or rule(site.policy, case, verdict)
    if ruling.outcome is Outcome.APPROVE and comment.ruled is Outcome.REJECT:
        again = Reason(
            "edited-after-rejection", "A human rejected an earlier text; a machine does not approve this one."
        )
        return Ruling(Outcome.HOLD, (again, *ruling.reasons), tags=ruling.tags, shadow=ruling.shadow)
    return ruling
