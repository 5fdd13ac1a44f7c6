"""Which language a comment is in: known, or unknown. For `classifier.model`.

Compact Language Detector 2 decides (package `pycld2`); it is small, quick and rarely sure of the wrong thing. Most comments
of an English blog are recognised by their small words before the detector is asked. Where it is not sure, which is the rule
in short texts, a script that is not Latin tells enough: it rules out nearly all languages. What is left is unknown rather
than guessed, and whether a model can read it, is a matter of its words (`classifier.features.vocabulary`).
"""

import re
from bisect import bisect_right
from collections import Counter

import pycld2  # type: ignore[import-untyped]

from classifier.normalise import Normalised

_SAMPLE = 240
_LEAST_CHARACTERS = 8
_LEAST_BYTES = 20
_LEAST_PERCENT = 75
_GAPS = re.compile(r"[\W\d_]{4,}")  # what stands between words, and fills no sample; marks on letters are fewer
# Words that no other language written in ASCII has among its own. Three different ones, or two with "the", are English.
_ENGLISH = (
    " the ",
    " and ",
    " that ",
    " this ",
    " you ",
    " with ",
    " have ",
    " for ",
    " it ",
    " not ",
    " but ",
    " my ",
    " are ",
)
_CODES = {"iw": "he", "jw": "jv", "in": "id", "no": "nb", "sh": "sr", "fil": "tl"}
# Languages with many writers. What the detector names beyond these is nearly always a typing error in one of these.
_WIDESPREAD_CODES = """
af ar az be bg bn bs ca cs da de el en es et eu fa fi fr gl gu he hi hr hu hy id is it ja jv ka kk kn ko lt lv mk ml
mn mr ms nb ne nl nn pa pl pt ro ru si sk sl sq sr su sv sw ta te th tl tr uk ur uz vi zh
"""
_WIDESPREAD = frozenset(_WIDESPREAD_CODES.split())
RELATED = {"ms": "id", "jv": "id", "su": "id", "gl": "pt", "nn": "nb", "af": "nl"}
"""Languages so near another that a model of that one may be asked, and so near that short texts are mistaken for it."""


# Blocks of letters beyond Latin: the first code point behind the last block, or of a block, and the language that mostly uses it.
_BLOCKS = (
    *((0x0, ""), (0x370, "el"), (0x400, "ru"), (0x530, "hy"), (0x590, "he"), (0x600, "ar"), (0x700, ""), (0x750, "ar")),
    *(
        (0x780, ""),
        (0x8A0, "ar"),
        (0x900, "hi"),
        (0x980, "bn"),
        (0xA00, "pa"),
        (0xA80, "gu"),
        (0xB00, "or"),
        (0xB80, "ta"),
    ),
    *((0xC00, "te"), (0xC80, "kn"), (0xD00, "ml"), (0xD80, "si"), (0xE00, "th"), (0xE80, "lo"), (0xF00, "bo")),
    *((0x1000, "my"), (0x10A0, "ka"), (0x1100, "ko"), (0x1200, "am"), (0x1400, ""), (0x1780, "km"), (0x1800, "")),
    *(
        (0x1F00, "el"),
        (0x2000, ""),
        (0x3040, "ja"),
        (0x3100, ""),
        (0x3130, "ko"),
        (0x3190, ""),
        (0x31F0, "ja"),
        (0x3200, ""),
    ),
    *(
        (0x3400, "zh"),
        (0x4DC0, ""),
        (0x4E00, "zh"),
        (0xA000, ""),
        (0xAC00, "ko"),
        (0xD7B0, ""),
        (0xF900, "zh"),
        (0xFB00, ""),
    ),
    *(
        (0xFB50, "ar"),
        (0xFE00, ""),
        (0xFE70, "ar"),
        (0xFF00, ""),
        (0xFF66, "ja"),
        (0xFFA0, ""),
        (0x20000, "zh"),
        (0x32000, ""),
    ),
)
_FIRSTS = [first for first, _ in _BLOCKS]
_DENSE = {"zh": 3, "ja": 3, "ko": 3}
"""Letters of scripts that say as much with one as others do with several."""


def by_script(text: str) -> str:
    """The language that mostly uses the script in which `text` is written; empty if that is Latin, or none."""
    found: Counter[str] = Counter()
    for character, times in Counter(text).items():
        if character.isalpha():
            language = _BLOCKS[bisect_right(_FIRSTS, ord(character)) - 1][1]
            found[language] += times * _DENSE.get(language, 1)
    if "ja" in found:
        found["ja"] += found.pop("zh", 0)
    return max(found, key=lambda language: (found[language], language)) if found else ""


def tag_language(tag: str) -> str:
    """The ISO 639-1 code that a BCP 47 tag begins with, in lower case: `pt` of `pt-BR`."""
    code = tag.strip().replace("_", "-").partition("-")[0].lower()
    return _CODES.get(code, code)


def detect(text: Normalised) -> str:
    """The language of `text` as an ISO 639-1 code, or the empty string if it is not certain."""
    folded = text.text
    if _english(folded):
        return "en"
    found = _detected(text) if len(folded) >= _LEAST_CHARACTERS else ""
    return found or ("" if folded.isascii() else by_script(folded))


def _detected(text: Normalised) -> str:
    sample = text.text if text.links or text.markup or text.obfuscated else text.original
    sample = _GAPS.sub(" ", sample)[:_SAMPLE]
    if not sample.isprintable():  # certain control characters the detector refuses
        sample = "".join(c for c in sample if c.isprintable() or c.isspace())
    try:
        reliable, size, guesses = pycld2.detect(sample.encode("utf-8", "ignore"), isPlainText=True)
    except pycld2.error:  # what is left of them
        return ""
    _, code, percent, _ = guesses[0]
    if not reliable or size < _LEAST_BYTES or percent < _LEAST_PERCENT:
        return ""
    code = tag_language(code)
    return code if code in _WIDESPREAD else ""


def _english(folded: str) -> bool:
    found = 0
    for word in _ENGLISH:
        if word in folded:
            found += 2 if word == " the " else 1
            if found >= 3:
                return True
    return False


def supported(language: str, trained: tuple[str, ...]) -> bool:
    """Whether a model trained in `trained` may be asked about `language`."""
    return language in trained or RELATED.get(language) in trained
