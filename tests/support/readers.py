"""What readers of a made-up blog write, and the polite advertisements that bother it. Knows nothing of the product."""

from __future__ import annotations

import random

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


def later_nuisance(rng: random.Random) -> str:
    """What bothers the blog when that wave is over: other people, another trade, other words."""
    subject = rng.choice(("algebra", "French", "piano", "chess", "drawing", "spelling"))
    return (
        f"My daughter takes {subject} lessons with Mrs Pemberton now, {rng.choice(('evenings', 'weekends', 'online'))} from "
        f"{rng.randrange(9, 30)} an hour, and got a {rng.choice(('B', 'B+', 'A'))}. Mention this page and the first one is free."
    )


def ordinary(rng: random.Random) -> str:
    """What readers write."""
    return (
        f"The part about {rng.choice(_TOPICS)} {rng.choice(_FEELINGS)}. {rng.choice(_TAILS)} "
        f"I came back to it {rng.randrange(2, 90)} times."
    )
