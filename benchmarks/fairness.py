"""How long a site waits for a verdict while very many comments of another site wait: alone, in the request, and in a call-back.

Run: python -m benchmarks.fairness [how many wait, 100000 unless said otherwise]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks.load import body, redis, service
from service.container import Services, open_services
from service.core.site import Known
from service.core.submission import RawComment, Strict, Submission, comment_id, prepare
from service.keyfiles import load as load_keys
from service.settings import Settings

SINGLES = 60
PAUSE = 0.1  # seconds between them
TEXT = "I liked this post, thank you for writing it down so clearly. I had wondered about it for a long time. "


def text(number: int, keys: object) -> Submission:
    """One ordinary comment."""
    raw = RawComment(
        platform_id=f"f{number}",
        content=TEXT + str(number),
        name="Ann",
        page_url="https://flood.example/p",
        email="a@example.com",
    )
    return prepare(raw, keys, Strict()).submission  # type: ignore[arg-type]


async def flood(services: Services, site: Known, count: int) -> None:
    """Have so many comments of a site wait."""
    for first in range(0, count, 500):
        await asyncio.gather(
            *[
                services.moderation.submit(site.site, text(n, services.secrets.identity))
                for n in range(first, first + 500)
            ]
        )


async def waited(port: int, key: str, first: int) -> list[float]:
    """Seconds to a decision in the request, one at a time."""
    found: list[float] = []
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Prefer": "wait=10"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for number in range(first, first + SINGLES):
            sent = time.perf_counter()
            url = f"http://127.0.0.1:{port}/v1/comments"
            async with session.post(url, data=body(number, "example.com")) as response:
                await response.read()
                found.append(time.perf_counter() - sent if response.status == 200 else 10.0)
            await asyncio.sleep(PAUSE)
    return found


async def unawaited(services: Services, port: int, key: str, site: str, first: int) -> list[float]:
    """Seconds to a decision that no request waits for, as the store says when it was made."""
    found: list[float] = []
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    ) as session:
        for number in range(first, first + SINGLES):
            async with session.post(
                f"http://127.0.0.1:{port}/v1/comments", data=body(number, "example.com")
            ) as response:
                response.raise_for_status()
            await asyncio.sleep(PAUSE)
    for number in range(first, first + SINGLES):
        while (
            comment := await services.comments.get(comment_id(site, f"b{number}"))
        ) is None or comment.decision is None:
            await asyncio.sleep(0.05)
        found.append((comment.decision.at - comment.created_at) / 1000)
    return found


async def measure(waiting: int) -> None:
    """Print what a single comment waits, with nothing else there and behind the flood."""
    table = Table(
        "a single comment", "median (ms)", "95 % (ms)", "slowest (ms)", title=f"While {waiting:,} of another site wait"
    )
    with (
        redis("always") as url,
        service(url, "api", "worker") as (port, _, key),
        tempfile.TemporaryDirectory() as folder,
    ):
        settings = Settings(data_dir=Path(folder), max_backlog=10**7, site_backlog=10**7)
        async with open_services(settings, load_keys(Path(folder) / "secrets"), url) as services:
            await waited(port, key, 1_000_000)  # until the worker has its model
            flooded = await services.accounts.add("flood", "https://flood.example", "")
            for when, first in (("alone", 0), ("behind the flood", 10_000)):
                if first:
                    await flood(services, flooded, waiting)
                kinds = {
                    "answered in the request": await waited(port, key, first),
                    "told later": await unawaited(services, port, key, "bench", first + 1_000),
                }
                for kind, found in kinds.items():
                    spread = statistics.quantiles(found, n=20)
                    numbers = (statistics.median(found), spread[-1], max(found))
                    table.add_row(f"{kind}, {when}", *(f"{seconds * 1e3:.0f}" for seconds in numbers))
            left = (await services.comments.counts("flood"))["pending"]
    Console().print(table)
    print(f"{left:,} of the flood were still waiting at the end")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
