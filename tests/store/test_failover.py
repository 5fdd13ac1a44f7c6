"""A server that became the wrong one is left, and the right one found: behind a stable address, and by Sentinel, under load."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from service.core.errors import StoreUnavailable
from service.store import link
from service.store.client import Connection, Wire
from tests.support.servers import Server, front, servers


async def load(wire: Wire, stop: asyncio.Event, done: list[str], failed: list[str]) -> None:
    """Write one thing after the other until it is time; which were acknowledged, and why others were not."""
    number = 0
    while not stop.is_set():
        name = f"{id(done)}-{number}"
        try:
            await wire.call("SET", name, "1")
            done.append(name)
        except StoreUnavailable as error:
            failed.append(error.why)
            await asyncio.sleep(0.02)
        number += 1


async def until_more(done: list[str], more: int = 200) -> None:
    """Wait until so many more were acknowledged."""
    before = len(done)
    async with asyncio.timeout(60):
        while len(done) < before + more:
            await asyncio.sleep(0.01)


async def test_a_failover_behind_a_stable_address_heals_by_itself(tmp_path: Path) -> None:
    with servers(tmp_path, 2) as (old, new):
        async with front(old.port) as address, Connection(address.url) as connection:
            stop = asyncio.Event()
            done: list[str] = []
            failed: list[str] = []
            loads = [asyncio.create_task(load(connection.wire, stop, done, failed)) for _ in range(8)]
            await until_more(done)
            await asyncio.sleep(2 * link._STAYS)  # it is not left before
            with new.client() as client:
                client.replicaof("NO", "ONE")
            address.to = new.port
            with old.client() as client:
                client.replicaof("127.0.0.1", new.port)  # it says READONLY from now on, and keeps its connections
            await until_more(done)
            stop.set()
            await asyncio.gather(*loads)
            assert set(failed) <= {"read-only", "lost"}
            assert len(failed) < 20, (
                "it looks again at once, and does not refuse for as long as the old connection stands"
            )
            with new.client() as client:
                assert client.get(done[-1]) == b"1"


async def test_while_there_is_no_master_it_does_not_storm_the_address(tmp_path: Path) -> None:
    with servers(tmp_path, 2) as (_, replica):
        async with front(replica.port) as address, Connection(address.url) as connection:
            began = asyncio.get_running_loop().time()
            seen: set[str] = set()
            while asyncio.get_running_loop().time() < began + 1.5:
                with pytest.raises(StoreUnavailable) as error:
                    await connection.wire.call("SET", "a", "1")
                seen.add(error.value.why)
            assert seen == {"read-only"}
            assert address.connections <= 10
            assert await connection.wire.call("GET", "a") is None, "what can be read still is"


async def test_a_script_that_meets_a_replica_looks_again_too(tmp_path: Path) -> None:
    with servers(tmp_path, 2) as (master, replica):
        async with front(replica.port) as address, Connection(address.url) as connection:
            with pytest.raises(StoreUnavailable) as error:
                await connection.wire.run("store/compare_and_set", ["ac:sites"], name="blog", seen=None, record="x")
            assert error.value.why == "read-only"
            address.to = master.port
            await asyncio.sleep(0.3)  # a connection is kept for a moment, so that it is not left for every call
            args = {"name": "blog", "seen": None, "record": "x"}
            assert await connection.wire.run("store/compare_and_set", ["ac:sites"], **args) == b"saved"


async def test_what_counts_as_written_has_reached_a_replica_where_that_is_asked_for(tmp_path: Path) -> None:
    with servers(tmp_path, 2) as (master, replica):
        async with Connection(f"{master.url}?replicas=1") as connection:

            async def write(name: str) -> bytes:
                return cast(bytes, await connection.wire.run("store/mark", ["marks"], name=name, value=1))

            assert await asyncio.gather(*[write(str(number)) for number in range(200)]) == [b"done"] * 200
            with master.client() as client:
                assert client.info("commandstats")["cmdstat_wait"]["calls"] < 20, "one for all that leave together"
            assert replica.process is not None
            replica.process.send_signal(signal.SIGSTOP)
            try:
                with pytest.raises(StoreUnavailable) as failed:
                    await write("lost?")
                assert failed.value.why == "no-replicas"
                assert await connection.wire.call("HLEN", "marks") == 201, (
                    "nobody knows, but here it is; reading goes on"
                )
            finally:
                replica.process.send_signal(signal.SIGCONT)
            assert await write("again") == b"done"
            with replica.client() as client:
                assert client.hlen("marks") == 202


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[list[Server], list[Server]]]:
    """A master, a replica, and three Sentinels that agree quickly."""
    with servers(tmp_path / "redis", 2) as nodes:
        sentinels: list[Server] = []
        try:
            for number in range(3):
                folder = tmp_path / f"sentinel{number}"
                folder.mkdir()
                conf = folder / "sentinel.conf"
                conf.write_text(
                    f"sentinel monitor main 127.0.0.1 {nodes[0].port} 2\n"
                    "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 5000\n"
                )
                one = Server(folder)
                one._words = [one._words[0], str(conf), "--sentinel", "--port", str(one.port), "--dir", str(folder)]
                sentinels.append(one.start())
            for one in sentinels:
                one.wait(lambda client: client.execute_command("SENTINEL", "CKQUORUM", "main"))
                one.wait(lambda client: len(client.sentinel_slaves("main")) == 1)
            yield nodes, sentinels
        finally:
            for one in sentinels:
                one.end()


async def test_a_failover_by_sentinel_heals_under_load(watched: tuple[list[Server], list[Server]]) -> None:
    (master, replica), sentinels = watched
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in sentinels)
    async with Connection(f"redis+sentinel://{hosts}/other") as connection:
        with pytest.raises(StoreUnavailable) as error:
            await connection.wire.call("PING")
        assert error.value.why == "no-master", "that they know nothing of is one typed error"
    async with Connection(f"redis+sentinel://{hosts}/main/0") as connection:
        stop = asyncio.Event()
        done: list[str] = []
        failed: list[str] = []
        loads = [asyncio.create_task(load(connection.wire, stop, done, failed)) for _ in range(4)]
        await until_more(done)
        master.end()
        sentinels[0].end()  # and one of those who know
        await until_more(done)
        stop.set()
        await asyncio.gather(*loads)
        with replica.client() as client:
            assert client.get(done[-1]) == b"1"
            assert client.role()[0] == b"master"
        assert set(failed) <= {"lost", "hung-up", "down", "no-master", "read-only", "no-answer"}
