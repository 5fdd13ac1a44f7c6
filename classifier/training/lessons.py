"""All rows that teach, as bags of passages: those of the mixture and the padded ones. For `classifier.training`."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.pooling import Pooling
from classifier.training.bags import Bags, bags
from classifier.training.mixture import Mixture
from classifier.training.padding import Padded, pad

PADDED = 36_000
_WORKERS = 4


class Lessons(NamedTuple):
    """Rows of the mixture, then the padded ones."""

    bags: Bags
    labels: npt.NDArray[np.float32]
    """(rows, labels), NaN where unknown."""
    weights: npt.NDArray[np.float32]
    """(rows, labels), 0 where a row says nothing of a label."""
    mixed: Mixture
    padded: Padded


def prepare(mixed: Mixture, seed: int, orders: tuple[int, ...], pooling: Pooling, padded: int = PADDED) -> Lessons:
    """Pad `padded` of the rows, by lot from the seed, and measure all.

    A padded row has the labels of the comment in it and counts for as much. Takes some processes for a minute.
    """
    more = pad(mixed.table, padded, seed)
    return Lessons(
        bags([*mixed.table.items, *more.items], orders, pooling, _WORKERS),
        np.concatenate([mixed.table.labels, mixed.table.labels[more.rows]]),
        np.concatenate([mixed.weights, mixed.weights[more.rows]]),
        mixed,
        more,
    )
