"""Where sentences begin and end, counted in UTF-16 code units, as JavaScript and Perspective count. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_SENTENCE = re.compile(r"[^\s.!?。！？…\n][^.!?。！？…\n]*(?:[.!?。！？…]+[\"'”’)\]]*)?|[.!?。！？…]+")
_MOST = 200  # spans of one text; the last one holds what remains


class Span(NamedTuple):
    """A part of a text; `end` is exclusive."""

    begin: int
    end: int
    text: str


def utf16_length(text: str) -> int:
    """How many UTF-16 code units a text has."""
    return len(text) + sum(char > "\uffff" for char in text)


def sentences(text: str) -> list[Span]:
    """The sentences of a text, without the white space around them. Never empty for a text that is not."""
    ends = [found.span() for found in _SENTENCE.finditer(text)][: _MOST + 1]
    if len(ends) > _MOST:
        ends = [*ends[: _MOST - 1], (ends[_MOST - 1][0], len(text.rstrip()))]
    spans, seen, units = [], 0, 0
    for start, end in ends:
        units += utf16_length(text[seen:start])
        part = text[start:end].rstrip()
        begin, units, seen = units, units + utf16_length(part), start + len(part)
        spans.append(Span(begin, units, part))
    return spans or [Span(0, utf16_length(text), text)]
