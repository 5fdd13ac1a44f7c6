"""The model: comments in, calibrated probabilities and exact explanations out. Public: `Model`, `Version`, `load`.

Linear over its features: the logit of a label is the intercept plus one weight for each hashed gram and each dense
feature, so an explanation is not an estimate, it is the sum itself. A site's correction adds to that sum, and a batch
may hold comments of many sites: what they have in common is computed once.
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
from classifier.correction import Correction
from classifier.decisions import Signal, signal_rows
from classifier.dense import FEATURES
from classifier.explanation import Explanation, Linear, Part
from classifier.hashing import BUCKETS, Hasher
from classifier.languages import detect, supported, tag_language

__all__ = ["DEFAULT", "LABELS", "Explanation", "Input", "Model", "Prediction", "Version", "load"]

LABELS = ("spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack")
"""Every label, in the order of scores. `docs/model-card.md` says what each means."""

DEFAULT = Path(__file__).with_name("default")
"""The shipped model."""


class Prediction(NamedTuple):
    """What the model says of one comment."""

    scores: dict[str, float]
    """Label to calibrated probability, all labels, in the order of `LABELS`."""
    flags: tuple[str, ...]
    """`empty`, `obfuscated`, `shortened-link`, `unsupported-language`, `partly-supported-language` (only some labels were learnt
    in it; the model card says which): what to know before trusting the scores."""
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
            self.partial_languages: tuple[str, ...] = tuple(metadata.get("partial_languages", ()))
            self.card: Mapping[str, Any] = metadata["card"]
            self.thresholds: Mapping[str, Mapping[str, float]] = metadata.get("thresholds", {})
            self.knots: Mapping[str, Mapping[str, Sequence[float]]] = metadata["calibration"]
            self._calibration = Calibration([self.knots[label] for label in self.labels])
            self.orders: tuple[int, ...] = tuple(metadata["orders"])
            self._hasher = Hasher(self.orders)
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
        return self._logits(Batch(inputs, self._hasher), _Corrected({}, {}))

    def linear(self, features: Any) -> npt.NDArray[np.float64]:
        """`logits` from the matrix that `CommentFeatures(self.orders)` made of the comments; for training."""
        total = features[:, :BUCKETS] @ self._hashed + features[:, BUCKETS:] @ self._dense + self._intercept
        return np.asarray(total[:, : len(self.labels)], np.float64)

    def _logits(self, batch: Batch, corrected: "_Corrected") -> npt.NDArray[np.float32]:
        dense = batch.dense()
        total = dense @ self._dense
        total += self._intercept
        extra = {at: correction.intercept + dense[at] @ correction.dense for at, correction in corrected.by.items()}
        for at, grams in enumerate(batch.texts()):
            total[at] += grams.values @ self._hashed.take(grams.buckets, axis=0)
            if at in extra:
                extra[at] += grams.values @ corrected.by[at].hashed.take(grams.buckets, axis=0)
        fields = batch.fields()
        if fields is not None and len(fields.buckets):
            rows = self._hashed.take(fields.buckets, axis=0)
            rows *= fields.values[:, None]
            np.add.at(total, fields.owners, np.add.reduceat(rows, fields.starts, axis=0))
            ends = np.append(fields.starts[1:], len(fields.buckets))
            for at, first, last in zip(fields.owners.tolist(), fields.starts.tolist(), ends.tolist(), strict=True):
                if at in extra:
                    rows = corrected.by[at].hashed.take(fields.buckets[first:last], axis=0)
                    extra[at] += fields.values[first:last] @ rows
        for at, correction in corrected.by.items():
            columns = self._columns(correction)
            (heard,) = signal_rows([corrected.signals.get(at, {})], correction.signals)
            total[at, columns] += extra[at] + heard @ correction.heard
        return total[:, : len(self.labels)]

    def _columns(self, correction: Correction) -> list[int]:
        return [self.labels.index(label) for label in correction.labels]

    def _probabilities(
        self, logits: npt.NDArray[np.float32], corrections: Mapping[int, Correction]
    ) -> npt.NDArray[np.float64]:
        found = self._calibration.probabilities(logits)
        for correction in set(corrections.values()):
            rows = [at for at, other in corrections.items() if other is correction]
            cells = np.ix_(rows, self._columns(correction))
            found[cells] = correction.calibration.probabilities(logits[cells])
        return found

    def score(
        self,
        inputs: Sequence[Input],
        signals: Sequence[Mapping[str, Signal]] | None = None,
        corrections: Sequence[Correction | None] | None = None,
    ) -> list[Prediction]:
        """One prediction for each comment, in order; the same whatever else is in the batch.

        `corrections` holds each comment's site's (None: the base model as it is) and `signals` each comment's evidence
        beyond the text, which only corrections listen to. Raises `ArtifactError` for the correction of another base.
        """
        if not inputs:
            return []
        batch = Batch(inputs, self._hasher)
        corrected = self._corrected(len(inputs), signals, corrections)
        rows = self._probabilities(self._logits(batch, corrected), corrected.by).tolist()
        predictions = []
        for item, text, probabilities in zip(inputs, batch.normalised, rows, strict=True):
            language = tag_language(item.lang) if item.lang else detect(text)
            flags = []
            if not text.text:
                flags.append("empty")
            if text.obfuscated:
                flags.append("obfuscated")
            if any(link.shortened for link in text.links):
                flags.append("shortened-link")
            if not supported(language, self.languages):
                flags.append("unsupported-language")
            elif language and supported(language, self.partial_languages):
                flags.append("partly-supported-language")
            predictions.append(Prediction(dict(zip(self.labels, probabilities, strict=True)), tuple(flags), language))
        return predictions

    def _corrected(
        self,
        size: int,
        signals: Sequence[Mapping[str, Signal]] | None,
        corrections: Sequence[Correction | None] | None,
    ) -> "_Corrected":
        """Which rows are corrected and what they hear. Raises ValueError for lists of another length."""
        for given in (signals, corrections):
            if given is not None and len(given) != size:
                raise ValueError(f"{size} comments, but {len(given)} of what belongs to them")
        by = {at: one for at, one in enumerate(corrections or ()) if one is not None}
        for correction in by.values():
            if correction.base != self.version:
                raise ArtifactError(f"{correction.version} corrects {correction.base}, and this is {self.version}")
        return _Corrected(by, {at: signals[at] for at in by} if signals is not None else {})

    def explain(
        self,
        item: Input,
        label: str,
        signals: Mapping[str, Signal] | None = None,
        correction: Correction | None = None,
    ) -> Explanation:
        """Why the model scores `item` so for `label`: parts that add up to the logit. Raises KeyError for no label."""
        if label not in self.labels:
            raise KeyError(f"no label {label!r}; this model has {', '.join(self.labels)}")
        column = self.labels.index(label)
        batch = Batch([item], self._hasher)
        corrected = self._corrected(1, [signals or {}], [correction])
        hashed, dense = self._hashed[:, column], self._dense[:, column]
        intercept = float(self._intercept[column])
        heard: tuple[Part, ...] = ()
        if correction is not None and label in correction.labels:
            at = correction.labels.index(label)
            hashed = hashed + correction.hashed[:, at]
            dense = dense + correction.dense[:, at]
            intercept += float(correction.intercept[at])
            (values,) = signal_rows([signals or {}], correction.signals)
            said = (values * correction.heard[:, at]).tolist()
            heard = tuple(
                Part("signal", name, value) for name, value in zip(correction.signals, said, strict=True) if value
            )
        parts = explanation.parts(batch, self._hasher, Linear(hashed, dense, intercept), heard)
        probability = float(self._probabilities(self._logits(batch, corrected), corrected.by)[0, column])
        return Explanation(label, sum(part.contribution for part in parts), probability, parts)


class _Corrected(NamedTuple):
    """The rows of a batch that have a correction, and what these rows' signals are; both by row number."""

    by: Mapping[int, Correction]
    signals: Mapping[int, Mapping[str, Signal]]


class Version(NamedTuple):
    """One version as it judges: a base model, with or without a site's correction."""

    model: Model
    correction: Correction | None = None

    @property
    def name(self) -> str:
        """The correction's version, or the base model's where there is none."""
        return self.model.version if self.correction is None else self.correction.version

    def score(self, inputs: Sequence[Input], signals: Sequence[Mapping[str, Signal]] | None = None) -> list[Prediction]:
        """As `Model.score`, all comments with this version's correction."""
        return self.model.score(inputs, signals, [self.correction] * len(inputs))

    def explain(self, item: Input, label: str, signals: Mapping[str, Signal] | None = None) -> Explanation:
        """As `Model.explain`, with this version's correction."""
        return self.model.explain(item, label, signals, self.correction)


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
