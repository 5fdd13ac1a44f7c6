"""The application on a real server, and a platform that speaks with it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.app import api_application
from service.resources import Resources
from service.store.accounts import Known
from tests.support.moderation import WordScorer
from tests.support.platform import Platform


@pytest.fixture
async def client(aiohttp_client: Any, resources: Resources) -> TestClient[Any, Any]:
    return await aiohttp_client(api_application(resources, load_scorer=WordScorer))


@pytest.fixture
async def platform(client: TestClient[Any, Any], resources: Resources, site: Known) -> Platform:
    return Platform(client, resources, site)
