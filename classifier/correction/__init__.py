"""A site's correction of the base model, learnt from its own moderators' decisions. Public: `Correction`, `load`.

The logit of a corrected label is the base model's, plus one weight for each hashed gram, dense feature and signal, plus
an intercept: still a plain sum, so still explained exactly. A label that the site has not decided often enough is not
corrected and stays the base model's. Training is in `classifier.correction.training`; scoring, for many sites at once, in
`classifier.model`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import artifact
from classifier.artifact import ArtifactError, Packed
from classifier.calibration import Calibration
from classifier.features.dense import FEATURES
from classifier.features.ngrams import BUCKETS


class Correction:
    """A loaded correction. Immutable and safe to share between threads; takes 1 MB of memory for each of its labels."""

    def __init__(self, packed: Packed) -> None:
        """From what `artifact.pack` made. Raises `ArtifactError` if it is damaged or does not fit this package."""
        arrays, metadata = artifact.unpack(packed)
        self.packed = packed
        try:
            self.version: str = metadata["version"]
            self.base: str = metadata["base"]
            """The version of the base model that it corrects; it says nothing of any other."""
            self.labels: tuple[str, ...] = tuple(metadata["labels"])
            self.signals: tuple[str, ...] = tuple(metadata["signals"])
            """The signals that it listens to, named as `classifier.correction.decisions.signal_features` names them."""
            self.card: Mapping[str, Any] = metadata["card"]
            self.calibration = Calibration([metadata["calibration"][label] for label in self.labels])
            known = tuple(metadata["features"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the correction's description is incomplete ({type(error).__name__})") from error
        if known != tuple(FEATURES):
            raise ArtifactError(f"correction {self.version} was made for other dense features than this version's")
        width = len(self.labels)
        buckets = arrays.get("buckets")
        if buckets is None or buckets.ndim != 1 or buckets.dtype.kind != "i":
            raise ArtifactError(f"correction {self.version} names no buckets")
        if len(buckets) and not 0 <= buckets.min() <= buckets.max() < BUCKETS:
            raise ArtifactError(f"correction {self.version} names buckets that there are not")
        self.hashed = np.zeros((BUCKETS, width), np.float32)
        self.hashed[buckets] = _checked(arrays, "hashed", (len(buckets), width))
        self.dense = _checked(arrays, "dense", (len(FEATURES), width))
        self.heard = _checked(arrays, "signals", (len(self.signals), width))
        """One weight for each signal and label."""
        self.intercept = _checked(arrays, "intercept", (width,))

    def __repr__(self) -> str:
        return f"Correction({self.version!r} of {self.base!r})"

    def write(self, directory: Path) -> str:
        """Write it into `directory`, where `load` finds it; returns its version."""
        artifact.keep(directory, self.packed)
        return self.version


def load(directory: Path, version: str) -> Correction:
    """The correction of this version, from a directory. Raises `ArtifactError`, also if another version is there."""
    return Correction(artifact.find(directory, version))


def _checked(arrays: artifact.Arrays, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(artifact.checked(arrays, name, shape, whose="correction"), np.float32)
