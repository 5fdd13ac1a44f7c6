"""What one voice rejects and the others don't is found; what they agree on, or what sets them apart anyway, is not."""

import random
from collections.abc import Callable

import pytest

from classifier import Decided, Input
from classifier.correction.disputes import FEWEST, HOME, LINK, NAME, Dispute, Mark, Marked

BEARING: dict[str, Callable[[Input], Input]] = {
    NAME: lambda item: item._replace(author_name=" Annelie  BROCKHAUS"),
    HOME: lambda item: item._replace(author_url="https://www.harbourmuseum.org/about"),
    LINK: lambda item: item._replace(text=f"{item.text} See [boats](https://harbourmuseum.org/boats)."),
}
VALUES = {NAME: "annelie brockhaus", HOME: "harbourmuseum.org", LINK: "harbourmuseum.org"}
Share = Callable[[str, bool], float]
"""How often a voice rejects what bears the mark, or does not."""


def decided(rejects: Share, *, size: int = 200, seed: int = 0, kind: str = NAME) -> list[Decided]:
    """Ann and two others in turn; each third comment bears a mark."""
    rng = random.Random(seed)
    rows = []
    for at in range(size):
        voice, bears = rng.choice(("ann", "ann", "ben", "cat")), at % 3 == 0
        item = Input(f"what comment {at} says", f"Reader {at}")
        said = rng.random() < rejects(voice, bears)
        rows.append(Decided(BEARING[kind](item) if bears else item, {"spam": float(said)}, at, voice))
    return rows


def found(rows: list[Decided]) -> list[Dispute]:
    return Marked(rows).disputes("spam")


@pytest.mark.parametrize("kind", list(BEARING))
def test_what_one_rejects_and_the_others_do_not_is_disputed(kind: str) -> None:
    rows = decided(lambda voice, bears: 1.0 if voice == "ann" and bears else 0.3, kind=kind)
    (one,) = found(rows)
    its = rows[::3]
    mine = [row for row in its if row.voice == "ann"]
    assert (one.mark, one.label, one.voice) == (Mark(kind, VALUES[kind]), "spam", "ann")
    assert (one.rejected, one.of, one.others_of) == (len(mine), len(mine), len(its) - len(mine))
    assert one.others_rejected == sum(row.labels["spam"] for row in its if row.voice != "ann")
    settled = Marked(rows).settled([one, one._replace(label="insult")])
    assert [row._replace(labels={}) for row in settled] == [row._replace(labels={}) for row in rows]
    assert [row.labels for row in settled] == [{} if row in its else row.labels for row in rows]
    assert Marked(rows).disputes("toxicity") == []


@pytest.mark.parametrize(
    "rejects",
    [
        lambda voice, bears: 1.0 if bears else 0.3,
        lambda voice, bears: (1.0 if voice == "ann" else 0.85) if bears else 0.2,
        lambda voice, bears: 0.9 if voice == "ann" else 0.1,
        lambda voice, bears: 1.0 if voice == "ann" else 0.3,
    ],
    ids=["all reject it", "the others reject it too", "ann reads what was held", "ann rejects everything"],
)
def test_what_is_the_sites_own_business_is_not_disputed(rejects: Share) -> None:
    assert not [one for seed in range(10) for one in found(decided(rejects, seed=seed))]


def test_what_one_voice_alone_has_seen_is_not_disputed() -> None:
    rows = decided(lambda voice, bears: 1.0 if bears else 0.3)
    assert found([row for row in rows if row.voice == "ann" or row.item.author_name.startswith("Reader")]) == []


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_chance_disputes_hardly_anything(share: float) -> None:
    """Thirty sites with twenty names that say nothing."""
    disputed = 0
    for seed in range(30):
        rng = random.Random(seed)
        rows = [
            Decided(
                Input("", f"name {rng.randrange(20)}"), {"spam": float(rng.random() < share)}, at, rng.choice("abc")
            )
            for at in range(300)
        ]
        disputed += bool(found(rows))
    assert disputed <= 1


def test_too_few_comments_are_no_dispute() -> None:
    rows = decided(lambda voice, bears: float(voice == "ann" and bears), size=3 * (FEWEST - 1))
    assert found(rows) == []
