"""Trains a site's next model version and puts it through the gate. For the command line and the schedule.

The oldest decisions teach; the newest, which neither the candidate nor the active version has seen, judge the two. The
version is kept with the gate's report, passed or not; nothing is switched on here. Where nothing was decided since, nothing
is made: what the gate said of the last version still stands.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import classifier
from classifier.correction import training
from classifier.correction.decisions import Decided
from classifier.evaluation import fitting, gate
from classifier.evaluation.paired import FEWEST as FEWEST_OF_A_KIND
from service import __version__
from service.clock import now_ms
from service.core.errors import NotEnoughExamples
from service.core.model_version import EVERYWHERE, Lineage, ModelCard
from service.core.policy.thresholds import DEFAULT_THRESHOLDS, Thresholds
from service.core.verdict import LABELS
from service.learning.examples import Collected, collect, cut
from service.learning.measures import shares
from service.learning.registry import Registry, Standing, packed
from service.store.comments import Comments
from service.store.examples import Examples
from service.store.sites import OPERATOR, Accounts

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
        return is_better(self.card)


def is_better(card: ModelCard) -> bool:
    """Whether a version is better than what was in use when it was made, in something that the site's decisions say."""
    measures = card.gate.get("measures", ())
    own = (one for one in measures if one["guarded"] and not one.get("fixed") and not one.get("beside"))
    return card.passed and any(one["verdict"] == "better" for one in own)


def why_not_used(card: ModelCard, standing: Standing) -> str:
    """Why a version is not switched to by itself, in a sentence; "" for one that may be."""
    if card.version in standing.gone:
        return f"{card.version} was rolled back, or has alerted"
    if not card.passed:
        return f"the gate refused {card.version}"
    if not is_better(card):
        return f"{card.version} is worse in nothing, and better in nothing that the newest decisions could show"
    return ""


class NothingNew(Exception):
    """Nothing was decided since a version was made. `card` is that version's, `standing` the site's."""

    def __init__(self, card: ModelCard, standing: Standing) -> None:
        self.card = card
        self.standing = standing
        super().__init__(f"Nothing new since {card.version}, {_state(card, standing)}.")


def _state(card: ModelCard, standing: Standing) -> str:
    if card.version == standing.active:
        return "which is in use" + ("" if card.passed else ", though the gate refused it")
    if not card.passed:
        return "which the gate refused"
    return "which was rolled back or has alerted" if card.version in standing.gone else "which the gate let pass"


class _Made(NamedTuple):
    """What a version was made from."""

    collected: Collected
    seen: int  # examples that there were, before they were collected
    old: list[Decided]
    parent: str
    thresholds: Mapping[str, Mapping[str, float]]


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

    async def train(self, site: str, *, step: Step = lambda _: None, actor: str = OPERATOR) -> Trained:
        """Train a site's next version (EVERYWHERE: one for all sites together), gate it and keep it.

        `step` hears what is being done. Raises NotFound, NotEnoughExamples, Conflict when the active version can't be
        loaded, NothingNew.
        """
        sites = [known.id for known in await self._accounts.all()] if site == EVERYWHERE else [site]
        thresholds = await self._thresholds(site)
        step("collecting decisions")
        counted = sum([await self._examples.count(one) for one in sites])
        collected = await collect(self._examples, sites)
        standing = await self._registry.standing(site)
        active, trusted = await self._yardsticks(standing)
        _something_new(standing, collected, active, thresholds)
        seen_until = next((c.lineage.until for c in standing.cards if c.version == active.name), 0)
        enough = len(collected.decisions) * JUDGING_SHARE >= FEWEST_JUDGING
        place = cut(
            collected.decisions, share=JUDGING_SHARE, seen_until=seen_until, fewest=FEWEST_OF_A_KIND if enough else 0
        )
        old, new = collected.decisions[:place], collected.decisions[place:]
        seen = sum(row.at <= seen_until for row in old)
        _enough(old, new)
        number = await self._registry.models.next_number(site)
        name = f"{'all' if site == EVERYWHERE else site}-{number}"
        step(f"learning from {len(old):,} decisions, and comparing on the {len(new):,} newest")
        try:
            fitted = await asyncio.to_thread(
                fitting.fit, active, old, new, name, thresholds=thresholds, trusted=trusted, seen=seen, step=step
            )
        except training.TooFew as error:
            raise _too_few(error.missing) from error
        step("keeping it")
        card, artefact = await self._carded(
            site, sites, fitted, _Made(collected, counted, old, active.name, thresholds)
        )
        await self._registry.keep(card, artefact, actor=actor)
        return Trained(card, fitted.report)

    async def _yardsticks(self, standing: Standing) -> tuple[classifier.Version, classifier.Version | None]:
        """The version in use, or the base where that corrects another base; and one to be trusted, where it was refused.

        That is the last one before it that had passed, or the base: who came into use by force makes no yardstick.
        """
        base = await self._registry.version("")
        cards = {card.version: card for card in standing.cards}
        card = cards.get(standing.active)
        if standing.active and card is None:  # a version for all sites, or one that is no longer kept
            card = await self._registry.card(standing.active)
        if card is None or card.lineage.base != base.name:
            return base, None
        active = await self._registry.version(card.version)
        if card.passed:
            return active, None
        while card is not None and not card.passed:
            card = cards.get(card.lineage.parent)
        if card is None or card.lineage.base != base.name:
            return active, base
        return active, await self._registry.version(card.version)

    async def _carded(
        self, site: str, sites: Sequence[str], fitted: fitting.Fitted, made: _Made
    ) -> tuple[ModelCard, bytes]:
        correction, collected, old = fitted.correction, made.collected, made.old
        base = await self._registry.version("")
        artefact = packed(correction)
        lineage = Lineage(
            base=base.name,
            parent=made.parent,
            fingerprint=collected.fingerprint,
            code=__version__,
            examples=len(old),
            sources=collected.sources,
            since=old[0].at,
            until=old[-1].at,
            seen=made.seen,
            newest=collected.decisions[-1].at,
        )
        card = ModelCard(
            version=correction.version,
            site=site,
            made_at=self._clock(),
            sha256=hashlib.sha256(artefact).hexdigest(),
            size=len(artefact),
            lineage=lineage,
            labels=correction.labels,
            passed=fitted.report.passed,
            gate={**fitted.report.as_json(), "thresholds": made.thresholds},
            reference=await self._reference(sites, classifier.Version(base.model, correction)),
        )
        return card, artefact

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


def _something_new(
    standing: Standing, collected: Collected, active: classifier.Version, thresholds: Mapping[str, Mapping[str, float]]
) -> None:
    """Refuse to learn the same thing twice. Raises NothingNew."""
    for card in standing.cards:
        made = card.lineage
        learnt = (made.fingerprint, made.base, made.code) == (collected.fingerprint, active.model.version, __version__)
        asked = made.parent == active.name and card.gate.get("thresholds") == thresholds
        if learnt and (asked or card.version == standing.active):
            raise NothingNew(card, standing)


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
