"""Carries bulk decisions out, and takes them back, in the background: each comment once, whoever dies meanwhile.

Whoever works on one holds a lease and renews it. A process that dies leaves it behind, with the steps that were under way; the
next process that looks takes it over, learns from the comments' histories what became of those steps, and goes on. Two that
work on one at the same time do no harm either: a step is taken once, decided by compare-and-set, and counted once.
For `reviewing.bulk`, and for `service.app`, which keeps a process looking.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import structlog

from service.core.comment import Actor
from service.core.errors import AntechamberError, Gone, NotFound, Overtaken, StoreUnavailable, TooLate
from service.core.lifecycle import ActorKind
from service.core.site import Site
from service.reviewing.deciding import Deciding
from service.store.accounts import Accounts
from service.store.bulk import Bulks, Plan, Progress, Step
from service.store.client import now_ms
from service.store.comments import Comments

AT_ONCE = 8
"""Comments that one bulk decision decides at the same time."""
EACH = 10
"""Milliseconds of the undo window that each comment adds, so that the whole can be taken back when all are decided."""
LEASE = 5_000
"""Milliseconds after the last sign of whoever works on one, from which on another process takes it over."""
_LOOK = 1.0  # seconds between looks for those that were left behind
_TELL = 0.25  # seconds between words on progress
_PAUSE = 0.1  # seconds in which the last steps of somebody else end

log = structlog.get_logger(__name__)


class Carrying:
    """The background work. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        bulks: Bulks,
        comments: Comments,
        deciding: Deciding,
        accounts: Accounts,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._bulks = bulks
        self._comments = comments
        self._deciding = deciding
        self._accounts = accounts
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def leased_until(self) -> int:
        """The end of a lease that begins now, milliseconds since 1970."""
        return self._clock() + LEASE

    def start(self, bulk: str, *, taken_over: bool = False) -> None:
        """Work on one that is leased for this process."""
        task = asyncio.create_task(self._carry(bulk, taken_over), name=bulk)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def watch(self) -> None:
        """Take over what other processes left behind, for good."""
        while True:
            try:
                for bulk in await self._bulks.abandoned(self._clock()):
                    if await self._bulks.take_over(bulk, now=self._clock(), leased_until=self.leased_until()):
                        log.info("bulk decision taken over", role="api")
                        self.start(bulk, taken_over=True)
            except StoreUnavailable:
                pass  # it is told of elsewhere, and asked again
            await asyncio.sleep(_LOOK)

    async def close(self) -> None:
        """Stop, and leave what is unfinished to other processes."""
        unfinished = list(self._tasks)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable):
            for task in unfinished:
                await self._bulks.renew(task.get_name(), 0)

    async def _carry(self, bulk: str, taken_over: bool) -> None:
        """Do what its state asks for until nothing is left to do."""
        telling = asyncio.create_task(self._tell(bulk))
        try:
            await self._go_through(bulk, taken_over)
        except* StoreUnavailable:
            log.warning("bulk decision waits for the store", role="api")  # its lease ends, and somebody goes on
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _go_through(self, bulk: str, taken_over: bool) -> None:
        while (progress := await self._bulks.look(bulk)) is not None:
            match progress.state:
                case "running":
                    await self._decide_all(bulk, progress, taken_over)
                case "undoing":
                    await self._take_all_back(bulk, progress)
                case _:
                    return  # somebody else was at it too, and is done
            if await self._bulks.finish(bulk, progress.state):
                await self._bulks.tell(bulk, progress.plan.by)
                return
            await asyncio.sleep(
                _PAUSE
            )  # somebody else has steps under way: let them end, or find out what became of them
            taken_over = True
        await self._bulks.forget(bulk)  # it is too old

    async def _tell(self, bulk: str) -> None:
        """Keep the lease, and tell of progress."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                await self._bulks.renew(bulk, self.leased_until())
                if (progress := await self._bulks.look(bulk)) is not None:
                    await self._bulks.tell(bulk, progress.plan.by)
            await asyncio.sleep(_TELL)

    async def _decide_all(self, bulk: str, progress: Progress, taken_over: bool) -> None:
        plan, until = progress.plan, progress.undo_until
        sites, by = await self._sites(plan), _actor(plan.by)
        if taken_over:
            for step in await self._bulks.under_way(bulk):
                if not await self._learn(bulk, step, plan):
                    await self._bulks.put_back(bulk, step)
            if until:  # what is decided from now on can be taken back as long as ever
                left = plan.count - progress.done - progress.skipped
                until = max(until, self._deciding.window() + left * EACH)
                await self._bulks.extend(bulk, until)

        async def decide(step: Step) -> None:
            try:
                done = await self._deciding.decide(
                    _of(sites, step), step.comment, plan.outcome, by=by, revision=step.revision,
                    reasons=plan.reasons, note=plan.note, until=until, bulk=bulk,
                )  # fmt: skip
            except Overtaken:
                if not await self._learn(bulk, step, plan):
                    await self._bulks.skipped(bulk, step, "changed")
            else:
                await self._bulks.did(bulk, step, done.comment.revision)

        async def leave(step: Step, why: str) -> None:
            await self._bulks.skipped(bulk, step, why)

        await self._work(lambda: self._bulks.next(bulk), decide, leave)

    async def _take_all_back(self, bulk: str, progress: Progress) -> None:
        plan = progress.plan
        sites, by = await self._sites(plan), _actor(progress.taken_back_by)
        for step in await self._bulks.under_way(bulk):
            if not await self._learn(bulk, step, plan):
                await self._bulks.put_back(bulk, step)
        for step in await self._bulks.under_way(bulk, back=True):
            if await self._was_undone(step):
                await self._bulks.undid(bulk, step)
            else:
                await self._bulks.put_back(bulk, step, back=True)

        async def undo(step: Step) -> None:
            try:
                await self._deciding.undo(_of(sites, step), step.comment, step.revision, by=by, others=True)
            except Overtaken:
                if not await self._was_undone(step):
                    raise
            await self._bulks.undid(bulk, step)

        async def leave(step: Step, why: str) -> None:
            await self._bulks.skipped(bulk, step, why, back=True)

        await self._work(lambda: self._bulks.next_back(bulk), undo, leave)

    @staticmethod
    async def _work(
        following: Callable[[], Awaitable[Step | None]],
        do: Callable[[Step], Awaitable[None]],
        leave: Callable[[Step, str], Awaitable[None]],
    ) -> None:
        """Do what follows, several at once, until nothing does."""

        async def one_by_one() -> None:
            while (step := await following()) is not None:
                try:
                    await do(step)
                except StoreUnavailable:
                    raise
                except AntechamberError as error:
                    await leave(step, _why(error))
                except Exception as error:  # what fails once would fail whoever takes over as well
                    log.error("bulk step failed", role="api", error=type(error).__name__)
                    await leave(step, "failed")

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_by_one())

    async def _learn(self, bulk: str, step: Step, plan: Plan) -> bool:
        """Whether this bulk decision has decided a step already; then it is noted."""
        history = await self._comments.history(step.comment)
        change = history[step.revision] if step.revision < len(history) else None  # the n-th line made revision n
        ours = (
            change is not None
            and change.decision is not None
            and str(change.actor) == plan.by
            and change.decision.outcome is plan.outcome
        )
        if ours:
            await self._bulks.did(bulk, step, step.revision + 1)
        return ours

    async def _was_undone(self, step: Step) -> bool:
        history = await self._comments.history(step.comment)
        return step.revision < len(history) and history[step.revision].what == "undone"

    async def _sites(self, plan: Plan) -> dict[str, Site]:
        found = [await self._accounts.find(name) for name in plan.sites]
        return {known.site.id: known.site for known in found if known is not None}


def _actor(by: str) -> Actor:
    kind, _, name = by.partition(":")
    return Actor(ActorKind(kind), name)


def _of(sites: Mapping[str, Site], step: Step) -> Site:
    if step.site not in sites:
        raise NotFound("Its site was removed.")
    return sites[step.site]


def _why(error: AntechamberError) -> str:
    if isinstance(error, Overtaken):
        return "changed"
    if isinstance(error, TooLate):
        return "told"
    if isinstance(error, Gone | NotFound):
        return "erased"
    return "refused"
