"""Exact explanations: a logit taken apart into spans of the original, named features, signals and the intercept.

For `classifier.model`. Which passage decided is settled first; each hashed gram's contribution is shared out evenly over the
characters that it covers, and the characters are gathered into words of the original text; nothing is left over.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.features.dense import FEATURES
from classifier.features.ngrams import AUTHOR_SHIFT, Hasher
from classifier.inputs import Batch, cut
from classifier.normalise import Normalised, normalise
from classifier.pooling import Pooling, scales
from classifier.reader.fusion import Heard

Weights = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


class Part(NamedTuple):
    """One additive part of a logit."""

    kind: str
    """`span` (a stretch of the comment), `feature` (a dense feature), `signal`, `intercept`, or `meaning`: what the second
    reader makes of a passage."""
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
    start: int = 0
    """Of the passage that decided, or of all if the whole did: first code point in the text."""
    end: int = 0
    """One past its last code point."""


class Texts:
    """The parts of the logit of the one comment of a batch, gathered from all that adds to it."""

    def __init__(self, batch: Batch, hasher: Hasher) -> None:
        self._batch = batch
        self._hasher = hasher
        item = batch.inputs[0]
        self._text = batch.normalised[0]
        self._author = {"author_name": normalise(item.author_name), "author_url": normalise(item.author_url)}
        self._measured = batch.dense()[0].astype(np.float64)
        self._dense = np.zeros(len(FEATURES))
        self._said = {"text": _Said(self._text), **{name: _Said(field) for name, field in self._author.items()}}

    def pooled(self, hashed: Weights, pooling: Pooling) -> tuple[int, int]:
        """Add the text by its worst passage or as a whole. Returns the range of the original that decided, in code points."""
        folded = self._text.text
        spans = {folded[start:end]: (start, end) for start, end in reversed(cut(self._text))}
        found = list(self._hasher.passages([[text.encode()] for text in reversed(spans)]))
        places = list(reversed(spans.values()))
        squares = np.array([grams.values @ grams.values for grams in found], np.float32)
        scale, share = scales(squares, np.zeros(1, np.intp), pooling.damping)
        sums = np.array([grams.values @ hashed[grams.buckets] for grams in found]) / scale
        worst = int(np.argmax(sums))
        alone = sums[worst] >= sums @ share
        for at, (grams, (start, end)) in enumerate(zip(found, places, strict=True)):
            factor = float(at == worst) if alone else share[at]
            if factor and len(grams.buckets):
                shares = _occurrences(grams.buckets, grams.values, hashed) * (factor / scale[at])
                self._said["text"].add(shares, self._hasher, start, end)
        starts, ends = self._text.offsets
        start, end = places[worst] if alone else (0, len(folded))
        return (min(starts[start:end]), max(ends[start:end])) if end > start else (0, 0)

    def add_whole(self, hashed: Weights) -> None:
        """Add the text as a whole, and the author fields, as a correction reads them."""
        for grams in self._batch.texts():
            if len(grams.buckets):
                shares = _occurrences(grams.buckets, grams.values, hashed)
                self._said["text"].add(shares, self._hasher, 0, len(self._text.text))
        for name, buckets, values in self._fields():
            self._said[name].add(hashed[buckets].astype(np.float64) * values, self._hasher)

    def add_author(self, hashed: Weights, dense: Weights) -> None:
        """Add the author, if that adds anything."""
        parts = [
            (name, hashed[buckets >> AUTHOR_SHIFT].astype(np.float64) * values)
            for name, buckets, values in self._fields()
            if self._batch.inputs[0].author_url
        ]
        if sum(shares.sum() for _, shares in parts) + self._measured @ dense <= 0:
            return
        for name, shares in parts:
            self._said[name].add(shares, self._hasher)
        self.add_dense(dense)

    def add_dense(self, weights: Weights) -> None:
        """Add the dense features."""
        self._dense += weights

    def parts(self, heard: Sequence[Part] = ()) -> list[Part]:
        """All parts but the intercept, by size. `heard` are those that don't come from the comment itself: its signals'."""
        found = list(heard)
        for name, said in self._said.items():
            found += said.spans(name)
        for name, value in zip(FEATURES, (self._measured * self._dense).tolist(), strict=True):
            if value:
                found.append(Part("feature", name, value))
        return sorted(found, key=lambda part: -abs(part.contribution))

    def _fields(self) -> list[tuple[str, npt.NDArray[np.intp], npt.NDArray[np.float32]]]:
        """The grams of the author fields that are not empty, name first."""
        name, url = (field.text.encode() for field in self._author.values())
        buckets, values, starts, _ = self._hasher.fields([name], [url])
        filled = [name for name, field in self._author.items() if field.text]
        ends = np.append(starts, len(buckets))[1:]
        return [
            (name, buckets[start:end], values[start:end]) for name, start, end in zip(filled, starts, ends, strict=True)
        ]


class _Said:
    """What is said by each byte of a folded text."""

    def __init__(self, text: Normalised) -> None:
        self._text = text
        self._bytes = np.zeros(len(text.text.encode()))
        self._touched = False

    def add(self, shares: Numbers, hasher: Hasher, start: int | None = None, end: int | None = None) -> None:
        """Share out what the grams of a stretch add over the bytes that they cover; without a stretch, an author field's."""
        encoded = self._text.text[start:end].encode()
        places = hasher.places(encoded, words=start is not None)
        # Grams may reach into the frame around the text; what they say belongs to the bytes of the text they cover.
        first = np.clip(places.starts - 1, 0, len(encoded) - 1)
        last = np.clip(places.ends - 1, first + 1, len(encoded))
        change = np.zeros(len(encoded) + 1)
        each = shares / (last - first)
        np.add.at(change, first, each)
        np.add.at(change, last, -each)
        offset = len(self._text.text[:start].encode()) if start else 0
        self._bytes[offset : offset + len(encoded)] += np.cumsum(change)[:-1]
        self._touched = True

    def spans(self, field: str) -> Iterator[Part]:
        """Gathered into words of the original; nothing of a field of which nothing was said."""
        text = self._text
        if not self._touched:
            return
        starts, ends = text.offsets
        sizes = np.cumsum([0, *(len(c.encode()) for c in text.text)])
        utf16 = np.cumsum([0, *(1 + (c > "\uffff") for c in text.original)])
        for begin, end in _groups(text):
            shown = max(begin + 1, end - 1) if text.text[end - 1] == " " else end  # the space counts, but is not shown
            low, high = min(starts[begin:shown]), max(ends[begin:shown])
            contribution = float(self._bytes[sizes[begin] : sizes[end]].sum())
            yield Part(
                "span", text.original[low:high], contribution, field, low, high, int(utf16[low]), int(utf16[high])
            )


def with_meaning(parts: Sequence[Part], text: str, heard: Heard, column: int) -> tuple[Part, ...]:
    """The parts of the logit of both readers, of a label by its column, from those of the first.

    What the second makes of each passage of `text` stands beside the words; its own intercept joins that of the first.
    """
    found = [part for part in scaled(parts, float(heard.words[column]), float(heard.rest[column])) if part.contribution]
    for (start, end), contribution in zip(heard.places(), heard.parts[:, column].tolist(), strict=True):
        if contribution:
            before = len(text[:start].encode("utf-16-le", "surrogatepass")) // 2
            size = len(text[start:end].encode("utf-16-le", "surrogatepass")) // 2
            found.append(Part("meaning", "meaning", contribution, "text", start, end, before, before + size))
    first = next(part for part in found if part.kind == "intercept")
    return (first, *sorted((part for part in found if part is not first), key=lambda part: -abs(part.contribution)))


def moved(parts: Sequence[Part], decided: tuple[int, int], before: str) -> tuple[tuple[Part, ...], tuple[int, int]]:
    """Parts and the place of what decided, of a text that stands behind `before`."""
    far, units = len(before), len(before.encode("utf-16-le", "surrogatepass")) // 2
    there = tuple(
        part._replace(
            start=part.start + far,
            end=part.end + far,
            start_utf16=part.start_utf16 + units,
            end_utf16=part.end_utf16 + units,
        )
        if part.field == "text"
        else part
        for part in parts
    )
    return there, (decided[0] + far, decided[1] + far)


def scaled(parts: Sequence[Part], scale: float, shift: float) -> tuple[Part, ...]:
    """All parts times `scale`, and `shift` added to the intercept, which is the first."""
    first, *others = (part._replace(contribution=part.contribution * scale) for part in parts)
    return (first._replace(contribution=first.contribution + shift), *others)


def _occurrences(buckets: npt.NDArray[np.intp], values: npt.NDArray[np.float32], hashed: Weights) -> Numbers:
    """What each occurrence of a gram adds: its bucket's contribution, split evenly between the bucket's occurrences."""
    _, which, counts = np.unique(buckets, return_inverse=True, return_counts=True)
    totals = np.bincount(which, weights=values.astype(np.float64) * hashed[buckets])
    return np.asarray((totals / counts)[which], np.float64)


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
