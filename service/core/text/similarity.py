"""Sketches of texts, by which near-duplicates are known again: a campaign in new words and another order. Pure.

A text is taken as the set of its different words, folded: order, case, numbers, links, markup and white space don't
count. Its sketch is the bottom-k sketch of that set (Cohen and Kaplan, "Summarizing data using bottom-k sketches",
PODC 2007): the `SKETCH` smallest of its words' hashes, which is the set itself for most comments. From two sketches
follows the Jaccard similarity of the sets, so `reputation/observe.lua` compares texts without having them. It compares with
what is common to a campaign's first two members, since two variants of one template differ twice from each other and only
once from what they share.

Sorted and reshuffled words sketch alike, which SimHash over shingles would miss; a text with fewer words than `LEAST`
is too common by chance ("Great post, thanks!") and is known by exact repetition alone.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from hashlib import blake2b
from typing import Final, NamedTuple
from zlib import crc32

SKETCH: Final = 64
"""Hashes in a sketch, at most; 4 bytes each."""
LEAST: Final = 8
"""Different words that a text must have to be sketched."""
MOST_CHARACTERS: Final = 20_000
"""Of a text are looked at: more says nothing new and costs."""

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"\[\]]+", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,500}>|\[/?[a-z*]{1,8}(?:=[^\[\]]{0,500})?\]|&#?\w{1,8};", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_SHORT_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x34F, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
# Letters that pass for Latin ones. Genuine Cyrillic and Greek are folded too: alike on both sides, which is what counts.
_ALIKE = str.maketrans("аеорсухіјѕԁһкмнтвαορνυικτ", "aeopcyxijsdhkmhtbaopvuikt")


class Alikeness(NamedTuple):
    """How alike texts must be to be of one campaign; chosen by trial (`benchmarks/campaigns.py`, docs/signals.md)."""

    alike: float = 0.35  # Jaccard similarity of a campaign's first two
    common: float = 0.55  # share of what is common to those two that a further one must have, …
    near: float = 0.2  # … and its Jaccard similarity to that


class Sketch(NamedTuple):
    """What a text is known again by."""

    text: str  # digest of the folded text, the same for an exact repetition; 16 hex digits
    hashes: bytes  # the sketch: up to SKETCH hashes of 4 bytes, big-endian, rising; b"" when there are too few words


def sketch(text: str) -> Sketch:
    """The sketch of a text, linear in its length. Never fails."""
    folded = fold(text[:MOST_CHARACTERS])
    words = _WORD.findall(folded)
    said = " ".join(_SHORT_WORD.findall(folded)) or " ".join(text.split()).lower()
    digest = blake2b(said.encode(errors="replace"), digest_size=8).hexdigest()
    if not folded.isascii():
        words = _split_unspaced(words)
    hashes = sorted({crc32(word.encode(errors="replace")) for word in words})[:SKETCH]
    if len(hashes) < LEAST:
        return Sketch(digest, b"")
    return Sketch(digest, struct.pack(f">{len(hashes)}I", *hashes))


def fold(text: str) -> str:
    """A text without what a campaign varies for nothing: case, styled letters, accents, links and markup.

    Frozen: what it gives is stored as digests (sketches and texts of campaigns, names seen with a subject), so that a change to
    the byte would part a campaign from its own past. Hence a table of its own, beside those in `classifier.unicode`.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_INVISIBLE))
        text = "".join(char for char in text if not unicodedata.combining(char))
    text = text.lower()
    if not text.isascii():
        text = text.translate(_ALIKE)
    if "<" in text or "[" in text or "&" in text:
        text = _TAG.sub(" ", text)
    return _ADDRESS.sub(" ", text) if "://" in text or "www." in text else text


def _split_unspaced(words: list[str]) -> list[str]:
    """Words, and of scripts that put no spaces between them every two neighbouring characters."""
    split: list[str] = []
    for word in words:
        if _UNSPACED.search(word):
            split += [word[at : at + 2] for at in range(len(word) - 1)]
        else:
            split.append(word)
    return split
