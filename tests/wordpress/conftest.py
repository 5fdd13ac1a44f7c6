"""A database server, WordPress, and the service, once for all tests here; a blog with our plugin, and one with Akismet's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.stack import Stack
from tests.wordpress import mariadb
from tests.wordpress.api import Api
from tests.wordpress.blog import Blog, unpack
from tests.wordpress.connection import Away, Connect, add_site, plugin_settings
from tests.wordpress.tap import Tap

OURS = "antechamber/antechamber.php"
AKISMETS = "akismet/akismet.php"
DATABASES = ("ours", "akismet", "spare", "network")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "wordpress: needs PHP, MariaDB and WordPress (.ci/wordpress.sh)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("wordpress")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wp")


@pytest.fixture(scope="session")
def database(folder: Path) -> Iterator[Path]:
    with mariadb.running(folder, DATABASES) as socket:
        yield socket


@pytest.fixture(scope="session")
def wordpress(folder: Path) -> Path:
    unpack(folder / "wordpress")
    return folder / "wordpress"


@pytest.fixture(scope="session")
def service(folder: Path) -> Iterator[Stack]:
    stack = Stack(folder, site_cache="0", deliver_schedule="0,0.2,0.5,1,2,5")
    try:
        asyncio.run(stack.up())
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def credentials(service: Stack, _ours: Blog) -> dict[str, str]:
    return add_site(service, "blog", _ours.callback)


@pytest.fixture(scope="session")
def _ours(wordpress: Path, folder: Path, database: Path) -> Iterator[Blog]:
    blog = Blog(wordpress, folder, "ours", database)
    blog.set_up(OURS)
    with blog.served():
        yield blog


@pytest.fixture
def blog(_ours: Blog, service: Stack, connect: Connect) -> Iterator[Blog]:
    """A blog with our plugin, connected, and the service running; PHP must not have complained about the plugin."""
    connect()
    yield _ours
    asyncio.run(service.up())
    assert _ours.complaints() == ""


@pytest.fixture
def connect(_ours: Blog, service: Stack, credentials: dict[str, str]) -> Connect:
    """Change the plugin's settings: connect(max_wait=1)."""

    def connect(**more: Any) -> None:
        settings = plugin_settings(service, credentials, **more)
        _ours.call("option", name="antechamber_settings", value=settings)

    return connect


@pytest.fixture
def api(service: Stack, credentials: dict[str, str]) -> Api:
    """The blog's side of the service's native API."""
    return Api(service.base, credentials["api_key"])


@pytest.fixture
def away(service: Stack, blog: Blog) -> Away:
    """`with away():` the service does not answer; `with away(*ROLES)`: all of it is stopped, as an operator stops it."""

    @contextlib.contextmanager
    def away(*roles: str) -> Iterator[None]:
        for role in roles or ("api",):
            service.stop(role)
        try:
            yield
        finally:
            asyncio.run(service.up())

    return away


@pytest.fixture
def tap(service: Stack, connect: Connect, blog: Blog) -> Iterator[Tap]:
    """A wire-tap between the blog and the service."""
    with Tap.between(service.base) as tap:
        connect(url=tap.url)
        yield tap


@pytest.fixture(scope="session")
def akismet_blog(wordpress: Path, folder: Path, database: Path) -> Iterator[Blog]:
    """A blog with the real Akismet plugin, and ours only to point it at the service."""
    blog = Blog(wordpress, folder, "akismet", database)
    blog.set_up(OURS, AKISMETS)
    with blog.served():
        yield blog
    assert blog.complaints() == ""


@pytest.fixture
def spare_blog(wordpress: Path, folder: Path, database: Path) -> Iterator[Blog]:
    """A blog that a test may ruin."""
    blog = Blog(wordpress, folder, "spare", database)
    blog.set_up(OURS)
    with blog.served():
        yield blog
