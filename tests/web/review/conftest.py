"""The application on a real server, and moderators at it. Every desk keeps its own cookie; the client keeps none."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher

from service.app import api_application
from service.container import Services
from service.core.moderator import Role
from service.core.site import Known
from tests.support.desk import Desk, seat
from tests.support.moderation import WordScorer
from tests.support.platform import Platform


@pytest.fixture(autouse=True)
def _quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords cheaply: as the service does it, each costs a core 0.2 s, as it should. Where that is tried, it is so."""
    if request.path.name != "test_session.py":
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr("service.usecases.moderators._HASHER", cheap)


@pytest.fixture
async def client(aiohttp_client: Any, services: Services) -> TestClient[Any, Any]:
    application = api_application(services, load_scorer=WordScorer)
    return await aiohttp_client(application, cookie_jar=DummyCookieJar())


@pytest.fixture
async def platform(client: TestClient[Any, Any], services: Services, site: Known) -> Platform:
    """The site `blog`."""
    return Platform(client, services, site)


@pytest.fixture
async def shop(client: TestClient[Any, Any], services: Services) -> Platform:
    """Another site."""
    return Platform(client, services, await services.accounts.add("shop", "https://shop.example"))


@pytest.fixture
async def operator(client: TestClient[Any, Any], services: Services, site: Known) -> Desk:
    """An operator of all sites."""
    return await seat(client, services, "olga", Role.OPERATOR)


@pytest.fixture
async def moderator(client: TestClient[Any, Any], services: Services, site: Known) -> Desk:
    """A moderator of the site `blog`."""
    return await seat(client, services, "mo", Role.MODERATOR, ["blog"])
