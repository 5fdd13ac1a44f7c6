"""The words of the languages that a model has learnt: for comments too short to tell their language otherwise. For `classifier`.

A set of words as bits at their hashes (a Bloom filter of one hash; Bloom 1970): it holds no text, and of the words that are not
in it one in a few dozen seems to be. Words with a capital inside a sentence are nobody's: names are the same in all languages.
"""

import re
import zlib
from collections import Counter

import numpy as np
import numpy.typing as npt

from classifier.normalise import Normalised

BITS = 21
BYTES = (1 << BITS) // 8
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"(?<=[^\s.!?…:] )[A-Z][a-z]+")
_FEWEST_LETTERS = 3


class Vocabulary:
    """The words of some languages."""

    def __init__(self, packed: npt.NDArray[np.uint8]) -> None:
        """From `BYTES` bytes, as `pack` made them. Raises ValueError for another number."""
        if packed.shape != (BYTES,) or packed.dtype != np.uint8:
            raise ValueError(f"a vocabulary takes {BYTES} bytes")
        self._packed = packed.tobytes()

    def __contains__(self, word: str) -> bool:
        at = _place(word)
        return bool(self._packed[at >> 3] & (128 >> (at & 7)))

    def share(self, text: Normalised) -> float:
        """The share of letters of `text` that are in known words; 1 if it has hardly any that are in words at all."""
        names = {name.lower() for name in _NAME.findall(text.original)}
        found = [word for word in words(text) if word not in names]
        letters = sum(map(len, found))
        return sum(len(word) for word in found if word in self) / letters if letters >= _FEWEST_LETTERS else 1.0


def words(text: Normalised) -> list[str]:
    """The words of a folded text, without those of addresses and handles."""
    folded = text.text
    if text.links or text.emails or text.mentions:
        folded = " ".join(part for part in folded.split(" ") if not ("." in part[1:-1] or "/" in part or "{" in part))
    return _WORD.findall(folded)


def pack(counts: Counter[str], fewest: int = 8) -> npt.NDArray[np.uint8]:
    """The words that come at least `fewest` times."""
    bits = np.zeros(1 << BITS, np.bool_)
    bits[[_place(word) for word, times in counts.items() if times >= fewest]] = True
    return np.packbits(bits)


def _place(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) >> (32 - BITS)
