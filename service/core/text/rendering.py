"""What a text shows, whatever it is written in: entities, percent signs, quoted-printable, tags that draw nothing. For `core`.

`shown` undoes what a browser undoes when a comment is drawn, for lists and rules. `decoded` undoes whatever a program might undo,
several times over, for the masking of addresses; `placed` is the same with the place in the original of each character.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from classifier.unicode.confusables import UNSEEN

_ROUNDS = 6  # how often what was decoded is decoded again
_ENTITY = r"&(?:\#0{0,99}[0-9]{1,7}|\#[xX]0{0,99}[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?"
# Tags that draw nothing and part no words. One that holds an address is left for who looks for addresses.
_TAG = (
    r"<!--[^<>@&%]{0,200}-->|<!--?-?>"
    r"|</?(?:a|abbr|b|bdi|bdo|big|cite|code|del|em|font|i|ins|kbd|mark|nobr|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var|wbr)"
    r"(?:[\s/][^<>@&%]{0,200})?>"
    r"|\[/?(?:b|i|s|u|size|color|font)(?:=[^\[\]@&%]{0,40})?\]"
)
MORE_UNSEEN: Final = ((0x17B4, 0x17B5), (0x1D173, 0x1D17A))
"""Signs of scripts and of music that are not drawn, beside `UNSEEN`: the first and the last of each."""
_INVISIBLE = (
    "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in (*UNSEEN, *MORE_UNSEEN, (0x34F, 0x34F), (1, 8))) + "]+"
)
# Tags that part lines, and draw nothing either; and whatever else looks like a tag, of which browsers draw nothing.
_BLOCK = re.compile(
    r"</?(?:blockquote|br|center|dd|div|dl|dt|h[1-6]|li|ol|p|pre|section|ul)(?:[\s/][^<>]{0,200})?>", re.IGNORECASE
)
_ANY_TAG = r"""</?[a-z][a-z0-9-]{0,30}(?:[\s/](?:"[^"]{0,200}"|'[^']{0,200}'|[^<>"']){0,200})?>"""
_COMMENT = r"<!--(?:[^-]|-(?!->)){0,200}-->"
_KNOWN = re.compile(f"{_ENTITY}|{_TAG}", re.IGNORECASE)
_SHOWN = re.compile(f"{_ENTITY}|{_ANY_TAG}|{_COMMENT}|{_TAG}", re.IGNORECASE)
_DECODED = re.compile(
    rf"{_ENTITY}|{_TAG}|{_INVISIBLE}|(?:%[0-9a-f]{{2}})+|%u[0-9a-f]{{4}}|=(?:40(?![0-9])|2e|3d)|=\r?\n|\\u00[0-9a-f]{{2}}|\\x[0-9a-f]{{2}}"
    r"|\\+(?=[@.])",
    re.IGNORECASE,
)
_LOST: Final = "\ufffd"
_DRAWN = re.compile(f"[^\\s{_INVISIBLE[1:-2]}\u2800\ufffc\x00-\x1f\x7f-\x9f]")
_CODED = re.compile(r"[&%=<\[\\\x01-\x08]|[^\x00-\x7f]")


class Placed(NamedTuple):
    """A decoded text; character n of it stands for the original from `starts[n]` to `ends[n]` (exclusive)."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class _Plainer(dict[int, str]):
    """Characters in a costume to the plain ones, of which each is one; made as they are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = "." if character in "。｡" else unicodedata.normalize("NFKC", character) if code > 127 else character
        self[code] = found = plain if len(plain) == 1 else character
        if len(self) > 20_000:
            self.clear()
        return found


_PLAINER: Final = _Plainer()


def shown(text: str) -> str:
    """A text as it is drawn: entities undone, once; tags left out, those that part lines as an end of a line."""
    return _SHOWN.sub(_drawn, text) if _has_codes(text) else text


def _has_codes(text: str) -> bool:
    return "&" in text or "<" in text or "[" in text


def _drawn(found: re.Match[str]) -> str:
    piece = found[0]
    if piece[0] not in "<[":
        return html.unescape(piece)
    return "\n" if _BLOCK.match(piece) else ""


def storable(text: str) -> str:
    """A text with U+FFFD for what no text may hold: NUL, and halves of surrogate pairs."""
    if text.isprintable():
        return text
    text = text.replace("\0", _LOST)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def is_blank(text: str) -> bool:
    """Whether nothing of a text is seen: white space, invisible characters and empty markup alone, however they are written.

    What merely looks like a tag (`<T>`) is a text: where comments are no HTML, it is seen.
    """
    if _DRAWN.search(text) is None:
        return True
    return _has_codes(text) and _DRAWN.search(_BLOCK.sub("", _KNOWN.sub(_drawn, text))) is None


def decoded(text: str) -> str:
    """A text with every code undone, in plain characters, without what nobody sees."""
    if _CODED.search(text) is None:
        return text
    for _ in range(_ROUNDS):
        text = text.translate(_PLAINER) if not text.isascii() else text
        pieces = list(_pieces(text))
        if not pieces:
            break
        parts, done = [], 0
        for start, end, said in pieces:
            parts += [text[done:start], said]
            done = end
        text = "".join([*parts, text[done:]])
    return text


def placed(text: str) -> Placed:
    """The same as `decoded`, with places."""
    starts: Sequence[int] = range(len(text))
    ends: Sequence[int] = range(1, len(text) + 1)
    for _ in range(_ROUNDS):
        text = text.translate(_PLAINER) if not text.isascii() else text
        pieces = list(_pieces(text))
        if not pieces:
            break
        parts: list[str] = []
        first: list[int] = []
        last: list[int] = []
        done = 0
        for start, end, said in [*pieces, (len(text), len(text), "")]:
            parts += [text[done:start], said]
            first += [*starts[done:start], *[starts[start]] * len(said)] if said else starts[done:start]
            last += [*ends[done:start], *[ends[end - 1]] * len(said)] if said else ends[done:start]
            done = end
        text, starts, ends = "".join(parts), first, last
    return Placed(text, starts, ends)


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what it says) of each code in a text that says something else than it is."""
    for found in _DECODED.finditer(text):
        code, start, end = found[0], *found.span()
        if code[0] == "%" and code[1] not in "uU":
            yield from _percent(code, start)
            continue
        said = _said(code)
        if said != code:
            yield start, end, said


def _said(code: str) -> str:
    match code[0]:
        case "&":
            return html.unescape(code).replace("\r", "\n")
        case "%":
            return _character(code[2:])
        case "=" if code[1] not in "\r\n":
            return chr(int(code[1:], 16))
        case "\\" if len(code) > 2 and code[1] in "uxUX":
            return _character(code[2:])
        case _:
            return ""


def _character(digits: str) -> str:
    code = int(digits, 16)
    return "" if 0xD800 <= code < 0xE000 else chr(code)


def _percent(run: str, at: int) -> Iterator[tuple[int, int, str]]:
    """A run of percent signs, character by character of UTF-8; what is none stays."""
    raw, place = bytes.fromhex(run.replace("%", "")), 0
    while place < len(raw):
        first = raw[place]
        size = 1 if first < 0x80 else 2 if 0xC2 <= first < 0xE0 else 3 if 0xE0 <= first < 0xF0 else 4
        try:
            said = raw[place : place + size].decode()
        except UnicodeDecodeError:
            size = 1
        else:
            yield at + 3 * place, at + 3 * (place + size), said
        place += size
