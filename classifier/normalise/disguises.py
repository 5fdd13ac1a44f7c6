"""Words in disguise: look-alike letters, digits for letters, letters set apart or drawn out. For `classifier.normalise` only.

All rules work on text in lower case except `unmask`, which needs the case (Cyrillic "Н" looks like H, "н" does not).
"""

import re
from collections.abc import Mapping

from classifier.normalise.rewriting import Rewriting
from classifier.unicode.confusables import Folds

_LEET = str.maketrans("013457@$!", "oieastasi")
_STANDS_FOR = re.compile(r"[013457@$!]+")
_STANDS_FOR_AT_EDGE = re.compile(r"[013457$!]+")
_AT = re.compile("@")
_SHORT_REST = re.compile(r"[a-z]{1,3}(?![a-z0-9])")
_SIGN_WORD = re.compile(r"@(?:s+(?:h?ole|es|hat|wipe|clown)?s?)(?!\w)")
_TOKEN = re.compile(r"(?<![a-z0-9@$!])[a-z0-9@$!]*[a-z][a-z0-9@$!]*")
_PLAIN = re.compile(r"^[0-9]+(?:st|nd|rd|th|s|k|m|am|pm|x|d|h|kg|km|gb|mb|min)$|^[a-z]+!+$|.*[2689@]")
_NAME_LIKE = re.compile(r"^[a-z]{1,2}[0-9]$")
_SHORT = "the are he she it be so but do who at we out no me one go to not get got how say too two own see"
_SHORT_WORDS = frozenset(_SHORT.split())
"""Words that look like names of things (`m3`, `ar15`) once a digit ends them: `th3`, `t0`, `bu7`."""
# Anchors begin with what is rare in ordinary text, so that the search for them is fast; the patterns then run near by.
_SPACED_ANCHOR = re.compile(r" [a-z0-9@$!] [a-z0-9@$!] [a-z0-9@$!](?![^\W_])")
_SPACED = re.compile(r"(?<![^\W_])[a-z$@](?: [a-z0-9@$!]){3,}(?![^\W_])")
_JOINED_ANCHOR = re.compile(r"([._*\-])[a-z0-9@$!]\1")
_JOINED = re.compile(r"(?<![^\W_])[a-z$@](?:([._*\-])[a-z0-9@$!])(?:\1[a-z0-9@$!])+(?![^\W_])")
_STREWN_ANCHOR = re.compile(r"([^\w\s\x00-\x7f]{1,3})[a-z]\1")
_STREWN = re.compile(r"(?<![^\W_])[a-z]([^\w\s\x00-\x7f]{1,3})[a-z](?:\1[a-z])+(?![^\W_])")
_APART_BETWEEN_GAPS = re.compile(r"(?:(?<=  )|(?<![\s\S]))[a-z0-9$@](?: [a-z0-9@$!])+(?=  |$)")
_DRAWN = {letter * 3: re.compile(letter + "{3,}") for letter in "abcdefghijklmnopqrstuvxyz"} | {
    sign * 4: re.compile(re.escape(sign) + "{4,}") for sign in "!?.,-=*~#_"
}
STREAK = re.compile(r"([^\w\s]{1,4}?)\1{3,}")  # of any other sign or emoji, or of a few that take turns
_DOUBLED = frozenset("bcdefglmnoprstz")
_DOUBLED_LAST = frozenset("efls")


def unmask(word: str, tables: Folds, *, whole_words: bool) -> str:
    """Fold letters of another script that pose as this word's own.

    A word that mixes scripts goes to Cyrillic if it has letters that only Cyrillic has (or if it can, is mostly Cyrillic
    and stands in a text of another script), else to Latin. A word wholly of look-alikes goes to Latin only if the text
    has no sign of being written in another script (`whole_words`).
    """
    if word.isascii():
        return word
    sure = [c for c in word if c > "\x7f" and c not in tables.lookalike]
    latin = [c for c in word if c < "\x80"]
    if not latin:
        return word if sure or not whole_words else _swap(word, tables.lookalike).lower()
    to_cyrillic = all(c in tables.cyrillic for c in latin) and len(latin) * 2 <= len(word)
    if all("\u0400" <= c <= "\u04ff" for c in sure) and (sure or (to_cyrillic and not whole_words)):
        return _swap(word, tables.cyrillic)
    return word if sure else _swap(word, tables.lookalike).lower()  # Cherokee's small letters fold to capitals


def _swap(word: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(c, c) for c in word)


def starts_with_sign(handle: str) -> bool:
    """`@ss` is a word, `@ssa_smith` is a handle."""
    return _SIGN_WORD.match(handle) is not None


def close_up(pen: Rewriting, *, gaps: bool = False) -> int:
    """Join letters that were set apart: `v i a g r a`, `f.u.c.k`, `f🔥u🔥c🔥k`. Returns how many words that were.

    With `gaps`, in a text where that happens, also short words between wider spaces: `t o  b u y`.
    """
    joined = 0

    def join(match: re.Match[str]) -> str:
        nonlocal joined
        letters = match[0].split(match[1] if match.re in (_JOINED, _STREWN) else " ")
        if sum(letter.isalpha() for letter in letters) * 2 <= len(letters):
            return match[0]
        joined += 1
        return "".join(letters)

    if _SPACED_ANCHOR.search(pen.text):
        pen.sub(_SPACED, join)
    pen.sub_near(_JOINED_ANCHOR, _JOINED, join)
    if not pen.text.isascii():
        pen.sub_near(_STREWN_ANCHOR, _STREWN, join)
    if gaps and joined:
        pen.sub(_APART_BETWEEN_GAPS, join)
    return joined


def unleet(pen: Rewriting) -> int:
    """Digits and signs inside words to the letters they stand for: `v1agra`, `$ex`, `b@stard`. Returns how many runs.

    Digits at the edge of a word are ambiguous (`covid19`, `5th`): they are folded only in a text that has two words
    with digits inside.
    """
    changed = 0

    def swap(match: re.Match[str]) -> str:
        nonlocal changed
        if not _stands_for_letters(match):
            return match[0]
        changed += 1
        return match[0].translate(_LEET)

    def swap_inside(match: re.Match[str]) -> str:
        nonlocal changed
        if "@" not in match[0] or not _stands_for_at(match):
            return match[0]
        changed += 1
        return match[0].translate(_LEET)

    def swap_token(match: re.Match[str]) -> str:
        nonlocal changed
        if match[0].isalpha() or _PLAIN.match(match[0]):
            return match[0]
        body = match[0].rstrip("!")
        word = body.translate(_LEET)
        if _NAME_LIKE.match(body) and word not in _SHORT_WORDS:
            return match[0]
        changed += 1
        return word + match[0][len(body) :]

    if "@" in pen.text:
        pen.sub(_STANDS_FOR, swap_inside)
        pen.sub(_AT, lambda _: "+")
    pen.sub(_STANDS_FOR_AT_EDGE, swap)
    if changed >= 2:
        pen.sub_near(_STANDS_FOR, _TOKEN, swap_token)
    return changed


def _stands_for_letters(match: re.Match[str]) -> bool:
    """Whether a run of digits and signs is part of a word: between letters, or a "$" that begins or ends one."""
    run = match[0]
    before, after = _neighbours(match)
    follows, leads = "a" <= before <= "z", "a" <= after <= "z"
    if "!" in run:
        return run == "!" and follows and _SHORT_REST.match(match.string, match.end()) is not None
    if follows and leads:
        return True
    return not run.strip("$") and ((leads and not _joins(before)) or (follows and not _joins(after)))


def _stands_for_at(match: re.Match[str]) -> bool:
    """Whether a run with an "@" in it is part of a word: between letters, or the first letter of `@ss`."""
    before, after = _neighbours(match)
    if "a" <= before <= "z" and "a" <= after <= "z":
        return "!" not in match[0]
    return not _joins(before) and (
        _SIGN_WORD.match(match.string, match.start()) is not None
        or ("a" <= after <= "z" and match[0].strip("@") == "$$")
    )


def _joins(neighbour: str) -> bool:
    return neighbour.isalnum() or neighbour == "_"


def _neighbours(match: re.Match[str]) -> tuple[str, str]:
    """The characters just before and after a match; empty at the ends of the text."""
    start, end = match.span()
    return match.string[start - 1 : start] if start else "", match.string[end : end + 1]


def shorten(pen: Rewriting) -> int:
    """Letters drawn out (`fuuuck`, `pleeease`) to one, or to two where English doubles them. Returns how many runs.

    Signs and emoji are cut to three, since who adds a hundred more must not drown what stands beside them.
    """
    runs = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal runs
        letter = match[0][0]
        if not letter.isalpha():
            return letter * 3
        before, after = _neighbours(match)
        if not before.isalnum() and not after.isalnum():  # "xxx" and "kkk" are words
            return letter * 3
        runs += 1
        return letter * 2 if letter in (_DOUBLED if after.isalnum() else _DOUBLED_LAST) and before.isalnum() else letter

    for run, pattern in _DRAWN.items():
        if run in pen.text:
            pen.sub(pattern, cut)
    thin(pen)
    return runs


def thin(pen: Rewriting) -> None:
    """Signs that are repeated to three."""
    pen.sub(STREAK, lambda match: match[1] * 3)
