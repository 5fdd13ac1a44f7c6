"""What a comment costs in all processes together, Redis included: accepted, judged with evidence, and answered in the request.

Run: python -m benchmarks.whole [comments a second …, 50 200 500 unless said otherwise]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import redis.asyncio as client
from rich.console import Console
from rich.table import Table

from benchmarks.load import Run, cpu_seconds, open_loop, redis, request, service

SECONDS = 12
WARM = 200  # comments before anything is counted
PEOPLE = 400
TEXTS = (
    "I liked this post, thank you for writing it down so clearly. I had wondered about it for a long time, and number {} helped.",
    "Not sure about part {}; in our tests it went the other way, at least with small ones: https://notes{}.example/why has more.",
    "Could you say more about picture {}? I can't make out what the left half shows, sorry. We all wondered about it.",
)


class Cost(NamedTuple):
    """What one rate cost: CPU microseconds a comment by process, Redis's commands a comment by name, and the answers."""

    cpu: Mapping[str, float]
    calls: Mapping[str, float]
    in_scripts: float  # microseconds a comment that Redis was in scripts
    memory: float  # bytes a comment that Redis keeps
    run: Run


def body(number: int) -> bytes:
    """A submission of ordinary size, by one of some people who come back, from an address of theirs."""
    person = number * 7 % PEOPLE
    author = {
        "name": f"Ann Other {person}", "email": f"ann.other{person}@example.org", "url": f"https://ann{person}.example",
        "ip": f"203.0.113.{person % 200}", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
    }  # fmt: skip
    text = " ".join(TEXTS[(number + part) % 3].format(number, number % 50) for part in range(3))
    page = {"url": f"https://bench.example/2026/{number % 20}", "title": "A post"}
    return json.dumps({"id": f"w{number}", "page": page, "author": author, "content": text}).encode()


async def measure(port: int, pids: Mapping[str, int], key: str, url: str, rate: float, first: int, count: int) -> Cost:
    """What `count` comments at a rate cost."""
    headers = f"Authorization: Bearer {key}\r\nPrefer: wait=5\r\n"
    messages = [request("/v1/comments", body(number), headers) for number in range(first, first + count)]
    async with client.Redis.from_url(url) as store:
        processes = dict(pids) | {"redis": int((await store.info("server"))["process_id"])}
        memory = (await store.info("memory"))["used_memory"]
        await store.config_resetstat()
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        run = await open_loop(port, messages, rate, 128)
        after = {name: cpu_seconds(pid) for name, pid in processes.items()}
        kept = (await store.info("memory"))["used_memory"] - memory
        stats: dict[str, Any] = await store.info("commandstats")
    if run.statuses - {200, 202}:
        raise RuntimeError(f"answers: {run.statuses}")
    calls = {name.removeprefix("cmdstat_"): row["calls"] / count for name, row in stats.items()}
    cpu = {name: (after[name] - before[name]) / count * 1e6 for name in processes}
    return Cost(cpu, calls, stats["cmdstat_evalsha"]["usec"] / count, kept / count, run)


def main() -> None:
    """Measure and print."""
    rates = [float(word) for word in sys.argv[1:]] or [50.0, 200.0, 500.0]
    found: dict[float, Cost] = {}
    with redis("always") as url, service(url, "api", "worker", "deliver") as (port, pids, key):
        first = 0
        while asyncio.run(measure(port, pids, key, url, 40.0, first, WARM)).run.statuses != {
            200
        }:  # there is no model yet
            first += WARM
        first += WARM
        for rate in rates:
            count = int(rate * SECONDS)
            found[rate] = asyncio.run(measure(port, pids, key, url, rate, first, count))
            first += count
    show(found)


def show(found: Mapping[float, Cost]) -> None:
    """Print the tables."""
    table = Table("", *(f"{rate:.0f} a second" for rate in found), title="A comment, accepted, judged and answered")
    for name in ("api", "worker", "deliver", "redis"):
        table.add_row(f"CPU of {name} (µs)", *(f"{cost.cpu[name]:,.0f}" for cost in found.values()))
    table.add_row("CPU in all (ms)", *(f"{sum(cost.cpu.values()) / 1e3:.2f}" for cost in found.values()))
    table.add_row("Redis in scripts (µs)", *(f"{cost.in_scripts:,.0f}" for cost in found.values()))
    table.add_row("Redis's calls", *(f"{sum(cost.calls.values()):.1f}" for cost in found.values()))
    for label, place in (("p50", 49), ("p95", 94), ("p99", 98)):
        spread = [statistics.quantiles(cost.run.latencies, n=100)[place] * 1e3 for cost in found.values()]
        table.add_row(f"answered, {label} (ms)", *(f"{milliseconds:.1f}" for milliseconds in spread))
    table.add_row("kept in Redis (bytes)", *(f"{cost.memory:,.0f}" for cost in found.values()))
    Console().print(table)
    calls = Table("command", *(f"{rate:.0f} a second" for rate in found), title="Redis's calls a comment")
    names = sorted(
        {name for cost in found.values() for name in cost.calls},
        key=lambda one: -max(c.calls.get(one, 0) for c in found.values()),
    )
    for name in names[:32]:
        calls.add_row(name, *(f"{cost.calls.get(name, 0):.2f}" for cost in found.values()))
    Console().print(calls)


if __name__ == "__main__":
    main()
