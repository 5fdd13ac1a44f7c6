"""Folds a text to what a reader sees in it, so that look-alike letters hide nothing from lists and rules. For `core`.

`fold` is about letters: case, accents, costumes (full-width, circled, …), invisible characters, letters of other scripts
that pass for Latin ones. `spaced` is about words: it leaves words alone, with single spaces around each, so that a word's
boundaries are spaces whatever the script. The classifier has a finer reading of its own, over the same tables; this one is for
exact matching. Nothing that it gives is stored: lists are compiled and texts folded when they are read.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from classifier.unicode.confusables import MARKS, UNSEEN, twins
from service.core.text.rendering import MORE_UNSEEN

# Scripts that are written without spaces: each character stands for itself.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff])"
)
_BETWEEN = re.compile(r"[\W_]+")
_TYPED = {
    ord(sign): typed
    for typed, signs in (("'", "‘’‚‛′‹›`´ʼ＇"), ('"', "“”„‟″«»「」『』＂"), ("-", "‐‑‒–—―−"))
    for sign in signs
}
_DIGIT = re.compile(r"[01345]")
_DIGIT_INSIDE = re.compile(r"\w*(?:[^\W\d_][01345]|[01345][^\W\d_])\w*")
_DIGITS = str.maketrans("01345", "oieas")


def fold(text: str) -> str:
    """`text` in lower case with plain letters. Folding twice changes nothing."""
    if text.isascii():
        return text.lower()
    folded = _folded(text)
    # A second time, since a letter may come to light that is to be folded itself.
    return folded if folded.isascii() else unicodedata.normalize("NFC", _folded(folded))


def lettered(text: str) -> str:
    """`text` in lower case, with its accents and its language's own letters: ı is no i, é no e.

    Costumes, invisible characters and letters of other scripts that pass for Latin ones are folded all the same.
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_foreign()).replace("i\u0307", "i")
    return unicodedata.normalize("NFC", plain)


def findable(text: str) -> str:
    """A text as people search for it: folded, quotation marks and dashes as a keyboard has them, white space as one space."""
    return " ".join(fold(text.translate(_TYPED)).split())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", text).casefold().translate(_table())


def spaced(folded: str) -> str:
    """The words of a folded text, each between single spaces: " buy cheap pills "."""
    if not folded.isascii():
        folded = _UNSPACED.sub(r" \1 ", folded)
    return f" {_BETWEEN.sub(' ', folded).strip()} "


def undigited(words: str) -> str:
    """Digits that stand for letters inside words, as those letters: "ca5ino" is "casino", "2025" stays."""
    if _DIGIT.search(words) is None:
        return words
    return _DIGIT_INSIDE.sub(lambda word: word[0].translate(_DIGITS), words)


@cache
def _foreign() -> dict[int, str | None]:
    """Of the table what is no letter of the Latin script, and no accent."""
    return {
        code: plain
        for code, plain in _table().items()
        if (plain is None and not unicodedata.combining(chr(code)))
        or (plain is not None and not unicodedata.name(chr(code), "").startswith("LATIN"))
    }


@cache
def _table() -> dict[int, str | None]:
    """Lower-case characters that stand for another, and those that are dropped. Made when a text beyond ASCII arrives."""
    found: dict[str, str] = {}
    for character, letter in twins().items():
        # Case is folded before, so that capitals and small letters must go the same way: the small one's, if any.
        lower = character.lower()
        if character == lower or lower not in found:
            found[lower] = letter.lower()
    dropped = (*MARKS, *UNSEEN, *MORE_UNSEEN)
    table: dict[int, str | None] = {code: None for first, last in dropped for code in range(first, last + 1)}
    return table | {ord(character): letter for character, letter in found.items() if len(character) == 1}
