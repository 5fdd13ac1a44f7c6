"""Words in disguise: look-alike letters, digits for letters, letters set apart or drawn out. For `classifier.text` only.

All rules work on text in lower case except `unmask`, which needs the case (Cyrillic "Н" looks like H, "н" does not).
"""

import re

from classifier.folding import Folds
from classifier.rewriting import Rewriting

_LEET = str.maketrans("013457@$!", "oieastasi")
_INNER = re.compile(r"(?<=[a-z])[013457@$]+(?=[a-z])|(?<=[a-z])!(?=[a-z]{1,3}(?![a-z0-9]))")
_MONEY = re.compile(r"(?<![\w$])\$+(?=[a-z])|(?<=[a-z])\$+(?![\w$])|(?<![\w@])@(?=s+h?(?:ole|es|hat)?(?![\w]))")
_TOKEN = re.compile(r"(?<![a-z0-9@$!])[a-z0-9@$!]*[a-z][a-z0-9@$!]*")
_PLAIN = re.compile(
    r"^[0-9]+(?:st|nd|rd|th|s|k|m|am|pm|x|d|h|kg|km|gb|mb|min)$|^[a-z]+!+$|^[a-z]{1,2}[0-9]+$|.*[2689@]"
)
_APART = re.compile(
    r"(?<![^\W_])[a-z$@](?: [a-z0-9@$!]){3,}(?![^\W_])|(?<![^\W_])[a-z$@](?:([._*\-])[a-z0-9@$!])(?:\1[a-z0-9@$!])+(?![^\W_])"
)
_DRAWN = re.compile(r"([a-z])\1{2,}|([!?.,\-=*~#_])\2{3,}")
_DOUBLED = frozenset("bcdefglmnoprstz")
_DOUBLED_LAST = frozenset("efls")


def unmask(word: str, tables: Folds, *, whole_words: bool) -> str:
    """Fold letters of another script that pose as this word's own.

    A word that mixes scripts goes to Cyrillic if it has letters that only Cyrillic has (or is mostly Cyrillic in a text
    of another script), else to Latin. A word wholly of look-alikes goes to Latin only if the text has no sign of being
    written in another script (`whole_words`).
    """
    if word.isascii():
        return word
    posing = [c for c in word if c in tables.lookalike]
    if not posing:
        return word
    sure = [c for c in word if c > "\x7f" and c not in tables.lookalike]
    if any(c < "\x80" for c in word):
        if not sure and (whole_words or len(posing) * 2 <= len(word)):
            return "".join(tables.lookalike.get(c, c) for c in word)
        if all("\u0400" <= c <= "\u04ff" for c in (sure or posing)):
            return "".join(tables.cyrillic.get(c, c) for c in word)
        return word
    if whole_words and not sure:
        return "".join(tables.lookalike.get(c, c) for c in word)
    return word


def starts_with_sign(handle: str) -> bool:
    """`@ss` is a word, `@ssa_smith` is a handle."""
    return _MONEY.match(handle) is not None


def close_up(pen: Rewriting) -> int:
    """Join letters that were set apart: `v i a g r a`, `f.u.c.k`. Returns how many words that were."""
    joined = 0

    def join(match: re.Match[str]) -> str:
        nonlocal joined
        separator = match[1] or " "
        letters = match[0].split(separator)
        if sum(letter.isalpha() for letter in letters) * 2 <= len(letters):
            return match[0]
        joined += 1
        return "".join(letters)

    pen.sub(_APART, join)
    return joined


def unleet(pen: Rewriting) -> int:
    """Digits and signs inside words to the letters they stand for: `v1agra`, `$ex`, `b@stard`. Returns how many runs.

    Digits at the edge of a word are ambiguous (`covid19`, `5th`): they are folded only in a text that has two words
    with digits inside.
    """
    changed = 0

    def swap(match: re.Match[str]) -> str:
        nonlocal changed
        changed += 1
        return match[0].translate(_LEET)

    def swap_token(match: re.Match[str]) -> str:
        nonlocal changed
        if match[0].isalpha() or _PLAIN.match(match[0]):
            return match[0]
        body = match[0].rstrip("!")
        changed += 1
        return body.translate(_LEET) + match[0][len(body) :]

    pen.sub(_INNER, swap)
    pen.sub(_MONEY, swap)
    if changed >= 2:
        pen.sub(_TOKEN, swap_token)
    return changed


def shorten(pen: Rewriting) -> int:
    """Letters drawn out (`fuuuck`, `pleeease`) to one, or to two where English doubles them. Returns how many runs."""
    runs = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal runs
        letter = match[1]
        if letter is None:
            return match[2] * 3
        before = match.start() > 0 and match.string[match.start() - 1].isalnum()
        after = match.end() < len(match.string) and match.string[match.end()].isalnum()
        if not before and not after:  # "xxx" and "kkk" are words
            return letter * (2 if letter == "w" else 3)
        runs += 1
        return letter * 2 if letter in (_DOUBLED if after else _DOUBLED_LAST) and before else letter

    pen.sub(_DRAWN, cut)
    return runs
