"""The service as processes, a browser, and for every test a site of its own with a moderator who sees nothing else."""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY
from playwright.async_api import Browser, async_playwright

from service.container import Services, open_services
from service.core.moderator import Role
from service.keyfiles import load
from service.settings import Settings
from tests.browser.desk import PASSWORD, Desk
from tests.system.stack import Stack

LOOP = {"scope": "package", "loop_scope": "package"}
_number = count(1)


def browser_path() -> str:
    """The machine's Chromium. Its absence is an error: these tests are not to be skipped unawares."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("no Chromium on this machine: install the package chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


@pytest_asyncio.fixture(**LOOP)
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    stack = Stack(
        tmp_path_factory.mktemp("browser"),
        site_cache="0",
        review_undo_seconds="3600",  # nothing that a test does may depend on how fast it is done
        audit_share="1",
        deliver_schedule="0,0.2",
    )
    try:
        await stack.up()
        yield stack
    finally:
        stack.down()


class HashedOnce(PasswordHasher):
    """As the service hashes, which costs a core 0.3 s: everybody here has the same password, and so the same hash."""

    @functools.cache  # noqa: B019  # there is one
    def hash(self, password: str) -> str:  # type: ignore[override]
        return super().hash(password)


@pytest_asyncio.fixture(**LOOP)
async def services(stack: Stack) -> AsyncIterator[Services]:
    """What the processes hold, to arrange things directly."""
    data = stack.folder / "data"
    settings = Settings(data_dir=data, site_cache=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.usecases.moderators._HASHER", HashedOnce.from_parameters(RFC_9106_LOW_MEMORY))
        async with open_services(settings, load(data / "secrets"), stack.environment["REDIS_URL"]) as services:
            yield services


@pytest_asyncio.fixture(**LOOP)
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(**LOOP)
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(loop_scope="package")
async def desk(stack: Stack, services: Services, browser: Browser, http: aiohttp.ClientSession) -> AsyncIterator[Desk]:
    """A site where everything is held, and an operator who sees it."""
    number = next(_number)
    known = await services.accounts.add(f"site{number}", f"https://site{number}.example")
    desk = Desk(stack, services, browser, http, known, f"ada{number}")
    await desk.policy("hold-everything")
    await services.moderators.add(desk.name, Role.OPERATOR, (known.site.id,), PASSWORD)
    try:
        yield desk
        assert desk.complaints == []
    finally:
        with contextlib.suppress(Exception):
            await desk.close()
