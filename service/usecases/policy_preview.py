"""Previews a policy on a site's history: what would it have done, beside the live one, and beside what humans decided?

For operators' previews, for the test bench of rules and lists, and for programs. It changes nothing. The history is read
in pages, so that a long one costs time and no memory; ruling runs outside the event loop.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate, fixed_ruling
from service.core.site import Site
from service.core.verdict import Reason, Ruling
from service.learning.evidence import UNKNOWN
from service.learning.history import Past, history
from service.store.comments import Comments
from service.store.examples import Examples
from service.usecases.classification import Scorer

DEFAULT_LAST = 5_000
MAX_LAST = 50_000
LISTED = 20
"""How many changed comments, and hits of a rule, are listed; the newest."""
NOBODY = "nobody"
_WORD = re.compile(r"[a-z][a-z0-9_]*")


class Counts(Struct):
    """How many comments were approved, held, rejected."""

    approve: int = 0
    hold: int = 0
    reject: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        setattr(self, outcome, getattr(self, outcome) + 1)


class Shift(Struct):
    """Comments by what the live policy does with them, and of each kind what the rehearsed one would do."""

    approve: Counts = field(default_factory=Counts)
    hold: Counts = field(default_factory=Counts)
    reject: Counts = field(default_factory=Counts)

    def add(self, before: Outcome, after: Outcome) -> None:
        """Count one."""
        getattr(self, before).add(after)

    @property
    def before(self) -> Counts:
        """What the live policy does with them."""
        return Counts(*(sum((row.approve, row.hold, row.reject)) for row in (self.approve, self.hold, self.reject)))

    @property
    def after(self) -> Counts:
        """What the previewed policy would do with them."""
        rows = (self.approve, self.hold, self.reject)
        return Counts(*(sum(getattr(row, outcome) for row in rows) for outcome in Outcome))


class Humans(Struct):
    """How many comments humans approved, rejected, or have not decided."""

    approve: int = 0
    reject: int = 0
    nobody: int = 0

    def add(self, human: Outcome | None) -> None:
        """Count one."""
        name = human or NOBODY
        setattr(self, name, getattr(self, name) + 1)


class Hits(Struct):
    """How often a rule or a list fired, and how often it was what decided, by what humans said of these comments."""

    fired: Humans = field(default_factory=Humans)
    decided: Humans = field(default_factory=Humans)
    newest: list[str] = field(default_factory=list)  # ids of comments


class Changed(Struct, frozen=True):
    """A comment that the previewed policy would treat otherwise."""

    comment: str  # "" of an example about no comment of ours
    before: Outcome
    after: Outcome
    human: Outcome | None
    reasons: tuple[str, ...]  # names of rules and lists, or codes, of the previewed policy; the deciding one first


class Preview(Struct):
    """What a policy would have done with a site's history."""

    site: str
    edition: int  # of the live policy, which it is compared with
    looked: int = 0  # comments, and examples whose comments have lost their text
    without_text: int = 0  # comments that could not be looked at any more
    without_scores: int = 0  # of those looked at: only rules and lists were tried on them
    scored_now: int = 0  # of those looked at: never judged here, so that the model in use scored them now
    unknown: dict[str, int] = field(
        default_factory=dict
    )  # signal that the policy asks about -> of how many it can't be known
    since: int = 0  # when the oldest came in, milliseconds since 1970
    approved_by_humans: Shift = field(default_factory=Shift)
    rejected_by_humans: Shift = field(default_factory=Shift)
    undecided: Shift = field(default_factory=Shift)
    hits: dict[str, Hits] = field(default_factory=dict)  # by the name of the rule or list
    changed: list[Changed] = field(default_factory=list)  # the newest

    def of(self, human: Outcome | None) -> Shift:
        """The comments of which humans said so."""
        named = {Outcome.APPROVE: self.approved_by_humans, Outcome.REJECT: self.rejected_by_humans}
        return named.get(human, self.undecided) if human else self.undecided

    @property
    def all(self) -> Shift:
        """All of them together."""
        together = Shift()
        for shift in (self.approved_by_humans, self.rejected_by_humans, self.undecided):
            for before in Outcome:
                ours, theirs = getattr(together, before), getattr(shift, before)
                for after in Outcome:
                    setattr(ours, after, getattr(ours, after) + getattr(theirs, after))
        return together


class _Judged(NamedTuple):
    past: Past
    before: Outcome
    ruling: Ruling
    scored: bool  # whether there were scores, then or now


Opened = Callable[[str], Awaitable[Scorer | None]]
"""Gives the scorer of a site; None when there is no model."""


class PolicyPreview:
    """Previews policies; one at a time in a process, since each keeps a core busy for a while."""

    def __init__(self, comments: Comments, examples: Examples, scorer: Opened | None = None) -> None:
        self._comments = comments
        self._examples = examples
        self._scorer = scorer
        self._turn = asyncio.Lock()

    async def preview(self, site: Site, policy: Policy, *, last: int = DEFAULT_LAST, since: int = 0) -> Preview:
        """What `policy` would have done with the newest `last` comments of a site, those since a time (milliseconds).

        Scores and signals are those of when they were judged. What was never judged here, such as imported history, is scored
        by the model in use, with the signals that its text and what came before it show. Raises StoreUnavailable.
        """
        result = Preview(site.id, site.edition.version)
        asked = _asked(policy)
        scorer: Scorer | None = None

        def lost(count: int) -> None:
            result.without_text += count

        async with self._turn:
            pages = history(
                self._comments, self._examples, site.id, since=since, last=last, reach=max(last, MAX_LAST), lost=lost
            )
            async for page in pages:
                if scorer is None and self._scorer is not None and any(past.verdict is None for past in page):
                    scorer = await self._scorer(site.id)
                for judged in await asyncio.to_thread(_judge, page, site.policy, policy, scorer):
                    _count(result, judged, asked)
        return result

    async def texts(self, comments: Sequence[str]) -> list[tuple[str, str]]:
        """What comments say, by id, where the text is kept."""
        found = await self._comments.get_many(comments)
        return [(one.id, one.submission.content) for one in found if one is not None and one.submission]


def _asked(policy: Policy) -> frozenset[str]:
    """The signals that a policy asks about and that can't be known of what was never judged here."""
    words = {word for rule in policy.rules for word in _WORD.findall(rule.when)}
    return frozenset(words & UNKNOWN)


def _judge(page: Sequence[Past], live: Policy, policy: Policy, scorer: Scorer | None) -> list[_Judged]:
    blank = [past for past in page if past.verdict is None]
    now = (
        dict(zip(map(id, blank), scorer.judge([past.case for past in blank]), strict=True)) if scorer and blank else {}
    )
    judged = []
    for past in page:
        verdict = past.verdict or now.get(id(past))
        fixed = fixed_ruling(past.case.submission)
        before = fixed or evaluate(live, past.case, verdict)
        after = fixed or evaluate(policy, past.case, verdict)
        judged.append(_Judged(past, before.outcome, after, verdict is not None))
    return judged


def _count(result: Preview, judged: _Judged, asked: frozenset[str]) -> None:
    past, before, ruling, scored = judged
    result.looked += 1
    result.since = min(result.since or past.at, past.at)
    if past.verdict is None:
        result.scored_now += scored
        for name in asked - past.case.signals.keys():
            result.unknown[name] = result.unknown.get(name, 0) + 1
    for reason in (*ruling.reasons, *ruling.shadow):
        if reason.rule:
            hits = result.hits.setdefault(reason.rule, Hits())
            hits.fired.add(past.human)
            if reason is ruling.reasons[0]:
                hits.decided.add(past.human)
            if past.comment and len(hits.newest) < LISTED:
                hits.newest.append(past.comment)
    result.without_scores += not scored
    result.of(past.human).add(before, ruling.outcome)
    if ruling.outcome is not before and len(result.changed) < LISTED:
        names = tuple(_named(reason) for reason in ruling.reasons)
        result.changed.append(Changed(past.comment, before, ruling.outcome, past.human, names))


def _named(reason: Reason) -> str:
    return reason.rule or reason.code
