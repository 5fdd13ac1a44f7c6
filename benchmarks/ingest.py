"""What durable ingest costs: against a bare handler, `always` against `everysec`, coalescing against one call a request.

Run: python -m benchmarks.ingest
"""

from __future__ import annotations

import asyncio
import sys
import time

from rich.console import Console
from rich.table import Table

from benchmarks.load import Run, body, closed_loop, cpu_seconds, free_port, process, redis, request, service
from service.core.identity import IdentityKeys
from service.core.submission import Requirements, Submission, comment_id, fingerprint, prepare
from service.store.client import Connection, now_ms, script_command
from service.store.comments import Comments

REQUESTS = 8_000
CONNECTIONS = 32


def main() -> None:
    """Measure and print ratios; each is taken in one run on one machine."""
    table = Table("measure", "ours", "against", "ratio", "aim", title="Durable ingest")
    bare = cpu_of_bare()
    with redis("always") as url:
        fresh, cached, always = asyncio.run(ingest(url))
    with redis("everysec") as url:
        everysec = asyncio.run(ingest(url))[2]
    row(table, "CPU a request, addresses and domains fresh (µs)", fresh, bare, bare / fresh, 0.45)
    row(table, "CPU a request, domains known (µs)", cached, bare, bare / cached, 0.75)
    row(table, "requests a second, fsync always : everysec", always, everysec, always / everysec, 0.8)
    with redis("always") as url:
        coalesced, single = asyncio.run(writers(url))
    row(table, "submissions a second, coalescing : one redis-py call each", coalesced, single, coalesced / single, 2.0)
    Console().print(table)


def row(table: Table, what: str, ours: float, other: float, ratio: float, aim: float) -> None:
    """One line of the table."""
    table.add_row(what, f"{ours:,.0f}", f"{other:,.0f}", f"{ratio:.2f}", f"≥ {aim}")


def cpu_of_bare() -> float:
    """Microseconds of CPU that a bare handler uses for a request."""
    port = free_port()
    with process([sys.executable, "-m", "benchmarks.baseline", str(port), "decode"], port) as pid:
        messages = [request("/v1/comments", body(n, "example.com")) for n in range(REQUESTS)]
        asyncio.run(closed_loop(port, messages[:500], CONNECTIONS))
        before = cpu_seconds(pid)
        asyncio.run(closed_loop(port, messages, CONNECTIONS))
        return (cpu_seconds(pid) - before) / REQUESTS * 1e6


async def ingest(url: str) -> tuple[float, float, float]:
    """(CPU µs with fresh domains, CPU µs with known domains, requests a second with known domains) of the API process."""
    with service(url, "api") as (port, pids, key):
        auth = f"Authorization: Bearer {key}\r\n"

        async def load(first: int, domains: int) -> tuple[float, Run]:
            numbers = range(first, first + REQUESTS)
            messages = [request("/v1/comments", body(n, f"d{n % domains}.example.org"), auth) for n in numbers]
            before = cpu_seconds(pids["api"])
            run = await closed_loop(port, messages, CONNECTIONS)
            if run.statuses != {202}:
                raise RuntimeError(f"answers: {run.statuses}")
            return (cpu_seconds(pids["api"]) - before) / REQUESTS * 1e6, run

        await load(0, 50)
        fresh, _ = await load(1 * REQUESTS, 10**9)
        cached, run = await load(2 * REQUESTS, 50)
        return fresh, cached, run.rate


async def writers(url: str) -> tuple[float, float]:
    """Submissions a second: through the coalescing wire, and with one redis-py round trip each; 64 at a time."""
    keys = IdentityKeys((("k1", b"1" * 32),))
    texts = [
        prepare(keys=keys, requires=Requirements(), platform_id=str(n), content="I liked this post. " * 10,
                page_url="https://bench.example/p", name="Ann", email=f"a{n}@example.com")
        for n in range(REQUESTS)
    ]  # fmt: skip
    async with Connection(url) as connection:
        await connection.wait_ready()
        comments = Comments(connection)

        async def coalesced(text: Submission) -> None:
            await comments.submit(site="one", comment=comment_id("one", text.platform_id), submission=text,
                                  fingerprint=fingerprint(text), now=now_ms(), backlog=10**9)  # fmt: skip

        class SingleCalls:
            """The same store over plain redis-py: every command is a round trip of its own."""

            async def run(self, script: str, names: list[str], *args: object) -> object:
                return await connection.client.execute_command(*script_command(script, names, *args))  # type: ignore[arg-type]

        plain = Comments(connection)
        plain._wire = SingleCalls()  # type: ignore[assignment]

        async def single(text: Submission) -> None:
            await plain.submit(site="two", comment=comment_id("two", text.platform_id), submission=text,
                               fingerprint=fingerprint(text), now=now_ms(), backlog=10**9)  # fmt: skip

        rates = []
        for way in (coalesced, single):
            todo = iter(texts)

            async def work(way: object = way, todo: object = todo) -> None:
                for text in todo:  # type: ignore[attr-defined]
                    await way(text)  # type: ignore[operator]

            started = time.perf_counter()
            await asyncio.gather(*[work() for _ in range(64)])
            rates.append(REQUESTS / (time.perf_counter() - started))
        return rates[0], rates[1]


if __name__ == "__main__":
    main()
