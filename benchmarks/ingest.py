"""What durable ingest costs: against a bare handler, `always` against `everysec`, coalescing against one call a request.

Run: python -m benchmarks.ingest
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.load import body, closed_loop, cpu_seconds, free_port, open_loop, process, redis, request, service
from service.clock import now_ms
from service.core.identity import IdentityKeys
from service.core.submission import RawComment, Strict, Submission, comment_id, prepare
from service.store.client import Connection
from service.store.comments import Comments
from service.store.script import Argument, script_command

REQUESTS = 6_000
RATE = 800.0  # requests a second, where both servers get the same
CONNECTIONS = 32


def main() -> None:
    """Measure and print ratios; each is taken in one run on one machine.

    CPU a request is compared twice: as fast as each server goes, where the faster one sleeps and is woken less often, and
    at the same rate for both.
    """
    table = Table("measure", "ours", "against", "ratio", "aim", title="Durable ingest")
    bare = bare_handler()
    with redis("always") as url:
        always = asyncio.run(ingest(url))
    with redis("everysec") as url:
        everysec = asyncio.run(ingest(url))
    for pace in ("full", "same"):
        way = "as fast as it goes" if pace == "full" else f"at {RATE:.0f} a second"
        for domains, aim in (("fresh", 0.45), ("known", 0.75)):
            ours, other = always[f"{domains}, {pace}"].cpu, bare[pace].cpu
            row(table, f"CPU a request, domains {domains}, {way} (µs)", ours, other, (other / ours, aim))
    rates = always["known, full"].rate, everysec["known, full"].rate
    row(table, "requests a second, fsync always : everysec", *rates, (rates[0] / rates[1], 0.8))
    with redis("always") as url:
        coalesced, single = asyncio.run(writers(url))
    row(
        table, "submissions a second, coalescing : one redis-py call each", coalesced, single, (coalesced / single, 2.0)
    )
    Console().print(table)


def row(table: Table, what: str, ours: float, other: float, ratio: tuple[float, float]) -> None:
    """One line of the table; `ratio` is what was measured, and the aim."""
    table.add_row(what, f"{ours:,.0f}", f"{other:,.0f}", f"{ratio[0]:.2f}", f"≥ {ratio[1]}")


class Cost(NamedTuple):
    """Microseconds of CPU a request, and requests a second."""

    cpu: float
    rate: float


async def cost(pid: int, port: int, messages: Sequence[bytes], pace: str) -> Cost:
    """What a server process spends on these requests."""
    before = cpu_seconds(pid)
    if pace == "full":
        run = await closed_loop(port, messages, CONNECTIONS)
    else:
        run = await open_loop(port, messages, RATE, CONNECTIONS)
    if run.statuses != {202}:
        raise RuntimeError(f"answers: {run.statuses}")
    return Cost((cpu_seconds(pid) - before) / len(messages) * 1e6, run.rate)


def bare_handler() -> dict[str, Cost]:
    """The bare handler, by pace."""
    port = free_port()
    with process([sys.executable, "-m", "benchmarks.baseline", str(port), "decode"], port) as pid:
        messages = [request("/v1/comments", body(n, "example.com")) for n in range(REQUESTS)]
        asyncio.run(cost(pid, port, messages[:1000], "full"))
        return {pace: asyncio.run(cost(pid, port, messages, pace)) for pace in ("full", "same")}


async def ingest(url: str) -> dict[str, Cost]:
    """The API process, by whether the mail domains are known to it, and by pace."""
    with service(url, "api") as (port, pids, key):
        auth = f"Authorization: Bearer {key}\r\n"
        numbers = itertools.count()

        async def load(domains: int, pace: str) -> Cost:
            mine = itertools.islice(numbers, REQUESTS)
            messages = [request("/v1/comments", body(n, f"d{n % domains}.example.org"), auth) for n in mine]
            return await cost(pids["api"], port, messages, pace)

        await load(50, "full")
        kinds = {"fresh": 10**9, "known": 50}
        return {
            f"{kind}, {pace}": await load(domains, pace) for kind, domains in kinds.items() for pace in ("full", "same")
        }


async def writers(url: str) -> tuple[float, float]:
    """Submissions a second: through the coalescing wire, and with one redis-py round trip each; 64 at a time."""
    keys = IdentityKeys((("k1", b"1" * 32),))
    texts = [
        prepare(
            RawComment(platform_id=str(n), content="I liked this post. " * 10, page_url="https://bench.example/p",
                       name="Ann", email=f"a{n}@example.com"), keys, Strict(),
        ).submission
        for n in range(REQUESTS)
    ]  # fmt: skip
    async with Connection(url) as connection:
        await connection.wait_ready()
        comments = Comments(connection)

        async def coalesced(text: Submission) -> None:
            await comments.submit(site="one", comment=comment_id("one", text.platform_id), submission=text,
                                  now=now_ms(), backlog=10**9)  # fmt: skip

        class SingleCalls:
            """The same store over plain redis-py: every command is a round trip of its own."""

            async def run(self, script: str, names: list[str], /, *args: Argument) -> object:
                return await connection.client.execute_command(*script_command(script, names, *args))  # type: ignore[arg-type]

        plain = Comments(connection)
        plain._wire = SingleCalls()  # type: ignore[assignment]

        async def single(text: Submission) -> None:
            await plain.submit(site="two", comment=comment_id("two", text.platform_id), submission=text,
                               now=now_ms(), backlog=10**9)  # fmt: skip

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
