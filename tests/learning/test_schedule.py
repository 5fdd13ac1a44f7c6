"""Sites are trained by themselves when enough was decided, and switched to what is better; the log says who did it."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from service import metrics
from service.clock import now_ms
from service.container import Services
from service.core.site import Known
from service.workers import models
from service.workers.models import SCHEDULE, run_learning, run_watch, train
from tests.support.learning import examples
from tests.support.waiting import until


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

    async def learnt() -> bool:
        return all([await services.models.cards(one) for one in ("blog", "forum")])

    await until(learnt, seconds=120)
    stop.set()
    await role


def hourly(services: Services, interval: float = 3600.0) -> Services:
    settings = services.settings.model_copy(update={"learn_interval": interval})
    return dataclasses.replace(services, settings=settings)


async def test_one_site_s_fault_keeps_no_other_waiting_and_a_dead_process_for_a_moment_only(
    services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.accounts.add("forum", "https://forum.example")
    seen: list[str] = []

    async def fails_first(_: Services, name: str) -> str:
        seen.append(name)
        if len(seen) == 1:
            raise RuntimeError("this site's version is damaged")
        return "nothing"

    monkeypatch.setattr(models, "train", fails_first)
    monkeypatch.setattr(models, "_LEASE", 0.3)
    assert await services.models.take_turn("learn", models._LEASE)  # by a process that died
    stop = asyncio.Event()
    role = asyncio.create_task(run_learning(hourly(services, 0.2), stop))
    await until(lambda: len(seen) >= 2)
    stop.set()
    await role
    assert sorted(seen[:2]) == ["blog", "forum"]


async def test_what_is_decided_in_a_row_is_learnt_together(services: Services, site: Known) -> None:
    """Not its first half, too little to be judged by, while the other half comes in."""
    began = now_ms()
    await teach(services, 1, begin=began)
    waiting = asyncio.create_task(models._quiet(hourly(services, 0.8), "blog", asyncio.Event()))
    while not waiting.done():
        newest = now_ms()
        await teach(services, 1, seed=newest, begin=newest)
        if newest >= began + 600:
            break
        await asyncio.sleep(0.05)
    await waiting
    assert now_ms() - await services.examples.newest("blog") >= 800

    stop = asyncio.Event()
    stop.set()
    await teach(services, 1, seed=1, begin=now_ms())
    async with asyncio.timeout(5):
        await models._quiet(hourly(services), "blog", stop)  # nobody waits who is to stop


async def test_new_decisions_count_though_old_ones_are_erased(services: Services, site: Known) -> None:
    await teach(services, 300)
    learning: Any = services.learning
    await learning.train("blog", promote_if_better=False, step=lambda _: None)
    assert not await learning.due("blog", 50)
    await services.connection.client.zremrangebyrank(services.connection.keys.site("blog", "examples"), 0, 99)
    await teach(services, 49, seed=3, begin=300 * 60_000)
    assert not await learning.due("blog", 50)
    await teach(services, 1, seed=4, begin=400 * 60_000)
    assert await learning.due("blog", 50)


async def test_alerts_are_counted_from_0_on_in_every_process(services: Services, site: Known) -> None:
    """Also where another process looks: its next look may be ours, and an alert is told once."""
    assert await services.models.take_turn("watch", 3600)
    metrics.MODEL_ALERTS.clear()
    stop, scorer = asyncio.Event(), None
    watch = asyncio.create_task(run_watch(services, stop, scorer))  # type: ignore[arg-type]

    async def begun() -> bool:
        return {(site.site.id, what) for what in metrics.MODEL_ALERT_KINDS} <= set(metrics.MODEL_ALERTS._metrics)

    await until(begun)
    stop.set()
    await watch
