"""Which model version has which role: promote, roll back, shadow, compare. For commands and the watch.

A version that the gate refused is promoted only by force, and every switch goes to the operators' audit log.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from msgspec import Struct

import classifier
from classifier.artifact import Packed
from service.clock import now_ms
from service.core.errors import Conflict, NotFound
from service.core.example import Disagreement
from service.core.lifecycle import Outcome
from service.core.model_version import EVERYWHERE, DamagedVersion, ModelCard, Pointers, Switched, active_at, shadow_at
from service.scorer import ActiveModels, ModelScorer
from service.store.models import Models
from service.store.quality import ShadowVerdicts
from service.store.sites import OPERATOR, Accounts

BASE = "base"
"""What people call the base model where a version is asked for."""


class Standing(Struct, frozen=True):
    """A site's versions, newest first, and who has which role. `active` is "" for the base model."""

    site: str
    active: str
    previous: str
    shadow: str
    since: int
    cards: list[ModelCard]
    beneath: list[str] = []  # what was in use before, the newest last; "base" for the base model
    gone: list[str] = []  # what was rolled back or has alerted, and is not gone back to


class ShadowReport(NamedTuple):
    """A site's shadow ("" when it has none), pairs of outcomes (the active version's, the shadow's), newest disagreements."""

    shadow: str
    pairs: Counter[tuple[Outcome, Outcome]]
    disagreements: list[Disagreement]


class InUse(NamedTuple):
    """A version that a site (EVERYWHERE: those without one of their own) uses, and the base model that it corrects."""

    site: str
    version: str
    base: str
    broken: str  # why it can't be used; "" when it is whole


class Registry:
    """The model versions as people handle them. `clock` gives milliseconds since 1970."""

    def __init__(
        self, models: Models, accounts: Accounts, shadow_verdicts: ShadowVerdicts, *, clock: Callable[[], int] = now_ms
    ) -> None:
        self.models = models
        self.shadow_verdicts = shadow_verdicts
        self._accounts = accounts
        self._clock = clock

    async def standing(self, site: str) -> Standing:
        """What a site has, and what is active there (its own version, or the one for everywhere)."""
        pointers = await self.models.pointers()
        own = pointers.get(site, Pointers())
        return Standing(
            site, active_at(pointers, site), own.previous, shadow_at(pointers, site), own.since,
            await self.models.cards(site), own.beneath.split(), own.gone.split(),
        )  # fmt: skip

    async def card(self, version: str) -> ModelCard:
        """What is known of a version. Raises NotFound."""
        return await self.models.card(version)

    async def in_use(self) -> list[InUse]:
        """The versions that are active somewhere, each looked at whole."""
        return [
            await self._look(site, known.active)
            for site, known in sorted((await self.models.pointers()).items())
            if known.active
        ]

    async def _look(self, site: str, version: str) -> InUse:
        try:
            base = (await self.models.card(version)).lineage.base
            await self.models.artefact(version)
        except (NotFound, DamagedVersion) as error:
            return InUse(site, version, "", str(error))
        return InUse(site, version, base, "")

    async def shadow_report(self, site: str) -> ShadowReport:
        """How a site's shadow does."""
        name = (await self.standing(site)).shadow
        found = self.shadow_verdicts
        return ShadowReport(name, await found.counts(site, name), await found.disagreements(site, name))

    async def version(self, name: str) -> classifier.Version:
        """A version, ready to score; "" or "base" is the base model. Raises NotFound, Conflict."""
        base = await asyncio.to_thread(classifier.load)
        if name in ("", BASE):
            return classifier.Version(base)
        correction = await asyncio.to_thread(opened, await self.models.artefact(name))
        if correction.base != base.version:
            raise Conflict(f"{name} corrects {correction.base}, and {base.version} is installed: train again.")
        return classifier.Version(base, correction)

    async def scorer(self, name: str) -> ModelScorer:
        """A scorer that scores every site with one version. Raises NotFound, Conflict."""
        version = await self.version(name)
        return ModelScorer(active_models=ActiveModels(active={EVERYWHERE: version.correction}))

    async def promote(self, site: str, version: str, *, force: bool = False, actor: str = OPERATOR) -> Switched:
        """Make a version ("base": the base model) the active one. Raises NotFound, Conflict."""
        if version == BASE:
            version = ""
        else:
            card = await self._own(site, version)
            if not card.passed and not force:
                raise Conflict(f"The gate refused {version}: `antechamber models show {version}` says why.")
            await self.version(version)  # what can't be loaded here can't be loaded by a worker either
        pointers = await self.models.promote(site, version, at=self._clock())
        await self._log("promote", site, version or BASE, actor=actor)
        return pointers

    async def roll_back(self, site: str, *, seen: str | None = None, why: str = "", actor: str = OPERATOR) -> Switched:
        """Go back to what a site used before, if `seen` (a version) is still active. Raises Conflict."""
        pointers = await self.models.pointers()
        if (site not in pointers or not pointers[site].since) and (common := active_at(pointers, site)):
            raise Conflict(f"{site} has no version of its own: it uses {common}, as all sites do that have none.")
        switched = await self.models.roll_back(site, at=self._clock(), seen=seen)
        await self._log("rollback", site, f"{switched.active or BASE}{' ' if why else ''}{why}", actor=actor)
        return switched

    async def distrust(self, site: str, version: str) -> None:
        """Remember that a version has alerted at a site, so that no rollback goes there."""
        await self.models.distrust(site, version, at=self._clock())

    async def shadow(self, site: str, version: str) -> Switched:
        """Let a version score a site's comments silently; "" ends that. What another one counted is dropped."""
        if version:
            await self._own(site, version)
            await self.version(version)
        pointers = await self.models.shadow(site, version, at=self._clock())
        for one in [site] if site != EVERYWHERE else [known.id for known in await self._accounts.all()]:
            await self.shadow_verdicts.forget(one)
        await self._log("shadow", site, version or "-")
        return pointers

    async def keep(self, card: ModelCard, artefact: bytes, *, actor: str = OPERATOR) -> None:
        """Keep a version that was trained, passed or not; nothing is switched on."""
        await self.models.add(card, artefact)
        await self._log("train", card.site, card.version, actor=actor)

    async def _log(self, what: str, site: str, subject: str, *, actor: str = OPERATOR) -> None:
        of_one = "" if site == EVERYWHERE else site
        await self._accounts.audit(f"models.{what}", f"{site} {subject}", actor=actor, site=of_one)

    async def _own(self, site: str, version: str) -> ModelCard:
        card = await self.models.card(version)
        if card.site not in (site, EVERYWHERE):
            raise Conflict(f"{version} was trained for another site.")
        return card


def packed(correction: classifier.Correction) -> bytes:
    """A correction as one artefact for the store."""
    return msgspec.msgpack.encode(tuple(correction.packed))


def opened(artefact: bytes) -> classifier.Correction:
    """The correction that `packed` made an artefact of. Raises ArtifactError."""
    try:
        version, arrays, metadata = msgspec.msgpack.decode(artefact, type=tuple[str, bytes, bytes])
    except msgspec.MsgspecError as error:
        raise classifier.ArtifactError("not a packed correction") from error
    return classifier.Correction(Packed(version, arrays, metadata))
