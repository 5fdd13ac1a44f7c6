"""The application on a real server, and moderators at it. Every desk keeps its own cookie; the client keeps none."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient

from service.app import api_application
from service.core.staff import Role
from service.resources import Resources
from service.store.accounts import Known
from tests.support.desk import Desk, seat
from tests.support.moderation import WordScorer
from tests.support.platform import Platform


@pytest.fixture
async def client(aiohttp_client: Any, resources: Resources) -> TestClient[Any, Any]:
    application = api_application(resources, load_scorer=WordScorer)
    return await aiohttp_client(application, cookie_jar=DummyCookieJar())


@pytest.fixture
async def platform(client: TestClient[Any, Any], resources: Resources, site: Known) -> Platform:
    """The site `blog`."""
    return Platform(client, resources, site)


@pytest.fixture
async def shop(client: TestClient[Any, Any], resources: Resources) -> Platform:
    """Another site."""
    return Platform(client, resources, await resources.accounts.add("shop", "https://shop.example"))


@pytest.fixture
async def operator(client: TestClient[Any, Any], resources: Resources, site: Known) -> Desk:
    """An operator of all sites."""
    return await seat(client, resources, "olga", Role.OPERATOR)


@pytest.fixture
async def moderator(client: TestClient[Any, Any], resources: Resources, site: Known) -> Desk:
    """A moderator of the site `blog`."""
    return await seat(client, resources, "mo", Role.MODERATOR, ["blog"])
