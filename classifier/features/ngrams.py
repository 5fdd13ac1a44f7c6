"""Byte n-grams and words of many comments, hashed together by numpy. For `classifier.features` and `classifier.model`.

One pass over the concatenated bytes of a batch yields all n-grams of all orders: the hash of an n-gram is that of the
(n-1)-gram times a constant plus the code of one more byte, which numpy computes for every position at once. Words get
theirs from running sums. There is no loop over n-grams anywhere.

The text of a comment counts with the logarithm of each gram's frequency, scaled to length one; its passages likewise, but
unscaled, since how they are scaled is the reader's matter (`classifier.pooling`); author name and author URL, in name
spaces of their own, with the square root of their share. Repeats within a text are found without sorting: every gram
writes its position into a table at its bucket, and reads back whose position survived there.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Buckets = npt.NDArray[np.intp]
Values = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint32]

BITS = 18
BUCKETS = 1 << BITS
AUTHOR_SHIFT = 2
"""Grams of author fields are few: the base model keeps their weights apart, in tables of fewer buckets."""
AUTHOR_BUCKETS = BUCKETS >> AUTHOR_SHIFT
_NAME, _URL, _NAME_BESIDE_URL = 1, 2, 3
_SHIFT = np.uint32(32 - BITS)
_ROLL = np.uint32(0x01000193)
_ROLL_WORD = 0x2C1B3C6D
_ROLL_WORD_INVERSE = pow(_ROLL_WORD, -1, 1 << 32)
_PAIR = np.uint32(0x297A2D39)
_MIX = np.uint32(0x9E3779B1)
_FOLD = np.uint32(15)
_BATCH_BYTES = 1 << 15


def _codes() -> Codes:
    """A number for each byte in each of four name spaces, spread over 32 bits.

    From the bare bit stream, which numpy promises never to change; a model is worth nothing with other codes.
    """
    stream = np.random.PCG64(20261124).random_raw(4 * 128)
    halves = np.stack((stream & np.uint64(0xFFFFFFFF), stream >> np.uint64(32)), axis=1).ravel()
    return (((halves * np.uint64(0xFFFFFFFF)) >> np.uint64(32)) + np.uint64(1)).astype(np.uint32).reshape(4, 256)


TOGETHER = 4
"""Passages of one comment whose repeats are found in one go: each has a table of its own."""

_LOG_COUNTS = np.concatenate([[0.0], 1.0 + np.log(np.arange(1, 1 << 14))]).astype(np.float32)
_CODES = _codes()
_IN_WORD = bytes(byte in b"abcdefghijklmnopqrstuvwxyz0123456789'{}@" or byte >= 128 for byte in range(256))


class Grams(NamedTuple):
    """The grams of one comment's text: parallel arrays, with repeats at value 0 (their count is at the last one)."""

    buckets: Buckets
    values: Values


class PassageGrams(NamedTuple):
    """The grams of up to four passages of one comment, parallel arrays; repeats within a passage have value 0."""

    buckets: Buckets
    values: Values
    """One plus the logarithm of how often the gram comes in its passage."""
    which: npt.NDArray[np.intp]
    """The passage of each gram, from 0."""
    size: int
    """How many passages there are, empty ones included."""


class FieldGrams(NamedTuple):
    """The grams of all author fields of a batch, names first: `buckets` and `values` are parallel.

    Field `i` begins at `starts[i]` and belongs to comment `owners[i]`; empty fields are not among them.
    """

    buckets: Buckets
    values: Values
    starts: npt.NDArray[np.intp]
    owners: npt.NDArray[np.intp]


class Places(NamedTuple):
    """Where the grams of one text lie, parallel to `Grams`: ranges of the text's bytes with one space before them."""

    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]


class Hasher:
    """Turns texts into grams. Safe to share between threads.

    `orders` are the lengths of byte n-grams, ascending, from 2 on. Raises ValueError for others.
    """

    def __init__(self, orders: Sequence[int] = (3, 5)) -> None:
        if not orders or orders[0] < 2 or list(orders) != sorted(set(orders)):
            raise ValueError(f"orders must be different lengths from 2 on, ascending, not {tuple(orders)}")
        self.orders = tuple(orders)
        self._pad = b" " * (self.orders[-1] - 1)
        self._powers = _powers(2 * _BATCH_BYTES)
        self._tables: list[npt.NDArray[np.int16]] = []
        self._positions = np.arange(1 << 15, dtype=np.int16)

    def texts(self, texts: Sequence[bytes]) -> Iterator[Grams]:
        """The grams of each text, in order."""
        for first, last in _batches(texts):
            yield from self._texts(texts[first:last])

    def _texts(self, texts: Sequence[bytes]) -> Iterator[Grams]:
        joined, bounds = self._join(texts)
        codes = _CODES[0].take(np.frombuffer(joined, np.uint8))
        grams = self._roll(codes)
        words, word_bounds = self._words(joined, codes, bounds)
        table = self._tables.pop() if self._tables else np.empty(TOGETHER * BUCKETS, np.int16)
        try:
            for index in range(len(texts)):
                start, end = bounds[index], bounds[index] + 1 + len(texts[index])
                if end - start == 1:
                    yield _NOTHING
                    continue
                pair = words[:, word_bounds[index] : word_bounds[index + 1]]
                buckets = np.concatenate((grams[:, start:end].ravel(), pair.ravel()))
                yield Grams(buckets, self._values(buckets, table))
        finally:
            self._tables.append(table)

    def _values(self, buckets: Buckets, table: npt.NDArray[np.int16]) -> Values:
        values = self._counted(buckets, table)
        values *= np.float32(1.0 / np.sqrt(values @ values))
        return values

    def _counted(self, keys: Buckets, table: npt.NDArray[np.int16]) -> Values:
        """One plus the logarithm of how often each key comes, at its last place, and 0 at the others."""
        size = len(keys)
        if size <= len(self._positions):
            table[keys] = self._positions[:size]
            survivors: npt.NDArray[Any] = table.take(keys)
        else:
            larger = np.empty(TOGETHER * BUCKETS, np.int32)
            larger[keys] = np.arange(size, dtype=np.int32)
            survivors = larger.take(keys)
        return _LOG_COUNTS.take(np.bincount(survivors, minlength=size), mode="clip")

    def passages(self, comments: Sequence[Sequence[bytes]]) -> Iterator[PassageGrams]:
        """The grams of the passages of each comment, in order: a comment with more than four comes in several."""
        groups = [texts[at : at + TOGETHER] for texts in comments for at in range(0, len(texts), TOGETHER)]
        for first, last in _batches([b"".join(group) for group in groups]):
            yield from self._passages(groups[first:last])

    def _passages(self, groups: Sequence[Sequence[bytes]]) -> Iterator[PassageGrams]:
        texts = [text for group in groups for text in group]
        joined, bounds = self._join(texts)
        codes = _CODES[0].take(np.frombuffer(joined, np.uint8))
        words, word_bounds = self._words(joined, codes, bounds)
        counts = [len(group) for group in groups]
        places = np.concatenate([_NUMBERS[:count] for count in counts])
        reach = np.array([len(text) + (len(text) > 0) for text in texts])
        # Of all positions those in a text or at the space before it: what lies between texts is nobody's.
        ends = reach.cumsum()
        kept = np.arange(ends[-1]) + (np.array(bounds[:-1]) - ends + reach).repeat(reach)
        keys = self._roll(codes).take(kept, axis=1)
        keys += places.repeat(reach) << BITS
        words += places.repeat(np.diff(word_bounds)) << BITS
        closing = np.cumsum(counts)
        grams_to = ends[closing - 1].tolist()
        words_to = word_bounds[closing].tolist()
        table = self._tables.pop() if self._tables else np.empty(TOGETHER * BUCKETS, np.int16)
        start = word = 0
        try:
            for count, end, last in zip(counts, grams_to, words_to, strict=True):
                own = np.concatenate((keys[:, start:end].ravel(), words[:, word:last].ravel()))
                start, word = end, last
                yield PassageGrams(own & (BUCKETS - 1), self._counted(own, table), own >> BITS, count)
        finally:
            self._tables.append(table)

    def fields(self, names: Sequence[bytes], urls: Sequence[bytes]) -> FieldGrams:
        """All byte n-grams of author names and author URLs, each in its own name space: a name beside an address has another.

        `names` and `urls` are parallel, one a comment. Each gram counts one over the root of the number of grams in its
        field. No words: names and addresses have no grammar.
        """
        alone = [(at, name) for at, (name, url) in enumerate(zip(names, urls, strict=True)) if name and not url]
        beside = [(at, name) for at, (name, url) in enumerate(zip(names, urls, strict=True)) if name and url]
        filled = [*alone, *beside, *((at, url) for at, url in enumerate(urls) if url)]
        if not filled:
            return FieldGrams(np.empty(0, np.intp), np.empty(0, np.float32), np.empty(0, np.intp), np.empty(0, np.intp))
        joined, bounds = self._join([field for _, field in filled])
        data = np.frombuffer(joined, np.uint8)
        first, second = bounds[len(alone)], bounds[len(alone) + len(beside)]
        spaces = (_NAME, data[:first]), (_NAME_BESIDE_URL, data[first:second]), (_URL, data[second:])
        grams = self._roll(np.concatenate([_CODES[space].take(part) for space, part in spaces]))
        lengths = np.array([len(field) + 1 for _, field in filled])
        ends = np.cumsum(lengths)
        # Position of every gram's first byte: fields follow each other, each in its frame.
        firsts = np.arange(ends[-1]) + np.repeat(np.array(bounds[:-1]) - ends + lengths, lengths)
        orders = len(self.orders)
        values = np.repeat(1.0 / np.sqrt(lengths * orders), lengths * orders).astype(np.float32)
        starts = np.concatenate(([0], ends[:-1])) * orders
        owners = np.array([at for at, _ in filled])
        return FieldGrams(grams.take(firsts, axis=1).T.ravel(), values, starts, owners)

    def places(self, text: bytes, *, words: bool) -> Places:
        """Where each gram of `texts([text])` lies (`words`), or of `fields([text])` (not `words`)."""
        reach = len(text) + 1
        starts = np.tile(np.arange(reach), (len(self.orders), 1))
        ends = starts + np.array(self.orders)[:, None]
        if not words:
            return Places(starts.T.ravel(), ends.T.ravel())
        first, last = _word_bounds(self._join([text])[0])
        after = np.concatenate((last[1:], last[-1:]))
        return Places(np.concatenate((starts.ravel(), first, first)), np.concatenate((ends.ravel(), last, after)))

    def _join(self, texts: Sequence[bytes]) -> tuple[bytes, list[int]]:
        """Frame each text (a space before, spaces enough behind for the longest gram) and join them."""
        pad = self._pad
        bounds = [0]
        at = 0
        extra = 1 + len(pad)
        for text in texts:
            at += len(text) + extra
            bounds.append(at)
        glue = pad + b" "
        return b" " + glue.join(texts) + pad, bounds

    def _roll(self, codes: Codes) -> Buckets:
        """Buckets of the grams at each position, one row for each order; the last positions of a batch have none."""
        longest = self.orders[-1]
        reach = len(codes) - longest + 1
        if reach <= 0:
            return np.empty((len(self.orders), 0), np.intp)
        rows = np.empty((len(self.orders), reach), np.uint32)
        rolled = codes[:reach].copy()
        row = 0
        for order in range(2, longest + 1):
            rolled *= _ROLL
            rolled += codes[order - 1 : order - 1 + reach]
            if order in self.orders:
                rows[row] = rolled
                row += 1
        rows *= _MIX
        return _buckets(rows)

    def _words(self, joined: bytes, codes: Codes, bounds: list[int]) -> tuple[Buckets, npt.NDArray[np.intp]]:
        """Buckets of words and of pairs of words, and where each text's words begin."""
        first, last = _word_bounds(joined)
        powers, inverses = self._powers if len(codes) < 2 * _BATCH_BYTES else _powers(len(codes) + 1)
        sums = np.empty(len(codes) + 1, np.uint32)
        sums[0] = 0
        (codes * powers[: len(codes)]).cumsum(dtype=np.uint32, out=sums[1:])
        hashes = (sums[last] - sums[first]) * inverses[first]
        starts = first.searchsorted(bounds)
        both = np.empty((2, len(hashes)), np.uint32)
        both[0] = hashes
        np.multiply(hashes, _PAIR, out=both[1])
        after = hashes[1:]
        if len(bounds) > 2:  # the last word of a text pairs with nothing
            after = after.copy()
            closing = starts[1:-1] - 1
            after[closing[(closing >= 0) & (closing < len(after))]] = 0
        both[1, :-1] += after
        return _buckets(both), starts


def _buckets(hashes: Codes) -> Buckets:
    """Well-mixed upper bits of each hash; `hashes` is used up."""
    hashes ^= hashes >> _FOLD
    hashes *= _MIX
    hashes >>= _SHIFT
    return hashes.astype(np.intp)


_NUMBERS = np.arange(TOGETHER)
_NOTHING = Grams(np.empty(0, np.intp), np.empty(0, np.float32))


def _batches(texts: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Cut a sequence where about `_BATCH_BYTES` have come together; one long text is a batch of its own."""
    first, size = 0, 0
    for index, text in enumerate(texts):
        if size and size + len(text) > _BATCH_BYTES:
            yield first, index
            first, size = index, 0
        size += len(text) + 8
    if first < len(texts):
        yield first, len(texts)


def _powers(size: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Powers of the word multiplier and of its inverse modulo 2^32."""
    tables = []
    for base in (_ROLL_WORD, _ROLL_WORD_INVERSE):
        steps = np.full(size, base, np.uint32)
        steps[0] = 1
        tables.append(np.cumprod(steps, dtype=np.uint32))
    return tables[0], tables[1]


def _word_bounds(joined: bytes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Starts and ends (exclusive) of words. A framed text begins and ends with a space."""
    inside = np.frombuffer(joined.translate(_IN_WORD), np.bool_)
    edges = (inside[1:] != inside[:-1]).nonzero()[0] + 1
    return edges[0::2], edges[1::2]
