"""Sites are trained by themselves when enough was decided, and switched to what is better; the log says who did it."""

from __future__ import annotations

import asyncio
import dataclasses

from service.container import Services
from service.core.site import Known
from service.workers.models import SCHEDULE, run_learning, train
from tests.support.learning import examples


async def teach(services: Services, count: int, **more: object) -> None:
    for one in examples(count, **more):  # type: ignore[arg-type]
        await services.examples.add(one)


async def test_a_site_is_trained_when_it_is_due_and_only_then(services: Services, site: Known) -> None:
    assert await train(services, "blog") == "nothing"  # nobody has decided anything
    await teach(services, 300)
    assert await train(services, "blog") == "promoted"
    standing = await services.learning.registry.standing("blog")
    assert standing.active == standing.cards[0].version
    lines = [(line.what, line.actor) for line in await services.accounts.audited(limit=2)]
    assert sorted(lines) == [("models.promote", SCHEDULE), ("models.train", SCHEDULE)]
    assert await train(services, "blog") == "nothing"
    await teach(services, 200, seed=1, begin=300 * 60_000, flipped=0.5)
    assert await train(services, "blog") in ("refused", "passed")
    assert (await services.learning.registry.standing("blog")).active == standing.active


async def test_too_few_decisions_end_nothing(services: Services, site: Known) -> None:
    await teach(services, 60)
    assert await train(services, "blog") == "nothing"
    assert await services.models.cards("blog") == []


async def test_the_role_goes_through_all_sites_and_stops_when_told(services: Services, site: Known) -> None:
    await services.accounts.add("forum", "https://forum.example")
    await teach(services, 300)
    await teach(services, 300, site="forum", seed=2)
    services = dataclasses.replace(services, settings=services.settings.model_copy(update={"learn_interval": 3600.0}))
    stop = asyncio.Event()
    role = asyncio.create_task(run_learning(services, stop))
    while not all([await services.models.cards(one) for one in ("blog", "forum")]):
        await asyncio.sleep(0.05)
    stop.set()
    await role
