"""What the evidence beyond the text costs: CPU a comment, part by part, and of the whole of judging with and without it.

Run: python -m benchmarks.signals

With and without take turns in one run, batch by batch of a few hundred comments, so that a machine that is busy with other
things is as busy for both. Without, comments are judged by their text alone: nothing is computed, asked or noted for signals.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.campaigns import server_cpu
from benchmarks.judging import COMMENTS, cpu_now
from service.clock import now_ms
from service.container import open_services
from service.core.appeal import Links
from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.signals.compute import signals
from service.core.signals.subjects import Record, Reputation, subjects_of
from service.core.submission import RawComment, Strict, Submission, comment_id, prepare
from service.core.text.similarity import sketch
from service.core.verdict import Signal
from service.keyfiles import load as load_keys
from service.scorer import ModelScorer
from service.settings import Settings
from service.store.server import EmbeddedServer
from service.usecases.classification import Classification, SignalCollector
from service.workers.classify import Worker

BATCH = 64
ROUND, ROUNDS = 320, 20
WORDS = (  # noqa: SIM905
    "the queue behind it was slow at first because every consumer asked for a single message and waited until the answer "
    "had been written before it came back for more which is what the second picture shows and why batches helped so much"
).split()


def ordinary(number: int, keys: object) -> Submission:
    """A comment of some 40 words, each in another order, by one of many authors, with a link now and then."""
    words = [
        WORDS[(number * 7 + at * (number % 11 + 1)) % len(WORDS)] + ("" if at % 3 else str(number % 7))
        for at in range(40)
    ]
    raw = RawComment(
        platform_id=str(number), page_url="https://bench.example/p",
        content=" ".join(words) + (f" https://host{number % 500}.example.net/a" if number % 5 == 0 else ""),
        name=f"Ann {number % 900}", email=f"ann{number % 900}@example.com", ip=f"192.0.{number % 200}.{number % 250}",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        url=f"https://ann{number % 900}.example.org/" if number % 3 == 0 else "",
    )  # fmt: skip
    return prepare(raw, keys, Strict()).submission  # type: ignore[arg-type]


def micros(act: Callable[[Submission], object], said: list[Submission]) -> float:
    """CPU microseconds a comment, the best of three passes."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for one in said:
            act(one)
        best = min(best, time.process_time() - begun)
    return best / len(said) * 1e6


async def gathered(count: int) -> tuple[float, float]:
    """(CPU µs of this process, wall µs) a comment to gather the evidence of `count` stored comments in batches."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        secrets = load_keys(Path(folder) / "secrets")
        async with open_services(Settings(data_dir=Path(folder)), secrets, server.url) as services:
            site = (await services.accounts.add("bench", "https://bench.example", "")).site
            said = [ordinary(number, secrets.identity) for number in range(count)]
            for first in range(0, count, 200):
                await asyncio.gather(*[services.moderation.submit(site, one) for one in said[first : first + 200]])
            seen = [(stored(site.id, one), one) for one in said]
            collector = SignalCollector(services.reputations)
            wall, cpu = time.perf_counter(), cpu_now()
            for first in range(0, count, BATCH):
                collector.signals(await collector.look(seen[first : first + BATCH], now_ms()), now_ms())
            return (cpu_now() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6


class Nothing:
    """Gathers nothing."""

    async def look(self, seen: Sequence[tuple[Comment, Submission]], now: int) -> list[None]:
        """Nothing around each comment."""
        return [None for _ in seen]

    def signals(self, around: Sequence[None], now: int) -> list[dict[str, Signal]]:
        """No signals for each comment."""
        return [{} for _ in around]


class Judged(NamedTuple):
    """What judging cost, in µs a comment."""

    worker: float  # CPU of the worker's process
    server: float  # CPU of Redis


async def judged(rounds: int) -> tuple[Judged, Judged]:
    """(with, without) the evidence: what the worker costs from the claim to the decision, with the shipped model."""
    spent: dict[bool, list[float]] = {True: [0.0, 0.0], False: [0.0, 0.0]}
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        secrets = load_keys(Path(folder) / "secrets")
        async with open_services(Settings(data_dir=Path(folder)), secrets, server.url) as services:
            site = (await services.accounts.add("bench", "https://bench.example", "")).site
            links, scorer = Links(secrets.master, "https://bench.example", 21), ModelScorer()
            collector = {True: SignalCollector(services.reputations), False: Nothing()}
            workers = {
                kind: Worker(
                    replace(
                        services, classification=Classification(services.comments, services.work, one, links=links)
                    ),  # type: ignore[arg-type]
                    scorer,
                )
                for kind, one in collector.items()
            }
            for number in range(2 * rounds + 2):
                kind = number % 4 in (0, 3)  # with, without, without, with, …
                said = [ordinary(number * ROUND + at, secrets.identity) for at in range(ROUND)]
                await asyncio.gather(*[services.moderation.submit(site, one) for one in said])
                before = cpu_now(), await server_cpu(services.connection)
                await workers[kind].drain()
                if number >= 2:  # the first round of each warms up
                    spent[kind][0] += cpu_now() - before[0]
                    spent[kind][1] += await server_cpu(services.connection) - before[1]
    micros = {kind: Judged(*(seconds / (rounds * ROUND) * 1e6 for seconds in both)) for kind, both in spent.items()}
    return micros[True], micros[False]


def stored(site: str, said: Submission) -> Comment:
    """A submission as the comment that judging reads."""
    return Comment(
        comment_id(site, said.platform_id), site, said.platform_id, State.PENDING, 1, 1, False, None, 0, 0, said
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    table = Table("CPU a comment", "µs", "aim", title="Evidence beyond the text")
    with tempfile.TemporaryDirectory() as folder:
        keys = load_keys(Path(folder)).identity
    said = [ordinary(number, keys) for number in range(4_000)]
    record = Record(approved=3, vouched=1, good=2.0, first=1, short=2, long=3, names=1)
    known = Reputation(record, record, record, record, [(record, record)])
    now = now_ms()
    table.add_row("sketch of the text, for campaigns", f"{micros(lambda one: sketch(one.content), said):.0f}", "< 100")
    table.add_row("all that the submission tells (sketch among it)", f"{micros(subjects_of, said):.0f}", "")
    sightings = {one.platform_id: subjects_of(one) for one in said}
    named = micros(lambda one: signals(one, sightings[one.platform_id], known, now), said)
    table.add_row("signals from that and what is known", f"{named:.0f}", "")
    cpu, wall = asyncio.run(gathered(COMMENTS))
    table.add_row("gathering in the worker, the store's client included", f"{cpu:.0f}", "")
    table.add_row("… wall time, Redis included", f"{wall:.0f}", "")
    ours, bare = asyncio.run(judged(ROUNDS))
    table.add_row("judging in the worker, all of it", f"{ours.worker:.0f}", "")
    table.add_row("… by the text alone", f"{bare.worker:.0f}", "")
    table.add_row("… the one to the other", f"{ours.worker / bare.worker:.2f}", "")
    table.add_row("Redis meanwhile, with : without", f"{ours.server:.0f} : {bare.server:.0f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
