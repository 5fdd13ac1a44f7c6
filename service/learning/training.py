"""Trains a site's next model version and puts it through the gate. For the command line.

The oldest decisions teach; the newest, which neither the candidate nor the active version has seen, judge the two. The
version is kept with the gate's report, passed or not; nothing is switched on here.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

import classifier
from classifier import correcting, gate
from classifier.decisions import Decided
from service import __version__
from service.core.drift import shares
from service.core.errors import NotEnoughExamples
from service.core.model import EVERYWHERE, Lineage, ModelCard
from service.core.policy import DEFAULT_THRESHOLDS, Thresholds
from service.core.verdict import LABELS
from service.learning.collecting import collect, cut
from service.learning.registry import BASE, Registry, packed
from service.learning.teaching import bought
from service.store.accounts import Accounts
from service.store.client import now_ms
from service.store.comments import Comments
from service.store.examples import Examples

JUDGING_SHARE = 0.2
"""The newest share of the decisions, kept from the candidate for the gate."""
FEWEST_JUDGING = 40
"""Decisions that the gate needs."""
_REFERENCE, _FEWEST_REFERENCE = 2_000, 200  # comments that drift is measured from
Step = Callable[[str], None]


class Trained(NamedTuple):
    """A new version: its card, and the gate's report."""

    card: ModelCard
    report: gate.Report

    @property
    def better(self) -> bool:
        """Whether it is better in something that counts, and worse in nothing."""
        return self.card.passed and any(one.guarded and one.verdict == "better" for one in self.report.measures)


class Training:
    """The use case of training. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        examples: Examples,
        comments: Comments,
        accounts: Accounts,
        registry: Registry,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._examples = examples
        self._comments = comments
        self._accounts = accounts
        self._registry = registry
        self._clock = clock

    async def train(self, site: str, *, step: Step = lambda _: None) -> Trained:
        """Train a site's next version (EVERYWHERE: one for all sites together), gate it and keep it.

        `step` hears what is being done. Raises NotFound, NotEnoughExamples, Conflict when the active version can't be
        loaded.
        """
        sites = [known.id for known in await self._accounts.all()] if site == EVERYWHERE else [site]
        thresholds = await self._thresholds(site)
        step("collecting decisions")
        collected = await collect(self._examples, sites)
        standing = await self._registry.standing(site)
        active = await self._registry.version(standing.active)
        seen_until = next((c.lineage.until for c in standing.cards if c.version == standing.active), 0)
        place = cut(collected.decisions, share=JUDGING_SHARE, seen_until=seen_until)
        old, new = collected.decisions[:place], collected.decisions[place:]
        _enough(old, new)
        step(f"learning from {len(old):,} decisions")
        number = await self._registry.models.next_number(site)
        name = f"{'all' if site == EVERYWHERE else site}-{number}"
        try:
            correction = await asyncio.to_thread(correcting.train, active.model, old, name)
        except correcting.TooFew as error:
            raise _too_few(error.missing) from error
        candidate = classifier.Version(active.model, correction)
        step(f"comparing it with {standing.active or BASE} on the {len(new):,} newest decisions")
        report = await asyncio.to_thread(gate.compare, active, candidate, new, thresholds=thresholds)
        step("measuring what was chosen for what it teaches")
        gained = await asyncio.to_thread(
            bought, active.model, old, new, queued=collected.queued, chosen=collected.chosen
        )
        step("keeping it")
        reference = await self._reference(sites, candidate)
        artefact = packed(correction)
        card = ModelCard(
            version=correction.version,
            site=site,
            made_at=self._clock(),
            sha256=hashlib.sha256(artefact).hexdigest(),
            size=len(artefact),
            lineage=Lineage(
                base=active.model.version,
                parent=active.name,
                fingerprint=collected.fingerprint,
                code=__version__,
                examples=len(old),
                sources=collected.sources,
                since=old[0].at,
                until=old[-1].at,
            ),
            labels=correction.labels,
            passed=report.passed,
            gate=report.as_json(),
            reference=reference,
            chosen=msgspec.to_builtins(gained),
        )
        await self._registry.models.add(card, artefact)
        return Trained(card, report)

    async def _thresholds(self, site: str) -> dict[str, dict[str, float]]:
        """The thresholds at which false positives are counted: the site's, or the defaults."""
        effective: Mapping[str, Thresholds] = DEFAULT_THRESHOLDS
        if site != EVERYWHERE:
            effective = (await self._accounts.get(site)).site.policy.effective
        return {
            label: {step: at for step in ("hold", "reject") if (at := getattr(steps, step)) is not None}
            for label, steps in effective.items()
        }

    async def _reference(self, sites: Sequence[str], version: classifier.Version) -> dict[str, tuple[float, ...]]:
        """How the version's scores of the newest comments are spread: all comments, not just those that humans saw."""
        now, items, signals = self._clock(), [], []
        for site in sites:
            page = await self._comments.page(
                site, "all", newest=now, oldest=0, after=None, limit=_REFERENCE // len(sites)
            )
            for comment in await self._comments.get_many([name for name, _ in page]):
                if comment is not None and (case := comment.case) is not None:
                    author = case.submission.author
                    items.append(classifier.Input(case.submission.content, author.name, author.url))
                    signals.append(case.signals)
        if len(items) < _FEWEST_REFERENCE:
            return {}
        predictions = await asyncio.to_thread(version.score, items, signals)
        return {label: shares(one.scores[label] for one in predictions) for label in LABELS}


def _enough(old: Sequence[Decided], new: Sequence[Decided]) -> None:
    """Refuse what can't be taught or judged. Raises NotEnoughExamples, saying how many are missing."""
    if not old:
        raise NotEnoughExamples("There are no decisions yet: moderate, or import a history.")
    if len(new) < FEWEST_JUDGING:
        raise NotEnoughExamples(f"{FEWEST_JUDGING - len(new)} more decisions are needed to judge a new version by.")


def _too_few(missing: Mapping[str, tuple[int, int]]) -> NotEnoughExamples:
    """What is missing of the label that lacks least, counting what is kept for the gate."""
    label, wanted = min(missing.items(), key=lambda item: sum(item[1]))
    more_with, more_without = (math.ceil(count / (1 - JUDGING_SHARE)) for count in wanted)
    wants = [f"{more_with} more rejected as {label}"] * (more_with > 0)
    wants += [f"{more_without} more approved"] * (more_without > 0)
    return NotEnoughExamples(f"{' and '.join(wants)} needed, to learn from and to judge by.")
