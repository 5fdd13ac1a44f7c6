"""How quick the moderators' use cases are with a full queue: pages near and far, filters, facets, search, deciding, undoing.

The held comments are submitted and moved by the same code as ever; of the others, which only fill the indexes, the records
are written as they stand. Compared with the same on a small queue: what should cost the same wherever a page lies, does.

Run: python -m benchmarks.reviewing [--held 100000] [--comments 1000000]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from service.clock import now_ms
from service.container import Services, open_services
from service.core.appeal import Links
from service.core.comment import Actor, Comment, Decision
from service.core.identity import IdentityKeys
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.queue import SORTS, Entry
from service.core.site import Site
from service.core.submission import RawComment, Strict, Submission, comment_id, prepare
from service.core.verdict import LABELS, Reason, Verdict
from service.keyfiles import load as load_keys
from service.settings import Settings
from service.store.server import EmbeddedServer
from service.usecases.moderation import transition_for
from service.usecases.review.queue import Filters

AUTHORS = 20_000
PAGES = 2_000
BATCH = 500
REPEATS = 30
LINKS = Links(b"benchmark" * 4, "https://bench.example", 21)
MODERATOR = Actor(ActorKind.MODERATOR, "bench")
WORDS = (
    "the",
    "of",
    "a",
    "garden",
    "music",
    "rain",
    "letter",
    "window",
    "green",
    "answer",
    "morning",
    "river",
    "small",
    "idea",
)
Timed = dict[str, list[float]]


def submission(number: int, keys: IdentityKeys, dice: random.Random) -> Submission:
    """A made-up comment."""
    author = dice.randrange(AUTHORS)
    raw = RawComment(
        platform_id=str(number),
        content=" ".join(dice.choices(WORDS, k=40)),
        page_url=f"https://bench.example/{int(dice.random() ** 3 * PAGES)}",
        name=f"Author {author}",
        email=f"author{author}@bench.example",
    )
    return prepare(raw, keys, Strict()).submission


def verdict(dice: random.Random) -> Verdict:
    """Scores as they might be, for one label of several and in one language of several."""
    scores = {label: dice.random() ** 4 for label in LABELS} | {dice.choice(LABELS): 0.6 + 0.3 * dice.random()}
    signals = {"author_url": dice.random() < 0.3, "link_mismatch": dice.random() < 0.02}
    return Verdict(scores, dice.choice(("base-1", "base-2")), (), dice.choice(("en", "de", "fr")), signals)


async def fill_held(services: Services, site: Site, count: int, dice: random.Random) -> None:
    """Comments that are held, by the code that holds them."""
    keys = services.secrets.identity
    for start in range(0, count, BATCH):
        now = now_ms() - (count - start) * 1_000
        some = [submission(number, keys, dice) for number in range(start, min(start + BATCH, count))]
        ids = [comment_id(site.id, one.platform_id) for one in some]
        await asyncio.gather(
            *[
                services.comments.submit(
                    site=site.id, comment=identity, submission=one, now=now + place,
                    backlog=10**9,
                )
                for place, (identity, one) in enumerate(zip(ids, some, strict=True))
            ]
        )  # fmt: skip
        moves = []
        for place, (identity, one) in enumerate(zip(ids, some, strict=True)):
            said = verdict(dice)
            reasons = tuple(
                Reason(label, label=label, score=score) for label, score in said.scores.items() if score > 0.59
            )
            actor = Actor(ActorKind.POLICY, said.model)
            decision = Decision(Outcome.HOLD, actor, reasons, now + place, 2)
            seen = Comment(
                id=identity, site=site.id, platform_id=one.platform_id, state=State.PENDING, revision=1, text_revision=1,
                human=False, ruled=None, created_at=now + place, updated_at=now + place, submission=one,
            )  # fmt: skip
            moves.append(transition_for(seen, site, decision, said, links=LINKS))
        await services.comments.apply(moves)
    await services.connection.client.delete(services.connection.keys.partitions[0].work)
    await services.work.prepare()


async def fill_others(services: Services, site: Site, first: int, count: int, dice: random.Random) -> None:
    """Comments that stand approved or rejected, as they would after years."""
    client, keys = services.connection.client, services.connection.keys
    blob = msgspec.msgpack.encode(submission(0, services.secrets.identity, dice))
    for start in range(first, first + count, BATCH * 4):
        pipe = client.pipeline(transaction=False)
        states: dict[str, dict[str, float]] = {"approved": {}, "rejected": {}}
        for number in range(start, min(start + BATCH * 4, first + count)):
            identity, at = comment_id(site.id, str(number)), now_ms() - number * 50
            state = "approved" if number % 5 else "rejected"
            states[state][identity] = at
            pipe.hset(
                keys.comment(identity),
                mapping={
                    "site": site.id, "pid": str(number), "state": state, "rev": 2, "text_rev": 1, "human": "0",
                    "created": at, "updated": at, "sub": blob,
                },
            )  # fmt: skip
        for state, members in states.items():
            if members:
                pipe.zadd(keys.site(site.id, state), members)
                pipe.zadd(keys.site(site.id, "all"), members)
        await pipe.execute()


async def timed(times: Timed, name: str, ask: Callable[[], Awaitable[object]], repeats: int = REPEATS) -> None:
    """Ask several times, and keep how long each took, in milliseconds."""
    for _ in range(repeats):
        begun = time.perf_counter()
        await ask()
        times.setdefault(name, []).append((time.perf_counter() - begun) * 1_000)


async def measure(held: int, comments: int) -> Timed:
    """Milliseconds of each use case."""
    dice, times = random.Random(7), Timed()
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), fsync="everysec") as server:
        settings = Settings(data_dir=Path(folder), review_undo_seconds=600)
        async with open_services(settings, load_keys(Path(folder) / "secrets"), server.url) as services:
            site = (await services.accounts.add("bench", "https://bench.example", "https://bench.example/hook")).site
            await fill_held(services, site, held, dice)
            await fill_others(services, site, held, comments - held, dice)
            await ask_everything(services, site, held, times)
    return times


async def ask_everything(services: Services, site: Site, held: int, times: Timed) -> None:
    """What a moderator's page asks for."""
    lists, decisions, details = services.review.lists, services.review.decisions, services.review.details
    sites = [site.id]

    async def page(filters: Filters, after: Entry | None = None) -> None:
        await lists.page(sites, filters, limit=50, after=after)

    async def divide(name: str = "flagged", **filters: Any) -> None:
        await lists.facets(sites, Filters(name, **filters))

    queue = services.connection.keys.site(site.id, "queue")
    rows = await services.connection.client.zrange(queue, held // 2, held // 2, withscores=True)
    middle = Entry(int(rows[0][1]), rows[0][0].decode())
    every = (await lists.facets(sites, Filters())).facets
    by_author, by_page = every["author"][0][0], every["page"][0][0]
    two = {"label": ["insult", "threat"], "language": ["de", "fr"]}
    await timed(times, "counts of all lists", lambda: lists.counts(sites))
    await timed(times, "first page of the queue", lambda: page(Filters()))
    await timed(times, "a page in its middle", lambda: page(Filters(), middle))
    await timed(times, "first page of approved", lambda: page(Filters("approved")))
    await timed(times, "… filtered by a label", lambda: page(Filters(facets={"label": ["insult"]})))
    await timed(times, "… by label, signal, language", lambda: page(
        Filters(facets={"label": ["insult"], "signal": ["link_mismatch"], "language": ["de"]})))  # fmt: skip
    await timed(times, "… by an author", lambda: page(Filters(facets={"author": [by_author]})))
    await timed(times, "… by a page", lambda: page(Filters(facets={"page": [by_page]})))
    await timed(times, "… by two labels and two languages", lambda: page(Filters(facets=two)))
    for sort in SORTS:
        await timed(times, f"… the {sort} first", lambda sort=sort: page(Filters(sort=sort)))
    await timed(times, "… by two and two, the newest first", lambda: page(Filters(facets=two, sort="newest")))
    await timed(times, "… by words that many have", lambda: page(Filters(text="river small")))
    await timed(times, "… by words that nobody has (looks at 2,000)", lambda: page(Filters(text="zebra")), 10)
    await timed(times, "facets", lambda: lists.facets(sites, Filters()))
    await timed(times, "facets, filtered by a label", lambda: divide(facets={"label": ["insult"]}))
    await timed(times, "… by label and language", lambda: divide(facets={"label": ["insult"], "language": ["de"]}))
    await timed(times, "facets, by two labels and two languages", lambda: divide(facets=two))
    await timed(times, "… by an author", lambda: divide(facets={"author": [by_author]}))
    await timed(times, "… by words (looks at 2,000)", lambda: divide(text="river small"), 10)
    await timed(times, "facets of approved (looks at 2,000)", lambda: divide("approved"), 10)
    found = (await lists.page(sites, Filters(), limit=200, after=None)).rows
    todo = iter([row.comment for row in found])
    done: list[str] = []

    async def decide() -> None:
        comment = next(todo)
        await decisions.decide(
            site, comment.id, Outcome.REJECT, by=MODERATOR, revision=comment.revision, reasons=["spam"]
        )
        done.append(comment.id)

    async def undo() -> None:
        await decisions.undo(site, done.pop(), 3, by=MODERATOR, others=False)

    async def look() -> None:
        comment = next(todo)
        await details.open(site, comment, sites)

    await timed(times, "one comment with all its evidence", look)
    await timed(times, "decide", decide)
    await timed(times, "undo", undo)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=int, default=100_000)
    parser.add_argument("--comments", type=int, default=1_000_000)
    asked = parser.parse_args()
    small = asyncio.run(measure(1_000, 10_000))
    full = asyncio.run(measure(asked.held, asked.comments))
    table = Table("", "1,000 of 10,000", f"{asked.held:,} of {asked.comments:,}", "ratio", "95 %")
    for name, times in full.items():
        before, now = statistics.median(small[name]), statistics.median(times)
        worst = statistics.quantiles(times, n=20)[-1]
        table.add_row(name, f"{before:.1f} ms", f"{now:.1f} ms", f"{now / before:.1f}", f"{worst:.1f} ms")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
