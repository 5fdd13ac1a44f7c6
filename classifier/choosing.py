"""Active learning: which comments teach most when a human decides them. Public: `choose`. Needs scipy.

Unsure and unlike each other: each comment stands where its features point, as far out as its score is unsure, and the
next to be chosen is always the one farthest from all chosen so far. That is the gradient embedding of BADGE (Ash et al.
2020) with greedy k-centre (Sener and Savarese 2018) in the place of its lot, so that the same pool gives the same choice.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from classifier.comments import Input
from classifier.decisions import Signal
from classifier.features import CommentFeatures
from classifier.model import Version


def choose(
    version: Version,
    pool: Sequence[Input],
    size: int,
    *,
    signals: Sequence[Mapping[str, Signal]] | None = None,
    label: str = "spam",
) -> list[int]:
    """The numbers of `size` comments of the pool, the most instructive first; all of them if it holds no more.

    `label` is the one to be learnt. Takes time in proportion to `size` times the pool: 1 s for 50 of 2,000.
    """
    size = min(size, len(pool))
    if size <= 0:
        return []
    scores = np.array([prediction.scores[label] for prediction in version.score(pool, signals)])
    unsure = np.minimum(scores, 1 - scores)
    features = CommentFeatures(version.model.orders).transform(pool)
    lengths = np.sqrt(np.asarray(features.multiply(features).sum(axis=1)).ravel())
    places = sparse.diags(unsure / np.maximum(lengths, 1e-12)) @ features
    nearest = np.full(len(pool), np.inf)
    chosen = [int(unsure.argmax())]
    while len(chosen) < size:
        last = chosen[-1]
        to_last = unsure**2 + unsure[last] ** 2 - 2 * (places @ places[last].T).toarray().ravel()
        nearest = np.minimum(nearest, to_last)
        nearest[last] = -1.0
        chosen.append(int(nearest.argmax()))
    return chosen
