"""What a comment takes of Redis's memory, by kind of key: with its text and evidence, and what remains of it.

Run: python -m benchmarks.memory [comments, 20000 unless said otherwise]
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import redis.asyncio as client
from rich.console import Console
from rich.table import Table

from benchmarks.load import redis
from service.clock import now_ms
from service.container import open_services
from service.core.identity import IdentityKeys
from service.core.submission import RawComment, Strict, Submission, prepare
from service.keyfiles import throwaway
from service.scorer import ModelScorer
from service.settings import Settings
from service.store.keys import KEYS, ROOT
from service.workers.classify import Worker
from service.workers.housekeeping import drop_old_texts

COMMENTS = 20_000
A_DAY = 86_400_000  # milliseconds
RETAINED, REMAINED = 45, 1_200  # days until the texts are gone, and what remains of them
TEXT = 460  # characters
SEED = 7
PROSE = Path(__file__).parent.parent / "docs"


class Kept(NamedTuple):
    """What Redis keeps at one moment, in bytes a comment."""

    whole: float  # by used_memory
    kinds: Mapping[str, float]  # kind of key -> by MEMORY USAGE
    keys: Mapping[str, float]  # kind of key -> how many
    fields: Mapping[str, float]  # field of the comment's hash -> length of its value
    encodings: Mapping[str, int]  # of the comment's hash -> in how many of a hundred


def words(rng: random.Random, prose: Sequence[str]) -> str:
    """A text of ordinary length, out of several places of some prose; hardly two are alike."""
    said: list[str] = []
    while sum(map(len, said)) + len(said) < TEXT:
        at = rng.randrange(len(prose) - 12)
        said += prose[at : at + rng.randrange(4, 12)]
    return " ".join(said)[:TEXT]


def text(number: int, rng: random.Random, prose: Sequence[str], keys: IdentityKeys) -> Submission:
    """A submission by somebody who writes three times."""
    person = number // 3
    raw = RawComment(
        platform_id=f"m{number}", content=words(rng, prose), name=f"Ann Other {person}",
        email=f"ann.other{person}@example.org", url=f"https://ann{person}.example",
        ip=f"198.{18 + person % 2}.{person // 250 % 250}.{person % 250}",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        page_url=f"https://bench.example/2026/a-post-{number % 200}", page_title="A post about something",
    )  # fmt: skip
    return prepare(raw, keys, Strict()).submission


def kind_of(key: str) -> str:
    """The pattern in `keys.py` of a key, shortened."""
    rest = key.removeprefix(ROOT)
    best = ""
    for one in KEYS:
        fixed = one.pattern.replace("{pN}", "{p0}").replace("<site>", "bench").partition("<")[0]
        if (
            rest.startswith(fixed)
            and len(fixed) > len(best)
            and ("<" in one.pattern.replace("<site>", "") or rest == fixed)
        ):
            best = fixed
    if best or not rest.startswith("{p0}:s:bench:"):
        return best.removeprefix("{p0}:") or "other"
    return "s:bench:<state>"


async def look(url: str, count: int, before: int) -> Kept:
    """Go through all keys."""
    kinds, keys, fields, encodings = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    async with client.Redis.from_url(url) as store:
        whole = (await store.info("memory"))["used_memory"]
        async for page in _pages(store):
            pipe = store.pipeline(transaction=False)
            for key in page:
                pipe.execute_command("MEMORY", "USAGE", key, "SAMPLES", 0)
            for key, size in zip(page, await pipe.execute(), strict=True):
                kinds[kind_of(key.decode())] += size or 0
                keys[kind_of(key.decode())] += 1
        seen = [key async for key in store.scan_iter(f"{ROOT}{{p0}}:c:*", count=1_000)][:: max(1, count // 100)]
        for key in seen:
            encodings[(await store.object("ENCODING", key)).decode()] += 1
            row = await store.hgetall(key) if await store.type(key) == b"hash" else {b"": await store.get(key)}
            for name, value in row.items():
                fields[name.decode()] += len(name) + len(value)
    share = {name: size / count for name, size in kinds.items()}
    return Kept(
        (whole - before) / count, share, {name: n / count for name, n in keys.items()},
        {name: size / len(seen) for name, size in fields.items()} if seen else {}, encodings,
    )  # fmt: skip


async def _pages(store: Any) -> Any:
    cursor = 0
    while True:
        cursor, found = await store.scan(cursor, count=1_000)
        if found:
            yield found
        if cursor == 0:
            return


async def used(url: str) -> int:
    """Bytes in use."""
    async with client.Redis.from_url(url) as store:
        return int((await store.info("memory"))["used_memory"])


async def pass_time(url: str, days: float) -> None:
    """Drop what would have ended by itself."""
    async with client.Redis.from_url(url) as store:
        async for page in _pages(store):
            for key in page:
                if 0 < await store.pttl(key) < days * A_DAY:
                    await store.delete(key)


async def measure(url: str, folder: Path, count: int) -> dict[str, Kept]:
    """Take in, judge, and let time pass."""
    secrets, rng = throwaway(), random.Random(SEED)
    settings = Settings(data_dir=folder, reader="off", worker_batch=64)
    scorer, prose = ModelScorer(), " ".join(path.read_text() for path in sorted(PROSE.glob("*.md"))).split()
    async with open_services(settings, secrets, url) as services:
        site = (await services.accounts.add("bench", "https://bench.example")).site
        worker = Worker(services, scorer)

        async def take(numbers: range) -> None:
            for first in numbers[::200]:
                some = range(first, min(first + 200, numbers.stop))
                texts = [text(number, rng, prose, secrets.identity) for number in some]
                await asyncio.gather(*[services.moderation.submit(site, one) for one in texts])
                await worker.drain()

        await take(range(-300, 0))  # what is there once, whatever the number of comments
        before = await used(url)
        await take(range(count))
        found = {"with its text": await look(url, count, before)}
        await pass_time(url, RETAINED)
        await drop_old_texts(services, now_ms() + RETAINED * A_DAY)
        found["its text dropped"] = await look(url, count, before)
        await pass_time(url, REMAINED)
        await drop_old_texts(services, now_ms() + REMAINED * A_DAY)
        found["its remains dropped"] = await look(url, count, before)
        return found


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COMMENTS
    with tempfile.TemporaryDirectory() as folder, redis("everysec") as url:
        show(asyncio.run(measure(url, Path(folder), count)))


def show(found: Mapping[str, Kept]) -> None:
    """Print the tables."""
    console = Console()
    table = Table("bytes a comment", *found, title="What a comment takes")
    table.add_row("in all (used_memory)", *(f"{one.whole:,.0f}" for one in found.values()))
    names = sorted(
        {name for one in found.values() for name in one.kinds},
        key=lambda name: -max(one.kinds.get(name, 0) for one in found.values()),
    )
    for name in names[:24]:
        table.add_row(
            name, *(f"{one.kinds.get(name, 0):,.0f} ({one.keys.get(name, 0):.2f} keys)" for one in found.values())
        )
    console.print(table)
    table = Table("field, name and value", *found, title="The comment's own record")
    for name in sorted({name for one in found.values() for name in one.fields}):
        table.add_row(name, *(f"{one.fields.get(name, 0):,.0f}" for one in found.values()))
    table.add_row("encoding", *(json.dumps(dict(one.encodings)) for one in found.values()))
    console.print(table)


if __name__ == "__main__":
    main()
