"""Searches texts for entries, words and phrases with wildcards, and for regular expressions. For `core.policy`.

An entry of letters, digits, spaces, hyphens, apostrophes and dots is found as whole words, in any case, accents and
look-alike letters aside; `*` in it stands for any letters or digits. An entry with other signs (`[url=`, `c++`) is found as
it stands, anywhere, case aside. One in double quotes (`"sik"`) is found as whole words in its own letters: accents count, and so
do letters such as the Turkish ı. Regular expressions run on RE2: linear in the text, whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, NamedTuple

import re2

from service.core.errors import InvalidPolicy, ValidationErrors
from service.core.identity import has_address
from service.core.text.folding import fold, lettered, spaced, undigited
from service.core.text.rendering import shown

MAX_ENTRY = 200  # characters
MAX_SHORT = 100  # entries of one list without three signs in a row, which are looked for in every text
_FEW = 50  # entries: so many are looked for one by one
MAX_PROGRAM = 5_000  # instructions of one regular expression
_MEMORY = 16 << 20  # bytes that one expression may use while it runs; beyond, RE2 takes its slower way
_PLAIN = re.compile(r"[\w\s'’*.-]+\Z")
_QUOTED = re.compile(r'"([\w\s\'’*.-]+)"\Z')


def compiled(pattern: str, *, ignore_case: bool = False, bounded: bool = True) -> re2._Regexp:
    """A regular expression of RE2's syntax. Raises InvalidPolicy when it is none, or too large."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = not ignore_case
    try:
        expression = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        raise InvalidPolicy(
            "This is not a regular expression that RE2 reads (no look-around, no back-references)."
        ) from None
    if bounded and expression.programsize > MAX_PROGRAM:
        raise InvalidPolicy("This regular expression is too large; write it shorter, or repeat less.")
    return expression


def is_wordy(entry: str) -> bool:
    """Whether an entry is looked for as words; else it is found as it stands, anywhere."""
    return _PLAIN.match(fold(entry.strip())) is not None


class _Entry(NamedTuple):
    """An entry, made ready to be looked for."""

    place: int  # in the list, from 0
    written: str
    where: Literal[
        "words", "letters", "signs"
    ]  # in the words of a text, the words in their own letters, or the text as it stands
    piece: str  # stands in every text that has the entry; the longest if there are several
    pattern: re2._Regexp | None  # where a wildcard stands between pieces


class Entries:
    """Words and phrases, searched for all at once. Raises InvalidPolicy; a place is the index of an entry."""

    __slots__ = ("_letters", "_signs", "_words")

    def __init__(self, entries: Sequence[str]) -> None:
        ready, mistakes = [], ValidationErrors()
        for index, written in enumerate(entries):
            try:
                ready.append(_read(index, written))
            except InvalidPolicy as error:
                mistakes.add(error.detail, f"/{index}")
        mistakes.refuse()
        self._words = _Index([entry for entry in ready if entry.where == "words"])
        self._letters = _Index([entry for entry in ready if entry.where == "letters"])
        self._signs = _Index([entry for entry in ready if entry.where == "signs"])

    def found(self, text: Text) -> str | None:
        """The first of the entries that stands in a text, or None."""
        standing: list[tuple[int, str]] = []
        if self._words:
            standing += [found for view in text.words for found in self._words.standing(view)]
        if self._letters:
            standing += self._letters.standing(text.letters)
        if self._signs:
            standing += [found for view in text.signs for found in self._signs.standing(view)]
        return min(standing)[1] if standing else None


class _Index:
    """Entries by three characters in a row: of many, only those are looked for of which these stand in the text.

    So a comment costs not much more with five thousand entries than with fifty.
    """

    __slots__ = ("_always", "_by_trigram")

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self._always = [entry for entry in entries if len(entries) <= _FEW or len(entry.piece) < 3]
        self._by_trigram: dict[str, list[_Entry]] = {}
        if len(entries) <= _FEW:
            return
        if len(self._always) > MAX_SHORT:
            said = f"More than {MAX_SHORT} entries without three characters in a row."
            raise InvalidPolicy(said, pointer=f"/{self._always[MAX_SHORT].place}")
        for entry in entries:
            if len(entry.piece) >= 3:
                rarest = min(_trigrams(entry.piece), key=lambda trigram: len(self._by_trigram.get(trigram, ())))
                self._by_trigram.setdefault(rarest, []).append(entry)

    def __bool__(self) -> bool:
        return bool(self._always or self._by_trigram)

    def standing(self, view: str) -> list[tuple[int, str]]:
        """(place, entry) of those that stand in a view of a text."""
        possible = self._always
        if self._by_trigram:
            seen = self._by_trigram.keys() & _trigrams(view)
            possible = [*possible, *(entry for trigram in seen for entry in self._by_trigram[trigram])]
        return [
            (place, written)
            for place, written, _, piece, pattern in possible
            if piece in view and (pattern is None or pattern.search(view))
        ]


def _trigrams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}


def _read(place: int, written: str) -> _Entry:
    """An entry, made ready. Raises InvalidPolicy when it can find nothing."""
    if len(written) > MAX_ENTRY:
        raise InvalidPolicy(f"An entry has at most {MAX_ENTRY} characters.")
    quoted = _QUOTED.match(written.strip())
    folded = lettered(quoted[1]) if quoted else fold(written.strip())
    if not folded:
        raise InvalidPolicy("An entry is empty.")
    if has_address(written):
        raise InvalidPolicy("E-mail addresses are dotted out in comments; block the author instead.")
    if not _PLAIN.match(folded):
        return _Entry(place, written, "signs", folded, None)
    parts = folded.split("*")
    if all(spaced(part).isspace() for part in parts):
        raise InvalidPolicy("An entry needs a letter or a digit.")
    last = len(parts) - 1
    pieces = [piece for at, part in enumerate(parts) if (piece := _beside(part, at > 0, at < last))]
    pattern = compiled("[^ ]*".join(map(re2.escape, pieces)), bounded=False) if len(pieces) > 1 else None
    return _Entry(place, written, "letters" if quoted else "words", max(pieces, key=len), pattern)


def _beside(piece: str, behind: bool, before: bool) -> str:
    """A piece of an entry as words, whose boundaries are spaces: there is none where it touches a wildcard."""
    words = spaced(piece)
    if behind and not _edge(piece[:1]):
        words = words.lstrip(" ")
    if before and not _edge(piece[-1:]):
        words = words.rstrip(" ")
    return words


def _edge(character: str) -> bool:
    return bool(character) and not character.isalnum()


class Text:
    """One text of a comment in its readings, each made when first asked for."""

    def __init__(self, written: str) -> None:
        self.written = written

    @cached_property
    def shown(self) -> str:
        """As it is drawn: entities undone, tags that draw nothing left out."""
        return shown(self.written)

    @cached_property
    def lower(self) -> str:
        """As it was written, case aside."""
        return self.written.casefold()

    @cached_property
    def folded(self) -> str:
        """As it is drawn, in plain letters."""
        return fold(self.shown)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words, and, where that is something else, its words with digits that stand for letters as letters."""
        words = spaced(self.folded)
        plain = undigited(words)
        return (words,) if plain == words else (words, plain)

    @cached_property
    def letters(self) -> str:
        """Its words in their own letters."""
        return spaced(lettered(self.shown))

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """As it was written and in plain letters, case aside."""
        return (self.lower,) if self.lower == self.folded else (self.lower, self.folded)
