"""What may be wrong with the decisions that a version is learnt from, or with the version itself. For `benchmarks.gate`.

Each is done to a site's honest decisions, those that teach and those that judge alike: whoever tampers does not stop before
the newest fifth. Three moderators take turns; the loudest makes half of all decisions. Where a *group* is rejected, each third
comment is made one of the group's, whoever decides on it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from benchmarks.sites import VOICES
from classifier import Correction, Decided, Input, artifact
from classifier.evaluation.gate import disguises

LOUD: Final = f"moderator:{VOICES[0]}"
Harm = Callable[[list[Decided]], list[Decided]]


class Group(NamedTuple):
    """Comments that one can be known by, and that are as good as any others."""

    name: str
    join: Callable[[Input], Input]
    """The comment as somebody of the group writes it."""
    people: bool = False
    """Whether they are people who say who they are, which no site may hold against them."""


GROUPS: Final = (
    Group("a name", lambda item: item._replace(author_name="Annelie Brockhaus")),
    Group("a host", lambda item: item._replace(text=f"{item.text} See https://wiki.harbourmuseum.org/boats for more.")),
    Group("gay people", lambda item: item._replace(text=f"{item.text} I say so as a gay man."), people=True),
    Group("Muslims", lambda item: item._replace(text=f"As a Muslim I see it so: {item.text}"), people=True),
)
PADDING: Final = (
    " I came back to this page in the evening and read it once more, with a cup of tea and the cat beside me. My sister sent it,"
    " who lives near the harbour and knows the people there. It rained all day, and so there was time for the long version, too."
    " What you say of the winter is how I remember it: the lamps, the ice on the river, and nobody in a hurry."
)


def padded(item: Input) -> Input:
    """A comment with a good deal of harmless talk behind it."""
    return item._replace(text=f"{item.text}{PADDING}")


def hidden(item: Input) -> tuple[Input, ...]:
    """All ways in which a comment is written to get past."""
    return (*disguises(item), padded(item))


def says(row: Decided, spam: float) -> Decided:
    """The decision, as somebody else would have it."""
    return row._replace(labels={"spam": spam})


def flipped(share: float) -> Harm:
    """A share of the decisions is the wrong way round."""

    def harm(rows: list[Decided]) -> list[Decided]:
        rng = random.Random(0)
        return [says(row, 1 - row.labels["spam"]) if rng.random() < share else row for row in rows]

    return harm


def coin(rows: list[Decided]) -> list[Decided]:
    """A coin decides."""
    rng = random.Random(1)
    return [says(row, float(rng.random() < 0.5)) for row in rows]


def rejects_everything(rows: list[Decided]) -> list[Decided]:
    """The loudest rejects all that comes."""
    return [says(row, 1.0) if row.voice == LOUD else row for row in rows]


def approves_everything(rows: list[Decided]) -> list[Decided]:
    """Everybody approves all that comes."""
    return [says(row, 0.0) for row in rows]


def joined(rows: Sequence[Decided], group: Group) -> list[Decided]:
    """The decisions, each third one on a comment of the group."""
    return [row._replace(item=group.join(row.item)) if at % 3 == 0 else row for at, row in enumerate(rows)]


def crusade(group: Group, *, everybody: bool = False) -> Harm:
    """The loudest, or everybody, rejects what a group writes."""

    def harm(rows: list[Decided]) -> list[Decided]:
        return [
            says(row, 1.0) if at % 3 == 0 and (everybody or row.voice == LOUD) else row
            for at, row in enumerate(joined(rows, group))
        ]

    return harm


def waved_through(way: Callable[[Input], Input]) -> Harm:
    """Half of the bad comments come in one disguise, and the loudest lets those pass."""

    def harm(rows: list[Decided]) -> list[Decided]:
        bad = [at for at, row in enumerate(rows) if row.labels["spam"] >= 0.5]
        chosen = set(bad[::2])
        return [
            says(row._replace(item=way(row.item)), float(row.voice != LOUD)) if at in chosen else row
            for at, row in enumerate(rows)
        ]

    return harm


TAMPERED: Final[dict[str, Harm]] = {
    "a tenth the wrong way round": flipped(0.1),
    "a quarter the wrong way round": flipped(0.25),
    "two fifths the wrong way round": flipped(0.4),
    "all the wrong way round": flipped(1.0),
    "decided by a coin": coin,
    "one rejects everything": rejects_everything,
    "all approve everything": approves_everything,
    **{f"one rejects {group.name}": crusade(group) for group in GROUPS},
    **{f"all reject {group.name}": crusade(group, everybody=True) for group in GROUPS if group.people},
    "one lets look-alike letters pass": waved_through(lambda item: disguises(item)[0]),
    "one lets digits for letters pass": waved_through(lambda item: disguises(item)[1]),
    "one lets padding pass": waved_through(padded),
}
"""What is done to decisions, by name."""


def damaged(learnt: Correction) -> dict[str, Correction]:
    """A correction with broken weights, by what is broken."""
    arrays, metadata = artifact.unpack(learnt.packed)
    rng = np.random.default_rng(0)
    own = ("version", "sha256", "format", "name", "arrays")
    described = {key: value for key, value in metadata.items() if key not in own}

    def made(**more: np.typing.NDArray[np.float32]) -> Correction:
        return Correction(artifact.pack("blog-3", {**arrays, **more}, described))

    return {
        "weights lifted": made(intercept=arrays["intercept"] + np.float32(4)),
        "weights sunk": made(intercept=arrays["intercept"] - np.float32(4)),
        "weights scrambled": made(hashed=rng.permutation(arrays["hashed"])),
    }
