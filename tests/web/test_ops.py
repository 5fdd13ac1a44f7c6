"""Health, readiness and metrics."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from service import metrics
from service.app import api_application
from service.container import open_services
from service.keyfiles import KeyFiles
from service.metrics import GAUGES
from service.settings import Settings
from service.store.server import EmbeddedServer
from tests.support.platform import Platform
from tests.support.servers import Server, servers


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
        async with open_services(settings, secrets, server.url) as services:
            client = await aiohttp_client(api_application(services))
            platform = Platform(client, services, await services.accounts.add("blog", "https://blog.example"))
            assert (await platform.ask("GET", "/readyz")).status == 200
            server.stop()
            assert (await platform.ask("GET", "/healthz")).status == 200
            for path in ("/readyz", "/v1/site"):
                response = await platform.ask("GET", path)
                assert response.status == 503
                assert (await response.json())["type"] == "/problems/store-unavailable"
                assert response.headers["Retry-After"]
            assert (await (await platform.ask("GET", "/readyz")).json())["why"] in {"down", "lost"}
            found = await _samples(platform)
            assert found[("antechamber_store_up", ())] == 0
            assert found[("antechamber_store_failures_total", (("why", "down"),))] > 0
            assert (await platform.submit()).status == 503
            server.start()
            assert (await platform.submit()).status == 202
            await asyncio.sleep(1.1)  # readiness is remembered for a second
            assert (await platform.ask("GET", "/readyz")).status == 200
    finally:
        server.stop()


@pytest.fixture
async def troubled(
    aiohttp_client: Any, secrets: KeyFiles, settings: Settings, tmp_path: Path
) -> AsyncIterator[tuple[Platform, Server, Server]]:
    """A platform, the server that is behind it, and another one."""
    with servers(tmp_path / "servers", 2) as (master, other):
        async with open_services(settings, secrets, master.url) as services:
            client = await aiohttp_client(api_application(services))
            yield (
                Platform(client, services, await services.accounts.add("blog", "https://blog.example")),
                master,
                other,
            )


async def _why(platform: Platform) -> str:
    await asyncio.sleep(1.1)  # readiness is remembered for a second
    response = await platform.ask("GET", "/readyz")
    said = await response.json()
    assert response.status == (503 if "why" in said else 200)
    return str(said.get("why", ""))


async def test_readiness_knows_whether_writes_fail_and_says_why(troubled: tuple[Platform, Server, Server]) -> None:
    platform, master, other = troubled
    assert await _why(platform) == ""
    with master.client() as client:
        client.config_set("maxmemory", 1)
        assert await _why(platform) == "out-of-memory"
        assert (await platform.submit()).status == 503
        client.config_set("maxmemory", 0)
        client.config_set("min-replicas-to-write", 2)
        assert await _why(platform) == "no-replicas"
        client.config_set("min-replicas-to-write", 0)
        with other.client() as there:
            there.replicaof("NO", "ONE")
        client.replicaof("127.0.0.1", other.port)
        master.wait(lambda one: one.info("replication")["master_link_status"] == "up")
        assert await _why(platform) == "read-only"
        found = await _samples(platform)
        assert (found[("antechamber_store_up", ())], found[("antechamber_store_writable", ())]) == (1, 0)
        assert found[("antechamber_store_failures_total", (("why", "read-only"),))] > 0
        client.replicaof("NO", "ONE")
    assert await _why(platform) == ""


async def test_counters_are_there_before_their_first_event(platform: Platform) -> None:
    found = {name for name, _ in await _samples(platform)}
    described = {
        name
        for name, one in vars(metrics).items()
        if isinstance(one, Counter) and name not in {"SHADOWED", "MODEL_ALERTS"}
    }
    assert described
    for name in described:
        assert f"{getattr(metrics, name)._name}_total" in found, name
    wheres = {
        dict(labels)["where"] for name, labels in await _samples(platform) if name == "antechamber_failures_total"
    }
    source = "".join(path.read_text(encoding="utf-8") for path in Path(metrics.__file__).parent.rglob("*.py"))
    assert set(re.findall(r'\bFAILURES\.labels\("([a-z-]+)"\)', source)) == wheres


async def test_data_that_is_gone_is_no_wrong_key(troubled: tuple[Platform, Server, Server]) -> None:
    """Platforms give up at 401; 503 they repeat."""
    platform, master, _ = troubled
    await platform.services.box.recognise()
    assert (await platform.submit()).status == 202
    with master.client() as client:
        client.flushall()
    assert (await platform.ask("GET", "/v1/site")).status == 503
    assert (await platform.submit()).status == 503
    assert await _why(platform) == "empty"
