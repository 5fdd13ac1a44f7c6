"""What every part's tests may use: a real server, emptied between tests, and the resources of a process on it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from types import FrameType

import pytest
import structlog
from hypothesis import settings as hypothesis
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from service.container import Services, open_services
from service.core.site import Known
from service.keyfiles import KeyFiles, load
from service.settings import Settings
from service.store.client import Connection
from service.store.server import EmbeddedServer

hypothesis.register_profile("patient", deadline=None)  # how long an example takes is the machine's affair
hypothesis.load_profile("patient")

SHARING = ("browser", "wordpress", "clients")
"""Folders whose tests share a running service, so that one worker has them all."""
LONGEST = (
    "wordpress", "system/test_learning", "browser", "system", "web/review/test_lists_agree", "clients", "learning/test_training",
    "classifier/training", "classifier/evaluation", "commands",
)  # fmt: skip
"""What to begin with when tests run in parallel, so that no worker is left alone with it at the end."""


class Together(LoadScopeScheduling):
    """In parallel (`-n`): a worker has a whole file, or a whole folder that shares something."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.split("/")[1]
        return folder if folder in SHARING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In parallel, the longest go first."""
    if hasattr(config, "workerinput"):
        here = Path(__file__).parent
        items.sort(key=lambda item: _place(item.path.relative_to(here).as_posix()))


def _place(path: str) -> int:
    return next((place for place, begin in enumerate(LONGEST) if path.startswith(begin)), len(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Generator[None, object, object]:
    """A test that hangs fails with its stack, and that is the event loop's: say what each task waits for, too."""
    done = yield
    fail = signal.getsignal(signal.SIGALRM)

    def say(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(RuntimeError):  # no loop runs
            for task in asyncio.all_tasks():
                task.print_stack()
        if callable(fail):
            fail(number, frame)

    signal.signal(signal.SIGALRM, say)
    return done


@pytest.fixture(scope="session", autouse=True)
def _loggers_that_listen() -> Iterator[None]:
    """A logger that was kept under one test's `logs.configure` would be deaf to `capture_logs` in all later ones."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", lambda **told: configure(**told | {"cache_logger_on_first_use": False}))
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("data"), fsync="everysec") as server:
        yield server


@pytest.fixture
async def emptied(server: EmbeddedServer) -> EmbeddedServer:
    """The server with nothing in it: no site whose keys are others than a test's own."""
    async with Connection(server.url) as connection:
        await connection.client.flushall()
    return server


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return load(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Override it to test other ones; sites are not cached, so that a change counts at once."""
    return Settings(data_dir=tmp_path, site_cache=0.0)


@pytest.fixture
async def services(server: EmbeddedServer, secrets: KeyFiles, settings: Settings) -> AsyncIterator[Services]:
    async with open_services(settings, secrets, server.url) as services:
        await services.connection.client.flushall()
        await services.work.prepare()
        yield services


@pytest.fixture
async def site(services: Services) -> Known:
    return await services.accounts.add("blog", "https://blog.example", "https://blog.example/hook")
