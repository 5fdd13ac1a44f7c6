"""Health, readiness and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.app import api_application
from service.keyfiles import KeyFiles
from service.metrics import GAUGES
from service.resources import open_resources
from service.settings import Settings
from service.store.embedded import EmbeddedServer
from tests.support.platform import Platform


async def test_a_healthy_process(platform: Platform) -> None:
    platform.key = None
    for path in ("/healthz", "/readyz"):
        response = await platform.ask("GET", path)
        assert response.status == 200
        assert await response.json() == {"status": "ok"}
        assert (await platform.ask("HEAD", path)).status == 200


async def _samples(platform: Platform) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = await platform.ask("GET", "/metrics")
    assert response.content_type == "text/plain"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(await response.text())
        for sample in family.samples
    }


async def test_metrics_tell_what_happened_and_what_waits(platform: Platform) -> None:
    before = await _samples(platform)
    await platform.submit()
    await platform.submit()
    await platform.post(b"{")
    await platform.submit(id="2", content="")
    await platform.ask("GET", "/v1/comments/ann@example.com")
    after = await _samples(platform)

    def grew(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after.get(key, 0) - before.get(key, 0)

    assert grew("antechamber_submissions_total", channel="api", word="accepted") == 1
    assert grew("antechamber_submissions_total", channel="api", word="same") == 1
    assert grew("antechamber_submissions_total", channel="api", word="invalid") == 1
    assert grew("antechamber_request_seconds_count", route="/v1/comments", status="2xx") == 2
    assert grew("antechamber_request_seconds_count", route="/v1/comments", status="4xx") == 2
    assert grew("antechamber_request_seconds_count", route="unmatched", status="4xx") == 1
    assert after[("antechamber_backlog", ())] == 1
    assert {name for name, _ in after} >= set(GAUGES)
    assert not [key for key in after if "ann@" in str(key)]


class TestSwitchedOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"metrics": False})

    async def test_metrics_can_be_switched_off(self, platform: Platform) -> None:
        assert (await platform.ask("GET", "/metrics")).status == 404


async def test_without_redis_it_is_alive_but_not_ready(
    aiohttp_client: Any, secrets: KeyFiles, settings: Settings, tmp_path: Path
) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    try:
        async with open_resources(settings, secrets, server.url) as resources:
            client = await aiohttp_client(api_application(resources))
            platform = Platform(client, resources, await resources.accounts.add("blog", "https://blog.example"))
            assert (await platform.ask("GET", "/readyz")).status == 200
            server.stop()
            assert (await platform.ask("GET", "/healthz")).status == 200
            for method, path in (("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/v1/site")):
                response = await platform.ask(method, path)
                assert response.status == 503
                assert (await response.json())["type"] == "/problems/store-unavailable"
                assert response.headers["Retry-After"]
            assert (await platform.submit()).status == 503
            server.start()
            assert (await platform.submit()).status == 202
            assert (await platform.ask("GET", "/readyz")).status == 200
    finally:
        server.stop()
