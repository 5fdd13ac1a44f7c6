"""The encoder's layers as functions of JAX, so that they can be differentiated. For training only.

What `classifier.reader.graph` lays out in integers, in floats, for several texts at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from classifier.reader.tuned import PARTS
from classifier.reader.weights import Weights

Layer = dict[str, jax.Array]
"""Matrices by the names of `PARTS`, their biases, and the two normalisations' `w` and `b`."""


class Shape(NamedTuple):
    """What the layers' sizes don't tell."""

    heads: int
    epsilon: float


def layers(weights: Weights, first: int, last: int) -> list[Layer]:
    """Layers number `first` to `last`, counted from 1."""
    sources = {"asked": ("q", "k", "v"), "attended": ("ao",), "inner": ("fi",), "outer": ("fo",)}
    found = []
    for number in range(first - 1, last):

        def floats(name: str, number: int = number) -> jax.Array:
            return jnp.asarray(weights.floats(f"l{number}.{name}"))

        layer = {f"{norm}.{part}": floats(f"{norm}.{part}") for norm in ("aln", "oln") for part in "wb"}
        for part, names in sources.items():
            rows = weights.inner if part == "outer" else weights.width
            matrix = np.concatenate([weights.matrix(f"l{number}.{name}.w", rows) for name in names]).T
            layer[part] = jnp.asarray(matrix)
            layer[f"{part}.b"] = jnp.concatenate([floats(f"{name}.b") for name in names])
        found.append(layer)
    return found


def run(state: jax.Array, through: Sequence[Layer], mask: jax.Array, shape: Shape) -> jax.Array:
    """Hidden states, (texts, pieces, width), through layers; `mask`, (texts, 1, 1, pieces), is -∞ where there is no piece."""
    for layer in through:
        state = _run(state, layer, mask, shape)
    return state


def normal(state: jax.Array, weight: jax.Array, bias: jax.Array, epsilon: float) -> jax.Array:
    """Layer normalisation."""
    apart = state - state.mean(axis=-1, keepdims=True)
    return apart * jax.lax.rsqrt((apart**2).mean(axis=-1, keepdims=True) + epsilon) * weight + bias


def _run(state: jax.Array, layer: Layer, mask: jax.Array, shape: Shape) -> jax.Array:
    texts, pieces, width = state.shape
    each = width // shape.heads
    flat = state.reshape(-1, width)  # products of two axes are much quicker than of three

    def product(value: jax.Array, part: str) -> jax.Array:
        return value @ layer[part] + layer[f"{part}.b"]

    asked = product(flat, PARTS[0]).reshape(texts, pieces, 3, shape.heads, each)
    query, key, value = (asked[:, :, at].transpose(0, 2, 1, 3) for at in range(3))
    share = jax.nn.softmax(query @ key.transpose(0, 1, 3, 2) * each**-0.5 + mask, axis=-1)
    heard = (share @ value).transpose(0, 2, 1, 3).reshape(-1, width)
    flat = normal(flat + product(heard, "attended"), layer["aln.w"], layer["aln.b"], shape.epsilon)
    grown = jax.nn.gelu(product(flat, "inner"), approximate=False)
    flat = normal(flat + product(grown, "outer"), layer["oln.w"], layer["oln.b"], shape.epsilon)
    return flat.reshape(state.shape)
