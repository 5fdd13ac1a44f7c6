"""The use cases of learning from what humans decided, as operators ask for them: train, test on the past, promise, doubt.

What learns and measures needs numpy and more, which takes a while to import: it is imported by the use case that needs it.
For the command line; the versions themselves are kept and switched by `registry`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from service.core.model_version import Lineage, ModelCard
from service.store.comments import Comments
from service.store.examples import Examples
from service.store.models import Models
from service.store.quality import ShadowVerdicts
from service.store.sites import OPERATOR, Accounts
from service.usecases.policies import Policies

if TYPE_CHECKING:
    from service.core.policy import Policy
    from service.learning.backtest import Backtest, Scan
    from service.learning.examples import Doubts
    from service.learning.other_reader import Lessons
    from service.learning.registry import Registry
    from service.learning.thresholds import Promised, PromiseNow

Progress = Callable[[int], None]


class Learnt(NamedTuple):
    """What came of training a site."""

    card: ModelCard
    """The version that was made, or the last one, if nothing was decided since."""
    new: bool
    said: str
    """What is to be said where it is not new."""
    promoted: bool
    why_not: str
    """Why it is not to be used without being asked for; "" when it may be, or is in use."""


class Learning:
    """The use cases. All but `train` raise NotFound for a site that is not there."""

    def __init__(
        self,
        models: Models,
        shadow_verdicts: ShadowVerdicts,
        examples: Examples,
        comments: Comments,
        *,
        accounts: Accounts,
        policies: Policies,
    ) -> None:
        self._models = models
        self._shadow_verdicts = shadow_verdicts
        self._examples = examples
        self._comments = comments
        self._accounts = accounts
        self._policies = policies
        self._turn = asyncio.Lock()  # looking at a promise keeps a core busy for a moment

    async def other_readers_lessons(self) -> Lessons:
        """What heads over another reader's vectors learn from: sentences of ours, and what people decided on all sites."""
        from service.learning import other_reader  # noqa: PLC0415

        return await other_reader.lessons(self._examples, [site.id for site in await self._accounts.all()])

    async def other_reader_learnt(self, decisions: int) -> None:
        """Note in the operators' log that such heads were learnt."""
        await self._accounts.audit("other-reader.learn", "other reader", note=f"{decisions}")

    @property
    def registry(self) -> Registry:
        """The use cases of model versions."""
        from service.learning.registry import Registry  # noqa: PLC0415

        return Registry(self._models, self._accounts, self._shadow_verdicts)

    async def due(self, site: str, after: int) -> bool:
        """Whether a site is to be trained by itself: `after` decisions or more since its newest version, or its version in
        use corrects another base model than the one that is installed.
        """
        registry = self.registry
        standing, base = await registry.standing(site), (await registry.version("")).name
        if any(card.version == standing.active and card.lineage.base != base for card in standing.cards):
            return True
        return await self._new(site, standing.cards[0].lineage if standing.cards else None) >= after

    async def _new(self, site: str, made: Lineage | None) -> int:
        """How many examples came in since a version was made: younger ones, or imported ones, which are old at once.

        Those that are there are not simply counted: some are erased meanwhile, and only so many are learnt from.
        """
        here = await self._examples.count(site)
        if made is None:
            return here
        known = made.seen or sum(made.sources.values())
        return max(here - known, await self._examples.after(site, made.newest) if made.newest else 0)

    async def train(
        self, site: str, *, promote_if_better: bool, step: Callable[[str], None], actor: str = OPERATOR
    ) -> Learnt:
        """Train a site's next version (EVERYWHERE: one for all together), and use it if it is better and that is wanted.

        Where nothing was decided since the last one, that is the one which may be used. `step` hears what is being done.
        Raises NotFound, NotEnoughExamples, Conflict.
        """
        from service.learning.training import NothingNew, Training, why_not_used  # noqa: PLC0415

        registry = self.registry
        try:
            trained = await Training(self._examples, self._comments, self._accounts, registry).train(
                site, step=step, actor=actor
            )
        except NothingNew as nothing:
            card, new, said = nothing.card, False, str(nothing)
        else:
            card, new, said = trained.card, True, ""
        standing = await registry.standing(site)
        if standing.active == card.version:
            return Learnt(card, new, said, promoted=False, why_not="")
        why_not = why_not_used(card, standing)
        promoted = promote_if_better and not why_not
        if promoted:
            await registry.promote(site, card.version, actor=actor)
        return Learnt(card, new, said, promoted, why_not)

    async def backtest(
        self,
        site: str,
        *,
        model: str | None,
        policy: tuple[str, Policy] | None,
        since: int | None,
        last: int,
        progress: Progress,
    ) -> Backtest:
        """What a version and a policy (None: those in use) would have done with the newest `last` comments of a site.

        The policy comes with its name. `since`: milliseconds; None begins after what the version has learnt from.
        `progress` hears of counts.
        """
        from service.learning.backtest import backtest  # noqa: PLC0415
        from service.learning.history import history  # noqa: PLC0415
        from service.learning.registry import BASE  # noqa: PLC0415

        known, registry = (await self._accounts.get(site)).site, self.registry
        name = (await registry.standing(site)).active if model is None else model
        card = await registry.card(name) if name not in ("", BASE) else None
        until = card.lineage.until if card else 0
        begin = since if since is not None else until + 1 if until else 0
        pages = history(self._comments, self._examples, site, since=begin, last=last)
        policy_name, wanted = policy or ("the site's own", known.policy)
        result = await backtest(
            site, pages, await registry.scorer(name), wanted, taught_until=until, policy_name=policy_name,
            progress=progress,
        )  # fmt: skip
        result.skipped = max(0, await self._comments.since(site, begin) - last)
        return result

    async def scan(self, site: str, version: str, *, since: int, last: int, progress: Progress) -> Scan:
        """What a version would have decided otherwise than the one in use, of what came in since a time (milliseconds)."""
        from service.learning.backtest import scan  # noqa: PLC0415
        from service.learning.history import history  # noqa: PLC0415

        policy, registry = (await self._accounts.get(site)).site.policy, self.registry
        active = await registry.scorer((await registry.standing(site)).active)
        pages = history(self._comments, self._examples, site, since=since, last=last)
        return await scan(pages, active, await registry.scorer(version), policy, site=site, progress=progress)

    async def promise(
        self, site: str, *, max_good_held: float, reject_precision: float, confidence: float, label: str, save: bool
    ) -> tuple[Promised, bool]:
        """The thresholds that keep a promise, and whether they are in the site's policy now: if `save`, and if it can be kept.

        Raises NotEnoughExamples, Conflict.
        """
        from service.learning.thresholds import promised, with_promise  # noqa: PLC0415

        known = (await self._accounts.get(site)).site
        found = await promised(
            self._examples, self.registry, site, label=label,
            max_good_held=max_good_held, reject_precision=reject_precision, confidence=confidence,
        )  # fmt: skip
        if save and found.kept:
            note = f"Promised by {found.model}, from {found.decisions} decisions."
            await self._policies.save(site, with_promise(known, found), by=OPERATOR, note=note)
        return found, save and found.kept

    async def promise_now(self, site: str) -> PromiseNow | None:
        """How what a site was promised stands, by the decisions that the version in use has not seen; None: nothing was."""
        from service.learning.thresholds import promise_now  # noqa: PLC0415

        async with self._turn:
            return await promise_now(self._examples, self.registry, (await self._accounts.get(site)).site)

    async def doubts(self, site: str, *, most: int) -> Doubts:
        """Decisions that are worth a second look, at most `most` of each kind and label."""
        from service.learning.examples import doubtful  # noqa: PLC0415

        await self._accounts.get(site)
        return await doubtful(self._examples, self.registry, site, most=most)
