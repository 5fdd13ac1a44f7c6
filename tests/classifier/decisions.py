"""Decisions of a simulated moderator, made up from lists of words: nothing here is anybody's comment."""

import random
from collections.abc import Sequence

from classifier import Decided, Input

_PLEASANT = """
the garden bread river music train letter winter window friend coffee lovely story thanks for sharing morning bicycle
bakery village museum photo recipe summer neighbour library walk mountain
"""
_SPAMMY = "pills casino cheap loans winner replica jackpot bonus deposit viagra refinance"
PLEASANT, SPAMMY = _PLEASANT.split(), _SPAMMY.split()


def text(rng: random.Random, extra: Sequence[str], size: int = 9) -> str:
    """Ordinary words with two or three of `extra` among them."""
    words = rng.choices(PLEASANT, k=size) + (rng.choices(list(extra), k=3) if extra else [])
    rng.shuffle(words)
    return " ".join(words)


def moderated(size: int, seed: int = 0, spammy: Sequence[str] = SPAMMY, voice: str = "moderator:ann") -> list[Decided]:
    """Decisions in order of time, spam and ordinary comments in turn."""
    rng = random.Random(seed)
    return [
        Decided(
            Input(text(rng, spammy if at % 2 else ()), rng.choice(("Ann", "Bo", "Cy Dee"))),
            {"spam": float(at % 2)},
            at=1_000_000 + at,
            voice=voice,
            id=f"x{seed}-{at}",
        )
        for at in range(size)
    ]
