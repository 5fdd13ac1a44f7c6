"""The examples that humans made, each with the weight of where it came from, and those of them to look at again.

Nothing that a machine decided is here.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from classifier import Input
from classifier.correction import label_quality
from classifier.correction.decisions import Decided, between_moments, in_order
from classifier.correction.disputes import Dispute, Marked
from service.core.example import Example
from service.core.verdict import LABELS
from service.learning.registry import Registry
from service.store.examples import Examples

WEIGHTS: Final[Mapping[str, float]] = {
    "review": 1.0,  # a moderator, on our page
    "audit": 1.0,  # a moderator, blind
    "api": 1.0,  # a moderator, on the platform's own page
    "akismet": 0.7,  # submit-spam and submit-ham: often a whole list at once, without a look at each
    "import": 0.3,  # what another system's history says; who said it, and why, is not known
    "perspective": 0.3,  # suggestscore: anybody who holds the key
}
"""How much one example of a source counts beside a moderator's. What the poison guard allows a single voice is on top of it."""
_OTHER = 0.3
MOST: Final = 100_000
"""Most examples that a model is trained on: the newest."""


class Collected(NamedTuple):
    """A site's examples, oldest first."""

    decisions: list[Decided]
    sources: dict[str, int]  # source -> how many
    fingerprint: str  # digest of their ids and labels, in order


async def collect(examples: Examples, sites: Iterable[str], *, since: int = 0) -> Collected:
    """The newest `MOST` examples of some sites that were taught at or after `since` (milliseconds)."""
    found: list[Example] = []
    for site in sites:
        found += [one async for one in examples.all(site, since) if one.labels]
        if len(found) > 2 * MOST:
            found = _newest(found)
    found = _newest(found)
    digest = hashlib.sha256()
    for one in found:
        digest.update(f"{one.id}\0{sorted(one.labels.items())!r}\n".encode())
    return Collected(
        [as_decided(one) for one in found],
        dict(sorted(Counter(one.source for one in found).items())),
        digest.hexdigest(),
    )


def as_decided(example: Example) -> Decided:
    """An example as the classifier learns it."""
    kind = example.source.partition(":")[0]
    return Decided(
        item=Input(example.text, example.author_name, example.author_url, example.language),
        labels=example.labels,
        at=example.at,
        voice=example.source if kind == "import" else example.actor,
        weight=WEIGHTS.get(kind, _OTHER),
        signals=example.signals,
        id=example.id,
        comment=example.comment,
    )


def cut(decisions: Sequence[Decided], *, share: float, seen_until: int = 0, fewest: int = 0) -> int:
    """Where the newest part begins, which neither the candidate nor whoever learnt up to `seen_until` has seen.

    Where that holds fewer than `fewest` decisions with, or without, every label, it begins earlier, up to twice as early: most
    of what some sites decide goes one way, and what judges nothing is kept in vain. Decisions of one moment are never torn
    apart, so that the future teaches nothing.
    """
    place = min(int(len(decisions) * (1 - share)), max(_both(decisions, fewest), int(len(decisions) * (1 - 2 * share))))
    while place < len(decisions) and decisions[place].at <= seen_until:
        place += 1
    return between_moments(decisions, place)


def _both(decisions: Sequence[Decided], fewest: int) -> int:
    """From where on there are `fewest` decisions with some label, and as many without it."""
    said: Counter[tuple[str, bool]] = Counter()
    for at in range(len(decisions) - 1, -1, -1):
        said.update((label, value >= 0.5) for label, value in decisions[at].labels.items())
        if any(min(said[label, True], said[label, False]) >= fewest for label in decisions[at].labels):
            return at
    return 0


def _newest(examples: list[Example]) -> list[Example]:
    return sorted(examples, key=lambda one: (one.at, one.id))[-MOST:]


# Examples to look at again: those whose labels a model finds hard to believe, those that contradict each other, and those by
# which moderators disagree.


class Doubtful(Struct, frozen=True):
    """One example to look at again. `expected` is what the others let expect; it was said to be `said`."""

    example: str
    comment: str
    voice: str
    at: int
    label: str
    said: float
    expected: float
    text: str  # an excerpt


class Contradicting(Struct, frozen=True):
    """Examples that say the same and are labelled otherwise."""

    label: str
    examples: tuple[str, ...]
    text: str  # an excerpt


class Disputed(NamedTuple):
    """A name or a host that one voice rejects and the others don't, and the examples that bear it."""

    dispute: Dispute
    examples: tuple[str, ...]
    comments: tuple[str, ...]


class Doubts(NamedTuple):
    """What should be looked at again, worst first."""

    doubtful: list[Doubtful]
    contradicting: list[Contradicting]
    disputed: list[Disputed]


_EXCERPT = 200  # characters


async def doubtful(examples: Examples, registry: Registry, site: str, *, most: int = 50) -> Doubts:
    """A site's doubtful, contradicting and disputed examples, at most `most` of each kind and label."""
    rows = (await collect(examples, [site])).decisions
    base = (await registry.version("")).model
    found: list[Doubtful] = []
    for label in LABELS:
        if any(row.labels.get(label, 0.0) >= 0.5 for row in rows):
            doubted = await asyncio.to_thread(label_quality.doubtful, base, rows, label)
            found += [_doubtful(rows[one.row], one) for one in doubted[:most]]
    opposed = await asyncio.to_thread(label_quality.contradictions, rows)
    return Doubts(
        found, [_contradicting(rows, one) for one in opposed[:most]], await asyncio.to_thread(_disputed, rows, most)
    )


def _doubtful(row: Decided, doubt: label_quality.Doubt) -> Doubtful:
    return Doubtful(
        row.id,
        row.comment,
        row.voice,
        row.at,
        doubt.label,
        doubt.said,
        round(doubt.expected, 4),
        row.item.text[:_EXCERPT],
    )


def _contradicting(rows: list[Decided], one: label_quality.Contradiction) -> Contradicting:
    return Contradicting(one.label, tuple(rows[at].id for at in one.rows), rows[one.rows[0]].item.text[:_EXCERPT])


def _disputed(rows: list[Decided], most: int) -> list[Disputed]:
    rows = in_order(rows)
    marked = Marked(rows)
    found = []
    for one in (one for label in LABELS for one in marked.disputes(label)[:most]):
        its = [
            row for row, marks in zip(rows, marked.marks, strict=True) if one.mark in marks and one.label in row.labels
        ]
        found.append(Disputed(one, tuple(row.id for row in its), tuple(row.comment for row in its)))
    return found
