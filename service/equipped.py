"""The API's model: loaded when somebody asks, on the versions that are active then, and kept on them. For `app.py`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from service.core.errors import ModelUnavailable, StoreUnavailable
from service.store.models import Models

if TYPE_CHECKING:
    from service.scorer import ModelScorer


class EquippedModel:
    """Call it, in a thread, for the scorer. It lives as long as `context`, which is to be one of the application's."""

    def __init__(self, models: Models) -> None:
        self._models = models
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
            scorer = ModelScorer()
        except classifier.ArtifactError as error:
            raise ModelUnavailable from error
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._follow(scorer), self._loop).result()
        return scorer

    async def _follow(self, scorer: ModelScorer) -> None:
        from service.following import Following  # noqa: PLC0415

        following = Following(self._models, scorer)
        with contextlib.suppress(StoreUnavailable):  # then it is equipped as soon as Redis answers
            await following.equip()
        self._task = asyncio.create_task(following.run())
