"""The use case of deciding many comments at once: a dry count first, then each an ordinary decision, in the background.

What was counted is what is decided: the plan names every comment with its revision, and those that changed meanwhile are
left alone and reported. All of it can be taken back as long as none of it is told. For `web.review`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence

import structlog

from service.core.comment import Actor, Comment
from service.core.errors import (
    AntechamberError,
    Conflict,
    Forbidden,
    Gone,
    InvalidSubmission,
    NotFound,
    Overtaken,
    StoreUnavailable,
    TooLate,
)
from service.core.lifecycle import STATE_OF, Outcome, State
from service.core.site import Site
from service.reviewing.deciding import Deciding
from service.reviewing.lists import Filters, Lists
from service.store.accounts import Accounts
from service.store.bulk import PLAN_TTL, Bulks, Plan, Progress, Step
from service.store.client import now_ms
from service.store.comments import Comments
from service.store.evidence import Evidence

__all__ = ["PLAN_TTL", "Bulk", "Plan", "Progress"]  # callers need not reach into the store

AT_ONCE = 8
"""Comments that one bulk decision decides at the same time."""
_EACH = 10  # milliseconds of the undo window that each comment adds, so that the whole can be taken back when all are decided
_PAGE = 500
_READ = 500
_TELL = 0.25  # seconds between words on progress

log = structlog.get_logger(__name__)


class Bulk:
    """The use case. `most` comments in one, confirmed above `confirm`; `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        bulks: Bulks,
        comments: Comments,
        lists: Lists,
        deciding: Deciding,
        *,
        evidence: Evidence,
        accounts: Accounts,
        most: int = 50_000,
        confirm: int = 20,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._bulks = bulks
        self._comments = comments
        self._lists = lists
        self._deciding = deciding
        self._evidence = evidence
        self._accounts = accounts
        self._most = most
        self._confirm = confirm
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def some(self, ids: Sequence[str], sites: Mapping[str, Site]) -> list[Comment]:
        """Comments by id, those that the moderator may see and that are still there."""
        found: list[Comment] = []
        for start in range(0, len(ids), _READ):
            found += [
                one
                for one in await self._comments.get_many(list(dict.fromkeys(ids[start : start + _READ])))
                if one is not None and one.site in sites and one.state is not State.ERASED
            ]
        return found

    async def campaign(self, campaign: str, outcome: Outcome, sites: Mapping[str, Site]) -> list[Comment]:
        """A campaign's comments that no human has decided and that do not stand where the decision would put them."""
        members = [comment for site, comment in await self._evidence.members(campaign) if site in sites]
        return [
            one for one in await self.some(members, sites)
            if one.state is State.FLAGGED or (not one.human and one.state is not STATE_OF[outcome])
        ]  # fmt: skip

    async def matching(self, filters: Filters, sites: Mapping[str, Site]) -> list[Comment]:
        """All that a query finds. Raises InvalidSubmission when that is more than one bulk decision takes."""
        found: list[Comment] = []
        after = None
        while True:
            page = await self._lists.page(sorted(sites), filters, limit=_PAGE, after=after)
            found += [row.comment for row in page.rows]
            if len(found) > self._most:
                raise InvalidSubmission(f"That is more than {self._most:,} comments; narrow it down.", pointer="/query")
            if page.next is None:
                return found
            after = page.next

    async def plan(
        self, comments: Sequence[Comment], outcome: Outcome, reasons: Sequence[str], note: str, *, by: Actor
    ) -> tuple[str, Plan, bool]:
        """Count and keep what would be decided: (token, plan, whether the count must be confirmed). Raises InvalidSubmission."""
        note = self._deciding.check(outcome, reasons, note)
        sites = dict(Counter(comment.site for comment in comments))
        plan = Plan(str(by), outcome, tuple(reasons), note, len(comments), sites, self._clock())
        bulk = secrets.token_hex(16)
        await self._bulks.plan(bulk, plan, [Step(one.revision, one.id, one.site) for one in comments])
        return bulk, plan, len(comments) > self._confirm

    async def begin(self, bulk: str, confirm: int | None, sites: Mapping[str, Site], *, by: Actor) -> Progress:
        """Carry a plan out, in the background. Raises NotFound, InvalidSubmission when its count is not confirmed, Conflict."""
        progress = await self.look(bulk, by=by)
        count = progress.plan.count
        if count > self._confirm and confirm != count:
            raise InvalidSubmission(f"Confirm the count, {count}.", pointer="/confirm")
        window = self._deciding.window()
        until = window + count * _EACH if window else 0
        if not await self._bulks.begin(bulk, now=self._clock(), undo_until=until):
            raise Conflict("This was begun before.")
        await self._note("bulk.decide", bulk, progress.plan, by)
        self._start(self._run(bulk, progress.plan, until, dict(sites), by))
        return await self.look(bulk, by=by)

    async def look(self, bulk: str, *, by: Actor, others: bool = False) -> Progress:
        """How far a bulk decision of `by` has come. Raises NotFound."""
        progress = await self._bulks.look(bulk)
        if progress is None or (progress.plan.by != str(by) and not others):
            raise NotFound("There is no such bulk decision, or it is too old.")
        return progress

    async def undo(self, bulk: str, sites: Mapping[str, Site], *, by: Actor, others: bool) -> Progress:
        """Take back what can still be taken back, in the background. Raises NotFound, TooLate, Forbidden."""
        progress = await self.look(bulk, by=by, others=others)
        if not progress.started_at or self._clock() >= progress.undo_until:
            raise TooLate
        if any(site not in sites for site in progress.plan.sites):
            raise Forbidden("It decided comments of sites that you do not see.")
        await self._bulks.turn(bulk, "undoing")
        await self._note("bulk.undo", bulk, progress.plan, by)
        self._start(self._take_back(bulk, progress.plan, dict(sites), by))
        return await self.look(bulk, by=by, others=others)

    async def close(self) -> None:
        """Stop: what is decided stays so, the rest is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _note(self, what: str, bulk: str, plan: Plan, by: Actor) -> None:
        """In the audit log of each site that it touches."""
        for site, count in plan.sites.items():
            note = f"{plan.outcome} {count:,}"
            await self._accounts.audit(what, bulk, actor=str(by), site=site, note=note)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, bulk: str, plan: Plan, until: int, sites: Mapping[str, Site], by: Actor) -> None:
        async def work() -> None:
            while (step := await self._bulks.next(bulk)) is not None:
                try:
                    done = await self._deciding.decide(
                        sites[step.site], step.comment, plan.outcome, by=by, revision=step.revision,
                        reasons=plan.reasons, note=plan.note, until=until, bulk=bulk,
                    )  # fmt: skip
                except AntechamberError as error:
                    await self._bulks.skipped(bulk, step.comment, _why(error))
                else:
                    await self._bulks.did(bulk, step._replace(revision=done.comment.revision))

        await self._work(bulk, plan, work)
        await self._bulks.turn(bulk, "done", when="running")
        await self._bulks.tell(bulk, plan.by)

    async def _take_back(self, bulk: str, plan: Plan, sites: Mapping[str, Site], by: Actor) -> None:
        async def work() -> None:
            while (step := await self._bulks.take_back(bulk)) is not None:
                try:
                    await self._deciding.undo(sites[step.site], step.comment, step.revision, by=by, others=True)
                except AntechamberError as error:
                    await self._bulks.skipped(bulk, step.comment, _why(error))
                else:
                    await self._bulks.undid(bulk)

        await self._work(bulk, plan, work)
        await asyncio.sleep(_TELL)  # what was still being decided when this began is decided by now
        await self._work(bulk, plan, work)
        await self._bulks.turn(bulk, "undone", when="undoing")
        await self._bulks.tell(bulk, plan.by)

    async def _work(self, bulk: str, plan: Plan, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do it several times at once, telling of progress meanwhile."""

        async def tell() -> None:
            while True:
                await self._bulks.tell(bulk, plan.by)
                await asyncio.sleep(_TELL)

        telling = asyncio.create_task(tell())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, plan.count)):
                    group.create_task(work())
        except* StoreUnavailable:
            log.warning("bulk decision stopped", role="api")
            with contextlib.suppress(StoreUnavailable):
                await self._bulks.turn(bulk, "stopped", when="running")
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


def _why(error: AntechamberError) -> str:
    if isinstance(error, Overtaken):
        return "changed"
    if isinstance(error, TooLate):
        return "told"
    if isinstance(error, Gone | NotFound):
        return "erased"
    if isinstance(error, StoreUnavailable):
        raise error
    return "refused"
