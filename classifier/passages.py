"""A comment cut into passages: sentences, brought together to some length. Public: `passages`.

A comment is as bad as its worst passage, so every reader judges passages beside the whole. A passage ends where a sentence
does; short sentences go with the next one, and what has no end in sight is cut between words, so that a text of any size
is read in pieces of one.
"""

import re

LEAST = 20
"""Characters that a passage has at least, where there is more than one."""
MOST = 160
"""Characters that a passage has at most, but for what `LEAST` adds."""
_END = re.compile(r"[.!?…\n。！？｡][.!?…\n。！？｡\"')}\]]*")
_CASED = re.compile(_END.pattern + r"|(?<=[^\W\d_A-ZÀ-Þ])(?= [A-ZÀ-ÞА-ЯΑ-Ω])")
"""A sentence without its point ends too: between a small letter and a word with a capital. Names and German nouns look alike,
which costs the ranking nothing on corpora left out; an insult that runs into a harmless sentence is read by itself.
"""
_ALONE = frozenset("\n。！？｡")
"""What ends a sentence though no space comes behind it."""
Span = tuple[int, int]


def passages(text: str, *, cased: bool = False) -> list[Span]:
    """Where the passages of `text` begin and end (exclusive), in code points: in order, without gaps but white space.

    At least one, which is empty where the text is. `cased`: it stands as it was written, so that capitals mean something.
    """
    size = len(text)
    if size < 2 * LEAST:
        return [(0, size)]
    found: list[Span] = []
    start = 0
    for match in (_CASED if cased else _END).finditer(text):
        end = match.end()
        if end - start < LEAST or not (text[end : end + 1].isspace() or _ALONE.intersection(match[0])):
            continue
        if size - end < LEAST:
            break
        if end - start > MOST:
            start = _cut(text, start, end, found)
        found.append((start, end))
        start = end + (text[end] == " ")
    if size - start > MOST:
        start = _cut(text, start, size, found)
    found.append((start, size))
    return found


def _cut(text: str, start: int, end: int, found: list[Span]) -> int:
    """Cut a long stretch into equal pieces between words; returns where the last piece begins."""
    while end - start > MOST:
        aim = start + (end - start) // -(-(end - start) // MOST)
        space = text.rfind(" ", start + LEAST, aim + 1)
        cut = space if space > 0 else aim
        found.append((start, cut))
        start = cut + (space > 0)
    return start
