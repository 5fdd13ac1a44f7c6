"""The second reader: what it makes of one comment, passage by passage. Public by `classifier.reader`.

Vectors of passages (`classifier.reader.encoder`) and one linear head a label. Each passage says something, and the
comment is what its worst passage says; the more passages there are, the more that must be, since among many one looks bad by
chance.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier import artifact
from classifier.artifact import ArtifactError
from classifier.passages import Span
from classifier.reader import tuned
from classifier.reader.encoder import MOST, NAME, Encoder
from classifier.reader.fusion import Fusion
from classifier.reader.passages import LONGEST, Prepared
from classifier.reader.weights import Floats

DEFAULT = Path(__file__).with_name("default")
"""The shipped heads."""
_REMEMBERED = 2048


class Pooling(NamedTuple):
    """How passages make a comment."""

    chance: float
    """What is taken off the worst for each natural logarithm of the number of passages."""


class Reading(NamedTuple):
    """What the second reader makes of a comment."""

    parts: Floats
    """What each passage adds to each label's logit, 0 but for the worst: (passages, labels)."""
    rest: Floats
    """What is added whatever the passages say: (labels,)."""
    lengths: npt.NDArray[np.intp]
    """Pieces of the passage that is the worst for each label: (labels,)."""
    prepared: Prepared
    last: int | None = None
    """The last passage that was read, where there is more in the comment than was read; None: all of it was."""

    @property
    def logits(self) -> Floats:
        """Of each label: the sum over the passages, and the rest."""
        return np.asarray(self.parts.sum(axis=0) + self.rest, np.float32)

    def places(self) -> list[Span]:
        """Where the passages stand in the original, in code points."""
        return self.prepared.places()

    @property
    def unread(self) -> int | None:
        """Where in the original begins what was not read, or not to its end; None: nothing."""
        return None if self.last is None else self.places()[self.last][0]


def pooled(said: Floats, sizes: npt.NDArray[np.intp], pooling: Pooling) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """`parts`, `rest` (without the heads' intercepts) and `lengths` from what each passage says: (passages, labels)."""
    parts = np.zeros_like(said)
    read = np.flatnonzero(sizes)
    if not len(read):
        return parts, np.zeros(said.shape[1], np.float32), np.ones(said.shape[1], np.intp)
    worst, labels = read[said[read].argmax(axis=0)], np.arange(said.shape[1])
    parts[worst, labels] = said[worst, labels]
    taken = pooling.chance * np.log(len(read))
    return parts.astype(np.float32), np.full(said.shape[1], -taken, np.float32), sizes[worst]


class Reader:
    """A loaded second reader. Safe to share between threads."""

    def __init__(self, arrays: artifact.Arrays, metadata: Mapping[str, Any], encoder: Encoder) -> None:
        """From what `artifact.read` returns. Raises `ArtifactError` if it does not fit the encoder or this package."""
        try:
            self.version: str = metadata["version"]
            self.labels: tuple[str, ...] = tuple(metadata["labels"])
            self.pooling = Pooling(**metadata["pooling"])
            self.languages: Mapping[str, Sequence[str]] = metadata["languages"]
            self.card: Mapping[str, Any] = metadata["card"]
            self.fusion = Fusion(metadata["fusion"], self.labels)
            known = metadata["encoder"]
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the reader's description is incomplete ({type(error).__name__}: {error})") from error
        if known != NAME:
            raise ArtifactError(f"reader {self.version} was made for the encoder {known}, and this is {NAME}")
        self._heads = _checked(arrays, "heads", (encoder.width, len(self.labels)))
        self._intercept = _checked(arrays, "intercept", (len(self.labels),))
        self._encoder = encoder
        self._known: OrderedDict[bytes, Reading] = OrderedDict()
        self._turn = threading.Lock()

    def __repr__(self) -> str:
        return f"Reader({self.version!r})"

    def read(self, text: str) -> Reading:
        """Read a comment: milliseconds. The newest readings are remembered by their text's digest."""
        known = self.remembered(text)
        if known is None:
            prepared = Prepared(text)
            vectors, sizes = self._encoder.embed(prepared.texts)
            parts, rest, lengths = pooled(vectors @ self._heads, sizes, self.pooling)
            cut = len(text) > LONGEST or sizes.sum() >= MOST
            last = int(sizes.nonzero()[0].max(initial=0)) if cut else None
            known = Reading(parts, rest + self._intercept, lengths, prepared, last)
            with self._turn:
                self._known[_key(text)] = known
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return known

    def remembered(self, text: str) -> Reading | None:
        """The reading of a text that was read not long ago."""
        key = _key(text)
        with self._turn:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
        return known


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _checked(arrays: artifact.Arrays, name: str, shape: tuple[int, ...]) -> Floats:
    array = arrays.get(name)
    if array is None or array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ArtifactError(f"the reader's array {name!r} is missing, not finite, or has another shape than {shape}")
    return array.astype(np.float32)


def load(path: Path | None = None) -> Reader:
    """The reader in directory `path`, or the shipped one (read once).

    Raises `ReaderError` if the extra is not installed, `ArtifactError` if the artefact is damaged.
    """
    return _default() if path is None else _read(path)


@cache
def _default() -> Reader:
    return _read(DEFAULT)


def _read(path: Path) -> Reader:
    arrays, metadata = artifact.read(path)
    try:
        encoder = Encoder(tuned.of_arrays(arrays))
    except ValueError as error:
        raise ArtifactError(f"the reader's layers don't fit the encoder ({error})") from error
    return Reader(arrays, metadata, encoder)
