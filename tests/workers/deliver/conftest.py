"""A real server and real receivers for the deliverer's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from service.core.site import Site
from service.keyfiles import KeyFiles, load
from service.resources import Resources, open_resources
from service.settings import Settings
from service.store.embedded import EmbeddedServer
from tests.support.receivers import Receiver, http_receiver

Open = Callable[..., AbstractAsyncContextManager[Resources]]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("data"), fsync="everysec") as server:
        yield server


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return load(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
async def open_with(server: EmbeddedServer, secrets: KeyFiles, tmp_path: Path) -> Open:
    """Opens resources with settings that make tries follow each other quickly, over what a test sets itself."""

    def open_(**settings: Any) -> AbstractAsyncContextManager[Resources]:
        quick = {"deliver_schedule": "0,0.05,0.05,0.05", "deliver_timeout": 0.5, "callback_allow": "127.0.0.0/8"}
        made = Settings(data_dir=tmp_path, site_cache=0.0, drain_timeout=2.0, **(quick | settings))
        return open_resources(made, secrets, server.url)

    return open_


@pytest.fixture
async def resources(open_with: Open) -> AsyncIterator[Resources]:
    async with open_with() as resources:
        await resources.connection.client.flushall()
        await resources.work.prepare()
        yield resources


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with http_receiver() as receiver:
        yield receiver


@pytest.fixture
async def site(resources: Resources, receiver: Receiver) -> Site:
    return (await resources.accounts.add("blog", "https://blog.example", receiver.url)).site
