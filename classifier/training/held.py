"""What the first reader says of comments that it had not learnt from, kept in `build/` for the second's training.

Written by `classifier.training` with each model, read by `classifier.reader.training`: how much to listen to which reader
can be learnt only where both judge what they have not seen. Calibrated logits, so that they can be compared.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import special

from classifier.calibration import Calibration
from classifier.inputs import Input

FILE = Path("build/training/held.npz")
Logits = npt.NDArray[np.float32]


class HeldError(Exception):
    """The logits are missing; the message says what to do."""


def keep_held(
    items: Sequence[Input],
    logits: Logits,
    knots: Sequence[Mapping[str, Sequence[float]]],
    path: Path = FILE,
) -> None:
    """Keep raw logits, (items, labels), NaN where a comment was never left out, with each label's calibration."""
    probabilities = Calibration(knots).probabilities(np.nan_to_num(logits).astype(np.float64))
    calibrated = np.where(np.isnan(logits), np.nan, special.logit(probabilities))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, digests=_digests(items), logits=calibrated.astype(np.float32))


def load_held(items: Sequence[Input], labels: int, path: Path = FILE) -> Logits:
    """The calibrated logits of comments, (items, labels); NaN for those that are not known. Raises `HeldError`."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            rows = {digest: at for at, digest in enumerate(kept["digests"].tolist())}
            logits = kept["logits"]
    except (OSError, KeyError, ValueError) as error:
        raise HeldError(f"{path} is missing or damaged: run python -m classifier.training first") from error
    found = np.full((len(items), labels), np.nan, np.float32)
    for at, digest in enumerate(_digests(items).tolist()):
        if digest in rows:
            found[at] = logits[rows[digest]]
    if np.isnan(found).all():
        raise HeldError(f"{path} is of other comments: run python -m classifier.training first")
    return found


def _digests(items: Sequence[Input]) -> npt.NDArray[np.int64]:
    """Of text and author, 8 bytes each."""
    packed = ("\0".join(item[:3]).encode("utf-8", "surrogatepass") for item in items)
    return np.array([int.from_bytes(hashlib.sha256(one).digest()[:8], "big", signed=True) for one in packed], np.int64)
