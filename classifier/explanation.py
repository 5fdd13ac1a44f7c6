"""Exact explanations: a logit taken apart into spans of the original, named features, signals and the intercept.

For `classifier.model`. Each hashed gram's contribution is shared out evenly over the characters that it covers, and
the characters are gathered into words of the original text; nothing is left over.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.comments import Batch
from classifier.dense import FEATURES
from classifier.hashing import Hasher
from classifier.text import Normalised, normalise

Weights = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


class Part(NamedTuple):
    """One additive part of a logit."""

    kind: str
    """`span` (a stretch of the comment), `feature` (a dense feature), `signal` or `intercept`."""
    name: str
    """The feature's or the signal's name, or the span's text as written."""
    contribution: float
    """In logit units; positive speaks for the label."""
    field: str = ""
    """Of a span: `text`, `author_name` or `author_url`."""
    start: int = 0
    """Of a span: first code point in the original field."""
    end: int = 0
    """Of a span: one past its last code point."""
    start_utf16: int = 0
    """The same in UTF-16 code units, as JavaScript counts."""
    end_utf16: int = 0


class Explanation(NamedTuple):
    """Why a label has its score."""

    label: str
    logit: float
    """Before calibration: the sum of the parts' contributions."""
    probability: float
    """Calibrated, as in `Prediction.scores`."""
    parts: tuple[Part, ...]
    """The intercept, then the others by size of their contribution; complete."""


class Linear(NamedTuple):
    """The weights of one label."""

    hashed: Weights
    dense: Weights
    intercept: float


def parts(batch: Batch, hasher: Hasher, linear: Linear, heard: Sequence[Part] = ()) -> tuple[Part, ...]:
    """All parts of the logit of the one comment in `batch`, for the label whose weights are given.

    `heard` are parts that don't come from the comment itself: its signals'.
    """
    found: list[Part] = list(heard)
    hashed, dense, intercept = linear
    text = batch.normalised[0]
    for grams in batch.texts():
        if len(grams.buckets):
            shares = _occurrences(grams.buckets, grams.values, hashed)
            found += _spans("text", text, shares, hasher, words=True)
    item = batch.inputs[0]
    for name, value in (("author_name", item.author_name), ("author_url", item.author_url)):
        folded = normalise(value)
        if folded.text:
            encoded = [folded.text.encode()]
            grams_of = hasher.fields(encoded, []) if name == "author_name" else hasher.fields([], encoded)
            shares = hashed[grams_of.buckets].astype(np.float64) * grams_of.values
            found += _spans(name, folded, shares, hasher, words=False)
    values = batch.dense()[0].astype(np.float64)
    for at, name in enumerate(FEATURES):
        if values[at] and dense[at]:
            found.append(Part("feature", name, float(values[at] * dense[at])))
    found.sort(key=lambda part: -abs(part.contribution))
    return (Part("intercept", "intercept", intercept), *found)


def _occurrences(buckets: npt.NDArray[np.intp], values: npt.NDArray[np.float32], hashed: Weights) -> Numbers:
    """What each occurrence of a gram adds: its bucket's contribution, split evenly between the bucket's occurrences."""
    _, which, counts = np.unique(buckets, return_inverse=True, return_counts=True)
    totals = np.bincount(which, weights=values.astype(np.float64) * hashed[buckets])
    return np.asarray((totals / counts)[which], np.float64)


def _spans(field: str, text: Normalised, shares: Numbers, hasher: Hasher, *, words: bool) -> Iterator[Part]:
    """Share out the grams' contributions over characters and gather those into words of the original."""
    encoded = text.text.encode()
    places = hasher.places(encoded, words=words)
    # Grams may reach into the frame around the text; what they say belongs to the bytes of the text they cover.
    first = np.clip(places.starts - 1, 0, len(encoded) - 1)
    last = np.clip(places.ends - 1, first + 1, len(encoded))
    change = np.zeros(len(encoded) + 1)
    each = shares / (last - first)
    np.add.at(change, first, each)
    np.add.at(change, last, -each)
    weight = np.cumsum(change)[: len(encoded)]
    groups = _groups(text)
    starts, ends = text.offsets
    sizes = np.cumsum([0, *(len(c.encode()) for c in text.text)])
    utf16 = np.cumsum([0, *(1 + (c > "\uffff") for c in text.original)])
    for begin, end in groups:
        shown = max(begin + 1, end - 1) if text.text[end - 1] == " " else end  # the space counts, but is not shown
        low, high = min(starts[begin:shown]), max(ends[begin:shown])
        contribution = float(weight[sizes[begin] : sizes[end]].sum())
        yield Part("span", text.original[low:high], contribution, field, low, high, int(utf16[low]), int(utf16[high]))


def _groups(text: Normalised) -> Sequence[tuple[int, int]]:
    """The folded text cut into words, each with the space behind it; scripts without spaces into characters."""
    cuts = [0]
    for at, character in enumerate(text.text):
        if (
            character != " "
            and at
            and (text.text[at - 1] == " " or _unspaced(character) or _unspaced(text.text[at - 1]))
        ):
            cuts.append(at)
    return list(pairwise([*cuts, len(text.text)]))


def _unspaced(character: str) -> bool:
    """Of a script that puts no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""
    return character > "\u0dff" and (
        "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u109f"
        or "\u1780" <= character <= "\u17ff"
        or "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )
