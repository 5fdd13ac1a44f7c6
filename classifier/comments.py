"""Comments as the classifier takes them, and a batch of them made ready. For `classifier` and those who call it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.dense import dense
from classifier.hashing import Grams, Hasher
from classifier.text import Normalised, normalise_all


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


class Field(NamedTuple):
    """The grams of one author field over a whole batch; comment `i` has `buckets[starts[i]:starts[i + 1]]`."""

    buckets: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]

    def values(self) -> npt.NDArray[np.float32]:
        """What each gram counts: one over the root of the number of grams in its field."""
        sizes = np.diff(self.starts)
        return np.repeat(1.0 / np.sqrt(np.maximum(sizes, 1)), sizes).astype(np.float32)


class Batch:
    """Comments folded, hashed and measured. Serving and training both read this, so that they agree."""

    __slots__ = ("_hasher", "_names", "_texts", "_urls", "inputs", "normalised")

    def __init__(self, inputs: Sequence[Input], hasher: Hasher) -> None:
        self.inputs = inputs
        self.normalised: list[Normalised] = normalise_all([item.text for item in inputs])
        self._hasher = hasher
        self._texts = [text.text.encode() for text in self.normalised]
        self._names = _fold_fields([item.author_name for item in inputs])
        self._urls = _fold_fields([item.author_url for item in inputs])

    def dense(self) -> npt.NDArray[np.float32]:
        """Named features, one row a comment."""
        originals = [item.text.encode("utf-8", "replace") for item in self.inputs]
        return dense(originals, self.normalised, [(item.author_name, item.author_url) for item in self.inputs])

    def texts(self) -> Iterator[Grams]:
        """The grams of each comment's text, in order."""
        return self._hasher.texts(self._texts)

    def fields(self) -> list[Field]:
        """The grams of the author fields that any comment of the batch has."""
        return [
            Field(*self._hasher.fields(values, namespace))
            for namespace, values in ((1, self._names), (2, self._urls))
            if any(values)
        ]


def _fold_fields(values: list[str]) -> list[bytes]:
    """Author names or URLs as they are hashed."""
    return [folded.text.encode() for folded in normalise_all(values)] if any(values) else [b""] * len(values)
