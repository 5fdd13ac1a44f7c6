"""Backtest: what would a model and a policy have done with a site's history, against what humans decided? For commands.

Counts only, in one pass and little memory; `reports` draws them. The retro-scan is here too: what another version
would decide otherwise than the active one.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate, fixed_ruling
from service.core.policy.thresholds import PRESETS
from service.core.verdict import LABELS, Ruling, Verdict
from service.learning.history import Past
from service.learning.measures import Interval, wilson
from service.scorer import ModelScorer

WORST = 20
"""How many of the worst errors of each kind are listed."""
_EXCERPT = 400  # characters
NOBODY = "nobody"
Progress = Callable[[int], None]


class Row(Struct):
    """A part of the history: how often humans approved or rejected, and what would have become of it."""

    good: int = 0
    bad: int = 0
    good_held: int = 0
    good_lost: int = 0
    bad_held: int = 0
    bad_through: int = 0

    def add(self, human: Outcome, outcome: Outcome) -> None:
        """Count one comment that a human decided."""
        if human is Outcome.APPROVE:
            self.good += 1
            self.good_held += outcome is Outcome.HOLD
            self.good_lost += outcome is Outcome.REJECT
        else:
            self.bad += 1
            self.bad_held += outcome is Outcome.HOLD
            self.bad_through += outcome is Outcome.APPROVE


SECONDS_A_LOOK = 10
"""What a held comment costs a moderator, as `docs/model-card.md` reckons it."""
BAD_COSTS = 10
"""How many glances a bad comment that is published is worth; `docs/policy.md` says what presets weigh."""
_LEAST_BAD, _LEAST_GOOD = 10, 30  # decisions of each kind below which no preset is recommended


class Cost(Struct):
    """What thresholds would have cost, over the days of the history with any comments."""

    days: int = 0
    comments: int = 0
    held: int = 0
    total: Row = field(default_factory=Row)

    @property
    def minutes_a_day(self) -> float:
        """Minutes of a moderator's time a day."""
        return self.held * SECONDS_A_LOOK / 60 / self.days if self.days else 0.0

    @property
    def delayed(self) -> int:
        """Good comments that would have waited, or been refused."""
        return self.total.good_held + self.total.good_lost

    @property
    def price(self) -> float:
        """Glances that it comes to: those that were held, and what went wrong."""
        return self.held + BAD_COSTS * (self.total.bad_through + self.total.good_lost)


class Mistake(Struct, frozen=True, order=True):
    """One of the worst errors. `text` is an excerpt, to be read by the operator; addresses are dotted out in it."""

    wrong: float  # by how much, 0 to 1
    comment: str
    at: int
    why: str
    text: str


class Backtest(Struct):
    """What would have been. Shares come with 95 % Wilson intervals."""

    site: str
    model: str
    policy: str
    since: int = 0
    until: int = 0
    comments: int = 0
    decided: int = 0  # by humans, of these comments
    bare: int = 0  # examples whose comments lost their text: rules that look at more can't fire on them
    unjudged: int = 0  # never judged here (imported): their signals are what can still be told
    skipped: int = 0  # older comments that were not looked at, since so many were not asked for
    taught: int = 0  # of these comments, how many the model had learnt from
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)  # human -> outcome -> how many
    total: Row = field(default_factory=Row)
    shares: dict[str, Interval] = field(default_factory=dict)
    labels: dict[str, Row] = field(default_factory=dict)
    languages: dict[str, Row] = field(default_factory=dict)
    months: dict[str, Row] = field(default_factory=dict)
    days: dict[str, tuple[int, int]] = field(default_factory=dict)  # day -> (held, comments)
    good_lost: list[Mistake] = field(default_factory=list)
    bad_through: list[Mistake] = field(default_factory=list)
    presets: dict[str, Cost] = field(default_factory=dict)  # each preset in the place of the policy's own thresholds
    advice: str = ""  # the preset to choose, "" where the past does not tell
    why: str = ""  # in words

    @property
    def queue_a_day(self) -> float:
        """How many comments a day a moderator would have had to look at, over the days with any comments."""
        return sum(held for held, _ in self.days.values()) / len(self.days) if self.days else 0.0


class _Judged(NamedTuple):
    past: Past
    verdict: Verdict
    outcome: Outcome
    why: str


async def backtest(
    site: str,
    pages: AsyncIterator[list[Past]],
    scorer: ModelScorer,
    policy: Policy,
    *,
    taught_until: int = 0,
    policy_name: str = "the site's own",
    progress: Progress = lambda _: None,
) -> Backtest:
    """Judge a history anew. `scorer` scores the site with the version that is asked about; `progress` hears of counts.

    `taught_until`: the newest decision that taught the version, to tell what it had seen before.
    """
    result = Backtest(site, scorer.version_at(site), policy_name)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    presets = {name: msgspec.structs.replace(policy, preset=name, thresholds={}, promise=None) for name in PRESETS}
    result.presets = {name: Cost() for name in presets}
    async for page in pages:
        for one in await asyncio.to_thread(_judge, page, scorer, policy):
            _count(result, counts, one, taught_until)
            for name, other in presets.items():
                _weigh(result.presets[name], one, _ruled(other, one.past, one.verdict).outcome)
        progress(len(page))
    result.outcomes = {human: dict(counted) for human, counted in counts.items()}
    result.shares = _shares(result.total)
    for part in ("days", "months", "languages"):
        setattr(result, part, dict(sorted(getattr(result, part).items())))
    result.good_lost.sort(reverse=True)
    result.bad_through.sort(reverse=True)
    for cost in result.presets.values():
        cost.days = len(result.days)
    result.advice, result.why = _advised(result.presets)
    return result


def _weigh(cost: Cost, one: _Judged, outcome: Outcome) -> None:
    if one.past.whole:
        cost.comments += 1
        cost.held += outcome is Outcome.HOLD
    if one.past.human is not None:
        cost.total.add(one.past.human, outcome)


def _advised(presets: Mapping[str, Cost]) -> tuple[str, str]:
    """The preset that would have cost least, and why; or why none can be named."""
    total = next(iter(presets.values())).total
    if total.bad < _LEAST_BAD or total.good < _LEAST_GOOD:
        return "", (
            f"To recommend a preset it takes {_LEAST_GOOD} comments that humans approved and {_LEAST_BAD} that they rejected; "
            f"here are {total.good:,} and {total.bad:,}."
        )
    best = min(presets, key=lambda name: presets[name].price)
    cost = presets[best]
    return best, (
        f"{best} would have cost least here: {cost.minutes_a_day:.1f} minutes a day, {cost.delayed:,} good comments delayed, "
        f"{cost.total.bad_through:,} bad ones published (a bad one counts as {BAD_COSTS} glances of {SECONDS_A_LOOK} seconds)."
    )


class Change(Struct, frozen=True):
    """A comment that another version would decide otherwise."""

    comment: str
    at: int
    ours: Outcome
    theirs: Outcome
    human: Outcome | None
    text: str


class Scan(Struct):
    """What a candidate would change of a site's recent past."""

    active: str
    candidate: str
    comments: int = 0
    pairs: dict[str, int] = field(default_factory=dict)  # "approve>reject" -> how many
    better: int = 0  # of those that a human decided: nearer to the human's word than before
    worse: int = 0
    changes: list[Change] = field(default_factory=list)


async def scan(
    pages: AsyncIterator[list[Past]],
    active: ModelScorer,
    candidate: ModelScorer,
    policy: Policy,
    *,
    site: str,
    most: int = 50,
    progress: Progress = lambda _: None,
) -> Scan:
    """What a candidate would have decided otherwise than the active version, with at most `most` changes to read."""
    result = Scan(active.version_at(site), candidate.version_at(site))
    async for page in pages:
        ours = await asyncio.to_thread(_judge, page, active, policy)
        theirs = await asyncio.to_thread(_judge, page, candidate, policy)
        for mine, other in zip(ours, theirs, strict=True):
            result.comments += 1
            if mine.outcome is other.outcome:
                continue
            pair = f"{mine.outcome}>{other.outcome}"
            result.pairs[pair] = result.pairs.get(pair, 0) + 1
            past = mine.past
            if past.human is not None:
                nearer = _distance(mine.outcome, past.human) - _distance(other.outcome, past.human)
                result.better += nearer > 0
                result.worse += nearer < 0
            if len(result.changes) < most:
                text = past.case.submission.content[:_EXCERPT]
                result.changes.append(Change(past.comment, past.at, mine.outcome, other.outcome, past.human, text))
        progress(len(page))
    return result


_STEPS = {Outcome.APPROVE: 0, Outcome.HOLD: 1, Outcome.REJECT: 2}


def _distance(outcome: Outcome, human: Outcome) -> int:
    return abs(_STEPS[outcome] - _STEPS[human])


def _judge(page: Sequence[Past], scorer: ModelScorer, policy: Policy) -> list[_Judged]:
    """Score and rule a page; in a thread."""
    judged = []
    for past, verdict in zip(page, scorer.judge([past.case for past in page]), strict=True):
        ruling = _ruled(policy, past, verdict)
        reason = ruling.reasons[0]
        judged.append(_Judged(past, verdict, ruling.outcome, reason.text or reason.code))
    return judged


def _ruled(policy: Policy, past: Past, verdict: Verdict) -> Ruling:
    return fixed_ruling(past.case.submission) or evaluate(policy, past.case, verdict)


def _count(result: Backtest, counts: dict[str, Counter[str]], one: _Judged, taught_until: int) -> None:
    past, outcome = one.past, one.outcome
    result.comments += 1
    result.bare += not past.whole
    result.unjudged += not past.judged
    result.since = min(result.since or past.at, past.at)
    result.until = max(result.until, past.at)
    counts[past.human or NOBODY][outcome] += 1
    if past.whole:  # the others are what humans looked at, not what came in
        day = _moment(past.at, "%Y-%m-%d")
        held, total = result.days.get(day, (0, 0))
        result.days[day] = (held + (outcome is Outcome.HOLD), total + 1)
    if past.human is None:
        return
    result.decided += 1
    result.taught += 0 < past.taught_at <= taught_until
    rows = [result.total, *_rows(result, past, one.verdict)]
    for row in rows:
        row.add(past.human, outcome)
    if past.human is Outcome.APPROVE and outcome is not Outcome.APPROVE:
        _keep(result.good_lost, one, 1.0 * (outcome is Outcome.REJECT) + max(one.verdict.scores.values(), default=0.0))
    elif past.human is Outcome.REJECT and outcome is Outcome.APPROVE:
        _keep(result.bad_through, one, 1.0 - max(one.verdict.scores.values(), default=0.0))


def _rows(result: Backtest, past: Past, verdict: Verdict) -> list[Row]:
    """The parts of the history to which a comment belongs: its month, its language, and what a human called it."""
    parts = [
        (result.months, _moment(past.at, "%Y-%m")),
        (result.languages, verdict.language or "unknown"),
        *((result.labels, label) for label in LABELS if past.labels.get(label, 0.0) >= 0.5),
    ]
    return [rows.setdefault(name, Row()) for rows, name in parts]


def _keep(worst: list[Mistake], one: _Judged, wrong: float) -> None:
    past = one.past
    mistake = Mistake(round(wrong, 4), past.comment, past.at, one.why, past.case.submission.content[:_EXCERPT])
    (heapq.heappush if len(worst) < WORST else heapq.heappushpop)(worst, mistake)


def _shares(total: Row) -> dict[str, Interval]:
    rejected_bad = total.bad - total.bad_held - total.bad_through
    return {
        "good_held": wilson(total.good_held, total.good),
        "good_lost": wilson(total.good_lost, total.good),
        "bad_held": wilson(total.bad_held, total.bad),
        "bad_through": wilson(total.bad_through, total.bad),
        "reject_precision": wilson(rejected_bad, rejected_bad + total.good_lost),
    }


def _moment(at: int, form: str) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime(form)
