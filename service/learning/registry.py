"""Which model version has which role: promote, roll back, shadow, compare. For commands and the watch.

A version that the gate refused is promoted only by force, and every switch goes to the operators' audit log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from msgspec import Struct

import classifier
from classifier.artifact import Packed
from service.core.errors import Conflict
from service.core.model import EVERYWHERE, ModelCard, Pointers, active_at, shadow_at
from service.scorer import LineUp, ModelScorer
from service.store.accounts import Accounts
from service.store.client import now_ms
from service.store.models import Models
from service.store.rivalry import Rivalry

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


class Registry:
    """The model versions as people handle them. `clock` gives milliseconds since 1970."""

    def __init__(
        self, models: Models, accounts: Accounts, rivalry: Rivalry, *, clock: Callable[[], int] = now_ms
    ) -> None:
        self.models = models
        self.rivalry = rivalry
        self._accounts = accounts
        self._clock = clock

    async def standing(self, site: str) -> Standing:
        """What a site has, and what is active there (its own version, or the one for everywhere)."""
        pointers = await self.models.pointers()
        own = pointers.get(site, Pointers())
        return Standing(
            site, active_at(pointers, site), own.previous, shadow_at(pointers, site), own.since,
            await self.models.cards(site),
        )  # fmt: skip

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
        return ModelScorer(line_up=LineUp(active={EVERYWHERE: version.correction}))

    async def promote(self, site: str, version: str, *, force: bool = False) -> Pointers:
        """Make a version ("base": the base model) the active one. Raises NotFound, Conflict."""
        if version == BASE:
            version = ""
        else:
            card = await self._own(site, version)
            if not card.passed and not force:
                raise Conflict(f"The gate refused {version}: `antechamber models show {version}` says why.")
            await self.version(version)  # what can't be loaded here can't be loaded by a worker either
        pointers = await self.models.promote(site, version, at=self._clock())
        await self._accounts.audit("models.promote", f"{site} {version or BASE}")
        return pointers

    async def roll_back(self, site: str, *, seen: str | None = None, why: str = "") -> Pointers:
        """Take a site's last switch back, if `seen` (a version) is still active. Raises Conflict."""
        pointers = await self.models.roll_back(site, at=self._clock(), seen=seen)
        await self._accounts.audit("models.rollback", f"{site} {pointers.active or BASE}{' ' if why else ''}{why}")
        return pointers

    async def shadow(self, site: str, version: str) -> Pointers:
        """Let a version score a site's comments silently; "" ends that. What another one counted is dropped."""
        if version:
            await self._own(site, version)
            await self.version(version)
        pointers = await self.models.shadow(site, version, at=self._clock())
        for one in [site] if site != EVERYWHERE else [known.id for known in await self._accounts.all()]:
            await self.rivalry.forget(one)
        await self._accounts.audit("models.shadow", f"{site} {version or '-'}")
        return pointers

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
