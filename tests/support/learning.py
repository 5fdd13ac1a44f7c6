"""A blog's comments made up for tests: ordinary ones, and a nuisance of its own that the base model does not know."""

from __future__ import annotations

import random
from collections.abc import Iterator

from service.core.example import Example
from service.core.lifecycle import Outcome
from service.core.verdict import LABELS

DAY = 86_400_000
_TRADES = ("roof", "gutter", "chimney", "driveway", "window", "fence", "boiler", "patio")
_VERBS = ("renewed", "cleaned", "sealed", "painted", "repaired", "inspected")
_TOWNS = ("Aldham", "Brisley", "Colne", "Dunston", "Elsworth", "Fritton")
_TOPICS = (
    "the bees",
    "your sourdough",
    "that old bridge",
    "the second chart",
    "the walk",
    "this recipe",
    "your garden",
)
_FEELINGS = ("made me smile", "helped me a lot", "was new to me", "is what I had hoped for", "left me with a question")
_TAILS = (
    "Thank you for writing it down.",
    "Did you try it in winter?",
    "My sister says the same.",
    "More of this, please.",
)


def nuisance(rng: random.Random) -> str:
    """An advertisement of a local trade: polite, without links, and unwanted on this blog."""
    return (
        f"Local readers had their {rng.choice(_TRADES)} {rng.choice(_VERBS)} by Marlow and Sons of {rng.choice(_TOWNS)} "
        f"last {rng.choice(('week', 'month', 'spring'))}, ask for Terry, number {rng.randrange(10_000)}."
    )


def ordinary(rng: random.Random) -> str:
    """What readers write."""
    return (
        f"The part about {rng.choice(_TOPICS)} {rng.choice(_FEELINGS)}. {rng.choice(_TAILS)} "
        f"I came back to it {rng.randrange(2, 90)} times."
    )


def examples(
    count: int, *, site: str = "blog", seed: int = 0, begin: int = 0, source: str = "review", flipped: float = 0.0
) -> Iterator[Example]:
    """Decisions of moderators, a minute apart; a third are nuisances. `flipped` is the share that is labelled wrongly."""
    rng = random.Random(seed)
    for number in range(count):
        bad = rng.random() < 1 / 3
        text = nuisance(rng) if bad else ordinary(rng)
        said = bad != (rng.random() < flipped)
        labels = {"spam": 1.0} if said else dict.fromkeys(LABELS, 0.0)
        outcome = Outcome.REJECT if said else Outcome.APPROVE
        yield Example(
            f"x_{site}_{seed}_{number}", site, f"c_{site}_{seed}_{number}", text, f"Reader {number}", "", "en", labels,
            outcome, f"moderator:{('ann', 'ben', 'cat')[number % 3]}", begin + number * 60_000, source,
        )  # fmt: skip
