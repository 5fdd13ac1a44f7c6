"""Folds a text to what a reader sees in it, so that look-alike letters hide nothing from lists and rules. For `core`.

`fold` is about letters: case, accents, costumes (full-width, circled, …), invisible characters, letters of other scripts
that pass for Latin ones. `spaced` is about words: it leaves words alone, with single spaces around each, so that a word's
boundaries are spaces whatever the script. The classifier has a finer reading of its own; this one is for exact matching.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Marks that decorate a letter of any script, and characters that nobody sees.
_DROPPED = (
    *((0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)),
    *((0xAD, 0xAD), (0x61C, 0x61C), (0x115F, 0x1160), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB)),
    (0xE0000, 0xE0FFF),
)
# Scripts that are written without spaces: each character stands for itself.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff])"
)
_BETWEEN = re.compile(r"[\W_]+")
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
def _table() -> dict[int, str | None]:
    """Lower-case characters that stand for another, and those that are dropped. Made when a text beyond ASCII arrives."""
    from confusable_homoglyphs import confusables  # noqa: PLC0415  (reads a large file)

    table: dict[int, str | None] = {code: None for first, last in _DROPPED for code in range(first, last + 1)}
    found: dict[str, str] = {}
    for character, twins in confusables.confusables_data.items():
        if len(character) != 1 or not character.isalpha() or _kept(character):
            continue
        for twin in twins:
            if len(twin["c"]) == 1 and twin["c"].isascii() and twin["c"].isalpha():
                # Case is folded before, so that capitals and small letters must go the same way: the small one's, if any.
                lower = character.lower()
                if character == lower or lower not in found:
                    found[lower] = twin["c"].lower()
                break
    return table | {ord(character): letter for character, letter in found.items() if len(character) == 1}


def _kept(character: str) -> bool:
    """ASCII, and scripts of which no letter is taken for a Latin one."""
    return character.isascii() or unicodedata.name(character, "").startswith(("CJK", "KATAKANA", "HIRAGANA", "HANGUL"))
