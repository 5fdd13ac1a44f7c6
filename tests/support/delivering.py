"""A deliverer that runs during a test, and something for it to tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.container import Services
from service.core.comment import Actor
from service.core.delivery import Attempt
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Site
from service.core.submission import comment_id
from service.workers.deliver import run_deliver
from tests.support.moderation import submission
from tests.support.waiting import until


@asynccontextmanager
async def delivering(services: Services) -> AsyncIterator[asyncio.Event]:
    """A deliverer that runs meanwhile; it is stopped and drained at the end."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_deliver(services, stop))
    try:
        yield stop
    finally:
        stop.set()
        await task


async def decide(services: Services, site: Site, platform_id: str, outcome: Outcome = Outcome.APPROVE) -> str:
    """A comment of the platform's, decided by a moderator; the id of the call-back that tells of it."""
    comment = comment_id(site.id, platform_id)
    if await services.comments.get(comment) is None:
        await services.moderation.submit(site, submission(services, platform_id))
    decided = await services.moderation.decide(site, comment, outcome, actor=Actor(ActorKind.MODERATOR, "eve"))
    return f"msg_{comment}_{decided.revision}"


async def attempts(services: Services, site: str, count: int) -> list[Attempt]:
    """The delivery log, oldest first, once it has so many lines."""

    async def logged() -> list[Attempt]:
        lines = await services.outbox.log(site, 1_000)
        return lines[::-1] if len(lines) >= count else []

    return list(await until(logged))
