"""What the worker adds to the bare model, and what a verdict in the request costs against scoring in process.

Run: python -m benchmarks.judging
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.load import body, free_port, open_loop, process, redis, request, service
from service.container import open_services
from service.core.submission import RawComment, Strict, Submission, prepare
from service.core.verdict import LABELS, Case, Explanation, Verdict
from service.keyfiles import load as load_keys
from service.scorer import ModelScorer
from service.settings import Settings
from service.store.server import EmbeddedServer
from service.workers.classify import Worker

COMMENTS = 6_400
SLOW = 0.004  # seconds a comment of the slow model
RATE = 150.0  # requests a second
TEXTS = (
    "I liked this post, thank you for writing it down so clearly. I had wondered about it for a long time.",
    "Not sure that I agree with the second part; in our tests it went the other way round, at least with small files.",
    "Could you say more about the last picture? I can't make out what the left half shows, sorry.",
)


class SlowScorer:
    """A model that takes its time, as a large one would."""

    version = "slow"

    def judge(self, cases: Sequence[Case]) -> list[Verdict]:
        """Sleeps for each comment."""
        time.sleep(SLOW * len(cases))
        return [Verdict(dict.fromkeys(LABELS, 0.0), self.version) for _ in cases]

    def explain(self, case: Case, label: str) -> Explanation:
        """Never asked."""
        raise NotImplementedError


async def through_worker(count: int, scorer: object) -> tuple[float, float]:
    """(wall, CPU) seconds that a worker takes to judge `count` waiting comments."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        secrets = load_keys(Path(folder) / "secrets")
        async with open_services(Settings(data_dir=Path(folder)), secrets, server.url) as services:
            site = (await services.accounts.add("bench", "https://bench.example", "https://bench.example/cb")).site
            for chunk in range(0, count, 200):
                await asyncio.gather(
                    *[
                        services.moderation.submit(site, text(n, secrets.identity))
                        for n in range(chunk, min(chunk + 200, count))
                    ]
                )
            stop = asyncio.Event()
            worker = Worker(services, scorer)  # type: ignore[arg-type]
            wall, cpu = time.perf_counter(), cpu_now()
            task = asyncio.create_task(worker.run(stop))
            while await services.work.backlog():
                await asyncio.sleep(0.01)
            taken = time.perf_counter() - wall, cpu_now() - cpu
            stop.set()
            await task
            return taken


def text(number: int, keys: object) -> Submission:
    """One ordinary comment."""
    raw = RawComment(
        platform_id=str(number), content=TEXTS[number % 3], name="Ann", page_url="https://bench.example/p",
        email="ann@example.com",
    )  # fmt: skip
    return prepare(raw, keys, Strict()).submission  # type: ignore[arg-type]


def bare(count: int, scorer: object) -> tuple[float, float]:
    """(wall, CPU) seconds that the model alone takes for the same comments in the same batches."""
    with tempfile.TemporaryDirectory() as folder:
        keys = load_keys(Path(folder)).identity
    batches = [[Case(text(n, keys)) for n in range(first, first + 64)] for first in range(0, count, 64)]
    wall, cpu = time.perf_counter(), cpu_now()
    for batch in batches:
        scorer.judge(batch)  # type: ignore[attr-defined]
    return time.perf_counter() - wall, cpu_now() - cpu


def cpu_now() -> float:
    """CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def verdict_latency() -> tuple[float, float]:
    """Median seconds to a verdict at the same load: in the request through the durable queue, and scored in process."""
    port = free_port()
    count = int(RATE * 8)
    with process([sys.executable, "-m", "benchmarks.baseline", str(port), "score"], port):
        messages = [request("/v1/comments", body(n, "example.com")) for n in range(count)]
        asyncio.run(open_loop(port, messages[:200], RATE, 16))
        inline = asyncio.run(open_loop(port, messages, RATE, 16))
    with redis("always") as url, service(url, "api", "worker") as (port, _, key):
        headers = f"Authorization: Bearer {key}\r\nPrefer: wait=5\r\n"
        messages = [request("/v1/comments", body(n, "example.com"), headers) for n in range(count + 200)]
        asyncio.run(open_loop(port, messages[:200], RATE, 16))
        waited = asyncio.run(open_loop(port, messages[200:], RATE, 16))
        if waited.statuses != {200}:
            raise RuntimeError(f"answers: {waited.statuses}")
    return statistics.median(waited.latencies), statistics.median(inline.latencies)


def main() -> None:
    """Measure and print ratios; each is taken in one run on one machine."""
    table = Table("measure", "ours", "against", "ratio", "aim", title="Judging")
    slow_count = 640
    slow, slow_bare = asyncio.run(through_worker(slow_count, SlowScorer()))[0], bare(slow_count, SlowScorer())[0]
    table.add_row(
        "comments a second with a slow model, worker : bare model",
        f"{slow_count / slow:,.0f}", f"{slow_count / slow_bare:,.0f}", f"{slow_bare / slow:.2f}", "≥ 0.85",
    )  # fmt: skip
    scorer = ModelScorer()
    scorer.judge([])
    bare(640, scorer)
    ours, model = asyncio.run(through_worker(COMMENTS, scorer)), bare(COMMENTS, scorer)
    micros = [seconds / COMMENTS * 1e6 for seconds in (ours[1], model[1])]
    table.add_row(
        "CPU a comment in the worker, with : without the service (µs)",
        f"{micros[0]:,.0f}", f"{micros[1]:,.0f}", f"+{micros[0] - micros[1]:,.0f} µs", "< 60 µs",
    )  # fmt: skip
    waited, inline = verdict_latency()
    table.add_row(
        f"median time to a verdict at {RATE:.0f} requests a second, in the request : in process (ms)",
        f"{waited * 1e3:.2f}", f"{inline * 1e3:.2f}", f"{waited / inline:.2f}", "≤ 2",
    )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
