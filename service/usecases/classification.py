"""Classifying claimed comments: evidence is gathered, the model scores, the policy rules, one write carries it out.

The only place where core, store and scorer meet.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from service import metrics, tracing
from service.clock import now_ms
from service.core.appeal import Links
from service.core.comment import Actor, Comment, Decision
from service.core.lifecycle import ActorKind, Outcome
from service.core.policy.evaluate import evaluate, fixed_ruling
from service.core.signals.compute import signals
from service.core.signals.subjects import Reputation, Subjects, subjects_of
from service.core.site import Site
from service.core.submission import Submission
from service.core.transition import Transition
from service.core.verdict import Case, Explanation, Reason, Ruling, Signal, Verdict, largest
from service.core.work import Job
from service.store.comments import Comments
from service.store.reputation import Reputations
from service.store.work import Work
from service.usecases.moderation import transition_for
from service.usecases.sampling import Carried, Sampling

if TYPE_CHECKING:
    from service.lookups.other_reader import OtherReader

_FEW = 4  # comments that are looked at within the event loop: another thread costs more than it spares
_BRIEF = 0.002  # seconds of CPU for judging, likewise

Moves = tuple[list["Live"], list[Transition], Sequence[Verdict | None]]
"""Jobs with their signals, their moves, and what shadows say."""


class Surroundings(NamedTuple):
    """A submission, what it is known by, and what is known of that."""

    submission: Submission
    subjects: Subjects
    known: Reputation
    other: Mapping[str, Signal] = MappingProxyType({})
    """What another reader says."""


class SignalCollector:
    """Gathers signals from the submission, the store and another reader."""

    def __init__(self, reputations: Reputations, other: OtherReader | None = None) -> None:
        self._reputations = reputations
        self._other = other

    async def look(self, seen: Sequence[tuple[Comment, Submission]], now: int) -> list[Surroundings]:
        """What is known around each comment, which is noted as seen; one round trip. Raises StoreUnavailable."""
        if len(seen) <= _FEW:
            sightings = [subjects_of(submission) for _, submission in seen]
        else:
            sightings = await asyncio.to_thread(lambda: [subjects_of(submission) for _, submission in seen])
        asked = [(comment, subjects) for (comment, _), subjects in zip(seen, sightings, strict=True)]
        known = await self._reputations.look(asked, now) if asked else []
        submissions = [submission for _, submission in seen]
        if self._other is None:
            return [Surroundings(*one) for one in zip(submissions, sightings, known, strict=True)]
        tracing.step("other reader")
        said = await self._other.signals(submissions)
        return [Surroundings(*one) for one in zip(submissions, sightings, known, said, strict=True)]

    async def close(self) -> None:
        """End connections to another reader."""
        if self._other is not None:
            await self._other.close()

    def signals(self, around: Sequence[Surroundings], now: int) -> list[dict[str, Signal]]:
        """The signals of each. Pure computing, for outside the event loop."""
        return [signals(one.submission, one.subjects, one.known, now) | dict(one.other) for one in around]


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

    def shadows(self, cases: Sequence[Case]) -> list[Verdict | None]:
        """What a shadow says of each case, where there is one: a version that scores along and decides nothing."""

    def explain(self, case: Case, label: str, version: str = "", readers: Sequence[str] | None = None) -> Explanation:
        """Why a label has its score, by the version and the readers that made the verdict (""; None: by those of now)."""

    def version_at(self, site: str) -> str:
        """The version that scores a site's comments now."""


class Classified(NamedTuple):
    """What became of a job: comment/transition.lua's word and the outcome, for metrics."""

    job: Job
    word: str
    outcome: str


class Live(NamedTuple):
    """A claimed job whose comment still has the text that it is about."""

    job: Job
    comment: Comment
    site: Site | None  # None: it was removed
    case: Case


class Classification:
    """Judges comments. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        comments: Comments,
        work: Work,
        collector: SignalCollector,
        *,
        links: Links,
        sampling: Sampling | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.comments = comments
        self.work = work
        self._collector = collector
        self._links = links
        self._sampling = sampling
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "scorer")  # one: a model need not be safe for two
        self._under_way: Future[Moves] | None = None  # what the thread was given last
        self._pace = _BRIEF  # seconds of CPU that judging one comment has taken lately

    async def judge(self, jobs: Sequence[Job], sites: dict[str, Site], scorer: Scorer | None) -> list[Classified]:
        """Judge claimed jobs: one scoring call, one write. Jobs that need no judgement any more are acknowledged.

        `sites` maps the jobs' site ids; comments of a removed site are held. `scorer` None: there is no model, and the
        site's failure policy decides. Raises StoreUnavailable; the jobs stay claimed then and come again.
        """
        with tracing.judging(_waiting(job, len(jobs)) for job in jobs) as batch:
            judged = await self._judge(jobs, sites, scorer, batch)
            for job, word, outcome in judged:
                batch.note(job.entry, word=word, outcome=outcome)
            return judged

    async def _judge(
        self, jobs: Sequence[Job], sites: dict[str, Site], scorer: Scorer | None, batch: tracing.Batch
    ) -> list[Classified]:
        comments = await self.comments.get_many([job.comment for job in jobs])
        live = [
            Live(job, comment, sites.get(job.site), self._case(comment, comment.submission, since=job.since))
            for job, comment in zip(jobs, comments, strict=True)
            if comment is not None and comment.text_revision == job.revision and comment.submission is not None
        ]
        fresh = {job.entry for job, *_ in live}
        stale = [job for job in jobs if job.entry not in fresh]
        await self.work.acknowledge(stale)
        now = self._clock()
        tracing.step("look up")
        around = await self._collector.look([(one.comment, one.case.submission) for one in live], now)
        tracing.step("")
        live, moves, shadows = await self._judged(live, around, now, scorer)
        tracing.step("decide")
        moved = await self.comments.apply(moves)
        if self._sampling is not None:
            await self._sampling.note(
                _carried(one, move, shadow)
                for one, move, shadow, result in zip(live, moves, shadows, moved, strict=True)
                if result.word == "applied"
            )
        return [
            *(Classified(job, "stale", "") for job in stale),
            *(
                Classified(one.job, result.word, move.change.decision.outcome if move.change.decision else "")
                for one, move, result in zip(live, moves, moved, strict=True)
            ),
        ]

    def _case(self, comment: Comment, submission: Submission, since: int = 0) -> Case:
        return Case(submission, comment.site, at=self._clock(), since=since)

    async def _judged(
        self, live: Sequence[Live], around: Sequence[Surroundings], now: int, scorer: Scorer | None
    ) -> Moves:
        """The moves, made in a thread, so that the event loop goes on with what it does; brief ones here, while that is idle."""
        idle = self._under_way is None or self._under_way.done()
        if idle and len(live) * self._pace < _BRIEF:
            return self._moves(live, around, now, scorer)
        context = contextvars.copy_context()
        self._under_way = self._thread.submit(context.run, self._moves, live, around, now, scorer)
        return await asyncio.wrap_future(self._under_way)

    def _moves(self, live: Sequence[Live], around: Sequence[Surroundings], now: int, scorer: Scorer | None) -> Moves:
        """The moves. Pure computing."""
        begun = time.thread_time()
        tracing.step("signals")
        found = self._collector.signals(around, now)
        live = [one._replace(case=one.case._replace(signals=all_)) for one, all_ in zip(live, found, strict=True)]
        cases = [one.case for one in live]
        nothing: list[Verdict | None] = [None] * len(live)
        verdicts: Sequence[Verdict | None] = scorer.judge(cases) if scorer and live else nothing
        tracing.step("policy")
        moves = [self._move(one, verdict, scorer) for one, verdict in zip(live, verdicts, strict=True)]
        shadows = _shadows(scorer, cases) if scorer and live else nothing
        if live:
            self._pace += ((time.thread_time() - begun) / len(live) - self._pace) / 8
        return live, moves, shadows

    def _move(self, one: Live, verdict: Verdict | None, scorer: Scorer | None) -> Transition:
        job, comment, site, case = one
        ruling = _ruling(comment, site, case, verdict)
        reasons = ruling.reasons
        scored = next((at for at, reason in enumerate(reasons) if reason.label), None)
        if scorer is not None and scored is not None:  # the first score, also where a rule decided before it
            explanation = scorer.explain(
                case, reasons[scored].label, verdict.model if verdict else "", verdict.readers if verdict else ()
            )
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
        trace = tracing.judged(job.entry) or job.trace
        return transition_for(
            comment, site, decision, verdict, links=self._links, work_entry=job.entry, wake=job.wake, trace=trace
        )

    async def close(self) -> None:
        """End what the collector holds open."""
        await self._collector.close()

    async def give_up(self, job: Job, site: Site | None, why: str) -> None:
        """Hold the comment of a poison job by the failure policy, and move the job to the dead letters."""
        comment = await self.comments.get(job.comment)
        if comment is not None and comment.submission is not None and comment.text_revision == job.revision:
            one = Live(job._replace(entry=""), comment, site, self._case(comment, comment.submission))
            await self.comments.apply([self._move(one, None, None)])
        await self.work.bury(job, why)


def _waiting(job: Job, batch: int) -> tracing.Waiting:
    return tracing.Waiting(
        job.entry, job.trace, job.since, comment=job.comment, site=job.site, tries=job.tries, batch=batch
    )


def _shadows(scorer: Scorer, cases: Sequence[Case]) -> Sequence[Verdict | None]:
    try:
        return scorer.shadows(cases)
    except Exception:  # a shadow decides nothing, so it must not keep anything from being decided
        metrics.FAILURES.labels("shadow").inc()
        return [None] * len(cases)


def _carried(one: Live, move: Transition, shadow: Verdict | None) -> Carried:
    outcome = move.change.decision.outcome if move.change.decision else Outcome.HOLD
    theirs = _ruling(one.comment, one.site, one.case, shadow).outcome if shadow else None
    share = one.site.policy.audit_share if one.site else None
    return Carried(move.site, move.comment, move.change.at, outcome, move.verdict, theirs, shadow, share)


def _ruling(comment: Comment, site: Site | None, case: Case, verdict: Verdict | None) -> Ruling:
    """What the site's policy says, with what stands above it: what a submission presets, and humans."""
    if site is None:
        return Ruling(Outcome.HOLD, (Reason("site-removed", "The site was removed while the comment waited."),))
    ruling = fixed_ruling(case.submission) or evaluate(site.policy, case, verdict)
    if ruling.outcome is Outcome.APPROVE and comment.ruled is Outcome.REJECT:
        again = Reason(
            "edited-after-rejection", "A human rejected an earlier text; a machine does not approve this one."
        )
        return Ruling(Outcome.HOLD, (again, *ruling.reasons), tags=ruling.tags, shadow=ruling.shadow)
    return ruling
