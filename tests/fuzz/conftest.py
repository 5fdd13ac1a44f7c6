"""The application on a real server, and a platform that speaks with it; the client keeps no cookie."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient

from service.app import api_application
from service.container import Services
from service.core.site import Known
from tests.support.moderation import WordScorer
from tests.support.platform import Platform


@pytest.fixture
async def client(aiohttp_client: Any, services: Services) -> TestClient[Any, Any]:
    return await aiohttp_client(api_application(services, load_scorer=WordScorer), cookie_jar=DummyCookieJar())


@pytest.fixture
async def platform(client: TestClient[Any, Any], services: Services, site: Known) -> Platform:
    return Platform(client, services, site)
