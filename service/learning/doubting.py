"""Examples to look at again: those whose labels a model finds hard to believe, and those that contradict each other."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from classifier import doubts
from classifier.decisions import Decided
from service.core.verdict import LABELS
from service.learning.collecting import collect
from service.learning.registry import Registry
from service.store.examples import Examples


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


class Doubts(Struct, frozen=True):
    """What should be looked at again, worst first."""

    doubtful: list[Doubtful]
    contradicting: list[Contradicting]


_EXCERPT = 200  # characters


async def doubtful(examples: Examples, registry: Registry, site: str, *, most: int = 50) -> Doubts:
    """A site's doubtful and contradicting examples, at most `most` of each kind and label."""
    rows = (await collect(examples, [site])).decisions
    base = (await registry.version("")).model
    found: list[Doubtful] = []
    for label in LABELS:
        if any(row.labels.get(label, 0.0) >= 0.5 for row in rows):
            doubted = await asyncio.to_thread(doubts.doubtful, base, rows, label)
            found += [_doubtful(rows[one.row], one) for one in doubted[:most]]
    opposed = await asyncio.to_thread(doubts.contradictions, rows)
    return Doubts(found, [_contradicting(rows, one) for one in opposed[:most]])


def _doubtful(row: Decided, doubt: doubts.Doubt) -> Doubtful:
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


def _contradicting(rows: list[Decided], one: doubts.Contradiction) -> Contradicting:
    return Contradicting(one.label, tuple(rows[at].id for at in one.rows), rows[one.rows[0]].item.text[:_EXCERPT])
