"""Collects what a model learns from: the examples that humans made, each with the weight of where it came from.

For `service.learning`. Nothing that a machine decided is here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from classifier import Input
from classifier.decisions import Decided
from service.core.example import Example
from service.core.lifecycle import Outcome
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
    queued: frozenset[str] = frozenset()  # ids of those about what the machine had held
    chosen: frozenset[str] = frozenset()  # … on comments that were marked as worth deciding for what they teach


async def collect(examples: Examples, sites: Iterable[str], *, since: int = 0) -> Collected:
    """The newest `MOST` examples of some sites that were taught at or after `since` (milliseconds)."""
    found: list[Example] = []
    marked: set[str] = set()
    for site in sites:
        marked |= await examples.chosen(site)
        found += [one async for one in examples.all(site, since) if one.labels]
        if len(found) > 2 * MOST:
            found = _newest(found)
    found = _newest(found)
    digest = hashlib.sha256()
    for one in found:
        digest.update(f"{one.id}\0{sorted(one.labels.items())!r}\n".encode())
    held = {one.comment for one in found if one.said is not None and one.said.outcome == Outcome.HOLD}
    queued = [one for one in found if one.comment in held]  # second thoughts of a human don't know of the machine's
    return Collected(
        [as_decided(one) for one in found],
        dict(sorted(Counter(one.source for one in found).items())),
        digest.hexdigest(),
        frozenset(one.id for one in queued),
        frozenset(one.id for one in queued if one.comment in marked),
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


def cut(decisions: Sequence[Decided], *, share: float, seen_until: int = 0) -> int:
    """Where the newest part begins, which neither the candidate nor whoever learnt up to `seen_until` has seen.

    Decisions of one moment are never torn apart, so that the future teaches nothing.
    """
    place = int(len(decisions) * (1 - share))
    while place < len(decisions) and (
        decisions[place].at <= seen_until or (place and decisions[place].at == decisions[place - 1].at)
    ):
        place += 1
    return place


def _newest(examples: list[Example]) -> list[Example]:
    return sorted(examples, key=lambda one: (one.at, one.id))[-MOST:]
