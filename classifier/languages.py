"""Which language a comment is in: known, or unknown. For `classifier.model`.

Compact Language Detector 2 decides (package `pycld2`); it is small, quick and rarely sure of the wrong thing. Short or
mixed text is left unknown rather than guessed. Most comments of an English blog are recognised by their small words
before the detector is asked.
"""

import pycld2  # type: ignore[import-untyped]

from classifier.text import Normalised

_SAMPLE = 240
_LEAST_BYTES = 20
_LEAST_PERCENT = 75
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


def tag_language(tag: str) -> str:
    """The ISO 639-1 code that a BCP 47 tag begins with, in lower case: `pt` of `pt-BR`."""
    code = tag.strip().replace("_", "-").partition("-")[0].lower()
    return _CODES.get(code, code)


def detect(text: Normalised) -> str:
    """The language of `text` as an ISO 639-1 code, or the empty string if it is not certain."""
    folded = text.text
    if len(folded) < 8:
        return ""
    if _english(folded):
        return "en"
    sample = folded if text.links or text.markup or text.obfuscated else text.original
    try:
        reliable, size, guesses = pycld2.detect(sample[:_SAMPLE].encode("utf-8", "ignore"), isPlainText=True)
    except pycld2.error:  # it refuses text with certain control characters
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
    """Whether a model trained in `trained` may be asked about `language`; yes if it is unknown."""
    return not language or language in trained or RELATED.get(language) in trained
