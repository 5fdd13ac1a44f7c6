"""The use case of deciding many comments at once: a dry count first, then each an ordinary decision, by `carrying.py`.

What was counted is what is decided: the plan names every comment with its revision, and those that changed meanwhile are
left alone and reported. All of it can be taken back as long as none of it is told. For `web.review`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from service.core.comment import Actor, Comment
from service.core.errors import Conflict, Forbidden, InvalidSubmission, NotFound, TooLate
from service.core.lifecycle import STATE_OF, Outcome, State
from service.core.site import Site
from service.reviewing.carrying import EACH, Carrying
from service.reviewing.deciding import Deciding
from service.reviewing.lists import Filters, Lists
from service.store.accounts import Accounts
from service.store.bulk import PLAN_TTL, Bulks, Plan, Progress, Step
from service.store.client import now_ms
from service.store.comments import Comments
from service.store.evidence import Evidence

__all__ = ["PLAN_TTL", "Bulk", "Plan", "Progress"]  # callers need not reach into the store

_PAGE = 500
_READ = 500


class Bulk:
    """The use case. `most` comments in one, confirmed above `confirm`; `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        bulks: Bulks,
        comments: Comments,
        lists: Lists,
        deciding: Deciding,
        carrying: Carrying,
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
        self._carrying = carrying
        self._evidence = evidence
        self._accounts = accounts
        self._most = most
        self._confirm = confirm
        self._clock = clock

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

    async def begin(self, bulk: str, confirm: int | None, *, by: Actor) -> Progress:
        """Carry a plan out, in the background. Raises NotFound, InvalidSubmission when its count is not confirmed, Conflict."""
        plan = (await self.look(bulk, by=by)).plan
        if plan.count > self._confirm and confirm != plan.count:
            raise InvalidSubmission(f"Confirm the count, {plan.count}.", pointer="/confirm")
        window = self._deciding.window()
        until = window + plan.count * EACH if window else 0
        leased = self._carrying.leased_until()
        if not await self._bulks.begin(bulk, now=self._clock(), leased_until=leased, undo_until=until):
            raise Conflict("This was begun before.")
        await self._note("bulk.decide", bulk, plan, by)
        self._carrying.start(bulk)
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
            if await self._bulks.take_back(bulk, str(by), leased_until=self._carrying.leased_until()):
                self._carrying.start(bulk)
        return await self.look(bulk, by=by, others=others)

    async def _note(self, what: str, bulk: str, plan: Plan, by: Actor) -> None:
        """In the audit log of each site that it touches."""
        for site, count in plan.sites.items():
            note = f"{plan.outcome} {count:,}"
            await self._accounts.audit(what, bulk, actor=str(by), site=site, note=note)
