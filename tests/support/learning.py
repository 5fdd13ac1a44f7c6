"""A made-up blog's comments as its moderators decided them: ordinary ones, and a nuisance that the base model does not know."""

from __future__ import annotations

import random
from collections.abc import Iterator

from service.core.example import Example
from service.core.lifecycle import Outcome
from service.core.verdict import LABELS
from tests.support.readers import nuisance, ordinary

DAY = 86_400_000


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
