"""Keeps a process's scorer on the versions that the registry points to, within about two seconds of a promotion.

A version that can't be loaded changes nothing: what was active stays so, a metric and a log line say it, and it is tried
again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

import classifier
from service import metrics
from service.core.errors import ModelUnavailable, NotFound, StoreUnavailable
from service.core.model_version import DamagedVersion, Pointers
from service.learning.registry import opened
from service.scorer import ActiveModels, ModelScorer
from service.settings import Settings
from service.store.models import Models

if TYPE_CHECKING:
    from service.scorer import ModelScorer


POLL = 1.0
"""Seconds between looks at the pointers, should their announcement get lost."""
_RETRY = 10.0  # seconds before a version that could not be loaded is tried again

log = structlog.get_logger(__name__)


class ModelReloader:
    """Equips one scorer. `equip` may be called by itself, before the first comment is scored."""

    def __init__(self, models: Models, scorer: ModelScorer) -> None:
        self._models = models
        self.scorer = scorer
        self._seen: dict[str, Pointers] = {}
        self._loaded: dict[str, classifier.Correction] = {}
        self._broken: dict[str, float] = {}  # version -> when it may be tried again (the loop's clock)
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Follow until cancelled."""
        async for _ in self._models.changes(POLL):
            with contextlib.suppress(StoreUnavailable):  # what is loaded goes on scoring
                await self.refresh()

    async def refresh(self) -> None:
        """Bring the scorer up to date. Raises StoreUnavailable."""
        async with self._turn:
            pointers = await self._models.pointers()
            if pointers == self._seen and not self._due():
                return
            for version in _wanted(pointers) - self._loaded.keys():
                await self._load(version)
            before = self.scorer.active_models
            self.scorer.use(
                ActiveModels(
                    active={
                        site: self._found(p.active, before.active.get(site)) for site, p in pointers.items() if p.since
                    },
                    shadow={site: self._loaded.get(p.shadow) for site, p in pointers.items() if p.shadow},
                )
            )
            self._seen = pointers
            wanted = _wanted(pointers)
            self._loaded = {name: one for name, one in self._loaded.items() if name in wanted}
            self._broken = {name: again for name, again in self._broken.items() if name in wanted}

    def _found(self, version: str, before: classifier.Correction | None) -> classifier.Correction | None:
        """The version that is to be active, or the one that was, when it could not be loaded."""
        return self._loaded.get(version, before) if version else None

    def _due(self) -> bool:
        now = asyncio.get_running_loop().time()
        return any(again <= now for again in self._broken.values())

    async def _load(self, version: str) -> None:
        loop = asyncio.get_running_loop()
        if self._broken.get(version, 0.0) > loop.time():
            return
        try:
            packed = await self._models.artefact(version)
            correction = await asyncio.to_thread(opened, packed)
            if correction.base != self.scorer.base.version:
                raise classifier.ArtifactError("it corrects another base model than this one")
        except (classifier.ArtifactError, DamagedVersion, NotFound) as error:
            self._broken[version] = loop.time() + _RETRY
            metrics.MODEL_SWITCHES.labels("failed").inc()
            log.error("model version can't be used", model=version, error=type(error).__name__, why=str(error))
        else:
            self._broken.pop(version, None)
            self._loaded[version] = correction
            metrics.MODEL_SWITCHES.labels("loaded").inc()
            log.info("model version loaded", model=version)


def _wanted(pointers: Mapping[str, Pointers]) -> set[str]:
    return {version for p in pointers.values() for version in (p.active, p.shadow) if version}


# The API's model: loaded when somebody asks, on the versions that are active then, and kept on them. For `app.py`.


class LazyModel:
    """Call it, in a thread, for the scorer. It lives as long as `context`, which is to be one of the application's."""

    def __init__(self, models: Models, settings: Settings | None = None) -> None:
        self._models = models
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def context(self, _: web.Application) -> AsyncIterator[None]:
        """What the application has as a cleanup context."""
        self._loop = asyncio.get_running_loop()
        yield
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def __call__(self) -> ModelScorer:
        """Load it. Raises ModelUnavailable. Not in the event loop's own thread, which it waits for."""
        import classifier  # noqa: PLC0415  (numpy takes a while, and many API processes never score)
        from service.scorer import ModelScorer  # noqa: PLC0415

        try:
            scorer = ModelScorer(settings=self._settings)
        except classifier.ArtifactError as error:
            raise ModelUnavailable from error
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._follow(scorer), self._loop).result()
        return scorer

    async def _follow(self, scorer: ModelScorer) -> None:

        reloader = ModelReloader(self._models, scorer)
        with contextlib.suppress(StoreUnavailable):  # then it is equipped as soon as Redis answers
            await reloader.refresh()
        self._task = asyncio.create_task(reloader.run())
