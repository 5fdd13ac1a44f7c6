"""Who may speak for a site."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.clock import now_ms
from service.container import Services
from tests.support.platform import Platform, body

PROTECTED = [
    ("POST", "/v1/comments"),
    ("POST", "/v1/comments/batch"),
    ("GET", "/v1/comments"),
    ("GET", "/v1/site"),
    *[("GET", f"/v1/comments/c00000000000000000000000000{more}") for more in ("", "/history", "/explanation")],
    *[("POST", f"/v1/comments/c00000000000000000000000000{more}") for more in ("/decision", "/report")],
    ("DELETE", "/v1/comments/c00000000000000000000000000"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_without_a_key_nothing_is_told(platform: Platform, method: str, path: str) -> None:
    platform.key = None
    response = await platform.ask(method, path)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await response.json())["type"] == "/problems/unauthenticated"


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x", "Bearer \u00e9\u00e9"]
)
async def test_headers_that_do_not_do(platform: Platform, value: str) -> None:
    header = {"Authorization": value.format(key=platform.key)}
    platform.key = None
    assert (await platform.ask("GET", "/v1/site", headers=header)).status == 401


async def test_the_scheme_is_read_in_any_case(platform: Platform) -> None:
    header = {"Authorization": f"bEARER  {platform.key}"}
    platform.key = None
    assert (await platform.ask("GET", "/v1/site", headers=header)).status == 200


async def test_an_akismet_key_opens_nothing_here(platform: Platform, services: Services) -> None:
    platform.key = (await services.accounts.get("blog")).credentials[0].akismet_key
    assert (await platform.submit()).status == 401


async def test_old_and_new_keys_overlap(platform: Platform, services: Services) -> None:
    old = platform.key
    platform.key = (await services.accounts.rotate("blog", 60)).credentials[0].api_key
    assert platform.key != old
    assert (await platform.submit()).status == 202
    platform.key = old
    assert (await platform.submit()).status == 202


async def test_a_key_ends_with_its_overlap(platform: Platform, services: Services) -> None:
    rotated = await services.accounts.rotate("blog", 0)
    assert all(generation.expires_at <= now_ms() for generation in rotated.site.generations[1:])
    assert (await platform.submit()).status == 401


async def test_a_removed_site_is_a_stranger(platform: Platform, services: Services) -> None:
    await services.accounts.remove("blog")
    assert (await platform.submit()).status == 401


async def test_a_site_sees_and_touches_only_its_own(client: TestClient[Any, Any], platform: Platform) -> None:
    view = await (await platform.submit()).json()
    other = Platform(client, platform.services, await platform.services.accounts.add("other", "https://other.example"))
    path = f"/v1/comments/{view['id']}"
    for method, more, json in [
        ("GET", "", None), ("GET", "/history", None), ("GET", "/explanation", None), ("DELETE", "", None),
        ("POST", "/decision", {"decision": "approve"}), ("POST", "/report", {"reporter": "r"}),
    ]:  # fmt: skip
        assert (await other.ask(method, path + more, json=json)).status == 404
    assert (await (await other.ask("GET", "/v1/comments")).json())["items"] == []
    assert (await (await other.ask("GET", "/v1/comments?platform_id=1")).json())["items"] == []
    theirs = await other.submit(**{key: value for key, value in body().items() if key == "id"})
    assert (await theirs.json())["id"] != view["id"]  # the same platform id, another comment
    assert await (await platform.ask("GET", path)).json() == view
