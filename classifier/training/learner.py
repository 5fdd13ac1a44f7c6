"""The learner: one regularised logistic regression a label, over columns scaled by rarity. For `classifier.training`.

Rare grams say more than common ones. Scaling a column before training and its coefficient after it tells the
regulariser so and costs the serving path nothing: what is shipped is still one weight a column.

A label may be learnt from comments as wholes, though a passage alone may decide later: that ranked abuse best. Or mostly from
their worst passages, which ranked spam best. Which passage of a comment is bad, nobody has said; so the learner says it, and
learns again from what it said (multiple-instance learning; Andrews, Tsochantaridis and Hofmann 2003): first from wholes, then
with the worst passage of each as the weights so far see it, good comments included, whose worst passage is still good.
"""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from classifier.features.dense import FEATURES
from classifier.features.ngrams import BUCKETS
from classifier.training.bags import Bags, Head, Rows

Numbers = npt.NDArray[np.floating]
_FIRST_ROUNDS = 4


class Learner(NamedTuple):
    """How a label is learnt."""

    strength: float = 3.0
    """Inverse of the regularisation (scikit-learn's C)."""
    rarity: float = 0.5
    """Exponent on a column's inverse document frequency."""
    dense: float = 1.0
    """Scale of the named dense features: less than one makes them costlier to the regulariser."""
    blind: tuple[str, ...] = ()
    """Prefixes of names of dense features that this label must not look at: their weights are 0."""
    rounds: int = 6
    """Passes of the dual solver over the rows."""
    worst: float = 0.0
    """How much of a comment is its worst passage while it teaches; the rest is the whole."""
    most: int = 1_000_000
    """At most this many comments without the label teach, drawn by lot, each weighing as much more."""
    seed: int = 0

    def fit(self, bags: Bags, labels: Numbers, weights: Numbers) -> Head:
        """Learn from comments with a positive weight. Raises ValueError if they are all of one class."""
        rows, weighed = self._rows(labels, weights)
        taught = bags if len(rows) == len(bags) else bags.take(rows)
        truth = labels[rows].astype(np.int8)
        scale = self._scale(taught)
        if not self.worst:
            return self._solve(taught.chosen(), truth, weighed, scale, self.rounds)
        first = self._solve(taught.chosen(), truth, weighed, scale, _FIRST_ROUNDS)
        chosen = taught.chosen(taught.worst(first.hashed), self.worst)
        return self._solve(chosen, truth, weighed, scale, self.rounds)

    def _rows(self, labels: Numbers, weights: Numbers) -> tuple[Rows, Numbers]:
        """Which comments teach, and what they weigh."""
        without = np.flatnonzero((weights > 0) & (labels == 0))
        more = max(len(without) / self.most, 1.0)
        if more > 1:
            without = np.random.default_rng(self.seed).choice(without, self.most, replace=False)
        rows = np.sort(np.concatenate([without, np.flatnonzero((weights > 0) & (labels == 1))]))
        return rows, np.where(labels[rows] == 0, more, 1.0) * weights[rows]

    def _solve(
        self, features: sparse.csr_matrix, truth: npt.NDArray[np.int8], weights: Numbers, scale: Numbers, rounds: int
    ) -> Head:
        # Liblinear's dual solver visits rows in an order drawn from the seed, so the same rows give the same weights;
        # it is stopped by count, since the last digits change nothing that the calibration does not even out.
        model = LogisticRegression(
            C=self.strength, solver="liblinear", dual=True, max_iter=rounds, tol=1e-3, random_state=self.seed
        )
        features.data *= scale[features.indices]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features, truth, sample_weight=weights)
        found = (model.coef_[0] * scale).astype(np.float32)
        return Head(found[:BUCKETS], found[BUCKETS:], float(model.intercept_[0]))

    def _scale(self, bags: Bags) -> npt.NDArray[np.float32]:
        seen = np.bincount(bags.passages.indices, minlength=BUCKETS)
        rarity = np.log((bags.passages.shape[0] + 1) / (seen + 1.0))
        scale = np.ones(BUCKETS + len(FEATURES), np.float32)
        scale[:BUCKETS] = (rarity / np.median(rarity[seen > 0])) ** self.rarity
        scale[BUCKETS:] = [0.0 if name.startswith(self.blind) else self.dense for name in FEATURES]
        return scale
