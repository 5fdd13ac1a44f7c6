"""Tuning the encoder: what is learnt runs in integers as it was learnt in floats, and it is learnt from what is known alone."""

from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from classifier import LABELS, ArtifactError, Input
from classifier.reader.encoder import TAKEN, Encoder
from classifier.reader.reader import load
from classifier.reader.training import network, tuning
from classifier.reader.training.among import Padded
from classifier.reader.training.rows import Taught
from classifier.reader.tuned import PARTS, Tuned, of_arrays
from classifier.reader.weights import Weights, unpacked
from classifier.training.corpora import Table
from classifier.training.mixture import Mixture

TEXT = "The train to the coast leaves at nine, and nobody here will ever wait for you."
WHO = ("The {} was quiet today", "Our {} opens at nine", "I painted the {} again", "Nobody saw the {} leave")
WHAT = (
    "harbour",
    "garden",
    "church",
    "mill",
    "bridge",
    "boat",
    "house",
    "shop",
    "station",
    "train",
    "school",
    "market",
)
QUIET = Console(quiet=True)


def random_one(weights: Weights, layers: int = 6, size: float = 0.1) -> Tuned:
    """Changes as large as learnt ones."""
    rng = np.random.default_rng(5)
    above = network.layers(weights, weights.layers, weights.layers)[0]
    shapes = {part: above[part].shape for part in PARTS}
    return Tuned(
        {part: rng.normal(0, size, (layers, shapes[part][0], 4)) for part in PARTS},
        {part: rng.normal(0, size, (layers, 4, shapes[part][1])) for part in PARTS},
    )


@pytest.fixture(scope="module")
def weights() -> Weights:
    return Weights()


def in_floats(weights: Weights, numbers: list[int], tuned: Tuned) -> np.ndarray:
    """The states of all pieces at the last layer, by the layers that are learnt through."""
    places = weights.floats("emb.pos").reshape(-1, weights.width) + weights.floats("emb.type")[: weights.width]
    words = unpacked(weights.packed("emb.word", weights.width)[numbers]).reshape(len(numbers), -1)
    layers = network.layers(weights, 1, weights.layers)
    for at, layer in enumerate(layers):
        for part in PARTS:
            layer[part] = layer[part] + tuned.added(at - len(layers), part)
    norm = [jnp.asarray(weights.floats(f"emb.ln.{part}")) for part in "wb"]
    state = network.normal(jnp.asarray(words + places[: len(numbers)])[None], *norm, weights.epsilon)
    nothing = jnp.zeros((1, 1, 1, len(numbers)))
    return np.asarray(network.run(state, layers, nothing, network.Shape(weights.heads, weights.epsilon)))[0]


def near(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_what_was_learnt_in_floats_is_read_in_integers(weights: Weights, encoder: Encoder) -> None:
    tuned = random_one(weights)
    changed = Encoder(tuned)
    before, after = (one.embed([TEXT])[0][0][-weights.width :] for one in (encoder, changed))
    numbers = [*changed._before, *changed._tokenise(TEXT), *changed._after]
    states = in_floats(weights, numbers, tuned)[len(changed._before) : -1].mean(axis=0)
    assert near(after, states) > 0.99
    assert near(before, states) < 0.97


def test_the_first_layers_are_as_they_came(weights: Weights, encoder: Encoder) -> None:
    width = weights.width
    changed = Encoder(random_one(weights))
    assert np.array_equal(encoder.embed([TEXT])[0][:, :width], changed.embed([TEXT])[0][:, :width])


def test_it_is_kept_in_an_artefact_and_damage_is_told(weights: Weights) -> None:
    tuned = random_one(weights)
    kept = tuned.arrays()
    assert of_arrays(kept).name == tuned.name
    for wrong in (
        {name: array for name, array in kept.items() if name != "inner.left"},
        kept | {"inner.left": kept["inner.left"][:3]},
        kept | {"outer.right": kept["outer.right"][:, :2]},
        kept | {"asked.left": np.full_like(kept["asked.left"], np.nan)},
        kept | {"asked.left": kept["asked.left"][0]},
    ):
        with pytest.raises(ArtifactError, match="layers"):
            of_arrays(wrong)
    narrower = {part: tuned.left[part][:, :5] for part in PARTS}
    with pytest.raises(ValueError, match="broadcast"):
        Encoder(Tuned(narrower, tuned.right))


def test_the_shipped_reader_is_tuned_above_the_first_layer_that_is_taken() -> None:
    reader = load()
    first = reader._encoder.embed([TEXT])[0]
    assert np.array_equal(first[:, :384], Encoder().embed([TEXT])[0][:, :384])
    assert near(first[0, 384:], Encoder().embed([TEXT])[0][0, 384:]) < 0.999
    assert TAKEN[0] == 6


# What is learnt: whether a sentence is about a thing or says "nobody", which are as alike as sentences are.


def table(labels: np.ndarray) -> Taught:
    texts = [form.format(thing) for form in WHO for thing in WHAT]
    size = len(texts)
    columns = np.repeat(labels.astype(np.float32)[:, None], len(LABELS), axis=1)
    whole = Table([*map(Input, texts)], columns, np.full(size, "talk"), [""] * size, ["en"] * size)
    return Taught(Mixture(whole, np.ones((size, len(LABELS)), np.float32), np.arange(size)), np.arange(size))


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A few steps that do as much as many."""
    with monkeypatch.context() as patched:
        for name, value in (("_TEXTS", 2), ("_LENGTHS", (24,)), ("RATE", 3e-4)):
            patched.setattr(tuning, name, value)
        yield


@pytest.fixture
def odd() -> np.ndarray:
    """Every other thing's sentences are to be told from the rest."""
    return np.tile(np.arange(len(WHAT)) % 2, len(WHO))


def apart(encoder: Encoder, labels: np.ndarray, rows: np.ndarray) -> float:
    """How far the two kinds stand apart, beside how far each is spread."""
    texts = [form.format(thing) for form in WHO for thing in WHAT]
    vectors = np.stack([encoder.embed([texts[row]])[0][0, 384:] for row in rows])
    good, bad = vectors[labels[rows] == 0], vectors[labels[rows] == 1]
    spread = np.sqrt((good.var(axis=0) + bad.var(axis=0)).mean())
    return float(np.linalg.norm(good.mean(axis=0) - bad.mean(axis=0)) / spread)


@pytest.mark.usefixtures("_small")
def test_it_learns_from_what_is_known_alone_and_the_same_each_time(odd: np.ndarray, encoder: Encoder) -> None:
    known = np.repeat((np.arange(len(odd)) < 3 * len(WHAT))[:, None], len(LABELS), axis=1)
    taught = table(odd)
    lessons = tuning.lessons(taught, [], 1, QUIET)
    assert len(lessons.rows) == len(odd)
    one = tuning.tune(lessons, taught, known, 1, QUIET)
    told_otherwise = table(np.where(known[:, 0], odd, 1 - odd))
    assert tuning.tune(lessons, told_otherwise, known, 1, QUIET).name == one.name
    assert tuning.tune(lessons, table(1 - odd), known, 1, QUIET).name != one.name
    unseen = np.flatnonzero(~known[:, 0])
    assert apart(Encoder(one), odd, unseen) > 1.2 * apart(encoder, odd, unseen)


@pytest.mark.usefixtures("_small")
def test_of_a_padded_text_what_stands_around_it_is_not_pooled(odd: np.ndarray) -> None:
    taught = table(odd)
    around = "It rained all day. " + taught.texts[3] + ". We stayed at home."
    padded = Padded(3, around, np.array([False, True, False]))
    alone = tuning.lessons(taught, [], 1, QUIET)
    lessons = tuning.lessons(taught, [padded], 1, QUIET)
    assert (len(lessons.rows), lessons.rows[-1]) == (len(odd) + 1, 3)
    (first, last), (start, end) = lessons.own[-1], alone.own[3]
    assert first > start
    assert abs((last - first) - (end - start)) <= 1, "a full stop more"
    assert (lessons.counts[:-1] == 1).all()
    assert (lessons.counts[-1] > 1).all(), "harmless sentences hide nothing, of no label"
    assert lessons.counts[-1].argmax() == LABELS.index("spam"), "advertising least of all"


def test_the_folder_of_what_was_read_is_another_for_each(weights: Weights, tmp_path: Path) -> None:
    from classifier.reader.training.embedding import bags  # noqa: PLC0415 - beside its use

    plain, changed = (bags([TEXT], QUIET, tuned, tmp_path)[0].mean for tuned in (None, random_one(weights)))
    assert not np.array_equal(plain, changed)
    assert len(list(tmp_path.glob("*.sqlite"))) == 2
