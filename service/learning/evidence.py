"""What live judging would have seen around comments that were never judged here, such as imported ones. For `history`.

A comment's own signals follow from its text and its record. Who its author was, where its links led and what came from its
address before, follows from the comments of the site that are older. The rest (forms, campaigns, marks, look-ups) can't be
known any more: `UNKNOWN` names it, so that it can be said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from service.clock import now_ms
from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.signals import CATALOGUE
from service.core.signals.compute import signals
from service.core.signals.subjects import (
    HALF_LIFE,
    LANDMARK,
    Record,
    Reputation,
    Subjects,
    Tied,
    standing_of,
    subjects_of,
)
from service.core.verdict import Signal
from service.store.comments import Comments

REACH: Final = 50_000
"""Comments of a site that are looked through, newest first, for what was known before."""
_PAGE = 512
_SHORT, _LONG, _LONGER = 10 * 60_000, 86_400_000, 30 * 86_400_000  # milliseconds
_MACHINE_WEIGHS = 0.25  # as `store/scripts/shared/reputation.lua` weighs what no human here decided
_KNOWN: Final = (
    "link", "domain_comments", "domain_approved", "domain_rejected", "domain_vouched", "domain_refused", "author", "words",
    "reply", "repeats", "ip_10m", "ip_1d", "ip_approved", "ip_rejected", "ip_vouched", "ip_refused", "network_10m",
    "network_1d", "network_approved", "network_rejected", "network_vouched", "network_refused", "email_10m", "email_1d",
    "email_disposable", "email_role", "topic", "text", "ping", "user_agent_program",
)  # fmt: skip
_NOT_KNOWN: Final = ("author_mark", "author_claimed", "author_box", "ping_unverified", "ping_closed", "ping_multicall")
UNKNOWN: Final = frozenset(name for name in CATALOGUE if not name.startswith(_KNOWN) or name.startswith(_NOT_KNOWN))
"""Signals that nobody can tell any more of a comment that was not judged here when it came."""


class _Seen(NamedTuple):
    """A comment, as far as it counts for those that come after it."""

    at: int
    state: State
    human: bool  # somebody decided it, here or where it comes from
    here: bool  # … here


class _Sums(NamedTuple):
    """How the first comments of a subject stand, summed up."""

    approved: int = 0
    rejected: int = 0
    flagged: int = 0
    vouched: int = 0
    refused: int = 0
    vouched_here: int = 0
    refused_here: int = 0
    good: float = 0.0
    bad: float = 0.0

    def add(self, one: _Seen) -> _Sums:
        """With one comment more."""
        good, bad = one.state is State.APPROVED, one.state is State.REJECTED
        weight = _weight(one) if good or bad else 0.0
        more = (
            good, bad, one.state is State.FLAGGED, good and one.human, bad and one.human, good and one.here, bad and one.here,
            weight * good, weight * bad,
        )  # fmt: skip
        return _Sums(*(a + b for a, b in zip(self, more, strict=True)))  # type: ignore[arg-type]


class Earlier:
    """The comments of a site, by whom they came from and where they led."""

    def __init__(self) -> None:
        self._of: dict[str, list[_Seen]] = defaultdict(list)
        self._times: dict[str, list[int]] = {}
        self._sums: dict[str, list[_Sums]] = {}

    async def read(self, comments: Comments, site: str) -> None:
        """Look through a site's newest comments."""
        after: tuple[int, str] | None = None
        left = REACH
        while left > 0:
            page = await comments.page(site, "all", newest=now_ms(), oldest=0, after=after, limit=min(_PAGE, left))
            if not page:
                break
            after, left = (page[-1][1], page[-1][0]), left - len(page)
            for comment in await comments.get_many([name for name, _ in page]):
                if comment is not None and comment.submission is not None:
                    self._add(comment)
        for subject, seen in self._of.items():
            seen.sort(key=lambda one: one.at)
            self._times[subject] = [one.at for one in seen]

    def _add(self, comment: Comment) -> None:
        submission = comment.submission
        if submission is None:
            return
        imported = submission.channel == "import"
        seen = _Seen(comment.created_at, comment.state, comment.human, comment.human and not imported)
        known_by = subjects_of(submission)
        for subject in (*known_by.subjects, *_tied(known_by), f"x:{known_by.text.text}"):
            self._of[subject].append(seen)

    def signals(self, comment: Comment) -> Mapping[str, Signal]:
        """The signals of a comment when it came, as far as they can be told."""
        submission = comment.submission
        if submission is None:
            return {}
        at, known_by = comment.created_at, subjects_of(submission)
        address = self._record(known_by.email, at)
        tied = max((self._record(tie, at) for tie in _tied(known_by)), key=_size, default=Record())
        domains = [self._record(domain, at, domain=True) for domain in known_by.domains]
        around = Reputation(
            author=standing_of(address, Tied(tied, _size(tied)), vouched=known_by.vouched),
            author_box=Record(short=address.short, long=address.long),
            ip=self._record(known_by.ip, at),
            network=self._record(known_by.network, at),
            domains=[(Record(long=record.long), record) for record in domains],
            repeats=self._before(f"x:{known_by.text.text}", at),
        )
        return signals(submission, known_by, around, at)

    def _before(self, subject: str, at: int) -> int:
        """How many came from a subject before a time."""
        return bisect_left(self._times.get(subject, ()), at)

    def _record(self, subject: str, at: int, *, domain: bool = False) -> Record:
        """What was known of a subject before a time. A domain's word is also that of history, as live."""
        count = self._before(subject, at) if subject else 0
        if not count:
            return Record(short=1, long=1)  # the comment itself counts
        times = self._times[subject]
        if subject not in self._sums:
            self._sums[subject] = list(accumulate(self._of[subject], _Sums.add, initial=_Sums()))
        sums = self._sums[subject][count]
        return Record(
            approved=sums.approved,
            rejected=sums.rejected,
            vouched=sums.vouched if domain else sums.vouched_here,
            refused=sums.refused if domain else sums.refused_here,
            flagged=sums.flagged,
            good=sums.good,
            bad=sums.bad,
            first=times[0],
            short=1 + count - bisect_left(times, at - _SHORT),
            long=1 + count - bisect_left(times, at - (_LONGER if domain else _LONG)),
        )


def _tied(known_by: Subjects) -> Sequence[str]:
    """An author's address with each tie that shows that it is theirs."""
    return [f"{known_by.email} {tie}" for tie in known_by.ties] if known_by.email else ()


def _size(record: Record) -> int:
    return record.approved + record.rejected + record.flagged


def _weight(one: _Seen) -> float:
    return (1.0 if one.here else _MACHINE_WEIGHS) * float(2.0 ** ((one.at - LANDMARK) / HALF_LIFE))
