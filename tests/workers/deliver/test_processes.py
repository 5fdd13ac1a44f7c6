"""Deliverers as processes of their own: killed without mercy, stopped, several at once."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from service import keyfiles
from service.container import Services
from service.core.site import Site
from service.keyfiles import KeyFiles
from service.store.server import EmbeddedServer
from tests.support.delivering import decide
from tests.support.receivers import Heard, Receiver
from tests.support.waiting import until

Start = Callable[..., Awaitable[Process]]


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared-secrets")


@pytest.fixture(scope="session")
def secrets(secrets_dir: Path) -> KeyFiles:
    """The secrets of this process and of those that it starts."""
    return keyfiles.load(secrets_dir)


@pytest.fixture
async def start(server: EmbeddedServer, secrets_dir: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a deliverer with settings; all are killed at the end."""
    started: list[Process] = []

    async def start(**settings: object) -> Process:
        quick = {
            "data_dir": tmp_path, "secrets_dir": secrets_dir, "callback_allow": "127.0.0.0/8", "deliver_timeout": 0.5,
            "deliver_schedule": "0,0.05,0.05,0.05", "drain_timeout": 5,
        }  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTECHAMBER_")}
        environment |= {f"ANTECHAMBER_{name.upper()}": str(value) for name, value in (quick | settings).items()}
        with (tmp_path / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "service.cli", "serve", "--only", "deliver",
                env=environment | {"REDIS_URL": server.url}, stderr=log,
            )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_killed_between_sending_and_settling_it_sends_again_with_the_same_id(
    services: Services, site: Site, receiver: Receiver, start: Start
) -> None:
    hold = receiver.hold()
    first = await decide(services, site, "1")
    second = await decide(services, site, "1")
    process = await start()
    await receiver.wait_for(1, seconds=20)
    process.kill()
    await process.wait()
    hold.set()
    assert await services.outbox.under_way("blog") == 1, "it could not hand anything back"
    receiver.answer = lambda _: web.Response()
    await start()
    await receiver.wait_for(3, seconds=20)
    assert receiver.ids == [first, first, second]
    assert receiver.heard[0].body == receiver.heard[1].body
    await until(lambda: _nothing_left(services))


async def test_stopped_in_the_middle_it_leaves_nothing_claimed(
    services: Services, site: Site, receiver: Receiver, start: Start
) -> None:
    hold = receiver.hold()
    message = await decide(services, site, "1")
    process = await start(deliver_timeout=60, drain_timeout=0.2)
    await receiver.wait_for(1, seconds=20)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    hold.set()
    assert await services.outbox.under_way("blog") == 0
    receiver.answer = lambda _: web.Response()
    await start(deliver_timeout=60)
    await receiver.wait_for(2, seconds=20)
    assert receiver.ids == [message, message]


async def test_several_deliverers_share_the_work_and_repeat_none_of_it(
    services: Services, site: Site, receiver: Receiver, start: Start
) -> None:
    async def briefly(_: Heard) -> web.Response:
        await asyncio.sleep(0.01)
        return web.Response()

    receiver.answer = briefly
    processes = [await start(deliver_timeout=10) for _ in range(2)]
    told = {await decide(services, site, str(number % 30)) for number in range(120)}
    await receiver.wait_for(120, seconds=30)
    await until(lambda: _nothing_left(services))
    assert len(receiver.ids) == 120
    assert set(receiver.ids) == told
    revisions: dict[str, list[int]] = {}
    for heard in receiver.heard:
        revisions.setdefault(heard.event["data"]["id"], []).append(heard.event["data"]["revision"])
    assert all(seen == sorted(seen) for seen in revisions.values())
    for process in processes:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def _nothing_left(services: Services) -> bool:
    return await services.outbox.next_due() is None and await services.outbox.under_way("blog") == 0
