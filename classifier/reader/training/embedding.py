"""Vectors of many texts, kept between runs in `build/`, since reading them takes most of the time. For training only.

One file an encoder, keyed by the digest of the passages: what was read once is never read again, and another encoder begins
anew. Every core reads.
"""

import hashlib
import io
import multiprocessing
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from classifier.reader.encoder import NAME, Encoder
from classifier.reader.passages import Prepared
from classifier.reader.tuned import Tuned

FOLDER = Path("build/reader")
_ROWS = 200  # between two commits


class Bag(NamedTuple):
    """The passages of one text."""

    vectors: npt.NDArray[np.float16]
    """(passages, width)."""
    sizes: npt.NDArray[np.intp]
    """Pieces of each passage; 0: it was not read."""

    @property
    def mean(self) -> npt.NDArray[np.float32]:
        """The vector of the whole: the mean over all pieces."""
        return self.mean_over(np.ones(len(self.sizes), np.bool_))

    def mean_over(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """The same of some of its passages."""
        sizes = self.sizes * chosen
        total = (self.vectors.astype(np.float32) * sizes[:, None]).sum(axis=0)
        return np.asarray(total / max(1, int(sizes.sum())), np.float32)


def bags(texts: Sequence[str], console: Console, tuned: Tuned | None = None, folder: Path = FOLDER) -> list[Bag]:
    """The passages of each text, read now or before. Raises `ReaderError` without the extra."""
    folder.mkdir(parents=True, exist_ok=True)
    cut = [Prepared(text).texts for text in track(texts, description="Cutting", console=console)]
    digests = [_digest(passages) for passages in cut]
    wanted = dict(zip(digests, cut, strict=True))
    with sqlite3.connect(folder / f"{NAME}{f'-{tuned.name}' if tuned else ''}.sqlite", timeout=60) as kept:
        kept.execute("pragma journal_mode = wal")
        kept.execute("create table if not exists bags (digest blob primary key, bag blob) without rowid")
        known = {digest for (digest,) in kept.execute("select digest from bags")}
        new = [(digest, passages) for digest, passages in wanted.items() if digest not in known]
        if new:
            _read(kept, new, tuned, console)
        found = {digest: _unpacked(bag) for digest, bag in kept.execute("select * from bags") if digest in wanted}
    return [found[digest] for digest in digests]


def _read(
    kept: sqlite3.Connection, new: Sequence[tuple[bytes, list[str]]], tuned: Tuned | None, console: Console
) -> None:
    parts = [new[at : at + _ROWS] for at in range(0, len(new), _ROWS)]
    spawned = multiprocessing.get_context("spawn")  # a fork would share threads that it does not have
    with ProcessPoolExecutor(min(len(parts), os.cpu_count() or 1), spawned, _begin, (tuned,)) as readers:
        for done in track(readers.map(_read_part, parts), "Reading", len(parts), console=console):
            with kept:
                kept.executemany("insert or replace into bags values (?, ?)", done)


_encoders: list[Encoder] = []
"""The one of a process that reads."""


def _begin(tuned: Tuned | None) -> None:
    _encoders.append(Encoder(tuned))


def _read_part(part: Sequence[tuple[bytes, list[str]]]) -> list[tuple[bytes, bytes]]:
    done = []
    for digest, passages in part:
        vectors, sizes = _encoders[0].embed(passages)
        packed = io.BytesIO()
        np.savez(packed, vectors=vectors.astype(np.float16), sizes=sizes.astype(np.int32))
        done.append((digest, packed.getvalue()))
    return done


def _unpacked(packed: bytes) -> Bag:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return Bag(arrays["vectors"], arrays["sizes"].astype(np.intp))


def _digest(passages: Sequence[str]) -> bytes:
    return hashlib.sha256("\0".join(passages).encode("utf-8", "surrogatepass")).digest()[:16]
