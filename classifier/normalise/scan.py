"""A quick look over folded text for anything that the slower rules of the normaliser would change.

For `classifier.normalise` only. Most comments need nothing but lower case. Whether one needs more shows in the classes of
three neighbouring bytes, which numpy looks up for all comments of a batch at once; the rules themselves then run only
where they have work. The look errs towards yes and never towards no.
"""

from collections.abc import Sequence
from itertools import accumulate, product
from string import punctuation

import numpy as np
import numpy.typing as npt

APART = 1
"""Letters, digits or signs stand alone between equal separators: `obfuscation.close_up` may have work."""
MIXED = 2
"""A digit or sign that can stand for a letter is next to letters: `obfuscation.unleet`."""
DRAWN = 4
"""A letter comes three times in a row, or a sign four times: `obfuscation.shorten`."""
LINKED = 8
"""Markup, an address or a link may begin."""
CODED = 16
"""An escape, an entity or a control character."""
ANYTHING = APART | MIXED | DRAWN | LINKED | CODED
_ALONE = 32

_MEMBERS = {
    "other": b"",
    "letter": b"abcdefghijklmnopqrstuvwxyz",
    "leet": b"013457",
    "digit": b"2689",
    "sign": b"$",
    "at": b"@",
    "bang": b"!",
    "dot": b".",
    "space": b" ",
    "hyphen": b"-",
    "star": b"*",
    "underscore": b"_",
    "colon": b":",
    "slash": b"/",
    "markup": b"<>[]`",
    "code": b"&\\" + bytes([*range(9), *range(14, 28), 127]),
}
_CLASSES = bytes(next((at for at, m in enumerate(_MEMBERS.values()) if byte in m), 0) for byte in range(256))
_DRAWABLE = np.zeros(256, np.uint8)
_DRAWABLE[list(b"abcdefghijklmnopqrstuvxyz" + punctuation.encode())] = DRAWN


def _flags(first: str, second: str, third: str) -> int:
    """What three neighbouring classes of bytes may mean."""
    word = ("letter", "leet", "digit", "sign", "at", "bang")
    sign = ("sign", "at")
    flags = 0
    if first == third and second in word:
        flags |= {"space": _ALONE, "dot": APART, "hyphen": APART, "star": APART, "underscore": APART}.get(first, 0)
    if first == "letter" and (
        (second in ("leet", *sign) and third in ("letter", "leet", *sign))
        or (second == "bang" and third == "letter")
        or second in sign
    ):
        flags |= MIXED
    if first in sign and second in ("letter", *sign):
        flags |= MIXED
    if (
        first in ("markup", "at", "code")
        or (first == "colon" and second == "slash")
        or (first in word and second == "dot" and third == "letter")
    ):
        flags |= LINKED
    if first == "code":
        flags |= CODED
    return flags


_FLAGS = np.zeros(16 * 16 * 16, np.uint8)
for (_a, _first), (_b, _second), (_c, _third) in product(enumerate(_MEMBERS), repeat=3):
    _FLAGS[_a | _b << 4 | _c << 8] = _flags(_first, _second, _third)


def _look(text: bytes) -> npt.NDArray[np.uint8]:
    """The flags that hold at each byte of `text`, except the last two."""
    classes = np.frombuffer(text.translate(_CLASSES), np.uint8).astype(np.uint16)
    codes = classes[1:-1] << 4
    codes |= classes[:-2]
    codes |= classes[2:] << 8
    flags = _FLAGS.take(codes)
    data = np.frombuffer(text, np.uint8)
    same = data[1:] == data[:-1]
    thrice = (same[1:-1] & same[:-2]).nonzero()[0]
    if len(thrice):
        drawn = data[thrice]
        flags[thrice] |= _DRAWABLE.take(drawn) * ((drawn >= ord("a")) | same[thrice + 2])
    alone = flags & _ALONE
    flags[:-2] |= (alone[:-2] & alone[2:]) >> 5
    return flags


def look(text: str) -> int:
    """The flags that hold anywhere in `text`, which is in lower case with single spaces; a sum of the constants."""
    return int(np.bitwise_or.reduce(_look(f"\n{text}\n\n\n".encode()))) & ANYTHING


def look_all(texts: Sequence[str]) -> list[int]:
    """`look` for each of several texts."""
    if not texts:
        return []
    encoded = [text.encode() for text in texts]
    flags = _look(b"\n".join((b"", *encoded, b"\n\n")))
    starts = np.array([0, *accumulate(len(text) + 1 for text in encoded[:-1])])
    return [seen & ANYTHING for seen in np.bitwise_or.reduceat(flags, starts).tolist()]
