"""Parts of a correction: some of its labels, or less of all that it says. Public: `only`, `shrunk`.

Whatever is left out stays the base model's. What is made is a correction like any other.
"""

from collections.abc import Collection

import numpy as np

from classifier import artifact
from classifier.calibration import Line
from classifier.correction import Correction
from classifier.model import Model

_OWN = ("version", "sha256", "format", "name", "arrays")


def only(correction: Correction, labels: Collection[str], name: str) -> Correction:
    """The correction of some of its labels, at least one; `name` begins its version."""
    arrays, metadata = artifact.unpack(correction.packed)
    kept = [at for at, label in enumerate(correction.labels) if label in labels]
    left = {key: (array if key == "buckets" else array[..., kept]) for key, array in arrays.items()}
    described = {key: value for key, value in metadata.items() if key not in _OWN}
    described["labels"] = [correction.labels[at] for at in kept]
    described["calibration"] = {label: metadata["calibration"][label] for label in described["labels"]}
    return Correction(artifact.pack(name, left, described))


def shrunk(correction: Correction, model: Model, share: float, labels: Collection[str], name: str) -> Correction:
    """The correction, of some of its labels only a share: their calibrated logits lie that far from the base's to its own."""
    arrays, metadata = artifact.unpack(correction.packed)
    described = {key: value for key, value in metadata.items() if key not in _OWN}
    factors = np.ones(len(correction.labels), np.float32)
    calibration = dict(metadata["calibration"])
    for at, label in enumerate(correction.labels):
        if label in labels:
            base, own = Line.through(model.knots[label]), Line.through(calibration[label])
            mixed = Line(*((1 - share) * one + share * other for one, other in zip(base, own, strict=True)))
            factors[at] = share * own.slope / mixed.slope
            calibration[label] = mixed.knots()
    scaled = {
        key: (array if key == "buckets" else (array.astype(np.float32) * factors).astype(array.dtype))
        for key, array in arrays.items()
    }
    described["calibration"] = calibration
    described["card"] = {**metadata["card"], "share": {label: share for label in correction.labels if label in labels}}
    return Correction(artifact.pack(name, scaled, described))
