"""What was learnt to be added to the encoder's matrices: for each the product of two narrow ones. For `classifier.reader` only.

The last layers read with it what trouble looks like, and it takes two megabytes where the layers themselves would take twenty
(of low rank, as in Hu et al. 2021, "LoRA"). It is added once, when the graph is laid out, and costs nothing after.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.artifact import ArtifactError
from classifier.reader.weights import Floats

PARTS = ("asked", "attended", "inner", "outer")
"""The matrices of a layer: query, key and value side by side, what attention gives, and both of the feed-forward part."""


class Tuned:
    """For each part `left`, (layers, rows, rank), and `right`, (layers, rank, columns), of the last layers. Immutable."""

    def __init__(self, left: Mapping[str, npt.NDArray[Any]], right: Mapping[str, npt.NDArray[Any]]) -> None:
        """Raises ValueError if they don't fit each other."""
        self.left = {part: np.asarray(left[part], np.float16) for part in PARTS}
        self.right = {part: np.asarray(right[part], np.float16) for part in PARTS}
        self.layers = len(self.left[PARTS[0]])
        for part in PARTS:
            one, other = self.left[part], self.right[part]
            if (
                one.ndim != 3
                or other.ndim != 3
                or {len(one), len(other)} != {self.layers}
                or one.shape[2] != other.shape[1]
            ):
                raise ValueError(
                    f"{part}: {one.shape} and {other.shape} are not narrow matrices of {self.layers} layers"
                )
            if not (np.isfinite(one).all() and np.isfinite(other).all()):
                raise ValueError(f"{part}: not finite")

    def added(self, layer: int, part: str) -> Floats | float:
        """What is added to a matrix, (rows, columns), of layer number `layer`, of which the last one is -1; 0 for none."""
        if -layer > self.layers:
            return 0.0
        return np.asarray(self.left[part][layer].astype(np.float32) @ self.right[part][layer].astype(np.float32))

    @property
    def name(self) -> str:
        """Eight digits of the digest of all of it."""
        digest = hashlib.sha256()
        for part in PARTS:
            digest.update(self.left[part].tobytes() + self.right[part].tobytes())
        return digest.hexdigest()[:8]

    def arrays(self) -> dict[str, npt.NDArray[np.float16]]:
        """As an artefact keeps it."""
        sides = {"left": self.left, "right": self.right}
        return {f"{part}.{side}": narrow[part] for part in PARTS for side, narrow in sides.items()}


def of_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Tuned:
    """What an artefact keeps. Raises `ArtifactError`."""
    try:
        return Tuned(*({part: arrays[f"{part}.{side}"] for part in PARTS} for side in ("left", "right")))
    except (KeyError, ValueError, TypeError) as error:
        raise ArtifactError(f"the reader's layers are not complete ({type(error).__name__}: {error})") from error
