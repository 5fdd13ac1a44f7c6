"""Texts among harmless sentences, and what the encoder makes of them there. For training only.

A passage is read in the context of its neighbours, so that the same abuse has another vector beside talk of the weather. Heads
that learn from both listen to what stays the same, and context still tells them what a text by itself does not: reading each
passage apart kept as much of what is padded and ranked what is not worse (see `docs/adr/0033-heads-learn-from-padded-text.md`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console

from classifier.reader.passages import Prepared
from classifier.reader.training.embedding import bags
from classifier.reader.training.rows import LONGEST, Taught
from classifier.reader.tuned import Tuned
from classifier.training.padding import pad

SIZE = 15_000
"""Texts that are padded, by lot, bad ones and good ones alike."""
MASS = 2.0
"""How much a padded text counts, beside the same without padding. With more, what is not padded is ranked worse."""


class Padded(NamedTuple):
    """A padded text."""

    row: int
    """Which of the rows that are learnt from it is made of."""
    text: str
    inside: npt.NDArray[np.bool_]
    """Which of its passages are the text itself."""


class Among(NamedTuple):
    """What the encoder makes of padded texts: parallel."""

    vectors: npt.NDArray[np.float32]
    """The mean over the pieces of the text itself, without those around it: (texts, width)."""
    rows: npt.NDArray[np.intp]
    """Which of the rows that are learnt from each is made of."""


def put_among(taught: Taught, seed: int) -> list[Padded]:
    """Pad `SIZE` texts of what is learnt from."""
    table = taught.whole.table.take(taught.picked)
    short = np.flatnonzero([len(item.text) <= LONGEST for item in table.items])
    padded = pad(table.take(short), SIZE, seed)
    found = []
    for row, item in zip(short[padded.rows].tolist(), padded.items, strict=True):
        own = table.items[row].text.strip()
        start = item.text.find(own)
        places = Prepared(item.text).places()
        inside = [2 * (min(end, start + len(own)) - max(begin, start)) > end - begin for begin, end in places]
        found.append(Padded(row, item.text, np.array(inside)))
    return found


def read_among(padded: Sequence[Padded], console: Console, tuned: Tuned | None = None) -> Among:
    """Read them; what lies too far back to be read is left out. Raises `ReaderError` without the extra."""
    vectors, rows = [], []
    for one, bag in zip(padded, bags([one.text for one in padded], console, tuned), strict=True):
        if bag.sizes[one.inside].any():
            vectors.append(bag.mean_over(one.inside))
            rows.append(one.row)
    return Among(np.stack(vectors), np.array(rows, np.intp))
