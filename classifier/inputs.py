"""Comments as the classifier takes them, and a batch of them made ready. For `classifier` and those who call it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.features.dense import dense
from classifier.features.ngrams import FieldGrams, Grams, Hasher, PassageGrams
from classifier.normalise import Normalised, normalise_all
from classifier.passages import LEAST, Span, at_openers, begun, passages


class Input(NamedTuple):
    """One comment to be scored."""

    text: str
    """As written, markup and all."""
    author_name: str = ""
    author_url: str = ""
    lang: str = ""
    """BCP 47 tag if the platform knows the language, else empty: detect."""


def as_input(item: Any) -> Input:
    """An `Input` from itself, from a tuple in the order of its fields, or from a text alone. Raises ValueError."""
    if isinstance(item, str):
        return Input(item)
    if isinstance(item, np.ndarray):
        item = tuple(item.tolist())
    if (
        isinstance(item, tuple | list)
        and 1 <= len(item) <= len(Input._fields)
        and all(isinstance(x, str) for x in item)
    ):
        return item if isinstance(item, Input) else Input(*item)
    raise ValueError(f"a comment is a text or a tuple of texts ({', '.join(Input._fields)}), not {type(item).__name__}")


def cut(normalised: Normalised) -> list[Span]:
    """Where the passages of a folded text stand in it, in code points."""
    text = normalised.text
    return passages(text, begun(normalised.original, at_openers, text) if len(text) >= 2 * LEAST else ())


def distinct(normalised: Normalised) -> list[bytes]:
    """The different passages of a folded text, in the order in which they first come."""
    text = normalised.text
    spans = cut(normalised)
    if len(spans) == 1:
        return [text.encode()]
    return list(dict.fromkeys([text[start:end].encode() for start, end in spans]))


class Batch:
    """Comments folded, hashed and measured. Serving and training both read this, so that they agree."""

    __slots__ = ("_cut", "_dense", "_fields", "_hasher", "_names", "_texts", "_urls", "inputs", "normalised")

    def __init__(self, inputs: Sequence[Input], hasher: Hasher) -> None:
        self.inputs = inputs
        self._hasher = hasher
        size = len(inputs)
        fields = [item.text for item in inputs]
        if any(item.author_name or item.author_url for item in inputs):
            fields += [item.author_name for item in inputs]
            fields += [item.author_url for item in inputs]
        folded = normalise_all(fields)
        self.normalised: list[Normalised] = folded[:size]
        self._cut: list[list[bytes]] | None = None
        self._dense: npt.NDArray[np.float32] | None = None
        self._fields: FieldGrams | None = None
        self._texts = [text.text.encode() for text in self.normalised]
        self._names = [text.text.encode() for text in folded[size : 2 * size]]
        self._urls = [text.text.encode() for text in folded[2 * size :]]

    def dense(self) -> npt.NDArray[np.float32]:
        """Named features, one row a comment; measured once, and not to be written to."""
        if self._dense is None:
            originals = [item.text.encode("utf-8", "replace") for item in self.inputs]
            authors = [(item.author_name, item.author_url) for item in self.inputs]
            self._dense = dense(originals, self.normalised, authors)
            self._dense.flags.writeable = False
        return self._dense

    def texts(self, rows: Sequence[int] | None = None) -> Iterator[Grams]:
        """The grams of each comment's text as a whole, in order; of some comments alone by their numbers."""
        return self._hasher.texts(self._texts if rows is None else [self._texts[at] for at in rows])

    def passages(self) -> Iterator[PassageGrams]:
        """The grams of each comment's passages, in order; `starts` says which comment's they are."""
        return self._hasher.passages(self._passages())

    def starts(self) -> npt.NDArray[np.intp]:
        """The number of each comment's first passage."""
        return np.cumsum([0, *map(len, self._passages()[:-1])])

    def _passages(self) -> list[list[bytes]]:
        """Each comment's passages, each but once: who repeats a sentence has not said more."""
        if self._cut is None:
            self._cut = [distinct(text) for text in self.normalised]
        return self._cut

    def fields(self) -> FieldGrams | None:
        """The grams of author names and URLs; None if no comment of the batch has any."""
        if self._fields is None and self._names:
            self._fields = self._hasher.fields(self._names, self._urls)
        return self._fields
