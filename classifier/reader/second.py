"""The second reader as the model asks it: which comments it reads, and what it adds to them. For `classifier`.

Reading takes milliseconds, so it is spent where it counts. First come the comments in languages that the first reader has not
learnt, then those whose verdict reading may change, the likeliest first, for as long as the time that is given lasts.
"""

import time
from collections.abc import Callable, Sequence
from math import inf

import numpy as np

from classifier.model import Look, Model
from classifier.reader import installed
from classifier.reader.fusion import Heard, group_of, line_of
from classifier.reader.reader import Reader, Reading, load

_SMOOTHING = 0.05  # share of the newest reading in what one character is believed to cost
_FIRST_GUESS = 4e-5  # seconds for a character
_SHORTEST = 16  # characters of a text that words alone can say: below it there is no sentence to be understood
_FEW, _MANY = 50, 1500  # characters below and beyond which a text costs no less and no more


def beside(model: Model) -> "SecondReader | None":
    """The shipped second reader beside a first one; None where the extra is not installed.

    Raises `ReaderError` or `ArtifactError` if it is, and can't be used.
    """
    return SecondReader(load(), model) if installed() else None


class SecondReader:
    """Decides, reads and weighs. Safe to share between threads."""

    def __init__(self, reader: Reader, model: Model, clock: Callable[[], float] = time.perf_counter) -> None:
        """`model`: the first reader, whose scale and languages count. Raises ValueError if the two differ in their labels."""
        if set(reader.labels) != set(model.labels):
            raise ValueError(f"{reader.version} and {model.version} know different labels")
        self.reader = reader
        self.languages = frozenset(reader.languages)
        self._learnt = [frozenset(model.learnt(label)) for label in model.labels]
        self._slopes, self._shifts = np.array([line_of(model.knots[label]) for label in model.labels], np.float32).T
        self._order = np.array([reader.labels.index(label) for label in model.labels])
        self._clock = clock
        self._cost = _FIRST_GUESS

    def everything(self, looks: Sequence[Look]) -> list[Heard | None]:
        """Read all that has words in a language that it knows, but for a word or two that the first reader knows."""
        return [self._heard(look, self.reader.read(look.item.text)) if self._can(look) else None for look in looks]

    def remembered(self, looks: Sequence[Look]) -> list[Heard | None]:
        """What it adds to comments that it has read not long ago."""
        known = [self.reader.remembered(look.item.text) if self._can(look) else None for look in looks]
        return [self._heard(look, one) if one else None for look, one in zip(looks, known, strict=True)]

    def within(
        self, looks: Sequence[Look], order: Sequence[tuple[int, float]], seconds: float, must: float
    ) -> list[Heard | None]:
        """Read in `order` for about `seconds`; what the first reader can't read may take `must` in any case."""
        found: list[Heard | None] = [None] * len(looks)
        spent = 0.0
        for at, worth in order:
            text = looks[at].item.text
            size = min(max(len(text), _FEW), _MANY)
            if spent + self._cost * size > (max(seconds, must) if worth == inf else seconds):
                continue
            begun = self._clock()
            found[at] = self._heard(looks[at], self.reader.read(text))
            took = self._clock() - begun
            spent += took
            self._cost += _SMOOTHING * (took / size - self._cost)
        return found

    def order(self, looks: Sequence[Look]) -> list[tuple[int, float]]:
        """The comments that are worth reading, by number, with how much they are worth: the most first."""
        worth = [(at, self._worth(look)) for at, look in enumerate(looks)]
        return sorted((one for one in worth if one[1] > 0), key=lambda one: -one[1])

    def _worth(self, look: Look) -> float:
        if not self._can(look):
            return 0.0
        return self.reader.fusion.worth(look.scores) if look.known else inf

    def _can(self, look: Look) -> bool:
        size = len(look.item.text.strip())
        return size >= (_SHORTEST if look.known else 1) and (not look.language or look.language in self.languages)

    def _heard(self, look: Look, reading: Reading) -> Heard:
        """In calibrated logits it is a · words + b · meaning + c; in those of the first reader, what is returned."""
        groups = [group_of(look.language, learnt, familiar=look.known) for learnt in self._learnt]
        wanted = list(zip(groups, reading.lengths[self._order].tolist(), strict=True))
        weights = {one: self.reader.fusion.weights(*one) for one in set(wanted)}
        rows = np.array([[column[at] for column in weights[one]] for at, one in zip(self._order, wanted, strict=True)])
        words, meaning, rest = rows.astype(np.float32).T
        meaning /= self._slopes
        rest = (rest - self._shifts * (1 - words)) / self._slopes
        return Heard(
            words,
            reading.parts[:, self._order] * meaning,
            reading.places,
            rest + reading.rest[self._order] * meaning,
            reading.unread if look.known else None,  # else the first reader can't judge it either
        )
