"""The features of a comment as a scikit-learn transformer: hashed grams and named dense features. Public.

Training uses `CommentFeatures`. Serving (`classifier.model`) reads the same `Batch` and gathers weights directly,
without a matrix, scikit-learn or scipy.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from classifier.features.dense import FEATURES
from classifier.features.ngrams import BUCKETS, Hasher
from classifier.inputs import Batch, as_input

_CHUNK = 512


class CommentFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Comments to a sparse matrix of `2**18` hashed columns followed by the named dense ones.

    `X` is a sequence of `classifier.Input`, of tuples in the order of its fields, or of plain strings (texts without
    an author). Stateless: `fit` learns nothing. `orders` are the lengths of byte n-grams, consecutive.
    """

    def __init__(self, orders: tuple[int, ...] = (3, 5)) -> None:
        self.orders = orders

    @property
    def feature_names(self) -> list[str]:
        """Names of the dense columns, which follow the hashed ones; `classifier.features.dense.FEATURES` documents them."""
        return list(FEATURES)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """One name a column: `bucket_<n>` for the hashed ones, then the dense features' own."""
        return np.array([*(f"bucket_{n}" for n in range(BUCKETS)), *FEATURES], dtype=object)

    def fit(self, X: Iterable[Any], y: Any = None) -> "CommentFeatures":
        """Check the parameters; there is nothing to learn."""
        Hasher(self.orders)
        return self

    def transform(self, X: Iterable[Any]) -> sparse.csr_matrix:
        """A CSR matrix of float32, one row a comment."""
        if isinstance(X, str):
            raise ValueError("expected a sequence of comments, got one string")
        hasher = Hasher(self.orders)
        inputs = [as_input(item) for item in X]
        found = [parts(Batch(inputs[at : at + _CHUNK], hasher)).together() for at in range(0, len(inputs), _CHUNK)]
        if not found:
            return sparse.csr_matrix((0, BUCKETS + len(FEATURES)), dtype=np.float32)
        return sparse.vstack(found, format="csr", dtype=np.float32)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags


class Parts(NamedTuple):
    """Comments' features in three, one row a comment."""

    text: sparse.csr_matrix
    """The hashed ones of the texts: (rows, BUCKETS)."""
    author: sparse.csr_matrix
    """Of author names and URLs: (rows, BUCKETS)."""
    dense: sparse.csr_matrix
    """(rows, FEATURES)."""

    def together(self) -> sparse.csr_matrix:
        """As `CommentFeatures` has them."""
        hashed = self.text + self.author
        hashed.sum_duplicates()
        return sparse.hstack([hashed, self.dense], format="csr", dtype=np.float32)


def parts(batch: Batch) -> Parts:
    """The features of a batch."""
    indices: list[npt.NDArray[np.intp]] = []
    values: list[npt.NDArray[np.float32]] = []
    ends = [0]
    for grams in batch.texts():
        kept = np.flatnonzero(grams.values)
        indices.append(grams.buckets[kept])
        values.append(grams.values[kept])
        ends.append(ends[-1] + len(kept))
    shape = (len(batch.inputs), BUCKETS)
    text = sparse.csr_matrix((np.concatenate(values), np.concatenate(indices).astype(np.int32), ends), shape)
    fields = batch.fields()
    author = sparse.csr_matrix(shape, dtype=np.float32)
    if fields is not None and len(fields.buckets):
        rows = np.repeat(fields.owners, np.diff([*fields.starts, len(fields.buckets)]))
        author = sparse.csr_matrix((fields.values, (rows, fields.buckets)), shape)
    return Parts(text, author, sparse.csr_matrix(batch.dense()))
