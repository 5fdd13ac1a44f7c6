"""Tables of characters that stand for others: look-alikes, styled letters, accents, invisible characters. The only ones here.

For `classifier.normalise`, for hosts, and for `service.core.text.folding`. The tables are built from Unicode's own data (the
standard library's `unicodedata` and the confusables list that the package `confusable-homoglyphs` ships) when the first
text beyond ASCII arrives.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_ALIKE = {
    "ı": "i",
    "ɩ": "i",
    "ɑ": "a",
    "ɡ": "g",
    "ʋ": "v",
    "ƅ": "b",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "đ": "d",
}
_ALIKE |= {
    "ł": "l",
    "ħ": "h",
    "ŧ": "t",
    "ð": "d",
    "þ": "th",
    "ɐ": "a",
    "ǝ": "e",
    "ə": "e",
    "ɔ": "c",
    "ɯ": "m",
    "ɹ": "r",
}
_ALIKE |= {"ʇ": "t", "ʌ": "v", "ʍ": "w", "ʎ": "y", "ɥ": "h", "ᴉ": "i", "ɾ": "r", "ʞ": "k", "ŀ": "l", "ƒ": "f"}
_PUNCTUATION = {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "'"}
_PUNCTUATION |= {"›": "'", "′": "'", "″": '"', "`": "'", "´": "'", "ʼ": "'", "–": "-", "—": "-", "‐": "-", "‑": "-"}
_PUNCTUATION |= {"‒": "-", "―": "-", "−": "-", "•": "*", "·": ".", "∙": ".", "⁄": "/", "∕": "/", "。": ".", "،": ","}
_PUNCTUATION |= {"¡": "!", "¿": "?", "…": "...", "\u2800": " "}  # the last one is Braille's blank

UNSEEN = (
    *((0xAD, 0xAD), (0x61C, 0x61C), (0x115F, 0x1160), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB)),
    (0xE0000, 0xE0FFF),
)
"""Ranges of characters that nobody sees and that may stand in a text: hyphenation, directions, fillers, variants."""
_INVISIBLE = (
    *((0x00, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0x34F, 0x34F), (0x17B4, 0x17B5), (0xD800, 0xDFFF)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
    *UNSEEN,
)
# Marks of no particular script: a letter that needs one has a composed form, so what is left after NFKC is decoration.
MARKS = ((0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
"""Ranges of marks that decorate a letter of any script."""

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text around them."""


FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+")
"""Regional indicators: two make a flag, other numbers of them are letters in a costume."""


def unfurl(match: re.Match[str]) -> str:
    """Letters for a run of `FLAG_LETTERS` that is not made of flags."""
    run = match[0]
    return run if len(run) % 2 == 0 else "".join(chr(ord(letter) - 0x1F1E6 + ord("a")) for letter in run)


def _characters(ranges: tuple[tuple[int, int], ...]) -> Iterator[str]:
    for first, last in ranges:
        yield from map(chr, range(first, last + 1))


class Folds(NamedTuple):
    """The tables; keys are single characters."""

    invisible: Mapping[str, str]
    """Controls, zero-width characters and the like, to the empty string. Applied before NFKC."""
    styled: Mapping[str, str]
    """Letters in a costume that NFKC leaves on (squared, small capitals, turned) to plain letters."""
    plain: Mapping[str, str]
    """`styled`, accented Latin letters to their base, left-over marks to nothing, punctuation to ASCII."""
    lookalike: Mapping[str, str]
    """Letters of other scripts to the ASCII letters they can pass for; closed under change of case."""
    cyrillic: Mapping[str, str]
    """ASCII letters to the Cyrillic ones they can pass for (a Latin letter hidden in a Russian word)."""


def _styled() -> dict[str, str]:
    table = dict(_SMALL_CAPITALS)
    for offset in range(26):
        letter = chr(ord("A") + offset)
        for block in (0x1F130, 0x1F150, 0x1F170):  # squared, negative circled, negative squared
            table[chr(block + offset)] = letter
    return table


def _base_letters() -> Iterator[tuple[str, str]]:
    """Latin letters with accents and the ASCII letters under them."""
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            yield chr(code), base


@cache
def twins() -> Mapping[str, str]:
    """Letters beyond ASCII to the ASCII letters they can pass for, by Unicode's list; of East Asian scripts none does."""
    from confusable_homoglyphs import confusables  # noqa: PLC0415  (reads a large file)

    table: dict[str, str] = {}
    for character, alike in confusables.confusables_data.items():
        if len(character) != 1 or character.isascii() or not character.isalpha():
            continue
        if unicodedata.name(character, "").startswith(("CJK", "KATAKANA", "HIRAGANA", "HANGUL")):
            continue
        letter = next(
            (one["c"] for one in alike if len(one["c"]) == 1 and one["c"].isascii() and one["c"].isalpha()), ""
        )
        if letter:
            table[character] = letter
    return table


def _lookalikes() -> dict[str, str]:
    table = {c: letter for c, letter in twins().items() if not unicodedata.name(c, "").startswith("LATIN")}
    for character, letter in list(table.items()):
        for other in (character.lower(), character.upper()):
            if len(other) == 1 and other not in table:
                table[other] = letter.lower() if other == character.lower() else letter.upper()
    return table


@cache
def folds() -> Folds:
    """Build the tables, once per process."""
    styled = _styled()
    plain = dict(_base_letters())
    for small, letter in _ALIKE.items():
        plain[small] = letter
        if len(small.upper()) == 1:
            plain.setdefault(small.upper(), letter.upper())
    plain |= styled | _PUNCTUATION | dict.fromkeys(_characters(MARKS), "")
    plain = {character: folded for character, folded in plain.items() if not character.isascii()}
    lookalike = {c: letter for c, letter in _lookalikes().items() if c not in plain}
    cyrillic: dict[str, str] = {}
    for character in sorted(lookalike):
        if "CYRILLIC SMALL LETTER" in unicodedata.name(character, "") and "\u0430" <= character <= "\u045f":
            letter = lookalike[character].lower()
            cyrillic.setdefault(letter, character)
            cyrillic.setdefault(letter.upper(), character.upper())
    invisible = dict.fromkeys(_characters(_INVISIBLE), "")
    return Folds(invisible, styled, plain, lookalike, cyrillic)
