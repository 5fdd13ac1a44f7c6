"""What the second reader's training promises: hardly more good comments held, and padded text told from its padding."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from classifier import LABELS, Input
from classifier.reader.encoder import Encoder
from classifier.reader.fusion import GROUPS
from classifier.reader.training import among, fusing, heads
from classifier.reader.training.fusing import DEARER, FEWEST, Rows
from classifier.reader.training.rows import Taught
from classifier.training.corpora import Table
from classifier.training.mixture import Mixture

LEVEL = 0.3
TALK = ("The {} was open on Sunday.", "We walked to the {} in the rain.", "My sister paints the {} every summer.")
COLOURS = ("red", "blue", "old", "new", "green", "long", "wide", "small")
THINGS = ("harbour", "garden", "church", "mill", "bridge", "boat", "house", "shop", "station")
NAMES = ("Ann", "Ben", "Cat", "Dan", "Eve", "Fay", "Gil", "Hal")
RUDE = "You are a worthless idiot and nobody wants you here"


@given(st.integers(0, 1000), st.floats(0, 3), st.floats(0, 3), st.floats(-2, 4))
def test_no_usual_source_pays_much_more_for_both_readers(seed: int, words: float, meaning: float, rest: float) -> None:
    rng = np.random.default_rng(seed)
    size = 4 * FEWEST
    good = Rows(
        rng.normal(-1, 1, size), rng.normal(-1, 1, size), np.zeros(size), rng.integers(1, 90, size),
        rng.choice(["blogs", "news"], size), rng.choice([*GROUPS, "de"], size, p=[0.6, 0.0, 0.1, 0.0, 0.3]),
    )  # fmt: skip
    ends = {"short": [words, meaning, rest], "long": [meaning, words, rest]}
    found = fusing.hardly_dearer(good, dict.fromkeys((*GROUPS, "de"), ends), LEVEL)
    after = fusing.together(good, found)
    for source in ("blogs", "news"):
        for group in found:
            rows = (good.corpora == source) & fusing.members(good, group)
            if rows.sum() >= FEWEST:
                before = (good.words[rows] >= LEVEL).mean()
                assert (after[rows] >= LEVEL + 1e-4).mean() <= DEARER * before + 1 / rows.sum()
    assert all(one["short"][2] <= rest + 1e-5 for one in found.values())


def test_what_is_learnt_of_a_padded_text_is_the_text_and_not_what_stands_around_it(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [form.format(f"{colour} {thing}") for colour in COLOURS for thing in THINGS for form in TALK]
    rude_ones = [f"{RUDE}, {name} {number}" for name in NAMES for number in range(25)]
    size = len(texts) + len(rude_ones)
    table = Table(
        [*map(Input, [*texts, *rude_ones])],
        np.repeat(np.array([0.0, 1.0], np.float32), (len(texts), len(rude_ones)))[:, None].repeat(len(LABELS), axis=1),
        np.full(size, "talk"), [""] * size, ["en"] * size,
    )  # fmt: skip
    taught = Taught(Mixture(table, np.ones((size, len(LABELS)), np.float32), np.arange(size)), np.arange(size))
    monkeypatch.setattr(among, "SIZE", 40)
    monkeypatch.chdir(tmp_path)  # vectors are kept in build/
    padded = among.read_among(among.put_among(taught, 1), Console(quiet=True))
    assert len(padded.rows) == len(padded.vectors) == 40

    def alone(text: str) -> np.ndarray:
        return encoder.embed([text])[0][0]

    def near(one: np.ndarray, other: np.ndarray) -> float:
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    rude, talk = alone(RUDE), alone(" ".join(texts[:4]))
    own = [near(vector, rude) - near(vector, talk) for vector in padded.vectors[padded.rows >= len(texts)]]
    others = [near(vector, rude) - near(vector, talk) for vector in padded.vectors[padded.rows < len(texts)]]
    assert min(len(own), len(others)) > 5
    assert min(own) > max(others)


def test_what_corpora_agree_in_counts_for_more_than_what_sets_them_apart() -> None:
    """One direction tells bad from good everywhere, another only which corpus has more of it."""
    rng, size = np.random.default_rng(4), 600
    corpora = np.repeat(["forum", "made_talk", "news"], size)
    truth = np.concatenate([rng.random(size) < share for share in (0.9, 0.5, 0.1)]).astype(np.float32)
    vectors = rng.normal(0, 1, (3 * size, 4)).astype(np.float32)
    vectors[:, 0] += truth - 0.5
    vectors[:, 1] += 2 * np.repeat([1.0, 0.0, -1.0], size)
    even = np.ones(3 * size)
    together, apart = (heads.fit(vectors, truth, even, 1e-2, one).weights for one in (None, corpora))

    def leaning(weights: np.ndarray) -> float:
        return abs(float(weights[1] / weights[0]))

    assert leaning(apart) < 0.75 * leaning(together)
    few = np.where(np.arange(3 * size) % size < heads.FEWEST - 1, 1.0, 0.0)
    alone = (heads.fit(vectors, truth, few, 1e-2, one).weights for one in (None, corpora))
    assert np.allclose(*alone)  # too few of each to speak for themselves
