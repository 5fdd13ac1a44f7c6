"""Near-duplicates among comments, by MinHash over their hashed grams. For `classifier.doubts`.

Broder 1997 (resemblance) with banding as in Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3:
candidates share a band of their signatures, and are then compared in full.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.hashing import BUCKETS

ALIKE = 0.8
"""From this share of grams in common on (Jaccard), author fields counted, two comments say the same."""
_BANDS, _ROWS = 5, 4
_PRIME = np.uint64((1 << 31) - 1)


def near_duplicates(features: sparse.csr_matrix) -> npt.NDArray[np.intp]:
    """The number of the group of each row of `CommentFeatures`; a row that resembles no other is a group of its own.

    Groups are numbered by their first row. A comment without grams resembles nothing.
    """
    grams = features[:, :BUCKETS].tocsr()
    grams.sort_indices()
    group = np.arange(grams.shape[0])
    filled = np.flatnonzero(np.diff(grams.indptr))
    if len(filled) < 2:
        return group
    sets = [grams.indices[grams.indptr[row] : grams.indptr[row + 1]] for row in range(grams.shape[0])]
    for band in _signatures(grams, filled):
        leaders: dict[bytes, int] = {}
        for row, key in zip(filled.tolist(), band, strict=True):
            leader = leaders.setdefault(key.tobytes(), row)
            one, other = _root(group, leader), _root(group, row)
            if one != other and _alike(sets[leader], sets[row]):
                group[max(one, other)] = min(one, other)
    return np.array([_root(group, row) for row in range(len(group))])


def _signatures(grams: sparse.csr_matrix, filled: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
    """One array a band: (rows, hashes of the band)."""
    rng = np.random.Generator(np.random.PCG64(0))
    codes = grams.indices.astype(np.uint64)
    starts = grams.indptr[filled]
    bands = np.empty((_BANDS, len(filled), _ROWS), np.uint64)
    for at in range(_BANDS * _ROWS):
        factor, shift = (np.uint64(number) for number in rng.integers(1, int(_PRIME), 2))
        bands[at // _ROWS, :, at % _ROWS] = np.minimum.reduceat((codes * factor + shift) % _PRIME, starts)
    return bands


def _root(group: npt.NDArray[np.intp], row: int) -> int:
    while group[row] != row:
        group[row] = group[group[row]]
        row = int(group[row])
    return row


def _alike(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> bool:
    small, large = sorted((len(one), len(other)))
    if small < ALIKE * large:
        return False
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common >= ALIKE * (small + large - common)
