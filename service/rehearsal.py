"""Rehearses a policy on a site's history: what would it have done, beside the live one, and beside what humans decided?

For operators' previews, for the test bench of rules and lists, and for programs. It changes nothing. The history is read
in pages, so that a long one costs time and no memory; ruling runs outside the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct, field

from service.core.lifecycle import Outcome
from service.core.phases import preset, rule
from service.core.policy import Policy
from service.core.ruling import Reason, Ruling
from service.core.site import Site
from service.learning.history import Past, history
from service.store.comments import Comments
from service.store.examples import Examples

DEFAULT_LAST = 5_000
MAX_LAST = 50_000
LISTED = 20
"""How many changed comments, and hits of a rule, are listed; the newest."""
NOBODY = "nobody"


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
        """What the rehearsed policy would do with them."""
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
    """A comment that the rehearsed policy would treat otherwise."""

    comment: str  # "" of an example about no comment of ours
    before: Outcome
    after: Outcome
    human: Outcome | None
    reasons: tuple[str, ...]  # names of rules and lists, or codes, of the rehearsed policy; the deciding one first


class Rehearsal(Struct):
    """What a policy would have done with a site's history."""

    site: str
    edition: int  # of the live policy, which it is compared with
    looked: int = 0  # comments, and examples whose comments have lost their text
    without_text: int = 0  # comments that could not be looked at any more
    without_scores: int = 0  # of those looked at: only rules and lists were tried on them
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


class Rehearsing:
    """Rehearses policies; one at a time in a process, since each keeps a core busy for a while."""

    def __init__(self, comments: Comments, examples: Examples) -> None:
        self._comments = comments
        self._examples = examples
        self._turn = asyncio.Lock()

    async def rehearse(self, site: Site, policy: Policy, *, last: int = DEFAULT_LAST, since: int = 0) -> Rehearsal:
        """What `policy` would have done with the newest `last` comments of a site, those since a time (milliseconds).

        Scores and signals are those of when they were judged. Raises StoreUnavailable.
        """
        result = Rehearsal(site.id, site.edition.version)

        def lost(count: int) -> None:
            result.without_text += count

        async with self._turn:
            pages = history(
                self._comments, self._examples, site.id, since=since, last=last, reach=max(last, MAX_LAST), lost=lost
            )
            async for page in pages:
                for judged in await asyncio.to_thread(_judge, page, site.policy, policy):
                    _count(result, judged)
        return result


def _judge(page: Sequence[Past], live: Policy, policy: Policy) -> list[_Judged]:
    judged = []
    for past in page:
        fixed = preset(past.case.submission)
        before = fixed or rule(live, past.case, past.verdict)
        after = fixed or rule(policy, past.case, past.verdict)
        judged.append(_Judged(past, before.outcome, after))
    return judged


def _count(result: Rehearsal, judged: _Judged) -> None:
    past, before, ruling = judged
    result.looked += 1
    result.since = min(result.since or past.at, past.at)
    for reason in (*ruling.reasons, *ruling.shadow):
        if reason.rule:
            hits = result.hits.setdefault(reason.rule, Hits())
            hits.fired.add(past.human)
            if reason is ruling.reasons[0]:
                hits.decided.add(past.human)
            if past.comment and len(hits.newest) < LISTED:
                hits.newest.append(past.comment)
    if past.verdict is None:
        result.without_scores += 1
        return
    result.of(past.human).add(before, ruling.outcome)
    if ruling.outcome is not before and len(result.changed) < LISTED:
        names = tuple(_named(reason) for reason in ruling.reasons)
        result.changed.append(Changed(past.comment, before, ruling.outcome, past.human, names))


def _named(reason: Reason) -> str:
    return reason.rule or reason.code
