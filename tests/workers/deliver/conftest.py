"""Receivers for the deliverer's tests, and settings that make tries follow each other quickly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from service.container import Services, open_services
from service.core.site import Site
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.store.server import EmbeddedServer
from tests.support.receivers import Receiver, http_receiver

Open = Callable[..., AbstractAsyncContextManager[Services]]


def quick(data_dir: Path, **more: Any) -> Settings:
    settings: dict[str, Any] = {
        "data_dir": data_dir,
        "site_cache": 0.0,
        "deliver_schedule": "0,0.05,0.05,0.05",
        "deliver_timeout": 0.5,
        "drain_timeout": 2.0,
        "callback_allow": "127.0.0.0/8",
    }
    return Settings(**(settings | more))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return quick(tmp_path)


@pytest.fixture
def open_with(server: EmbeddedServer, secrets: KeyFiles, tmp_path: Path) -> Open:
    """Opens another process's resources, on the same server, with settings of its own."""
    return lambda **more: open_services(quick(tmp_path, **more), secrets, server.url)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with http_receiver() as receiver:
        yield receiver


@pytest.fixture
async def site(services: Services, receiver: Receiver) -> Site:
    return (await services.accounts.add("blog", "https://blog.example", receiver.url)).site
