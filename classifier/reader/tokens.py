"""Text into the pieces that the encoder reads: the unigram tokeniser of its vocabulary. For `classifier.reader` only.

The most likely division of a text into pieces is found from left to right (Viterbi), as SentencePiece does (Kudo 2018,
"Subword Regularization"). A piece that begins a word begins with "▁".
"""

import re

from classifier.reader.weights import Vocabulary

_SPACE = "▁"
_SPACES = re.compile(" {2,}")
_PENALTY = 10.0  # below the least likely piece, for a character of no piece


class Tokeniser:
    """Immutable and safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        special = {vocabulary.begin, vocabulary.end, vocabulary.pad, vocabulary.unknown}
        self._numbers = {piece: at for at, piece in enumerate(vocabulary.pieces) if at not in special}
        self._scores = vocabulary.scores
        self._characters = str.maketrans(vocabulary.characters)
        self._unknown = vocabulary.unknown
        self._unknown_score = min(vocabulary.scores) - _PENALTY
        self._longest: dict[str, int] = {}  # first character -> length of the longest piece that begins so
        for piece in self._numbers:
            self._longest[piece[0]] = max(self._longest.get(piece[0], 1), len(piece))

    def __call__(self, text: str) -> list[int]:
        """The numbers of the pieces; none for a text of nothing but space."""
        plain = _SPACES.sub(" ", text.translate(self._characters)).strip(" ")
        if not plain:
            return []
        return self._divide(_SPACE + plain.replace(" ", _SPACE))

    def _divide(self, text: str) -> list[int]:
        size = len(text)
        best = [0.0, *([-1e30] * size)]
        piece, since = [0] * (size + 1), [0] * (size + 1)
        number, scores, longest = self._numbers.get, self._scores, self._longest.get
        for start in range(size):
            before = best[start]
            for end in range(start + 1, min(size, start + longest(text[start], 1)) + 1):
                found = number(text[start:end])
                if found is not None and (score := before + scores[found]) > best[end]:
                    best[end], piece[end], since[end] = score, found, start
            if (score := before + self._unknown_score) > best[start + 1]:
                best[start + 1], piece[start + 1], since[start + 1] = score, self._unknown, start
        numbers = []
        at = size
        while at:
            numbers.append(piece[at])
            at = since[at]
        return numbers[::-1]
