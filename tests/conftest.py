"""What every part's tests may use: a real server, emptied between tests, and the resources of a process on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.keyfiles import KeyFiles, load
from service.resources import Resources, open_resources
from service.settings import Settings
from service.store.accounts import Known
from service.store.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("data"), fsync="everysec") as server:
        yield server


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return load(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Override it to test other ones; sites are not cached, so that a change counts at once."""
    return Settings(data_dir=tmp_path, site_cache=0.0)


@pytest.fixture
async def resources(server: EmbeddedServer, secrets: KeyFiles, settings: Settings) -> AsyncIterator[Resources]:
    async with open_resources(settings, secrets, server.url) as resources:
        await resources.connection.client.flushall()
        await resources.work.prepare()
        yield resources


@pytest.fixture
async def site(resources: Resources) -> Known:
    return await resources.accounts.add("blog", "https://blog.example", "https://blog.example/hook")
