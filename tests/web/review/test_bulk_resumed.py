"""A bulk decision outlives the process that works on it: another one goes on, and each comment is decided once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar

from service.clock import now_ms
from service.container import Services, open_services
from service.core.comment import Actor
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from service.core.review import Progress
from service.core.site import Known
from service.keyfiles import KeyFiles, load
from service.settings import Settings
from service.store.bulk import Bulks
from service.store.server import EmbeddedServer
from tests.support.api_process import api_process
from tests.support.desk import PASSWORD, Desk
from tests.support.queue import hold_many

MANY = 600
_SPAM = {"outcome": "reject", "reasons": ["spam"]}
_MO = Actor(ActorKind.MODERATOR, "mo")


@pytest.fixture
def secrets(tmp_path: Path) -> KeyFiles:
    """Where a process of its own finds them too."""
    return load(tmp_path / "secrets")


@pytest.fixture
async def held(services: Services, site: Known) -> list[str]:
    await services.moderators.add("mo", Role.MODERATOR, ["blog"], PASSWORD)
    return await hold_many(services, site, range(MANY), random.Random(1))


@asynccontextmanager
async def _served(server: EmbeddedServer, services: Services) -> AsyncIterator[tuple[asyncio.subprocess.Process, Desk]]:
    """A moderator at an API process of its own."""
    folder = services.settings.data_dir / "secrets"
    variables = {"DATA_DIR": str(services.settings.data_dir), "REVIEW_UNDO_SECONDS": "600"}
    async with (
        api_process(folder, server.url, **variables) as (process, address),
        ClientSession(address, cookie_jar=DummyCookieJar()) as session,
    ):
        desk = Desk(session, "mo")  # type: ignore[arg-type]  # it asks for no more than a session can do
        assert (await desk.sign_in()).status == 200
        yield process, desk


async def _until(desk: Desk, bulk: str, **reached: Any) -> Any:
    """How a bulk decision stands as soon as a number is reached, or a state is entered."""
    async with asyncio.timeout(60):
        while True:
            view = await desk.get(f"/bulk/{bulk}")
            if all(view[name] >= value if name != "state" else view[name] == value for name, value in reached.items()):
                return view
            await asyncio.sleep(0.01)


async def _done(services: Services, bulk: str) -> Progress:
    """How a bulk decision stands once it is done."""
    async with asyncio.timeout(60):
        while (progress := await services.review.bulk.look(bulk, by=_MO)).state != "done":
            await asyncio.sleep(0.01)
    return progress


async def _decisions(services: Services, ids: list[str]) -> Counter[str]:
    """How often each thing was done to the comments by the moderator, one word for each comment."""
    histories = [await services.comments.history(one) for one in ids]
    return Counter(" ".join(line.what for line in history if line.actor == _MO) for history in histories)


async def test_what_a_killed_process_left_is_finished_by_another(
    server: EmbeddedServer, services: Services, held: list[str]
) -> None:
    async with _served(server, services) as (process, desk):
        plan = await desk.send("POST", "/bulk", {"action": _SPAM, "ids": held})
        await desk.send("POST", "/bulk", {"token": plan["token"], "confirm": MANY}, status=202)
        await _until(desk, plan["token"], done=50)
        process.kill()
        await process.wait()
    stopped = await _decisions(services, held)
    assert stopped["decided"] >= 50
    assert stopped[""] > 0, "it was done before it could be killed"
    async with _served(server, services) as (process, desk):
        assert (await desk.get(f"/bulk/{plan['token']}"))["state"] == "running"
        view = await _until(desk, plan["token"], state="done")
        assert (view["done"], view["skipped"]) == (MANY, 0)
        assert await _decisions(services, held) == {"decided": MANY}
        assert await services.examples.count("blog") == MANY
        await desk.send("POST", f"/bulk/{plan['token']}/undo", status=202)
        await _until(desk, plan["token"], undone=50)
        process.kill()
        await process.wait()
    stopped = await _decisions(services, held)
    assert stopped["decided undone"] >= 50
    assert stopped["decided"] > 0, "it was done before it could be killed"
    async with _served(server, services) as (_, desk):
        view = await _until(desk, plan["token"], state="undone")
        assert (view["undone"], view["skipped"]) == (MANY, 0)
    assert await _decisions(services, held) == {"decided undone": MANY}
    assert await services.examples.count("blog") == 0
    assert (await services.review.lists.counts(["blog"]))["flagged"] == MANY
    assert not await services.connection.client.exists(services.connection.keys.bulks)


async def test_two_that_work_on_it_at_once_decide_and_count_once(
    server: EmbeddedServer, secrets: KeyFiles, settings: Settings, services: Services, held: list[str]
) -> None:
    bulk = services.review.bulk
    (site,) = await services.accounts.all()
    comments = await bulk.some(held, {"blog": site})
    token, _, _ = await bulk.plan(comments, Outcome.APPROVE, [], "", among={"blog": site}, by=_MO)
    async with open_services(settings, secrets, server.url) as other:
        await bulk.begin(token, MANY, by=_MO)
        other.review.bulk_runner.start(token, taken_over=True)
        progress = await _done(services, token)
    assert (progress.done, progress.skipped) == (MANY, 0)
    assert await _decisions(services, held) == {"decided": MANY}


async def test_steps_that_were_done_and_never_noted_are_not_done_again(services: Services, held: list[str]) -> None:
    bulk, decisions = services.review.bulk, services.review.decisions
    (site,) = await services.accounts.all()
    comments = await bulk.some(held, {"blog": site})
    token, _, _ = await bulk.plan(comments, Outcome.APPROVE, [], "", among={"blog": site}, by=_MO)
    for comment in held[:3]:  # as by a process that died before it could say so
        await decisions.decide(site, comment, Outcome.APPROVE, by=_MO, revision=2, bulk=token)
    await decisions.decide(site, held[3], Outcome.REJECT, by=_MO, revision=2, reasons=["spam"])
    await bulk.begin(token, MANY, by=_MO)
    progress = await _done(services, token)
    assert (progress.done, progress.skipped) == (MANY - 1, 1)
    assert progress.first_skipped == [(held[3], "changed")]
    assert await _decisions(services, held) == {"decided": MANY}


async def test_what_was_under_way_is_taken_back_too(services: Services, held: list[str]) -> None:
    bulk, bulks = services.review.bulk, Bulks(services.connection)
    (site,) = await services.accounts.all()
    comments = await bulk.some(held, {"blog": site})
    token, _, _ = await bulk.plan(comments, Outcome.APPROVE, [], "", among={"blog": site}, by=_MO)
    now = now_ms()
    assert await bulks.begin(token, now=now, leased_until=now - 1, undo_until=now + 600_000)
    for comment in held[:7]:  # as by a process that died before it could say so
        await services.review.decisions.decide(
            site, comment, Outcome.APPROVE, by=_MO, revision=2, until=now + 600_000, bulk=token
        )
    await bulk.undo(token, {"blog": site}, by=_MO, others=False)
    async with asyncio.timeout(60):
        while (progress := await bulk.look(token, by=_MO)).state != "undone":
            await asyncio.sleep(0.01)
    assert (progress.done, progress.undone, progress.skipped) == (7, 7, 0)
    assert await _decisions(services, held) == {"decided undone": 7, "": MANY - 7}


async def test_a_process_that_stops_lets_another_go_on_at_once(
    server: EmbeddedServer, secrets: KeyFiles, settings: Settings, services: Services, held: list[str]
) -> None:
    (site,) = await services.accounts.all()
    async with open_services(settings, secrets, server.url) as stopping:
        bulk = stopping.review.bulk
        comments = await bulk.some(held, {"blog": site})
        token, _, _ = await bulk.plan(comments, Outcome.APPROVE, [], "", among={"blog": site}, by=_MO)
        await bulk.begin(token, MANY, by=_MO)
        while (await bulk.look(token, by=_MO)).done < 50:
            await asyncio.sleep(0.01)
    client, keys = services.connection.client, services.connection.keys
    assert await client.zscore(keys.bulks, token) == 0
    monitoring = asyncio.create_task(services.review.bulk_runner.watch())
    progress = await _done(services, token)
    monitoring.cancel()
    assert (progress.done, progress.skipped) == (MANY, 0)
    assert await _decisions(services, held) == {"decided": MANY}
    assert await client.zscore(keys.bulks, token) is None
    assert progress.undo_until > now_ms()
