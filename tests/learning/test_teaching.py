"""What chosen comments bought is measured against as many others, on decisions that neither version has seen."""

from __future__ import annotations

import random
from collections.abc import Sequence

import classifier
from classifier.decisions import Decided
from service.learning.teaching import FEWEST, Bought, bought
from tests.support.readers import nuisance, ordinary

TRADE = ("casino", "jackpot", "bonus", "deposit")


def decided(kind: str, number: int, *, bad: bool, known: bool = False, at: int = 0) -> Decided:
    """A decision; `known` spam is of a kind that everybody has seen, other spam a nuisance of this blog."""
    rng = random.Random(f"{kind}{number}")
    text = ordinary(rng)
    if bad:
        text = f"{' '.join(rng.sample(TRADE, 3))} {ordinary(rng)}" if known else nuisance(rng)
    return Decided(
        classifier.Input(text, f"Reader {number}"),
        {"spam": float(bad)},
        at or number,
        f"moderator:{kind}",
        id=f"{kind}{number}",
    )


def taught(*, chosen_differ: bool, size: int = 40) -> tuple[list[Decided], set[str], set[str]]:
    """Old decisions, with the ids of those from the queue, and of the chosen ones."""
    rest = [decided("ann", number, bad=number % 2 == 0, known=True) for number in range(120)]
    chosen = [
        decided("ben", number, bad=number % 2 == 0, known=not chosen_differ, at=number * 3) for number in range(size)
    ]
    others = [decided("cat", number, bad=number % 2 == 0, known=True, at=number * 3 + 1) for number in range(size)]
    return [*rest, *chosen, *others], {one.id for one in (*chosen, *others)}, {one.id for one in chosen}


def judges() -> list[Decided]:
    return [decided("judge", number, bad=number % 3 == 0, at=1_000 + number) for number in range(90)]


def measure(old: Sequence[Decided], queued: set[str], chosen: set[str]) -> Bought:
    return bought(classifier.load(), old, judges(), queued=queued, chosen=chosen)


def test_comments_that_teach_something_new_are_worth_more_than_as_many_others() -> None:
    found = measure(*taught(chosen_differ=True))
    assert (found.chosen, found.exchanged, found.missing) == (40, 40, 0)
    precision = found.gains[0]
    assert (precision.measure, precision.label, precision.rows) == ("average precision", "spam", 90)
    assert precision.with_chosen > precision.without
    assert 0 < precision.low <= precision.difference <= precision.high


def test_comments_that_are_like_the_others_are_worth_as_much() -> None:
    old, queued, chosen = taught(chosen_differ=False)
    precision = measure(old, queued, chosen).gains[0]
    assert precision.low <= 0 <= precision.high


def test_too_few_say_how_many_are_missing() -> None:
    old, queued, chosen = taught(chosen_differ=True, size=FEWEST - 7)
    found = measure(old, queued, chosen)
    assert (found.exchanged, found.missing, found.gains) == (0, 7, [])
    assert measure(old, set(), set()).missing == FEWEST


def test_only_as_many_are_exchanged_as_there_are_others() -> None:
    old, queued, chosen = taught(chosen_differ=True)
    fewer = [row for row in old if row.id not in {f"cat{number}" for number in range(8)}]
    found = measure(fewer, queued, chosen)
    assert (found.chosen, found.exchanged) == (40, 32)
