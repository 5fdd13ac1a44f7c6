"""What became of a comment, by the words of its source: a state, yes and no, a time since when, shares of labels.

What is not known is not guessed: such a word is named, and its comment left out. `fate_in` and `weighed` read the same words for
formats of their own, so that none of them passes over what refuses a comment. For the readers of `service.imports`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from service.imports.columns import DECIDING, field_of, plain, stamp_of
from service.imports.dates import is_never, is_twofold, moment
from service.imports.json_objects import single, spelt
from service.imports.record import Fate, Left, Record, quoted
from service.imports.words import FATES_ELSEWHERE, STATES, bare

_YES = frozenset([
    *("1", "true", "yes", "y", "t", "on", "x", "✓", "✔", "☑", "ja", "oui", "si", "sí", "sì", "sim", "da", "да", "tak", "evet"),
    *("igen", "ano", "ya", "benar", "是", "真", "はい", "예", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar"),
    *("prawda", "истина", "sant", "sand", "pravda", "igaz", "doğru"),
])  # fmt: skip
_NO = frozenset([
    *("0", "false", "no", "n", "f", "off", "✗", "✘", "☐", "nein", "non", "não", "nao", "ne", "нет", "nie", "hayır", "hayir"),
    *("nem", "nej", "nei", "nee", "tidak", "salah", "否", "假", "いいえ", "아니요", "falsch", "faux", "falso", "onwaar"),
    *("fałsz", "ложь", "falskt", "falsk", "nepravda", "hamis", "yanlış", "yanliş"),
])  # fmt: skip
"""Yes and no, as people say them and as spreadsheets write them."""
NOTHING = frozenset({"null", "none", "nil", "nan", "undefined", "\\n"})
"""How programs write that nothing is said."""
_SPAM, _HAM = (
    frozenset({"spam", "junk"}),
    frozenset({"ham", "notspam", "nospam", "legit", "legitimate", "good", "clean"}),
)
_JOINT = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_OF_TABLES = frozenset({"class", "label", "published"})  # columns that mean something else in formats of their own
_WEIGHTS = {
    fate: weight
    for weight, fate in enumerate((Fate.SHOWN, Fate.APPROVED, Fate.HELD, Fate.REMOVED, Fate.ORPHANED, Fate.SPAM))
}
_STRONGEST = (Fate.SPAM, Fate.ORPHANED, Fate.REMOVED, Fate.HELD, Fate.APPROVED)
_MODES: Mapping[str, str] = {"1": Fate.APPROVED, "2": Fate.HELD, "4": Fate.REMOVED}  # Isso's
_PUBLISHED: Mapping[str, str] = dict.fromkeys(_YES, Fate.APPROVED) | dict.fromkeys(_NO, Fate.HELD)
_NOT_SPAM, _NOT_HELD, _UNSAID, _NOT_YET, _DECIDED = "not spam", "not held", "unsaid", "not yet", "decided"
_EITHER: Mapping[str, tuple[str, str | None]] = {
    "pending": (Fate.HELD, _NOT_HELD),
    "deleted": (Fate.REMOVED, None),
    "spam": (Fate.SPAM, _NOT_SPAM),
    "ham": (_NOT_SPAM, Fate.SPAM),
    "moderated": (_DECIDED, _NOT_YET),
}
"""What yes and no say."""
NOT_KNOWN = "a state that is not known; docs/import.md lists the words"
DECIDED = "it was moderated, and nothing says with what end"
UNSAID = "nothing says whether it was approved: it is held, for a moderator to say"
NOT_YET = "nothing but an empty time or name of who approved it: it is held"
NO_WORD_ON_SPAM = "nothing says whether it is spam: it is taken as shown"
NO_SHARE = "a label's share that is no number from 0 to 1"


def _word(said: str) -> str:
    """A word on what became of a comment as it is compared. Signs count but between its parts: -1 is not 1, nor !spam spam."""
    text = unicodedata.normalize("NFKC", said).strip().casefold()
    if not text.isprintable():  # what nobody sees in a cell, such as a space without width
        text = "".join(char for char in text if char.isprintable() or char.isspace()).strip()
    if _NUMBER.match(text):
        return f"{float(text):g}".removeprefix("-") if float(text) == 0 else f"{float(text):g}"
    return _JOINT.sub("", text)


_FATES = {_word(word): fate for fate, words in STATES.items() for word in words}


class UnknownWord(Exception):
    """A word that says what became of a comment, or how much of a label it has, and is not known."""

    def __init__(self, word: str, why: str = NOT_KNOWN) -> None:
        super().__init__("a word that is not known")
        self.word = word
        self.why = why


class Word(NamedTuple):
    """What one column says of what became of a comment. `stamp`: it says when ("when") or by whom ("who"), see `stamp_of`."""

    field: str
    said: str
    stamp: str = ""


class Verdict(NamedTuple):
    """What became of a comment; whether that is only a word on spam (True: it is); and what had to be assumed, in words."""

    fate: Fate
    spam: bool | None = None
    doubt: str = ""


def fate_of(decided: Iterable[Word], labels: Mapping[str, float]) -> Verdict:
    """What became of it. Raises UnknownWord.

    What refuses outweighs what approves: a comment that is approved and spam is spam. What is empty says something only where
    nothing else does: a time of approval, that there was none; a cell on approval, that nobody knows.
    """
    words = list(decided)
    found = {_meant(word) for word in words}
    said = next((fate for fate in _STRONGEST if fate in found), None)
    if said is not None:
        return Verdict(said, spam=True if said is Fate.SPAM else None)
    spam = False if _NOT_SPAM in found else None
    if any(share >= 0.5 for share in labels.values()):
        return Verdict(Fate.REMOVED, spam)
    if doubt := UNSAID if _UNSAID in found else NOT_YET if _NOT_YET in found else "":
        return Verdict(Fate.HELD, doubt=doubt)
    if labels or spam is False or _NOT_HELD in found:
        return Verdict(Fate.APPROVED, spam)
    if _DECIDED in found:
        raise UnknownWord("", DECIDED)
    is_asked = any(word.field in ("spam", "ham") and not word.stamp for word in words)
    return Verdict(Fate.SHOWN, doubt=NO_WORD_ON_SPAM if is_asked else "")


def fate_in(value: Mapping[str, Any]) -> Fate:
    """What an object of a format of its own says of what became of a comment. Raises UnknownWord.

    What is empty says nothing there: these formats have words of their own on what waits.
    """
    columns = {key: field_of(key) for key in value if plain(key) not in _OF_TABLES}
    said = [
        Word(field, spelt(single(value[key])), stamp_of(key))
        for key, field in columns.items()
        if field in DECIDING and field != "moderated"
    ]
    return fate_of([word for word in said if word.said.strip()], {}).fate


def weighed(one: Record, value: Mapping[str, Any]) -> Record | Left:
    """A record of a format of its own, with the fate that all of its object tells, also what that format does not have."""
    try:
        fate = fate_in(value)
    except UnknownWord as unknown:
        return Left(one.place, unknown.why, quoted(unknown.word))
    return one._replace(fate=max(one.fate, fate, key=_WEIGHTS.__getitem__))


def _meant(one: Word) -> str | None:
    """What one column says: a fate, or that it is not spam, or not held, …; None: nothing. Raises UnknownWord."""
    field, said = one.field, one.said
    word = _word(said)
    if one.stamp:
        return _stamped(one, word)
    if not word or word in NOTHING:
        return _UNSAID if field in ("state", "approved", "published") else _NOT_YET if field == "moderated" else None
    if field in ("mode", "published"):
        return (_MODES if field == "mode" else _PUBLISHED).get(word)
    if field in ("state", "approved") or (field == "spam" and word not in _YES | _NO | _SPAM | _HAM):
        return _state(said)
    if field in ("spam", "ham") and word in _SPAM | _HAM:
        return Fate.SPAM if word in _SPAM else _NOT_SPAM
    yes, no = _EITHER[field]
    return yes if _is(said) else no


def _stamped(one: Word, word: str) -> str | None:
    """What a time says, or a name, by being there or not. Raises UnknownWord."""
    there = bool(word) and word not in NOTHING and ((one.stamp == "who" and word not in _NO) or _is(one.said))
    if not there:
        return _NOT_YET if one.field in ("approved", "published", "moderated") else None
    if one.field == "published":
        return None
    return Fate.APPROVED if one.field == "approved" else _EITHER[one.field][0]


def is_answer(said: str) -> bool:
    """Whether a word is a yes or a no."""
    return _word(said) in _YES | _NO


def is_yes(value: Any) -> bool:
    """Whether a field of a format of its own is a yes, as a truth value, a number or a word. Raises UnknownWord."""
    said = spelt(single(value))
    return bool(said.strip()) and not is_nothing(said) and _is(said)


def is_spam_word(said: str) -> bool:
    """Whether a word says that it is spam, or that it is not."""
    return _word(said) in _SPAM | _HAM


def is_nothing(said: str) -> bool:
    """Whether a word is how programs write that nothing is said."""
    return _word(said) in NOTHING


def _is(said: str) -> bool:
    """Yes or no. Raises UnknownWord."""
    word = _word(said)
    if word in _YES | _NO:
        return word in _YES
    if is_never(said):
        return False
    if not moment(said) and not is_twofold(said):
        raise UnknownWord(said)
    return True  # a time says since when


def _state(said: str) -> Fate:
    """A state. Raises UnknownWord."""
    word = _word(said)
    found = _FATES.get(word) or (
        FATES_ELSEWHERE.get(bare(said)) if word[:1].isalpha() and word[-1:].isalpha() else None
    )
    return found or (Fate.APPROVED if _is(said) else Fate.HELD)


def share_of(said: str) -> float | None:
    """A share from 0 to 1; None where nothing is said. Raises UnknownWord."""
    word = _word(said)
    if not word or word in NOTHING:
        return None
    if word in _YES | _NO:
        return float(word in _YES)
    try:
        share = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise UnknownWord(said, NO_SHARE)
    return share
