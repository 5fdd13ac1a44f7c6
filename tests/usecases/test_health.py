"""What a process knows of its Redis, and what it calls that."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service import installation
from service.container import Services, open_services
from service.core.errors import NotReady, StoreUnavailable
from service.core.server import TROUBLES
from service.keyfiles import KeyFiles
from service.metrics import STORE_FAILURES
from service.settings import Settings
from service.store.client import Connection
from service.store.server import EmbeddedServer
from service.usecases.health import Health
from service.workers.classify import run_classify
from service.workers.deliver import run_deliver
from service.workers.deliver.notices import run_notices
from service.workers.housekeeping import run_housekeeping
from service.workers.models import run_learning
from tests.support.servers import servers


def counted(why: str) -> float:
    return float(STORE_FAILURES.labels(why)._value.get())


async def test_a_server_that_died_of_a_full_disk_is_not_called_lost(tmp_path: Path) -> None:
    for full, why in ((True, "disk"), (False, "down")):
        health, before = Health(full=lambda full=full: full), counted(why)
        async with Connection(f"unix://{tmp_path}/gone.sock", failed=health.heard) as connection:
            with pytest.raises(StoreUnavailable) as failed:
                await connection.wire.call("PING")
            assert failed.value.why == why, "whoever calls hears of the disk too"
            with pytest.raises(NotReady) as found:
                await health.ready(connection)
            assert (found.value.why, TROUBLES[why] in str(found.value)) == (why, True)
            assert counted(why) == before + 2


async def judging(services: Services, stop: asyncio.Event) -> None:
    await run_classify(services, stop, None)


@pytest.mark.parametrize("role", [run_housekeeping, run_deliver, run_notices, run_learning, judging])
async def test_each_role_says_what_is_amiss_and_what_to_do(
    role: Callable[[Services, asyncio.Event], Awaitable[None]],
    tmp_path: Path,
    secrets: KeyFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with EmbeddedServer(tmp_path) as server:
        settings = Settings(data_dir=tmp_path, learn_interval=60)
        async with open_services(settings, secrets, server.url) as services:
            server.stop()
            monkeypatch.setattr(installation, "no_room", lambda _: True)
            stop = asyncio.Event()
            with capture_logs() as lines:
                running = asyncio.ensure_future(role(services, stop))
                while not (said := [line for line in lines if line["event"] == "store unavailable"]):
                    await asyncio.sleep(0.01)
                stop.set()
                await running
            assert (said[0]["why"], said[0]["error"]) == ("disk", TROUBLES["disk"])
            assert said[0]["role"]


async def test_readiness_asks_whether_our_user_may_do_all_when_that_is_in_doubt(tmp_path: Path) -> None:
    with servers(tmp_path, 1) as (server,), server.client() as client:
        client.execute_command("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all", "-zunionstore")
        health = Health()
        async with Connection(server.url.replace("//", "//ann:secret@"), failed=health.heard) as connection:
            with pytest.raises(NotReady) as found:
                await health.ready(connection)
            assert found.value.why == "not-allowed"
            client.execute_command("ACL", "SETUSER", "ann", "+zunionstore")
            health._looked = 0.0
            await health.ready(connection)
            client.execute_command("ACL", "SETUSER", "ann", "-hset")
            health._looked = 0.0
            await health.ready(connection)
            with pytest.raises(StoreUnavailable):
                await connection.wire.call("HSET", "a", "b", "c")
            health._looked = 0.0
            with pytest.raises(NotReady):
                await health.ready(connection)


def test_the_disk_is_ours_to_look_at_only_where_the_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = Settings(data_dir=tmp_path)
    assert not installation.no_room(embedded)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    assert installation.no_room(embedded)
    assert not installation.no_room(Settings(data_dir=tmp_path, redis_url="redis://other"))  # type: ignore[arg-type]
