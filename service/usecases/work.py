"""The use cases of the work stream as operators see it: how much waits, what no worker could judge, and trying that again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import NamedTuple

from service.clock import now_ms
from service.core.work import Dead
from service.store.sites import Accounts
from service.store.work import Work
from service.usecases.moderation import Moderation

_MOST = 100_000  # dead letters looked at
_UNCHANGED = ("missing", "stale")  # words after which a dead letter is where it was


class Backlog(NamedTuple):
    """How much waits for the classifier, for how many seconds the oldest has, and how many could not be judged."""

    waiting: int
    oldest: float
    dead: int


class Revived(NamedTuple):
    """What became of dead letters, a word each; and the entries asked for that are none."""

    outcomes: list[tuple[Dead, str]]
    unknown: set[str]


class WorkStream:
    """The use cases. `clock` gives milliseconds since 1970."""

    def __init__(
        self, work: Work, moderation: Moderation, accounts: Accounts, *, clock: Callable[[], int] = now_ms
    ) -> None:
        self._work = work
        self._moderation = moderation
        self._accounts = accounts
        self._clock = clock

    async def backlog(self) -> Backlog:
        """How the stream is now."""
        work = self._work
        return Backlog(await work.backlog(), await work.oldest_age(self._clock()), await work.dead_count())

    async def dead(self) -> list[Dead]:
        """The dead letters, oldest first."""
        return await self._work.dead()

    async def revive(self, entries: Collection[str] = ()) -> Revived:
        """Put dead letters' comments before the classifier once more. No entries: all of them."""
        found = [one for one in await self._work.dead(_MOST) if not entries or one.entry in entries]
        outcomes = [(one, (await self._moderation.revive(one)).word) for one in found]
        changed = Counter(one.site for one, word in outcomes if word not in _UNCHANGED)
        for site, count in changed.items():
            await self._accounts.audit("comments.requeue", site, site=site, note=f"{count}")
        return Revived(outcomes, set(entries) - {one.entry for one in found})
