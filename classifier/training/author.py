"""What an author's name and address add to spam, beyond the text. For `classifier.training`.

A logistic regression that starts from what the text says (of comments that its learner had not seen, or it would leave
nothing to explain) and adds the author where that speaks for spam. What would speak against it counts as nothing, in
learning as in scoring: an ordinary name is no alibi.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse, special

from classifier.features.dense import FEATURES
from classifier.features.ngrams import AUTHOR_BUCKETS
from classifier.training.bags import Bags

Numbers = npt.NDArray[np.float64]
STRENGTH = 10.0
_DENSE = 0.5
_STEPS = 100
_ALONE = ("name_keyword",)
"""What says nothing where there is no address: John Loan may be called so."""
_OF_AUTHORS = np.array([_DENSE * (name.startswith(("name_", "url_")) and name not in _ALONE) for name in FEATURES])


class Signed(NamedTuple):
    """Comments with authors, to learn from."""

    author: sparse.csr_matrix
    dense: npt.NDArray[np.float32]
    text: npt.NDArray[np.floating]
    """The logit of each by its text alone."""
    truth: npt.NDArray[np.floating]
    weights: Numbers

    @classmethod
    def of(
        cls, bags: Bags, text: npt.NDArray[np.floating], truth: npt.NDArray[np.floating], weights: Numbers
    ) -> "Signed":
        """Comments, what their texts say, whether they are spam, and how much each counts."""
        return cls(bags.author, bags.dense, text, truth, weights)

    def beside(self, other: "Signed") -> "Signed":
        """These and others."""
        return Signed(
            sparse.vstack([self.author, other.author], format="csr"),
            np.concatenate([self.dense, other.dense]),
            np.concatenate([self.text, other.text]),
            np.concatenate([self.truth, other.truth]),
            np.concatenate([self.weights, other.weights]),
        )


class Author(NamedTuple):
    """The weights of author fields for spam."""

    hashed: npt.NDArray[np.float32]
    dense: npt.NDArray[np.float32]

    def adds(self, bags: Bags) -> npt.NDArray[np.float32]:
        """What each comment's author adds to its logit; never less than 0."""
        said = bags.author @ self.hashed + bags.dense @ self.dense
        return np.asarray(np.maximum(said, 0.0), np.float32)


def given(bags: Bags) -> npt.NDArray[np.bool_]:
    """Which comments have an author name or address."""
    columns = [FEATURES_AT[name] for name in ("name_given", "url_given")]
    return np.asarray(bags.dense[:, columns].any(axis=1))


def learn(signed: Signed) -> Author:
    """From comments that have an author."""
    author, dense, text, truth, weights = signed
    features = sparse.hstack([author, sparse.csr_matrix(dense * _OF_AUTHORS)], format="csr", dtype=np.float64)
    turned = features.T.tocsr()
    base = text.astype(np.float64)

    def loss(point: Numbers, floor: float) -> tuple[float, Numbers]:
        said = features @ point
        logits = base + np.maximum(said, floor)
        value = STRENGTH * weights @ (np.logaddexp(0.0, logits) - truth * logits) + 0.5 * point @ point
        slope = STRENGTH * weights * (special.expit(logits) - truth) * (said > floor)
        return float(value), turned @ slope + point

    # First as if it might also speak against spam, or nothing would begin to move; then as it is.
    point = np.zeros(features.shape[1])
    for floor in (-np.inf, 0.0):
        point = optimize.minimize(loss, point, (floor,), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    found = point.astype(np.float32)
    return Author(found[:AUTHOR_BUCKETS], found[AUTHOR_BUCKETS:] * _OF_AUTHORS.astype(np.float32))


FEATURES_AT = {name: at for at, name in enumerate(FEATURES)}
