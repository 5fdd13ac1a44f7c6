"""The wire on a real Redis Cluster: to whom a command goes, while keys move and while servers die; and looking at all of it."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.errors import StoreUnavailable
from service.core.server import HOPELESS
from service.store import server as store_server
from service.store import snapshot
from service.store.client import Connection
from service.store.cluster import slot_of
from service.store.server import EmbeddedServer
from tests.store.test_failover import load, until_more
from tests.support.cluster import RedisCluster, redis_cluster
from tests.support.servers import servers

NAMES = [f"k{number}" for number in range(30)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with redis_cluster(tmp_path_factory.mktemp("cluster"), "--appendonly", "yes") as made:
        yield made


def test_slots_are_those_of_redis(cluster: RedisCluster) -> None:
    for name in ("", "a", "ac:{p0}:work", "ac:{p0}:s:{blog}", "{}x", "a{b", "a}b{c}", "{é}", "123456789"):
        assert slot_of(name) == slot_of(name.encode()) == cluster.nodes[0].cluster("KEYSLOT", name)


async def test_each_command_goes_to_who_keeps_its_key(cluster: RedisCluster) -> None:
    async with Connection(f"redis://127.0.0.1:{cluster.nodes[-1].port}") as connection:  # one is enough, also a replica
        await connection.wait_ready()
        wire = connection.wire
        assert await wire.call_all([("SET", name, name) for name in NAMES]) == [b"OK"] * len(NAMES)
        found = await asyncio.gather(*[wire.call("GET", name) for name in NAMES], wire.call("ECHO", "x"))
        assert found == [*(name.encode() for name in NAMES), b"x"]
        assert len({cluster.keeper(name).port for name in NAMES}) == 3
        for name in ("{a}", "{b}", "{c}"):
            await wire.call("XGROUP", "CREATE", name, "g", "0", "MKSTREAM")
            assert len(await wire.call("XINFO", "GROUPS", name)) == 1
            await wire.call("SCRIPT", "FLUSH")
            assert await wire.run("comment/drop_text", [f"a{name}", f"b{name}"], seen=1) == b"stale"
        with pytest.raises(StoreUnavailable) as failed:
            await wire.call("DEL", "a", "b")
        assert failed.value.why == "refused"


async def test_a_slot_is_moved_under_load(cluster: RedisCluster) -> None:
    async with Connection(cluster.url) as connection:
        wire, prefix = connection.wire, connection.keys.partitions[0].prefix
        old = cluster.keeper(prefix)
        new = next(one for one in cluster.masters if one is not old)
        numbers = [wire.call("RPUSH", f"{prefix}list{number}", number) for number in range(500)]
        await asyncio.gather(*numbers)
        move = cluster.move(prefix, new)
        next(move)
        assert await wire.call("SET", f"{prefix}fresh", "1") == b"OK", "what is not here is asked for there"
        assert await wire.call("RPUSH", f"{prefix}list1", "more") == 2
        keys = [f"{prefix}list1", f"{prefix}fresh"]
        with pytest.raises(StoreUnavailable) as failed:
            await wire.run("comment/drop_text", keys, seen=1)
        assert failed.value.why == "moved", "what has its keys on either side waits, and then is refused whole"
        waiting = asyncio.create_task(wire.run("store/mark", [f"{prefix}list1a"], name="a", value=1))
        await asyncio.to_thread(list, move)
        assert await waiting == b"done"
        assert cluster.keeper(prefix) is new
        await wire.run("comment/drop_text", [f"{prefix}none", f"{prefix}fresh"], seen=1)
        lengths = await wire.call_all([("LLEN", f"{prefix}list{number}") for number in range(500)])
        assert lengths == [1, 2, *[1] * 498]


async def test_all_of_it_is_looked_at_and_written_down(cluster: RedisCluster, tmp_path: Path) -> None:
    async with Connection(cluster.url) as connection:
        await connection.wire.call_all([("SET", name, name) for name in NAMES])
        states = await store_server.inspect(connection)
        assert [(one.append_only, one.replica, one.replicas) for one in states] == [(True, False, 1)] * 3
        assert {one.where for one in states} == {f"127.0.0.1:{one.port}" for one in cluster.masters}
        assert await store_server.compact(connection) > 0
        out = io.BytesIO()
        head = snapshot.Head(0, states[0].name, "box", 1, {})
        snapshot.take([one.address for one in await connection.wire.masters()], head, out)
    (tmp_path / "backup").write_bytes(out.getvalue())
    (tmp_path / "data").mkdir()
    snapshot.put_back(tmp_path / "backup", tmp_path / "data" / "redis")
    with EmbeddedServer(tmp_path / "data") as alone:
        async with Connection(alone.url) as connection:
            found = await connection.wire.call_all([("GET", name) for name in NAMES])
            assert found == [name.encode() for name in NAMES], "one server has what three had"


async def test_a_master_hangs_under_load(cluster: RedisCluster) -> None:
    """It is left when its replica has taken over, though its connections stand; at its return it says where the keys are."""
    async with Connection(f"{cluster.url}?socket_timeout=300") as connection:
        stop = asyncio.Event()
        done: list[str] = []
        failed: list[str] = []
        loads = [asyncio.create_task(load(connection.wire, stop, done, failed)) for _ in range(4)]
        await until_more(done)
        hung = cluster.nodes[0]  # the one that its address names first
        assert hung.process is not None
        hung.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.to_thread(cluster.nodes[1].wait, lambda _: hung not in cluster.masters)
            await until_more(done)
            assert len(await connection.wire.masters()) == 3
        finally:
            hung.process.send_signal(signal.SIGCONT)
        stop.set()
        await asyncio.gather(*loads)
        assert set(failed) <= {"no-answer", "cluster-down", "moved"}
        async with Connection(hung.url) as late:
            assert await late.wire.call("GET", done[-1]) == b"1"


async def test_several_servers_that_are_no_cluster_are_refused(tmp_path: Path) -> None:
    with servers(tmp_path, 1) as (one,):
        async with Connection(f"{one.url},127.0.0.1:1") as connection:
            with pytest.raises(StoreUnavailable) as failed:
                await connection.wait_ready(None)
            assert failed.value.why == "no-cluster"
            assert failed.value.why in HOPELESS
