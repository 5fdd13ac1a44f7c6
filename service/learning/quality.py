"""Honest live quality: what moderators say, blind, of a random sample of automatic decisions. For page, command and worker.

Complaints tell of some mistakes only; a sample tells of all. Each automatic approval and rejection is drawn with a known
probability (`ANTECHAMBER_AUDIT_SHARE`, or what the site's policy says); what is held comes before a moderator anyway.
Three strata follow: approved, held, rejected. Within one, shares are weighted by the inverse of the probability of being
drawn (Hájek's form of the Horvitz-Thompson estimator) with Kish's effective size, so that a share that was changed
meanwhile does not bias them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from service.clock import now_ms
from service.core.comment import Comment
from service.core.counters import day_of, last_day
from service.core.example import SampledDecision
from service.core.lifecycle import Outcome
from service.learning.measures import Interval, Stratum, recall, wilson
from service.store.comments import Comments
from service.store.examples import Examples
from service.store.platform_ids import PlatformIds
from service.store.quality import QualitySample

_DAY = 86_400_000
_VERDICTS = (Outcome.APPROVE, Outcome.REJECT)


class Cost(Struct, frozen=True):
    """What the sample costs the moderators."""

    answers: int
    waiting: int
    per_day: float  # drawn a day


class QualityReport(Struct, frozen=True):
    """How good a site's automatic decisions were in the last `days`, with 95 % intervals."""

    days: int
    sampled: int
    answered: int
    precision: Interval  # of automatic rejections: the share that a human rejects too
    missed: Interval  # of automatic approvals: the share that a human rejects
    recall: Interval  # of what a human rejects: the share that was not published on the machine's word
    cost: Cost


class Quality:
    """Takes the audit's answers and reckons with them. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        quality_sample: QualitySample,
        comments: Comments,
        examples: Examples,
        tallies: PlatformIds,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.quality_sample = quality_sample
        self._comments = comments
        self._examples = examples
        self._tallies = tallies
        self._clock = clock

    async def answer(self, site: str, comment: str, outcome: Outcome, by: str, revision: int = 0) -> bool:
        """A moderator's blind word on a comment of the sample; holding means passing on it. False: it did not count.

        The decision about the comment itself is made as any other (`moderation.decide`), and makes `revision`.
        """
        if outcome is Outcome.HOLD:
            await self.quality_sample.skip(site, comment)
            return False
        return await self.quality_sample.answer(site, comment, outcome, by=by, at=self._clock(), revision=revision)

    async def take_back(self, site: str, comment: str, revision: int) -> None:
        """The decision that made a revision was undone: a blind word no longer counts, and the comment waits again."""
        await self.quality_sample.take_back(site, comment, revision)

    async def report(self, site: str, days: int = 30) -> QualityReport | None:
        """The quality of the last days, or None when nothing was drawn in them."""
        now = self._clock()
        since = now - days * _DAY
        sample = await self.quality_sample.entries(site, since)
        if not sample:
            return None
        answers = await self._answers(sample)
        approved, rejected = (_counted(sample, answers, outcome) for outcome in _VERDICTS)
        held_bad, held = await self._held(site, since)
        sizes = await self._sizes(site, since, now)
        strata = [
            Stratum(sizes["approve"], *approved, caught=False),
            Stratum(sizes["reject"], *rejected, caught=True),
            Stratum(sizes["hold"], held_bad, held, caught=True),
        ]
        waiting = sum(one.comment not in answers for one in sample)
        return QualityReport(
            days=days,
            sampled=len(sample),
            answered=len(answers),
            precision=wilson(*rejected),
            missed=wilson(*approved),
            recall=recall(strata),
            cost=Cost(len(answers), waiting, round(len(sample) / days, 2)),
        )

    async def _answers(self, sample: Sequence[SampledDecision]) -> dict[str, Outcome]:
        """What humans said of the sample, blind or, where they came by the comment some other way, knowing the state."""
        open_ones = [one.comment for one in sample if one.answer is None]
        found = {one.comment: one.answer for one in sample if one.answer is not None}
        for start in range(0, len(open_ones), 500):
            comments = await self._comments.get_many(open_ones[start : start + 500])
            found |= {comment.id: said for comment in comments if comment and (said := _ruled(comment))}
        return found

    async def _held(self, site: str, since: int) -> tuple[int, int]:
        """Of what the machine held and humans decided since: how many they rejected, and how many there are."""
        outcomes = [
            example.outcome
            async for example in self._examples.all(site, since)
            if example.said is not None and example.said.outcome == Outcome.HOLD and example.outcome
        ]
        return sum(outcome == Outcome.REJECT for outcome in outcomes), len(outcomes)

    async def _sizes(self, site: str, since: int, now: int) -> Mapping[str, int]:
        """How many comments the machine approved, held and rejected, by whole days."""
        days = await self._tallies.days(site, day_of(since), last_day(now))
        return {word: sum(getattr(day, word) for day in days) for word in ("approve", "hold", "reject")}


def _counted(
    sample: Iterable[SampledDecision], answers: Mapping[str, Outcome], outcome: Outcome
) -> tuple[float, float]:
    """(rejected, answered) of one stratum, as effective numbers."""
    pairs = [
        (1 / one.share, answers[one.comment]) for one in sample if one.outcome is outcome and one.comment in answers
    ]
    weight = sum(w for w, _ in pairs)
    if not weight:
        return 0.0, 0.0
    size = weight * weight / sum(w * w for w, _ in pairs)
    return size * sum(w for w, said in pairs if said is Outcome.REJECT) / weight, size


def _ruled(comment: Comment) -> Outcome | None:
    if comment.edit is not None and comment.edit.wrong:
        return None  # what was approved is not what the machine read
    return comment.ruled if comment.human and comment.ruled in _VERDICTS else None
