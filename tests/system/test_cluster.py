"""The whole service on a Redis Cluster: what it does on one server, and a slot moved, and a master killed, amid a load."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.cluster import RedisCluster, redis_cluster
from tests.system.stack import Receiver, Stack, comment, running, until
from tests.system.test_nothing_is_lost import IMPATIENT, Platform, account

PREFIX, PASSWORD = "ac:{p0}:", "correct horse battery"
AS_ADVISED = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")


async def test_a_cluster_does_what_a_server_does_and_survives_what_none_would(tmp_path: Path) -> None:
    with redis_cluster(tmp_path / "cluster", *AS_ADVISED) as cluster:
        settings = IMPATIENT | {"redis_url": f"{cluster.url}?replicas=1", "review_undo_seconds": "0"}
        async with running(tmp_path, **settings) as (stack, receiver, site):
            platform = Platform(stack, site["api_key"])
            load = asyncio.create_task(platform.run())
            await flowing(platform)
            await moved(cluster)
            await flowing(platform)
            await killed(cluster)
            await flowing(platform)
            platform.stopping = True
            await load
            await until(lambda: calm(cluster))
            print("\n", platform.answers, await account(stack, receiver, platform, site["api_key"]))
            add = partial(stack.command, "moderators", "add", "ann", "--role", "operator", text=f"{PASSWORD}\n")
            found, _ = await asyncio.gather(asyncio.to_thread(stack.command, "check"), asyncio.to_thread(add))
            assert "a cluster of 3 masters, of your own" in found
            assert "enough follow" in found
            await ordinary(stack, receiver, site)


async def ordinary(stack: Stack, receiver: Receiver, site: dict[str, str]) -> None:
    """A comment is judged while its platform waits, another is held, a moderator decides, and the platform hears of it."""
    headers = {"Authorization": f"Bearer {site['api_key']}", "Prefer": "wait=10"}
    async with aiohttp.ClientSession(stack.base, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        answered: list[dict[str, Any]] = []
        for name in ("waited", "held"):
            async with session.post("/v1/comments", json=comment(name), headers=headers) as response:
                assert response.status == 200, "a wake came through"
                answered.append(await response.json())
        who = {"name": "ann", "password": PASSWORD}
        async with session.post("/review/api/session", json=who) as response:
            token = {"X-CSRF-Token": (await response.json())["csrf"]}
        body = {"outcome": "reject", "reasons": ["spam"], "revision": answered[1]["revision"]}
        path = f"/review/api/comments/{answered[1]['id']}/decision"
        async with session.post(path, json=body, headers=token) as response:
            assert response.status == 200, await response.text()
        await until(
            lambda: len(receiver.heard["held"]) == 2 and receiver.heard["held"][1]["data"]["state"] == "rejected"
        )


async def flowing(platform: Platform, more: int = 60) -> None:
    """Wait until so many more comments were taken in."""
    upto = platform.answers[202] + more
    await until(lambda: platform.answers[202] >= upto)


async def moved(cluster: RedisCluster) -> None:
    """Move all that sites have to another server."""
    old = cluster.keeper(PREFIX)
    new = next(one for one in cluster.masters if one is not old)
    move = cluster.move(PREFIX, new)
    next(move)
    await asyncio.sleep(0.2)
    await asyncio.to_thread(list, move)
    assert cluster.keeper(PREFIX) is new


async def killed(cluster: RedisCluster) -> None:
    """Kill the server that has it, wait until its replica is the master, and let it come back behind that."""
    dead = cluster.keeper(PREFIX)
    dead.end()
    await until(lambda: cluster.keeper(PREFIX) is not dead)
    await asyncio.to_thread(dead.start)


async def calm(cluster: RedisCluster) -> bool:
    """Whether nothing waits to be judged or told."""
    with cluster.keeper(PREFIX).client() as client:
        return client.xlen(f"{PREFIX}work") == 0 and client.zcard(f"{PREFIX}due") == 0
