"""One verdict from two readers: logit = a · words + b · meaning + c, and what the author adds. For `classifier`.

Both speak of the text, in calibrated logits. The sum is moved to the scale of the first reader's own, so that the same
calibration (the base model's, or a site's) makes a probability of it. a, b and c were learnt for each label on comments of
places that neither reader had learnt from, apart for English, each other language that the first has learnt where there is
enough of it, text too short to tell, and all other languages. They change with the length of the worst passage, between two
ends, and not with that of the text: what stands beside an insult must not change how it is read. Which comments are worth the
second reader's time was learnt there too.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.calibration import Calibration

Floats = npt.NDArray[np.float32]
GROUPS = ("english", "learnt", "unknown", "other")
"""How well the first reader knows the language of a comment."""
SHORT, LONG = 5, 50
"""Pieces of the worst passage between which the weights change."""

LEAST = 1e-4
"""The least of a: explanations divide by it."""


class Heard(NamedTuple):
    """What the second reader adds to one comment: the logits become `words` times what they were, plus `rest`."""

    words: Floats
    """(labels,)."""
    parts: Floats
    """What each passage adds: (passages, labels)."""
    places: Callable[[], Sequence[tuple[int, int]]]
    """Where the passages stand in the text, in code points; worked out when it is asked for."""
    rest: Floats
    """What is added besides: (labels,)."""
    unread: int | None = None
    """Where in the text begins what it has not read, and what the first reader therefore judges alone; None: nothing."""

    @property
    def shift(self) -> Floats:
        """All that is added."""
        return np.asarray(self.parts.sum(axis=0) + self.rest, np.float32)


class Weights(NamedTuple):
    """a, b and c, each (labels,)."""

    words: Floats
    meaning: Floats
    rest: Floats


class Band(NamedTuple):
    """The first reader's probabilities between which the second may change the verdict."""

    low: float
    high: float


def line_of(knots: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """The straight line (slope, shift) nearest to a label's calibration, where probabilities are neither 0 nor 1."""
    grid = np.linspace(-15, 15, 601)
    probabilities = Calibration([knots]).probabilities(grid[:, None])[:, 0]
    between = (probabilities > 0.02) & (probabilities < 0.98)
    targets = np.log(probabilities[between] / (1 - probabilities[between]))
    slope, shift = np.polyfit(grid[between], targets, 1)
    return float(slope), float(shift)


def group_of(language: str, learnt: Collection[str], *, familiar: bool = True) -> str:
    """The group of a comment whose language is a code, or empty if it is not certain; then `familiar` says of its words.

    One of `GROUPS`, but the language itself where the first reader has learnt it: for `Fusion.weights`.
    """
    if not language:
        return "unknown" if familiar else "other"
    if language == "en":
        return "english"
    return language if language in learnt else "other"


def slide(length: int) -> float:
    """0 for a passage of `SHORT` pieces or fewer, 1 for one of `LONG` or more, and between them by the logarithm."""
    at = math.log(max(length, 1) / SHORT) / math.log(LONG / SHORT)
    return min(max(at, 0.0), 1.0)


class Fusion:
    """The weights as they were learnt."""

    def __init__(self, metadata: Mapping[str, Any], labels: Sequence[str]) -> None:
        """From an artefact's description. Raises KeyError, TypeError or ValueError if it is not complete."""
        self._ends = {
            group: np.array([[metadata["weights"][group][label][end] for label in labels] for end in ("short", "long")])
            for group in {*GROUPS, *metadata["weights"]}
        }
        if any(ends.shape != (2, len(labels), 3) or not np.isfinite(ends).all() for ends in self._ends.values()):
            raise ValueError("a, b and c of each label, for a short and a long text")
        self.band = {label: Band(*limits) for label, limits in metadata["band"].items()}

    def weights(self, group: str, length: int) -> Weights:
        """a, b and c for a comment of a group whose worst passage has `length` pieces, among calibrated logits.

        Of a language without weights of its own, those of all that the first reader has learnt serve.
        """
        share = slide(length)
        short, long = self._ends.get(group, self._ends["learnt"])
        words, meaning, rest = ((1 - share) * short + share * long).astype(np.float32).T
        return Weights(np.maximum(words, LEAST), meaning, rest)

    def worth(self, scores: Mapping[str, float]) -> float:
        """How much reading a comment is worth, by the first reader's probabilities: 0 if it would change nothing."""
        inside = [
            scores[label] - band.low for label, band in self.band.items() if band.low <= scores[label] < band.high
        ]
        return max(inside, default=0.0)
