"""The model: comments in, calibrated probabilities and exact explanations out. Public: `Model`, `load`.

Linear over its features: the logit of a label is the intercept plus one weight for each hashed gram and each dense
feature, so an explanation is not an estimate, it is the sum itself.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier import artifact, explanation
from classifier.artifact import ArtifactError
from classifier.calibration import Calibration
from classifier.comments import Batch, Input
from classifier.dense import FEATURES
from classifier.explanation import Explanation
from classifier.hashing import BUCKETS, Hasher
from classifier.languages import detect, supported, tag_language

__all__ = ["DEFAULT", "LABELS", "Explanation", "Input", "Model", "Prediction", "load"]

LABELS = ("spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack")
"""Every label, in the order of scores. `docs/model-card.md` says what each means."""

DEFAULT = Path(__file__).with_name("default")
"""The shipped model."""


class Prediction(NamedTuple):
    """What the model says of one comment."""

    scores: dict[str, float]
    """Label to calibrated probability, all labels, in the order of `LABELS`."""
    flags: tuple[str, ...]
    """`empty`, `obfuscated`, `unsupported-language`: what to know before trusting the scores."""
    language: str
    """ISO 639-1 code, given or detected; empty if unknown."""


class Model:
    """A loaded model. Immutable and safe to share between threads."""

    def __init__(self, arrays: artifact.Arrays, metadata: Mapping[str, Any]) -> None:
        """From what `artifact.read` returns. Raises `ArtifactError` if it does not fit this package."""
        try:
            self.version: str = metadata["version"]
            self.labels: tuple[str, ...] = tuple(metadata["labels"])
            self.languages: tuple[str, ...] = tuple(metadata["languages"])
            self.card: Mapping[str, Any] = metadata["card"]
            self.thresholds: Mapping[str, Mapping[str, float]] = metadata.get("thresholds", {})
            self._calibration = Calibration([metadata["calibration"][label] for label in self.labels])
            self._hasher = Hasher(tuple(metadata["orders"]))
            known = tuple(metadata["features"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the model's description is incomplete ({type(error).__name__}: {error})") from error
        if known != tuple(FEATURES):
            raise ArtifactError(f"model {self.version} was made for other dense features than this version computes")
        self._hashed = _padded(arrays, "hashed", (BUCKETS, len(self.labels)))
        self._dense = _padded(arrays, "dense", (len(FEATURES), len(self.labels)))
        self._intercept = _padded(arrays, "intercept", (len(self.labels),))

    def __repr__(self) -> str:
        return f"Model({self.version!r})"

    def logits(self, inputs: Sequence[Input]) -> npt.NDArray[np.float32]:
        """Uncalibrated logits, one row a comment, one column a label."""
        return self._logits(Batch(inputs, self._hasher))

    def _logits(self, batch: Batch) -> npt.NDArray[np.float32]:
        total = batch.dense() @ self._dense
        total += self._intercept
        for at, grams in enumerate(batch.texts()):
            total[at] += grams.values @ self._hashed.take(grams.buckets, axis=0)
        fields = batch.fields()
        if fields is not None and len(fields.buckets):
            rows = self._hashed.take(fields.buckets, axis=0)
            rows *= fields.values[:, None]
            np.add.at(total, fields.owners, np.add.reduceat(rows, fields.starts, axis=0))
        return total[:, : len(self.labels)]

    def score(self, inputs: Sequence[Input]) -> list[Prediction]:
        """One prediction for each comment, in order; the same whatever else is in the batch."""
        if not inputs:
            return []
        batch = Batch(inputs, self._hasher)
        rows = self._calibration.probabilities(self._logits(batch)).tolist()
        predictions = []
        for item, text, probabilities in zip(inputs, batch.normalised, rows, strict=True):
            language = tag_language(item.lang) if item.lang else detect(text)
            flags = []
            if not text.text:
                flags.append("empty")
            if text.obfuscated:
                flags.append("obfuscated")
            if not supported(language, self.languages):
                flags.append("unsupported-language")
            predictions.append(Prediction(dict(zip(self.labels, probabilities, strict=True)), tuple(flags), language))
        return predictions

    def explain(self, item: Input, label: str) -> Explanation:
        """Why the model scores `item` so for `label`: parts that add up to the logit. Raises KeyError for no label."""
        if label not in self.labels:
            raise KeyError(f"no label {label!r}; this model has {', '.join(self.labels)}")
        column = self.labels.index(label)
        batch = Batch([item], self._hasher)
        parts = explanation.parts(
            batch, self._hasher, self._hashed[:, column], self._dense[:, column], float(self._intercept[column])
        )
        probability = float(self._calibration.probabilities(self._logits(batch))[0, column])
        return Explanation(label, sum(part.contribution for part in parts), probability, parts)


def _padded(arrays: artifact.Arrays, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The array as float32 with eight columns: rows of 32 bytes are fetched twice as fast as rows of 28."""
    array = arrays.get(name)
    if array is None or array.shape != shape or array.dtype.kind not in "fi":
        raise ArtifactError(f"the model's array {name!r} is missing or has another shape than {shape}")
    wide = np.zeros((*shape[:-1], -shape[-1] % 8 + shape[-1]), np.float32)
    wide[..., : shape[-1]] = array
    if not np.isfinite(wide).all():
        raise ArtifactError(f"the model's array {name!r} holds numbers that are not finite")
    return wide


def load(path: Path | None = None) -> Model:
    """The model in directory `path`, or the shipped one (read once). Raises `ArtifactError`."""
    return _default() if path is None else Model(*artifact.read(path))


@cache
def _default() -> Model:
    return Model(*artifact.read(DEFAULT))
