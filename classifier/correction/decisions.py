"""What a site's correction is learnt from: comments that humans decided, with the evidence beyond the text. Public.

Pure data, and the one way in which signals become numbers: training and serving read them here, so that they agree.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.inputs import Input

Signal = bool | int | float | str
_LARGEST = 1.5
_LONGEST_WORD = 64


class Decided(NamedTuple):
    """One comment that a human judged."""

    item: Input
    labels: Mapping[str, float]
    """1: it is, 0: it is not, a share between: doubtful. A label that is missing was not judged."""
    at: int = 0
    """When it was judged, in milliseconds since 1970: the order of time."""
    voice: str = ""
    """Whose word it is, person and way together: "moderator:ann", "import:disqus". No voice may drown out the others."""
    weight: float = 1.0
    """How much one word from this source counts; 0 teaches nothing."""
    signals: Mapping[str, Signal] = {}
    """Evidence beyond the text, as it stood when the machine judged."""
    id: str = ""
    """The caller's name for the row."""
    comment: str = ""
    """Which comment it was. Of several words on one comment only the newest counts; empty: a comment of its own."""


def signal_features(signals: Mapping[str, Signal]) -> dict[str, float]:
    """Signals as numbers from -1.5 to 1.5, in one documented way; what is 0 is left out.

    True is 1. A number is a fifth of the logarithm of one more than its size, with its sign: 1 comment is 0.14, 10 are
    0.48, 100 are 0.92. A word counts 1 under the name `signal=word`; words longer than 64 characters are left out.
    """
    found: dict[str, float] = {}
    for name, value in signals.items():
        if isinstance(value, str):
            if 0 < len(value) <= _LONGEST_WORD:
                found[f"{name}={value}"] = 1.0
        elif isinstance(value, bool):
            if value:
                found[name] = 1.0
        elif value and math.isfinite(value):
            found[name] = math.copysign(min(math.log1p(abs(value)) / 5, _LARGEST), value)
    return found


def signal_rows(rows: Sequence[Mapping[str, Signal]], names: Sequence[str]) -> npt.NDArray[np.float32]:
    """The named features of each row: (rows, names)."""
    columns = {name: at for at, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)), np.float32)
    for row, signals in zip(matrix, rows, strict=True):
        for name, value in signal_features(signals).items():
            at = columns.get(name)
            if at is not None:
                row[at] = value
    return matrix


def in_order(decisions: Sequence[Decided]) -> list[Decided]:
    """By time, oldest first, with only the newest word on each comment; weightless rows are dropped."""
    newest = {row.comment: row for row in sorted(decisions, key=lambda row: row.at) if row.comment}
    kept = (row for row in decisions if row.weight > 0 and (not row.comment or newest[row.comment] is row))
    return sorted(kept, key=lambda row: row.at)


def between_moments(decisions: Sequence[Decided], place: int) -> int:
    """The next place from there on, in decisions by time, that does not part those of one moment."""
    while 0 < place < len(decisions) and decisions[place].at == decisions[place - 1].at:
        place += 1
    return place


def fingerprint(decisions: Sequence[Decided]) -> str:
    """SHA-256 over everything that is learnt from, in its order."""
    digest = hashlib.sha256()
    for row in decisions:
        labels, signals = sorted(row.labels.items()), sorted(row.signals.items())
        digest.update(repr((*row.item, labels, row.at, row.voice, row.weight, signals)).encode())
    return digest.hexdigest()
