"""What the second reader is given of a comment: its passages, and where each stands in the original. For `classifier.reader`.

The text as written, since the encoder was trained on such; but the folded one where the writer hides words (look-alikes,
invisible characters, letters drawn apart), and the words alone where there is markup.
"""

from classifier.normalise import Normalised, normalise
from classifier.passages import Span, at_capitals, begun, passages

LONGEST = 4000
"""Characters of a comment that are looked at; the encoder reads fewer."""


class Prepared:
    """One comment cut into what is read."""

    __slots__ = ("_folded", "_spans", "texts")

    def __init__(self, text: str) -> None:
        shown = text[:LONGEST]
        folded = normalise(shown)
        self._folded: Normalised | None = folded if folded.obfuscated or folded.markup else None
        source = folded.text if self._folded else shown
        self._spans = passages(source, begun(shown, at_capitals, source if self._folded else None))
        told: set[str] = set()
        self.texts = [_once(source[start:end], told) for start, end in self._spans]
        """The passages, in order; at least one, if an empty one. What is repeated counts once: the others are empty."""

    def places(self) -> list[Span]:
        """Where each passage stands in the original, in code points."""
        if self._folded is None:
            return self._spans
        starts, ends = self._folded.offsets
        return [(min(starts[a:b]), max(ends[a:b])) if b > a else (0, 0) for a, b in self._spans]


def _once(passage: str, told: set[str]) -> str:
    """The passage, or nothing if it was told before."""
    known = passage.strip() in told
    told.add(passage.strip())
    return "" if known else passage
