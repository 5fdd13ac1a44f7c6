"""Tuning the encoder's last layers to our labels. For training only.

Heads that are thrown away afterwards learn beside it. Each corpus has intercepts of its own, so that nothing is gained by
telling corpora apart. Of what the matrices have changed by, the directions that matter most are kept (truncated singular
value decomposition): a tenth of the size, and as good on corpora that nothing is learnt from.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax
from rich.console import Console
from rich.progress import track

from classifier.model import LABELS
from classifier.reader.encoder import PREFIX, TAKEN, WINDOW
from classifier.reader.passages import Prepared
from classifier.reader.tokens import Tokeniser
from classifier.reader.training import network
from classifier.reader.training.among import MASS, Padded
from classifier.reader.training.network import Layer, Shape
from classifier.reader.training.rows import Taught
from classifier.reader.tuned import PARTS, Tuned
from classifier.reader.weights import Weights, unpacked
from classifier.training.writing import PREFIX as MADE

RANK = 32
"""Directions that are kept of each change."""
RATE = 1e-4
"""Of the layers, at its highest; it rises for a tenth of the steps and falls to nothing."""
_RATE_OF_HEADS = 3e-3
_CLIP = 2.0  # the longest step, as a norm of the gradient
_PULL = 1e-2  # of heads towards nothing
_TEXTS = 64  # in a step
_LENGTHS = (16, 24, 32, 48, 64, 96, 128, 160, WINDOW + 8)  # pieces; each is compiled once
_OF_PADDED = 6000
_PADDED = {"spam": 4.0}
"""How much a padded text counts for a label, where it is not `among.MASS`. The heads have such numbers of their own."""
_DECIDING = [LABELS.index(label) for label in ("spam", "toxicity")]
_REST = 0.3
"""How much a label counts that no policy decides by as shipped, beside one that it does."""
_HEAVIEST = 30.0  # a text for a label
Floats = npt.NDArray[np.float32]


class Lessons(NamedTuple):
    """What is learnt from: texts as the layers below leave them, parallel."""

    states: npt.NDArray[np.float16]
    """Hidden states of all pieces, text after text: (pieces, width)."""
    starts: npt.NDArray[np.intp]
    """Where each text begins among them, and one for the end."""
    own: list[tuple[int, int]]
    """Between which of its pieces a text is itself: without what the encoder wants to see before and after it, and padding."""
    rows: npt.NDArray[np.intp]
    """Which of `Taught`'s rows each is."""
    counts: Floats
    """How much each counts for each label: (texts, labels)."""


def lessons(taught: Taught, padded: Sequence[Padded], seed: int, console: Console) -> Lessons:
    """Choose texts, cut them into pieces, and read them as far as the layers that stay as they are."""
    rng = np.random.default_rng(seed)
    weights = Weights()
    tokenise = Tokeniser(weights.vocabulary)
    before, after = [weights.vocabulary.begin, *tokenise(PREFIX)], [weights.vocabulary.end]
    plain = taught.texts
    some = [padded[at] for at in rng.permutation(len(padded))[:_OF_PADDED]]
    texts = [(row, text, None) for row, text in enumerate(plain)] + [(one.row, one.text, one.inside) for one in some]
    pieces, own = [], []
    for _, text, inside in texts:
        parts = [tokenise(passage) for passage in Prepared(text).texts]
        ends = np.minimum(np.cumsum([0, *map(len, parts)]), WINDOW)
        its = np.flatnonzero(inside) if inside is not None else np.arange(len(parts))
        first, last = (int(ends[its[0]]), int(ends[its[-1] + 1])) if len(its) else (0, 0)
        pieces.append([*before, *[one for part in parts for one in part][:WINDOW], *after])
        own.append((len(before) + first, len(before) + last))
    kept = [at for at, (first, last) in enumerate(own) if last > first]
    starts = np.concatenate([[0], np.cumsum([len(pieces[at]) for at in kept])]).astype(np.intp)
    masses = [_PADDED.get(label, MASS) for label in LABELS]
    counts = np.where((np.array(kept) < len(plain))[:, None], 1.0, masses).astype(np.float32)
    rows = np.array([texts[at][0] for at in kept], np.intp)
    states = _below(weights, [pieces[at] for at in kept], starts, console)
    return Lessons(states, starts, [own[at] for at in kept], rows, counts)


def tune(lessons: Lessons, taught: Taught, known: npt.NDArray[np.bool_], seed: int, console: Console) -> Tuned:
    """Learn what is added to the layers above, from the rows and labels of `taught` that are `known`: (rows, labels)."""
    weights = Weights()
    shape = Shape(weights.heads, weights.epsilon)
    above = network.layers(weights, TAKEN[0] + 1, weights.layers)
    labels, counts, corpora = _asked(lessons, taught, known)
    uses = np.flatnonzero(counts[:, _DECIDING].sum(axis=1) > 0)
    rng = np.random.default_rng(seed)
    parameters = _begun(above, len(np.unique(corpora)))
    scale = _scale(lessons, uses, above, shape, rng)
    steps = len(uses) // _TEXTS
    optimiser = _optimiser(steps)
    memory = optimiser.init(parameters)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(parameters: Any, memory: Any, batch: Any) -> tuple[Any, Any]:
        gradient = jax.grad(_loss)(parameters, batch, above, scale, shape)
        updates, memory = optimiser.update(gradient, memory, parameters)
        return optax.apply_updates(parameters, updates), memory

    batches = [texts for texts in _batches(lessons, uses, rng) if len(texts) == _TEXTS][:steps]
    for texts in track(batches, "Tuning", console=console):
        batch = (*_packed(lessons, texts), labels[texts], counts[texts], corpora[texts])
        parameters, memory = step(parameters, memory, batch)
    return _narrowed({part: np.asarray(change) for part, change in parameters["layers"].items()})


def _narrowed(changes: Mapping[str, Floats]) -> Tuned:
    """The nearest to changes, (layers, rows, columns), that is made of `RANK` directions."""
    sides: tuple[dict[str, Floats], dict[str, Floats]] = ({}, {})
    for part, change in changes.items():
        first, sizes, second = np.linalg.svd(change, full_matrices=False)
        roots = np.sqrt(sizes[:, :RANK])
        sides[0][part] = first[:, :, :RANK] * roots[:, None, :]
        sides[1][part] = roots[:, :, None] * second[:, :RANK]
    return Tuned(*sides)


def _asked(
    lessons: Lessons, taught: Taught, known: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Labels of each text, how much each counts, and the number of its corpus; what was made up here is one."""
    rows, labels = lessons.rows, taught.labels
    weights = np.stack([taught.weights(at) for at in range(len(LABELS))], axis=1)
    weights = np.where(known & ~np.isnan(labels), np.minimum(weights, _HEAVIEST), 0.0)
    weights *= [1.0 if at in _DECIDING else _REST for at in range(len(LABELS))]
    names = np.where(np.char.startswith(taught.corpora, MADE), MADE, taught.corpora)
    numbers = np.unique(names, return_inverse=True)[1]
    counts = weights[rows] * lessons.counts
    return np.nan_to_num(labels[rows]).astype(np.float32), counts.astype(np.float32), numbers[rows].astype(np.intp)


def _begun(above: Sequence[Layer], corpora: int) -> dict[str, Any]:
    """What is learnt, as it begins: changes of nothing, by heads that say nothing."""
    changes = {part: jnp.zeros((len(above), *above[0][part].shape)) for part in PARTS}
    width = len(TAKEN) * above[0]["outer.b"].shape[0]
    heads = {
        "weights": jnp.zeros((width, len(LABELS))),
        "intercept": jnp.zeros(len(LABELS)),
        "of_corpora": jnp.zeros((corpora, len(LABELS))),
    }
    return {"layers": changes, "heads": heads}


def _optimiser(steps: int) -> optax.GradientTransformation:
    def rate(highest: float) -> Any:
        rise = max(1, steps // 10)
        both = [optax.linear_schedule(0.0, highest, rise), optax.linear_schedule(highest, 0.0, steps - rise)]
        return optax.join_schedules(both, [rise])

    each = {"layers": optax.adam(rate(RATE)), "heads": optax.adam(rate(_RATE_OF_HEADS))}
    return optax.chain(
        optax.clip_by_global_norm(_CLIP), optax.multi_transform(each, {"layers": "layers", "heads": "heads"})
    )


def _vectors(changes: Any, batch: Sequence[Any], above: Sequence[Layer], shape: Shape) -> jax.Array:
    """The mean states of texts at the layers that are taken: (texts, width)."""
    states, mask, pool = batch[:3]
    low = states.astype(jnp.float32)
    changed = [{**layer, **{part: layer[part] + changes[part][at] for part in PARTS}} for at, layer in enumerate(above)]
    high = network.run(low, changed, mask, shape)
    return jnp.concatenate([jnp.einsum("tp,tpw->tw", pool, one) for one in (low, high)], axis=1)


def _loss(parameters: Any, batch: Sequence[Any], above: Sequence[Layer], scale: Any, shape: Shape) -> jax.Array:
    labels, counts, corpora = batch[3:]
    heads = parameters["heads"]
    vectors = (_vectors(parameters["layers"], batch, above, shape) - scale[0]) / scale[1]
    logits = vectors @ heads["weights"] + heads["intercept"] + heads["of_corpora"][corpora]
    lost = (jnp.logaddexp(0, logits) - labels * logits) * counts
    return jnp.asarray(lost.sum() / len(labels) + _PULL * (heads["weights"] ** 2).sum())


def _scale(
    lessons: Lessons, uses: npt.NDArray[np.intp], above: Sequence[Layer], shape: Shape, rng: np.random.Generator
) -> tuple[jax.Array, jax.Array]:
    """Mean and spread of the vectors before anything is learnt."""
    changes = _begun(above, 1)["layers"]
    some = np.sort(rng.permutation(uses)[: 32 * _TEXTS])
    read = jax.jit(lambda batch: _vectors(changes, batch, above, shape))
    found = np.concatenate(
        [np.asarray(read(_packed(lessons, texts)))[: len(texts)] for texts in _batches(lessons, some, rng)]
    )
    return jnp.asarray(found.mean(axis=0)), jnp.asarray(found.std(axis=0) + 1e-3)


def _batches(lessons: Lessons, uses: npt.NDArray[np.intp], rng: np.random.Generator) -> Iterator[npt.NDArray[np.intp]]:
    """All texts once, in any order, but for those of a batch being about as long as each other."""
    sizes = np.diff(lessons.starts)
    order = rng.permutation(uses)
    found = []
    for at in range(0, len(order), 24 * _TEXTS):
        near = order[at : at + 24 * _TEXTS]
        near = near[np.argsort(sizes[near], kind="stable")]
        found += [near[first : first + _TEXTS] for first in range(0, len(near), _TEXTS)]
    yield from (found[at] for at in rng.permutation(len(found)))


def _packed(lessons: Lessons, texts: npt.NDArray[np.intp]) -> tuple[npt.NDArray[Any], Floats, Floats]:
    """States, mask and pool of a batch."""
    ends = lessons.starts[texts], lessons.starts[texts + 1]
    states, mask = _filled([lessons.states[start:end] for start, end in zip(*ends, strict=True)])
    pool = np.zeros(states.shape[:2], np.float32)
    for at, text in enumerate(texts.tolist()):
        first, last = lessons.own[text]
        pool[at, first:last] = 1.0 / (last - first)
    return states, mask, pool


def _filled(texts: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[Any], Floats]:
    """Texts, each (pieces, width), as a batch that is filled up to the next of `_LENGTHS` and to `_TEXTS`, and its mask."""
    longest = max(map(len, texts))
    length = next(length for length in _LENGTHS if length >= longest)
    batch = np.zeros((_TEXTS, length, texts[0].shape[1]), texts[0].dtype)
    known = np.zeros((_TEXTS, length), np.bool_)
    known[len(texts) :, 0] = True
    for at, text in enumerate(texts):
        batch[at, : len(text)], known[at, : len(text)] = text, True
    return batch, np.where(known, 0.0, -1e9).astype(np.float32)[:, None, None, :]


def _below(
    weights: Weights, pieces: Sequence[Sequence[int]], starts: npt.NDArray[np.intp], console: Console
) -> npt.NDArray[np.float16]:
    """Hidden states after the layers that stay as they are, text after text."""
    words, shape = weights.packed("emb.word", weights.width), Shape(weights.heads, weights.epsilon)
    places = weights.floats("emb.pos").reshape(-1, weights.width) + weights.floats("emb.type")[: weights.width]
    weight, bias = (jnp.asarray(weights.floats(f"emb.ln.{part}")) for part in "wb")
    below = network.layers(weights, 1, TAKEN[0])

    @jax.jit
    def read(embedded: Any, mask: Any) -> jax.Array:
        state = network.normal(embedded, weight, bias, shape.epsilon)
        return network.run(state, below, mask, shape).astype(jnp.float16)

    states = np.zeros((starts[-1], weights.width), np.float16)
    order = np.argsort(np.diff(starts), kind="stable")
    for texts in track(np.split(order, range(_TEXTS, len(order), _TEXTS)), "Reading", console=console):
        embedded = [
            unpacked(words[pieces[at]]).reshape(len(pieces[at]), -1) + places[: len(pieces[at])] for at in texts
        ]
        found = np.asarray(read(*_filled(embedded)))
        for at, text in enumerate(texts):
            states[starts[text] : starts[text + 1]] = found[at, : len(pieces[text])]
    return states
