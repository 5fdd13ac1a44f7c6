"""The learner: one regularised logistic regression a label, over columns scaled by rarity. For `classifier.train`.

Rare grams say more than common ones. Scaling a column before training and its coefficient after it tells the
regulariser so and costs the serving path nothing: what is shipped is still one weight a column.
"""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from classifier.dense import FEATURES
from classifier.hashing import BUCKETS


class Head(NamedTuple):
    """A linear model of one label: logit = features @ weights + intercept."""

    weights: npt.NDArray[np.float32]
    intercept: float

    def logits(self, features: sparse.csr_matrix) -> npt.NDArray[np.float32]:
        """One logit a row."""
        return np.asarray(features @ self.weights + self.intercept, np.float32)

    def mixed_with(self, other: "Head", share: float) -> "Head":
        """The head whose logits are this one's plus `share` times the other's."""
        return Head(self.weights + np.float32(share) * other.weights, self.intercept + share * other.intercept)


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
    rounds: int = 20
    """Passes of the dual solver over the rows."""
    seed: int = 0

    def fit(
        self, features: sparse.csr_matrix, labels: npt.NDArray[np.floating], weights: npt.NDArray[np.floating]
    ) -> Head:
        """Learn from rows with a positive weight. Raises ValueError if they are all of one class."""
        rows = np.flatnonzero(weights > 0)
        chosen = features[rows]
        scale = self._scale(chosen)
        # Liblinear's dual solver visits rows in an order drawn from the seed, so the same rows give the same weights;
        # it is stopped by count, since the last digits change nothing that the calibration does not even out.
        model = LogisticRegression(
            C=self.strength, solver="liblinear", dual=True, max_iter=self.rounds, tol=1e-3, random_state=self.seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(chosen @ sparse.diags(scale), labels[rows].astype(np.int8), sample_weight=weights[rows])
        return Head((model.coef_[0] * scale).astype(np.float32), float(model.intercept_[0]))

    def _scale(self, features: sparse.csr_matrix) -> npt.NDArray[np.float32]:
        seen = np.bincount(features.indices, minlength=features.shape[1])
        rarity = np.log((features.shape[0] + 1) / (seen + 1.0))
        middle = np.median(rarity[:BUCKETS][seen[:BUCKETS] > 0])
        scale = np.asarray((rarity / middle) ** self.rarity, np.float32)
        scale[BUCKETS:] = [0.0 if name.startswith(self.blind) else self.dense for name in FEATURES]
        return scale
