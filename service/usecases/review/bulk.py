"""Deciding many comments at once: a dry count first, then each an ordinary decision, in the background. For `web.review`.

What was counted is what is decided: the plan names every comment with its revision, and those that changed meanwhile are
left alone and reported. All of it can be taken back as long as none of it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import msgspec
import structlog

from service.clock import now_ms
from service.core.comment import Actor, ByAuthor, Comment
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
from service.core.lifecycle import STATE_OF, ActorKind, Outcome, State
from service.core.queue import FOREVER
from service.core.review import Plan, Progress, Settled, Step
from service.core.site import Site
from service.store.bulk import Bulks
from service.store.comments import Comments
from service.store.reputation import Reputations
from service.store.sites import Accounts
from service.usecases.review.decisions import Decisions
from service.usecases.review.detail import Whom, digest_of
from service.usecases.review.queue import Filters, Lists

AT_ONCE = 32
"""Comments that one bulk decision decides at the same time, and that are noted together."""
EACH = 10
"""Milliseconds of the undo window that each comment adds, so that the whole can be taken back when all are decided."""
LOOK_BACK = 5_000
"""Of a site's comments in each state, the newest among which those from an IP address or a network are looked for."""
LEASE = 5_000
"""Milliseconds after the last sign of whoever works on one, from which on another process takes it over."""
_LOOK = 1.0  # seconds between looks for those that were left behind
_TELL = 0.25  # seconds between words on progress

log = structlog.get_logger(__name__)


class BulkRunner:
    """Carries bulk decisions out, and takes them back, in the background: each comment once, whoever dies meanwhile.

    Whoever works on one holds a lease, and notes how far it is every `AT_ONCE` comments. When a process dies, the next one
    that looks goes on behind the last note. A step that was done already shows in its comment's history: a decision is a
    compare-and-set, so that two who work on the same steps decide once, and only one of them notes it.
    `clock` gives milliseconds since 1970.
    """

    def __init__(
        self,
        bulks: Bulks,
        comments: Comments,
        decisions: Decisions,
        accounts: Accounts,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._bulks = bulks
        self._comments = comments
        self._decisions = decisions
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
        before: Progress | None = None
        while (progress := await self._bulks.look(bulk)) is not None and progress != before:
            before = progress
            match progress.state:
                case "running":
                    await self._decide_all(bulk, progress, taken_over)
                case "undoing":
                    await self._take_all_back(bulk, progress)
                case _:
                    return  # somebody else was at it too, and is done
            if await self._bulks.finish(bulk, progress):
                await self._bulks.tell(bulk, progress.plan.by)
                return
        await self._bulks.forget(bulk)  # it is too old: nothing is left to work on

    async def _tell(self, bulk: str) -> None:
        """Keep the lease, and tell of progress."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                await self._bulks.renew(bulk, self.leased_until())
                if (progress := await self._bulks.look(bulk)) is not None:
                    await self._bulks.tell(bulk, progress.plan.by)
            await asyncio.sleep(_TELL)

    async def _decide_all(self, bulk: str, progress: Progress, taken_over: bool) -> None:
        """Decide what is left, until somebody else notes it first or it is to be taken back."""
        plan, until, at = progress.plan, progress.undo_until, progress.at
        sites, by = await self._sites(plan), _actor(plan.by)
        if taken_over and until:  # what is decided from now on can be taken back as long as ever
            until = max(until, self._decisions.window() + (plan.count - at) * EACH)
            await self._bulks.extend(bulk, until)

        async def decide(step: Step) -> str:
            try:
                await self._decisions.decide(
                    _of(sites, step), step.comment, plan.outcome, by=by, revision=step.revision,
                    reasons=plan.reasons, note=plan.note, until=until, bulk=bulk,
                )  # fmt: skip
            except Overtaken:
                if not await self._decided(step, plan):
                    raise
            return _DONE

        while steps := await self._bulks.steps(bulk, at, at + AT_ONCE):
            settled = await _settle(steps, decide)
            if not await self._bulks.decided(bulk, at, at + len(steps), settled):
                return
            at += len(steps)

    async def _take_all_back(self, bulk: str, progress: Progress) -> None:
        """Take back what was decided, the last first; also what was under way and is not noted."""
        plan, noted = progress.plan, progress.left
        sites, by = await self._sites(plan), _actor(progress.taken_back_by)
        left = min(progress.at + AT_ONCE, plan.count) if noted is None else noted

        async def undo(step: Step) -> str:
            if not await self._decided(step, plan):
                return _NOTHING
            try:
                await self._decisions.undo(_of(sites, step), step.comment, step.revision + 1, by=by, others=True)
            except Overtaken:
                if not await self._undone(step):
                    raise
            return _UNDONE

        while noted is None or left:
            start = max(0, left - AT_ONCE)
            steps = await self._bulks.steps(bulk, start, left)
            settled = await _settle(steps, undo)
            late = steps[max(0, progress.at - start) :]  # decided, and not noted as that
            done = sum([await self._decided(step, plan) for step in late])
            if not await self._bulks.taken_back(bulk, noted, start, settled._replace(done=done)):
                return
            noted = left = start

    async def _decided(self, step: Step, plan: Plan) -> bool:
        """Whether this bulk decision has decided a step."""
        history = await self._comments.history(step.comment)
        change = history[step.revision] if step.revision < len(history) else None  # the n-th line made revision n
        return (
            change is not None
            and change.decision is not None
            and str(change.actor) == plan.by
            and change.decision.outcome is plan.outcome
        )

    async def _undone(self, step: Step) -> bool:
        """Whether a decided step was taken back."""
        history = await self._comments.history(step.comment)
        return step.revision + 1 < len(history) and history[step.revision + 1].what == "undone"

    async def _sites(self, plan: Plan) -> dict[str, Site]:
        found = [await self._accounts.find(name) for name in plan.sites]
        return {known.site.id: known.site for known in found if known is not None}


_DONE, _UNDONE, _NOTHING = "done", "undone", ""


async def _settle(steps: Sequence[Step], do: Callable[[Step], Awaitable[str]]) -> Settled:
    """Do something with each of some steps at the same time; what became of them. Raises StoreUnavailable."""

    async def one(step: Step) -> tuple[str, str]:
        """What was done, or why it was left alone."""
        try:
            return await do(step), ""
        except StoreUnavailable:
            raise
        except AntechamberError as error:
            return "", _why(error)
        except Exception as error:  # what fails once would fail whoever takes over as well
            log.error("bulk step failed", role="api", error=type(error).__name__)
            return "", "failed"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(step)) for step in steps]
    words = [task.result() for task in tasks]
    counts = Counter(what for what, _ in words)
    skipped = [(step.comment, why) for step, (_, why) in zip(steps, words, strict=True) if why]
    return Settled(counts[_DONE], counts[_UNDONE], skipped)


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


_PAGE = 500
_READ = 500
NOTHING_SEEN: Mapping[str, int] = {}


def _has(comment: Comment, whom: Whom, digest: str) -> bool:
    with contextlib.suppress(InvalidSubmission):
        return digest_of(comment, whom) == digest
    return False


class Bulk:
    """The use case. `most` comments in one, confirmed above `confirm`; `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        bulks: Bulks,
        comments: Comments,
        lists: Lists,
        decisions: Decisions,
        bulk_runner: BulkRunner,
        *,
        reputations: Reputations,
        accounts: Accounts,
        most: int = 50_000,
        confirm: int = 20,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._bulks = bulks
        self._comments = comments
        self._lists = lists
        self._decisions = decisions
        self._bulk_runner = bulk_runner
        self._reputations = reputations
        self._accounts = accounts
        self._most = most
        self._confirm = confirm
        self._clock = clock

    async def some(
        self, ids: Sequence[str], sites: Mapping[str, Site], seen: Mapping[str, int] = NOTHING_SEEN
    ) -> list[Comment]:
        """Comments by id, those that the moderator may see and that are still there, each as of the revision that was seen."""
        found: list[Comment] = []
        for start in range(0, len(ids), _READ):
            found += [
                msgspec.structs.replace(one, revision=seen.get(one.id, one.revision))
                for one in await self._comments.get_many(list(dict.fromkeys(ids[start : start + _READ])))
                if one is not None and one.site in sites and one.state is not State.ERASED
            ]
        return found

    async def campaign(self, campaign: str, outcome: Outcome, sites: Mapping[str, Site]) -> list[Comment]:
        """A campaign's comments that no human has decided and that do not stand where the decision would put them."""
        members = [comment for site, comment in await self._reputations.members(campaign) if site in sites]
        return [
            one for one in await self.some(members, sites)
            if one.state is State.FLAGGED or (not one.human and one.state is not STATE_OF[outcome])
        ]  # fmt: skip

    async def same(self, comment: Comment, whom: Whom, *, published: bool) -> list[Comment]:
        """What waits that has the same author, IP address or network as a comment, with `published` also what is approved.

        An author's is all of it. Addresses have no index: theirs is what is among the newest `LOOK_BACK` of each state.
        Raises InvalidSubmission when the comment came without, or when that is more than one bulk decision takes.
        """
        digest = digest_of(comment, whom)
        states = (State.FLAGGED, State.APPROVED) if published else (State.FLAGGED,)
        indexes = [ByAuthor(digest)] if whom == "author" else [str(state) for state in states]
        most = None if whom == "author" else LOOK_BACK
        found: list[Comment] = []
        for index in indexes:
            async for one in self._walk(comment.site, index, most):
                if one.state in states and _has(one, whom, digest):
                    found.append(one)
                if len(found) > self._most:
                    raise InvalidSubmission(
                        f"That is more than {self._most:,} comments; use a filter.", pointer="/same"
                    )
        return found

    async def _walk(self, site: str, index: str | ByAuthor, most: int | None) -> AsyncIterator[Comment]:
        """The comments of an index, newest first, at most so many."""
        after, left = None, most
        while left is None or left > 0:
            limit = _READ if left is None else min(_READ, left)
            rows = await self._comments.page(site, index, newest=FOREVER, oldest=0, after=after, limit=limit)
            for one in await self._comments.get_many([identity for identity, _ in rows]):
                if one is not None:
                    yield one
            if len(rows) < limit:
                return
            after = (rows[-1][1], rows[-1][0])
            left = None if left is None else left - len(rows)

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
        self,
        comments: Sequence[Comment],
        outcome: Outcome,
        reasons: Sequence[str],
        note: str,
        among: Mapping[str, Site],
        *,
        by: Actor,
    ) -> tuple[str, Plan, bool]:
        """Count and keep what would be decided: (token, plan, whether the count must be confirmed).

        The comments are of sites `among` those; a reason must be one of each site's. Raises InvalidSubmission.
        """
        sites = dict(Counter(comment.site for comment in comments))
        checked = [self._decisions.check(among[site], outcome, reasons, note) for site in sites or among]
        note = checked[0] if checked else ""
        plan = Plan(str(by), outcome, tuple(reasons), note, len(comments), sites, self._clock())
        bulk = secrets.token_hex(16)
        await self._bulks.plan(bulk, plan, [Step(one.revision, one.id, one.site) for one in comments])
        return bulk, plan, len(comments) > self._confirm

    async def begin(self, bulk: str, confirm: int | None, *, by: Actor) -> Progress:
        """Carry a plan out, in the background. Raises NotFound, InvalidSubmission when its count is not confirmed, Conflict."""
        plan = (await self.look(bulk, by=by)).plan
        if plan.count > self._confirm and confirm != plan.count:
            raise InvalidSubmission(f"Confirm the count, {plan.count:,}.", pointer="/confirm")
        window = self._decisions.window()
        until = window + plan.count * EACH if window else 0
        leased = self._bulk_runner.leased_until()
        if not await self._bulks.begin(bulk, now=self._clock(), leased_until=leased, undo_until=until):
            raise Conflict("This was begun before.")
        await self._note("bulk.decide", bulk, plan, by)
        self._bulk_runner.start(bulk)
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
        if progress.state in ("running", "done"):
            await self._note("bulk.undo", bulk, progress.plan, by)
            leased = self._bulk_runner.leased_until()
            if await self._bulks.take_back(bulk, str(by), now=self._clock(), leased_until=leased):
                self._bulk_runner.start(bulk)
        return await self.look(bulk, by=by, others=others)

    async def _note(self, what: str, bulk: str, plan: Plan, by: Actor) -> None:
        """In the audit log of each site that it touches."""
        for site, count in plan.sites.items():
            note = f"{plan.outcome} {count:,}"
            await self._accounts.audit(what, bulk, actor=str(by), site=site, note=note)
