"""Rewriting text with or without a record of where each character came from. For `classifier.normalise` only.

The normaliser is written once against `Rewriting`. Serving uses `Rewriting` itself, which keeps only the text;
explanations use `Traced`, which keeps for every character the range of the original that it stands for. Both apply
the same patterns and replacements, so that they cannot disagree.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

_CLUSTER = re.compile(r"\s+|[\x00-\x7f]?[^\x00-\x7f\s]+|[\x00-\x7f]")

Replacement = Callable[[re.Match[str]], str]
Piece = tuple[int, int, str]
"""Start and end (exclusive) in the text, and what to put there."""


class Rewriting:
    """A text under rewriting; every method changes `text` in place."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def splice(self, pieces: Sequence[Piece]) -> None:
        """Put each piece's text in the place of its range; pieces are in order and do not overlap."""
        parts: list[str] = []
        done = 0
        for start, end, replacement in pieces:
            parts += self.text[done:start], replacement
            done = end
        self.text = "".join((*parts, self.text[done:]))

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> None:
        """Replace every match of `pattern`."""
        self.text = pattern.sub(replacement, self.text)

    def sub_near(self, anchor: re.Pattern[str], pattern: re.Pattern[str], replacement: Replacement) -> None:
        """Like `sub`, but only within words (as spaces part them) that have a match of `anchor`.

        For patterns that are slow to search for and have something in them that is fast to find.
        """
        pieces: list[Piece] = []
        done = 0
        text = self.text
        for found in anchor.finditer(text):
            if found.start() < done:
                continue
            start = text.rfind(" ", done, found.start()) + 1 or done
            end = text.find(" ", found.end())
            done = len(text) if end < 0 else end
            pieces += [(m.start(), m.end(), replacement(m)) for m in pattern.finditer(text, start, done)]
        if pieces:
            self.splice(pieces)

    def translate(self, table: Mapping[str, str], hits: set[str]) -> None:
        """Replace each character of `hits` by `table[character]`; no replacement may contain a key of the table."""
        if len(hits) <= 8:
            for character in hits:
                self.text = self.text.replace(character, table[character])
        else:
            self.text = self.text.translate({ord(character): table[character] for character in hits})

    def compose(self) -> None:
        """Bring the text into Unicode's normalisation form NFKC."""
        self.text = unicodedata.normalize("NFKC", self.text)

    def fold_case(self) -> None:
        """Apply Unicode's full case folding."""
        self.text = self.text.casefold()

    def unescape(self, match: re.Match[str]) -> str:
        """The characters that an HTML entity stands for (a replacement for `sub`)."""
        return html.unescape(match[0])

    def tidy(self) -> None:
        """Squeeze a text that has no white space but spaces, if it is not single-spaced already."""
        if "  " in self.text or self.text[:1] == " " or self.text[-1:] == " ":
            self.squeeze()

    def squeeze(self) -> None:
        """Collapse white space to single spaces and drop it at both ends."""
        self.text = " ".join(self.text.split())


class Traced(Rewriting):
    """A rewriting that remembers, for each character of `text`, the half-open range of the original behind it."""

    __slots__ = ("ends", "starts")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.starts = list(range(len(text)))
        self.ends = list(range(1, len(text) + 1))

    def splice(self, pieces: Sequence[Piece]) -> None:
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for start, end, replacement in pieces:
            text.append(self.text[done:start])
            text.append(replacement)
            starts += self.starts[done:start]
            ends += self.ends[done:start]
            if len(replacement) == end - start:
                starts += self.starts[start:end]
                ends += self.ends[start:end]
            else:
                anchor = max(start, end - 1)
                starts += [self.starts[start]] * len(replacement)
                ends += [self.ends[anchor]] * len(replacement)
            done = end
        text.append(self.text[done:])
        self.text = "".join(text)
        self.starts = starts + self.starts[done:]
        self.ends = ends + self.ends[done:]

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> None:
        self.splice([(match.start(), match.end(), replacement(match)) for match in pattern.finditer(self.text)])

    def translate(self, table: Mapping[str, str], hits: set[str]) -> None:
        self.splice([(at, at + 1, table[c]) for at, c in enumerate(self.text) if c in hits])

    def compose(self) -> None:
        whole = unicodedata.normalize("NFKC", self.text)
        if whole == self.text:
            return
        for split in (_starters, _runs, _everything):
            pieces = [
                (start, end, unicodedata.normalize("NFKC", self.text[start:end])) for start, end in split(self.text)
            ]
            if "".join(piece for _, _, piece in pieces) == whole:
                break
        self.splice([(start, end, piece) for start, end, piece in pieces if piece != self.text[start:end]])

    def fold_case(self) -> None:
        self.splice([(at, at + 1, c.casefold()) for at, c in enumerate(self.text) if c.casefold() != c])

    def squeeze(self) -> None:
        pieces: list[Piece] = []
        size = len(self.text)
        for start, end in _spaces(self.text):
            replacement = "" if start == 0 or end == size else " "
            if self.text[start:end] != replacement:
                pieces.append((start, end, replacement))
        self.splice(pieces)


def _spaces(text: str) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = -1
    for at, character in enumerate(text):
        if character.isspace():
            if start < 0:
                start = at
        elif start >= 0:
            runs.append((start, at))
            start = -1
    if start >= 0:
        runs.append((start, len(text)))
    return runs


def _starters(text: str) -> list[tuple[int, int]]:
    """Each character with the marks that follow it: fine enough to point at, nearly always enough to compose."""
    cuts = [at for at, c in enumerate(text) if at == 0 or not unicodedata.category(c).startswith("M")]
    return list(zip(cuts, [*cuts[1:], len(text)], strict=True))


def _runs(text: str) -> list[tuple[int, int]]:
    """Runs of characters beyond ASCII, each with the ASCII character before it (the base of a mark)."""
    return [match.span() for match in _CLUSTER.finditer(text)]


def _everything(text: str) -> list[tuple[int, int]]:
    return [(0, len(text))]
