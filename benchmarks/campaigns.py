"""How alike must two comments be to be of one campaign? What each choice finds, what it joins wrongly, and what it costs.

    python -m benchmarks.campaigns --corpora FOLDER [--comments 3000] [--waves 5]

Ordinary comments (a programmer's blog, a newspaper's readers) come in mixed with waves made from spam of `blog_wp_caffeinated`:
one text each, of which 120 variants have their words in another order, some left out, some replaced by words of ordinary
comments, and some added. Everything goes through the real store and its script, the same comments in the same order for
every choice. Found is the share of a wave that stands in the wave's largest campaign. An ordinary comment is joined wrongly
when it stands in a campaign with others, but shares neither half of its different words nor eight words in a row with any
of them: quotations and comments that were sent twice are no mistake. "Spam" is the blog's own spam in its own order, of
which nobody knows what belongs together: how much of it stands in a campaign at all.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from classifier.training import corpora
from service.core.comment import Comment
from service.core.lifecycle import State
from service.core.signals.subjects import Subjects, subjects_of
from service.core.submission import bare, comment_id
from service.core.text.similarity import Alikeness, fold
from service.store.client import Connection
from service.store.reputation import Reputations
from service.store.server import EmbeddedServer

SEED = 20_261_124
BLOG, NEWS, SPAM = "ham_blog_haacked_early", "ham_civil_comments", "blog_wp_caffeinated"
VARIANTS = 120
LEAST_WORDS, MOST_WORDS = 25, 120  # of a text that becomes a wave
BATCH = 64
STEP = 1_000  # milliseconds between two comments
QUOTED = 8  # words in a row
NOISE = {"light": (0.05, 0.1, 0.1), "some": (0.1, 0.1, 0.3), "heavy": (0.1, 0.2, 0.2), "severe": (0.15, 0.3, 0.3)}
"""Shares of a variant's words that are left out, replaced and added."""
GRID = [
    Alikeness(alike, common, near)
    for alike, common, near in [
        (0.2, 0.4, 0.2), (0.25, 0.45, 0.2), (0.3, 0.45, 0.2), (0.35, 0.45, 0.2), (0.35, 0.55, 0.2), (0.35, 0.55, 0.3),
        (0.4, 0.55, 0.3), (0.5, 0.65, 0.4), (0.7, 0.8, 0.6),
    ]
]  # fmt: skip


class Arrival(NamedTuple):
    """A comment of the replay, and where it is from: `wave` is -1 for ordinary ones."""

    text: str
    source: str
    wave: int = -1


class Outcome(NamedTuple):
    """What one choice of thresholds did."""

    found: dict[str, float]  # by noise
    wrong: float
    joined: float
    largest: int  # ordinary comments in one campaign
    spam: float
    micros: float  # CPU of the server a comment


def words_of(text: str) -> list[str]:
    """A text's words, folded as the sketch has them, in order."""
    return [word for word in fold(text).split() if word.isalpha()]


def variants(text: str, others: Sequence[str], noise: tuple[float, float, float], rng: random.Random) -> Iterator[str]:
    """`VARIANTS` of a text: its words in another order, some left out, replaced and added."""
    out, replaced, added = noise
    said = text.split()
    for _ in range(VARIANTS):
        kept = [rng.choice(others) if rng.random() < replaced else word for word in said if rng.random() >= out]
        kept += rng.choices(others, k=round(added * len(said)))
        rng.shuffle(kept)
        yield " ".join(kept)


def arrivals(root: Path, comments: int, waves: int) -> list[Arrival]:
    """Ordinary comments and waves, mixed."""
    rng = random.Random(SEED)
    ordinary = [
        Arrival(item.text, source)
        for source in (BLOG, NEWS)
        for item in rng.sample(list(corpora.load(root, [source]).items), comments)
    ]
    vocabulary = [word for one in ordinary for word in one.text.split() if word.isalpha()]
    spam = [text for text in spam_of(root) if LEAST_WORDS <= len(set(words_of(text))) <= MOST_WORDS]
    mixed = list(ordinary)
    texts = iter(rng.sample(spam, waves * len(NOISE)))
    for wave, (noise, shares) in enumerate(itertools.chain.from_iterable([NOISE.items()] * waves)):
        mixed += [Arrival(one, noise, wave) for one in variants(next(texts), vocabulary, shares, rng)]
    rng.shuffle(mixed)
    return mixed


def spam_of(root: Path) -> list[str]:
    """The blog's spam, in its order."""
    table = corpora.load(root, [SPAM])
    spam = table.labels[:, 0]
    return [item.text for item, is_spam in zip(table.items, spam, strict=True) if is_spam == 1]


async def campaigns_of(
    connection: Connection, sighted: Sequence[Subjects], choice: Alikeness
) -> tuple[list[str], float]:
    """The campaign of each comment once all have come ("" when it is alone), and the server's CPU µs a comment."""
    client = connection.client
    await client.flushdb()
    comments = [
        Comment(comment_id("bench", str(number)), "bench", str(number), State.PENDING, 1, 1, False, None, 0, 0, None)
        for number in range(len(sighted))
    ]
    async with client.pipeline(transaction=False) as pipe:
        for one in comments:
            pipe.hset(connection.keys.comment(one.id), mapping={"state": "pending", "rev": 1, "text_rev": 1})
        await pipe.execute()
    reputations = Reputations(connection, alikeness=choice)
    before, found = await server_cpu(connection), []
    for first in range(0, len(sighted), BATCH):
        seen = list(zip(comments[first : first + BATCH], sighted[first : first + BATCH], strict=True))
        found += [known.campaign for known in await reputations.look(seen, 1_800_000_000_000 + first * STEP)]
    cpu = await server_cpu(connection) - before
    sizes = Counter(found)
    return [one if sizes[one] > 1 else "" for one in found], cpu / len(sighted) * 1e6


async def server_cpu(connection: Connection) -> float:
    """CPU seconds that the server has used."""
    usage = await connection.client.info("cpu")
    return float(usage["used_cpu_user"]) + float(usage["used_cpu_sys"])


def outcome(come: Sequence[Arrival], campaigns: Sequence[str], spam: Sequence[str], micros: float) -> Outcome:
    """What a choice did, from the campaigns of the arrivals and of the blog's spam."""
    shares: dict[str, list[float]] = {noise: [] for noise in NOISE}
    for wave in sorted({one.wave for one in come} - {-1}):
        of_wave = [(one, campaign) for one, campaign in zip(come, campaigns, strict=True) if one.wave == wave]
        sizes = Counter(campaign for _, campaign in of_wave if campaign)
        shares[of_wave[0][0].source].append((max(sizes.values()) if sizes else 0) / len(of_wave))
    members: dict[str, list[Arrival]] = {}
    for one, campaign in zip(come, campaigns, strict=True):
        if campaign:
            members.setdefault(campaign, []).append(one)
    ordinary = [(one, campaign) for one, campaign in zip(come, campaigns, strict=True) if one.wave < 0]
    joined = [(one, campaign) for one, campaign in ordinary if campaign]
    wrong = [
        one
        for one, campaign in joined
        if not any(related(one.text, two.text) for two in members[campaign] if two is not one)
    ]
    return Outcome(
        {noise: sum(found) / len(found) for noise, found in shares.items()},
        len(wrong) / len(ordinary),
        len(joined) / len(ordinary),
        max(Counter(campaign for _, campaign in joined).values(), default=0),
        sum(map(bool, spam)) / len(spam),
        micros,
    )


def related(one: str, two: str) -> bool:
    """Whether texts share half of their different words, or eight words in a row."""
    (ours, our_runs), (theirs, their_runs) = said_in(one), said_in(two)
    return len(ours & theirs) * 2 >= len(ours | theirs) or not our_runs.isdisjoint(their_runs)


@cache
def said_in(text: str) -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
    """A text's different words, and its runs of eight."""
    words = words_of(text)
    return frozenset(words), frozenset(zip(*(words[at:] for at in range(QUOTED)), strict=False))


async def measure(root: Path, comments: int, waves: int) -> list[tuple[Alikeness, Outcome]]:
    """Every choice of the grid, on the same comments."""
    come = arrivals(root, comments, waves)
    sighted, spam = [subjects_of(bare(one.text)) for one in come], [subjects_of(bare(text)) for text in spam_of(root)]
    measured = []
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), fsync="everysec") as server:
        async with Connection(server.url) as connection:
            for choice in track(GRID, "Trying", transient=True):
                campaigns, micros = await campaigns_of(connection, sighted, choice)
                of_spam, _ = await campaigns_of(connection, spam, choice)
                measured.append((choice, outcome(come, campaigns, of_spam, micros)))
    return measured


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--comments", type=int, default=3_000, help="ordinary comments of each of the two sources")
    parser.add_argument("--waves", type=int, default=5, help="waves for each amount of noise")
    options = parser.parse_args()
    root = corpora.folder(options.corpora)
    table = Table(
        "alike", "common", "near", *(f"found, {noise}" for noise in NOISE), "spam", "joined", "wrongly", "largest", "µs"
    )
    for choice, result in asyncio.run(measure(root, options.comments, options.waves)):
        table.add_row(
            *(f"{value:g}" for value in choice), *(f"{share:.1%}" for share in result.found.values()), f"{result.spam:.1%}",
            f"{result.joined:.2%}", f"{result.wrong:.2%}", str(result.largest), f"{result.micros:.0f}",
            style="bold green" if choice == Alikeness() else None,
        )  # fmt: skip
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
