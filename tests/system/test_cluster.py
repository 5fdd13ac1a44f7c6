"""The whole service on a Redis Cluster, in partitions: work on each master, and a slot moved, and a master killed, amid it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from service.core.partition import Partitions
from tests.support.cluster import RedisCluster, redis_cluster
from tests.support.waiting import until
from tests.system.stack import Receiver, Stack, comment, running
from tests.system.test_nothing_is_lost import IMPATIENT, Platform, account

COUNT, PASSWORD = 4, "correct horse battery"
LAYOUT = Partitions(COUNT)
AS_ADVISED = (
    "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--cluster-require-full-coverage", "no",
)  # fmt: skip


class Blog(NamedTuple):
    """A site, the partition that it lies in, who writes there, and who hears of it."""

    name: str
    prefix: str
    platform: Platform
    receiver: Receiver
    credentials: dict[str, str]


async def test_a_cluster_does_what_a_server_does_and_survives_what_none_would(tmp_path: Path) -> None:
    with redis_cluster(tmp_path / "cluster", *AS_ADVISED) as cluster:
        redis = {"redis_url": f"{cluster.url}?replicas=1", "partitions": f"{COUNT}"}
        settings = IMPATIENT | redis | {"review_undo_seconds": "0"}
        async with running(tmp_path, **settings) as (stack, receiver, site), contextlib.AsyncExitStack() as opened:
            one = Blog("blog", home("blog"), Platform(stack, site["api_key"]), receiver, site)
            others = await asyncio.gather(*[begun(stack, name, opened) for name in elsewhere(cluster, one)])
            blogs = [one, *others]
            assert len({cluster.keeper(blog.prefix).port for blog in blogs}) == 3, "each master has work"
            load = [asyncio.create_task(blog.platform.run()) for blog in blogs]
            await flowing(blogs)
            await moved(cluster, one.prefix)
            await flowing(blogs)
            await killed(cluster, one.prefix)
            await flowing(blogs)
            for blog in blogs:
                blog.platform.stopping = True
            await asyncio.gather(*load)
            await until(lambda: calm(cluster, blogs))
            kept = {}
            for blog in blogs:
                counts = await account(stack, blog.receiver, blog.platform, blog.credentials["api_key"])
                kept[blog.name] = counts["kept"]
                print("\n", blog.name, blog.platform.answers, counts)
            add = partial(stack.command, "moderators", "add", "ann", "--role", "operator", text=f"{PASSWORD}\n")
            look = partial(stack.command, "partitions", "--json")
            found, _, spread = await asyncio.gather(*[
                asyncio.to_thread(ask) for ask in (partial(stack.command, "check"), add, look)
            ])  # fmt: skip
            assert "a cluster of 3 masters, of your own" in found
            assert "enough follow" in found
            told = {
                name: (row["server"], load["comments"])
                for row in json.loads(spread)
                for name, load in row["sites"].items()
            }
            assert told == {
                blog.name: (f"127.0.0.1:{cluster.keeper(blog.prefix).port}", kept[blog.name]) for blog in blogs
            }
            await ordinary(stack, receiver, site)


def home(site: str) -> str:
    """What the keys of a site's partition begin with."""
    return f"ac:{{p{LAYOUT.of_site(site)}}}:"


def elsewhere(cluster: RedisCluster, blog: Blog) -> list[str]:
    """Names of sites that lie on the other masters, one on each."""
    names = {cluster.keeper(home(name)).port: name for name in (f"blog{number}" for number in range(50))}
    return [name for port, name in names.items() if port != cluster.keeper(blog.prefix).port]


async def begun(stack: Stack, name: str, opened: contextlib.AsyncExitStack) -> Blog:
    """A site with a receiver of its own."""
    receiver = Receiver()
    await receiver.start()
    opened.push_async_callback(receiver.stop)
    site = await asyncio.to_thread(stack.add_site, name, receiver.url)
    receiver.secret = site["webhook_secret"]
    return Blog(name, home(name), Platform(stack, site["api_key"], clients=4), receiver, site)


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


async def flowing(blogs: Sequence[Blog], more: int = 25) -> None:
    """Wait until so many more comments were taken in of each."""
    upto = {blog.name: blog.platform.answers[202] + more for blog in blogs}
    await until(lambda: all(blog.platform.answers[202] >= upto[blog.name] for blog in blogs))


async def moved(cluster: RedisCluster, prefix: str) -> None:
    """Move a partition to another server."""
    old = cluster.keeper(prefix)
    new = next(one for one in cluster.masters if one is not old)
    move = cluster.move(prefix, new)
    next(move)
    await asyncio.sleep(0.2)
    await asyncio.to_thread(list, move)
    assert cluster.keeper(prefix) is new


async def killed(cluster: RedisCluster, prefix: str) -> None:
    """Kill the server that has it, wait until its replica is the master, and let it come back behind that."""
    dead = cluster.keeper(prefix)
    dead.end()
    await until(lambda: cluster.keeper(prefix) is not dead)
    await asyncio.to_thread(dead.start)


async def calm(cluster: RedisCluster, blogs: Sequence[Blog]) -> bool:
    """Whether nothing waits to be judged or told."""
    for blog in blogs:
        with cluster.keeper(blog.prefix).client() as client:
            if client.xlen(f"{blog.prefix}work") or client.zcard(f"{blog.prefix}due"):
                return False
    return True
