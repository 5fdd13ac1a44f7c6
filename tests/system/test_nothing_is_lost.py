"""Every comment that was acknowledged is there exactly once, judged exactly once, and told of, whatever is killed when."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.support.waiting import until
from tests.system.stack import ROLES, Receiver, Stack, comment, running

ROUNDS = 12
CLIENTS = 8
IMPATIENT = {
    "claim_idle": "2",
    "deliver_timeout": "2",
    "deliver_schedule": "0," + ",".join(["0.3"] * 200),
    "drain_timeout": "10",
}
TEXTS = ("I liked this post, thank you.", "Buy cheap pills online http://pills.example", "You are an idiot.")


class Platform:
    """Clients that post without pause. A comment without a 2xx is posted again, as a platform would, until it has one."""

    def __init__(self, stack: Stack, key: str, clients: int = CLIENTS) -> None:
        self.base, self.key, self.clients = stack.base, key, clients
        self.acknowledged: dict[str, int] = {}  # platform id -> how many texts were acknowledged
        self.answers: Counter[int | str] = Counter()
        self.stopping = False
        self._next = 0

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.key}"}, timeout=timeout) as session:
            await asyncio.gather(*[self._post_on(session) for _ in range(self.clients)])

    async def _post_on(self, session: aiohttp.ClientSession) -> None:
        while not self.stopping:
            self._next += 1
            count = self._next
            number = f"c{count}"
            await self._post(session, comment(number, random.choice(TEXTS)))
            self.acknowledged[number] = 1
            if count % 10 == 0:  # some are edited at once
                await self._post(session, comment(number, f"Edited. {random.choice(TEXTS)}"))
                self.acknowledged[number] = 2

    async def _post(self, session: aiohttp.ClientSession, body: dict[str, Any]) -> None:
        while True:
            try:
                async with session.post(f"{self.base}/v1/comments", json=body) as response:
                    await response.read()
                    self.answers[response.status] += 1
                    if response.status in (200, 202):
                        return
                    assert response.status in (429, 503), response.status
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self.answers[type(error).__name__] += 1
            await asyncio.sleep(0.05)


async def test_kill_anything_at_any_moment(tmp_path: Path) -> None:
    async with running(tmp_path, **IMPATIENT) as (stack, receiver, site):
        platform = Platform(stack, site["api_key"])
        load = asyncio.create_task(platform.run())
        killed: Counter[str] = Counter()
        for number in range(ROUNDS):
            victim = (*ROLES, "redis")[number % 4]
            flowing = platform.answers[202] + 20
            await until(lambda flowing=flowing: platform.answers[202] >= flowing or load.done())
            assert not load.done(), "the clients go on"
            await asyncio.sleep(random.uniform(0.0, 0.3))
            stack.kill(victim)
            killed[victim] += 1
            await asyncio.sleep(random.uniform(0.0, 0.3))
            stack.start(victim)
        await asyncio.sleep(0.5)
        platform.stopping = True
        await load
        await settled(stack)
        counts = await account(stack, receiver, platform, site["api_key"])
        print(f"\nkilled {dict(killed)}; answers {dict(platform.answers)}; {counts}")


async def test_a_bad_receiver_loses_nothing(tmp_path: Path) -> None:
    """Down, slow, wrong and lying, one after the other; then it recovers."""
    async with running(tmp_path, **IMPATIENT) as (stack, receiver, site):
        platform = Platform(stack, site["api_key"])

        async def slow() -> web.Response:
            await asyncio.sleep(4)
            return web.Response()

        async def lying() -> web.Response:
            return web.Response(status=200, headers={"Content-Length": "99999"}, body=b"thanks")

        load = asyncio.create_task(platform.run())
        await receiver.stop()
        await asyncio.sleep(1)
        await receiver.start()
        for answer in (
            slow,
            lambda: web.Response(status=500),
            lambda: web.Response(status=302, headers={"Location": "/"}),
        ):
            receiver.behave = answer
            await asyncio.sleep(1)
        receiver.behave = None
        platform.stopping = True
        await load
        await settled(stack)
        print("\n", await account(stack, receiver, platform, site["api_key"]))


async def test_a_stop_leaves_nothing_claimed(tmp_path: Path) -> None:
    async with running(tmp_path, **IMPATIENT) as (stack, _, site):
        platform = Platform(stack, site["api_key"])
        load = asyncio.create_task(platform.run())
        await asyncio.sleep(1.5)
        assert stack.stop("deliver") == 0
        assert stack.stop("worker") == 0
        with stack.redis() as client:
            pending: Any = client.xpending("ac:{p0}:work", "classify")
            assert pending["pending"] == 0, "the worker handed in everything"
        stack.start("worker")
        stack.start("deliver")
        assert stack.stop("api") == 0
        stack.start("api")
        await asyncio.sleep(0.5)
        platform.stopping = True
        await load


async def settled(stack: Stack) -> None:
    """Wait until nothing waits to be judged or told."""

    async def calm() -> bool:
        with stack.redis() as client:
            return client.xlen("ac:{p0}:work") == 0 and client.zcard("ac:{p0}:due") == 0

    await until(calm, seconds=90)


async def account(stack: Stack, receiver: Receiver, platform: Platform, key: str) -> dict[str, int]:
    """Hold the whole record against what was acknowledged; the counts."""
    found: dict[str, list[dict[str, Any]]] = {}
    policy_decisions = 0
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        cursor = ""
        while True:
            async with session.get(f"{stack.base}/v1/comments?limit=200{cursor}") as response:
                page = await response.json()
            for entry in page["items"]:
                found.setdefault(entry["platform_id"], []).append(entry)
            if not page.get("next"):
                break
            cursor = f"&cursor={page['next']}"

        assert set(platform.acknowledged) <= set(found), "every acknowledged comment is there"
        assert all(len(entries) == 1 for entries in found.values()), "and none is there twice"
        for platform_id, (entry,) in found.items():
            assert entry["state"] in ("approved", "flagged", "rejected"), entry
            async with session.get(f"{stack.base}/v1/comments/{entry['id']}/history") as response:
                history = (await response.json())["items"]
            assert [line["revision"] for line in history] == list(range(1, len(history) + 1))
            assert entry["revision"] == len(history)
            texts = sum(line["what"] in ("submitted", "edited") for line in history)
            assert texts >= platform.acknowledged.get(platform_id, 1)
            decided = 0
            for line in history:
                if line["what"] == "decided":
                    assert line["actor"].startswith("policy:")
                    decided += 1
                    policy_decisions += 1
                else:
                    decided = 0
                assert decided <= 1, "exactly one policy decision per text"
            assert decided == 1, history
            decisions = sum(line["what"] == "decided" for line in history)
            assert len(receiver.ids[platform_id]) == decisions, "each decision was told, under one id"
            last = receiver.heard[platform_id][-1]["data"]
            assert (last["state"], last["revision"]) == (entry["state"], entry["revision"]), "in order"
    return {
        "acknowledged": len(platform.acknowledged),
        "kept": len(found),
        "policy decisions": policy_decisions,
        "call-backs": sum(len(ids) for ids in receiver.ids.values()),
        "call-backs received": sum(len(events) for events in receiver.heard.values()),
    }
