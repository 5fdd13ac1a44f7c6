"""Comments as bags of passages: what `classifier.model` gathers weights from, as matrices. For `classifier.training`.

A row of the big matrix is a passage, scaled as in scoring. Once it is said which passage of each comment is the worst,
a comment is one row again (`chosen`), and a label is learnt by an ordinary logistic regression.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.features.dense import FEATURES
from classifier.features.ngrams import AUTHOR_BUCKETS, AUTHOR_SHIFT, BUCKETS, Hasher
from classifier.inputs import Batch, Input
from classifier.pooling import Pooling, scales

_CHUNK = 1024
_URL_GIVEN = list(FEATURES).index("url_given")
_SHARE = 24 * _CHUNK
Rows = npt.NDArray[np.intp]


class Bags(NamedTuple):
    """Comments, each a bag of one passage or more."""

    passages: sparse.csr_matrix
    """(passages, BUCKETS), scaled."""
    share: npt.NDArray[np.float32]
    """How much of each passage is in its comment's whole."""
    starts: Rows
    """Each comment's first passage, and the number of all at the end."""
    dense: npt.NDArray[np.float32]
    author: sparse.csr_matrix
    """(comments, AUTHOR_BUCKETS): the grams of author fields."""
    pooling: Pooling

    def __len__(self) -> int:
        return len(self.dense)

    @property
    def owner(self) -> Rows:
        """Which comment each passage belongs to."""
        return np.arange(len(self)).repeat(np.diff(self.starts))

    def take(self, rows: Rows) -> "Bags":
        """Some of the comments."""
        sizes = np.diff(self.starts)[rows]
        ends = sizes.cumsum()
        kept = np.arange(ends[-1]) + (self.starts[rows] - ends + sizes).repeat(sizes)
        return Bags(
            self.passages[kept], self.share[kept], np.append(0, ends), self.dense[rows], self.author[rows], self.pooling
        )

    def worst(self, hashed: npt.NDArray[np.float32]) -> Rows:
        """The passage of each comment that speaks most for a label with these weights."""
        said = self.passages @ hashed
        owner = self.owner
        highest = np.flatnonzero(said == np.maximum.reduceat(said, self.starts[:-1])[owner])
        return np.asarray(highest[np.unique(owner[highest], return_index=True)[1]])

    def pooled(self, said: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What each comment says, from what each passage says."""
        starts = self.starts[:-1]
        worst, whole = np.maximum.reduceat(said, starts), np.add.reduceat(said * self.share, starts)
        return np.maximum(worst, whole)

    def chosen(self, worst: Rows | None = None, part: float = 0.0) -> sparse.csr_matrix:
        """A row a comment, hashed and dense side by side: the whole, and `part` of it the `worst` passage instead."""
        weights = self.share * np.float32(1.0 - part)
        if worst is not None:
            weights[worst] += np.float32(part)
        columns = np.arange(len(weights))
        gather = sparse.csr_matrix((weights, columns, self.starts), (len(self), len(weights)))
        return sparse.hstack([gather @ self.passages, sparse.csr_matrix(self.dense)], format="csr")


class Head(NamedTuple):
    """One label's weights for text, without its author."""

    hashed: npt.NDArray[np.float32]
    dense: npt.NDArray[np.float32]
    intercept: float

    def mixed_with(self, other: "Head", share: float) -> "Head":
        """This head's weights plus `share` times the other's."""
        part = np.float32(share)
        return Head(
            self.hashed + part * other.hashed,
            self.dense + part * other.dense,
            self.intercept + share * other.intercept,
        )

    def logits(self, bags: Bags) -> npt.NDArray[np.float32]:
        """As `classifier.Model` computes them, without author."""
        text = bags.pooled(bags.passages @ self.hashed)
        return np.asarray(text + bags.dense @ self.dense + self.intercept, np.float32)


def bags(items: Sequence[Input], orders: Sequence[int], pooling: Pooling, workers: int = 1) -> Bags:
    """The bags of comments, in order; made by several processes if there is much to do."""
    if workers > 1 and len(items) > _SHARE:
        shares = [items[at : at + _SHARE] for at in range(0, len(items), _SHARE)]
        with ProcessPoolExecutor(workers, get_context("fork")) as pool:
            return joined(list(pool.map(partial(bags, orders=orders, pooling=pooling), shares)))
    hasher = Hasher(orders)
    made = [_bags(Batch(items[at : at + _CHUNK], hasher), pooling) for at in range(0, len(items), _CHUNK)]
    return joined(made)


def joined(made: Sequence[Bags]) -> Bags:
    """Bags one after the other."""
    offsets = np.cumsum([0, *(one.starts[-1] for one in made)])
    starts = [one.starts[:-1] + offset for one, offset in zip(made, offsets, strict=False)]
    return Bags(
        sparse.vstack([one.passages for one in made], format="csr"),
        np.concatenate([one.share for one in made]),
        np.concatenate([*starts, offsets[-1:]]),
        np.concatenate([one.dense for one in made]),
        sparse.vstack([one.author for one in made], format="csr"),
        made[0].pooling,
    )


def _bags(batch: Batch, pooling: Pooling) -> Bags:
    buckets, values, sizes, squares = [], [], [], []
    for grams in batch.passages():
        kept = np.flatnonzero(grams.values)
        # The grams come in order of length; a matrix wants them passage by passage.
        kept = kept[np.argsort(grams.which[kept], kind="stable")]
        which, value = grams.which[kept], grams.values[kept]
        buckets.append(grams.buckets[kept].astype(np.int32))
        values.append(value)
        sizes.append(np.bincount(which, minlength=grams.size))
        squares.append(np.bincount(which, value.astype(np.float64) ** 2, minlength=grams.size))
    each = np.concatenate(sizes)
    starts = batch.starts()
    scale, share = scales(np.concatenate(squares).astype(np.float32), starts, pooling.damping)
    data = np.concatenate(values) / scale.repeat(each)
    ends = np.append(0, each.cumsum())
    passages = sparse.csr_matrix((data.astype(np.float32), np.concatenate(buckets), ends), (len(each), BUCKETS))
    return Bags(passages, share, np.append(starts, len(each)), batch.dense(), _author(batch), pooling)


def _author(batch: Batch) -> sparse.csr_matrix:
    shape = (len(batch.inputs), AUTHOR_BUCKETS)
    fields = batch.fields()
    if fields is None or not len(fields.buckets):
        return sparse.csr_matrix(shape, dtype=np.float32)
    rows = fields.owners.repeat(np.diff(np.append(fields.starts, len(fields.buckets))))
    values = fields.values * batch.dense()[rows, _URL_GIVEN]  # a name that stands beside no address is a name
    matrix = sparse.csr_matrix((values, (rows, fields.buckets >> AUTHOR_SHIFT)), shape)
    matrix.sum_duplicates()
    return matrix
