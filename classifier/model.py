"""The model: comments in, calibrated probabilities and exact explanations out. Public: `Model`, `Version`, `load`.

The logit of a label is the intercept, plus one weight for each dense feature, plus what the comment's passages say, which is
a weight for each hashed gram, put together by `classifier.pooling`: once it is known which passage is the worst, all of
it is a sum, so an explanation is not an estimate, it is the sum itself. Two things are no matter of weights. The author only
ever adds to spam: evidence that speaks against it is left out, so that no name clears a text. And a label is never less
probable than those that imply it (a threat is toxic). A site's correction adds to the sum, and a batch may hold comments of
many sites: what they have in common is computed once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier import artifact
from classifier.artifact import ArtifactError
from classifier.calibration import Calibration
from classifier.correction import Correction
from classifier.correction.decisions import Signal, signal_rows
from classifier.explanation import Explanation, Part, Texts, moved, scaled, with_meaning
from classifier.features.dense import FEATURES
from classifier.features.language import detect, supported, tag_language
from classifier.features.ngrams import AUTHOR_BUCKETS, AUTHOR_SHIFT, BUCKETS, TOGETHER, FieldGrams, Hasher
from classifier.features.vocabulary import Vocabulary
from classifier.inputs import Batch, Input
from classifier.normalise import Normalised, normalise
from classifier.pooling import Pooling, pool
from classifier.reader.fusion import Heard

__all__ = [
    "DEFAULT",
    "LABELS",
    "MEANING",
    "WORDS",
    "Explanation",
    "Heard",
    "Input",
    "Look",
    "Model",
    "Prediction",
    "Second",
    "Version",
    "load",
]

LABELS = ("spam", "toxicity", "severe_toxicity", "insult", "profanity", "threat", "identity_attack")
"""Every label, in the order of scores. `docs/model-card.md` says what each means."""

DEFAULT = Path(__file__).with_name("default")
"""The shipped model."""
WORDS, MEANING = "words", "meaning"
"""The two readers."""
_CHUNK = 1024
_URL_GIVEN = list(FEATURES).index("url_given")
_NUMBERS = np.arange(TOGETHER)[:, None]
_FAMILIAR = 0.62
"""The share of a comment's letters in words of learnt languages, from which on it can be judged though its own is not certain."""


class Prediction(NamedTuple):
    """What the model says of one comment."""

    scores: dict[str, float]
    """Label to calibrated probability, all labels, in the order of `LABELS`."""
    flags: tuple[str, ...]
    """What to know before trusting the scores: `empty`, `obfuscated`, `shortened-link`; `unsupported-language`,
    `partly-supported-language` (only some labels were learnt in it; the model card says which), `unknown-language` (in which
    language it is cannot be told, and most of its words are in none that the model has learnt)."""
    language: str
    """ISO 639-1 code, given or detected; empty if unknown."""
    readers: tuple[str, ...] = (WORDS,)
    """Who read it: `words`, or `words` and `meaning`."""


class Look(NamedTuple):
    """What the first reader makes of a comment, for whoever decides whether the second reads it."""

    item: Input
    scores: Mapping[str, float]
    """Label to calibrated probability."""
    language: str
    known: bool
    """Whether the first reader has learnt the language, or if it is not certain, most of the words."""


Second = Callable[[Sequence[Look]], Sequence[Heard | None]]
"""The second reader as the model asks it: what it adds to each comment, None where it did not read."""


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
            self._pooling = Pooling(**metadata["pooling"])
            self._implied = [
                _Implied(self.labels.index(label), self.labels.index(kind), scale, shift)
                for label, kinds in metadata["implied"].items()
                for kind, (scale, shift) in kinds.items()
            ]
            self._authored = self.labels.index("spam")
            known = tuple(metadata["features"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the model's description is incomplete ({type(error).__name__}: {error})") from error
        if known != tuple(FEATURES):
            raise ArtifactError(f"model {self.version} was made for other dense features than this version computes")
        self._hashed = _padded(arrays, "hashed", (BUCKETS, len(self.labels)))
        self._dense = _padded(arrays, "dense", (len(FEATURES), len(self.labels)))
        self._intercept = _padded(arrays, "intercept", (len(self.labels),))
        try:
            self._vocabulary = Vocabulary(arrays["words"])
        except (KeyError, ValueError) as error:
            raise ArtifactError(f"the model's array 'words' is missing or wrong ({error})") from error
        self._author_hashed = _checked(arrays, "author_hashed", (AUTHOR_BUCKETS,))
        self._author_dense = _checked(arrays, "author_dense", (len(FEATURES),))

    def __repr__(self) -> str:
        return f"Model({self.version!r})"

    def logits(self, inputs: Sequence[Input]) -> npt.NDArray[np.float32]:
        """Uncalibrated logits, one row a comment, one column a label."""
        parts = [
            self._logits(Batch(inputs[at : at + _CHUNK], self._hasher), _Corrected({}, {}))
            for at in range(0, max(len(inputs), 1), _CHUNK)
        ]
        return np.concatenate(parts)

    def read(self, batch: Batch) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The same of a batch, and how much of each comment's logit of spam its author adds."""
        return self._logits(batch, _Corrected({}, {})), self._authors(batch)

    def _logits(self, batch: Batch, corrected: "_Corrected") -> npt.NDArray[np.float32]:
        dense = batch.dense()
        total = _dot(dense, self._dense)
        total += self._intercept
        sums = self._passages(batch)
        total[:, : len(self.labels)] += pool(
            sums[:, : len(self.labels)], sums[:, -1], batch.starts(), self._pooling
        ).logits
        fields = batch.fields()
        if fields is not None:
            total[:, self._authored] += self._author(dense, fields)
        for label, kind, scale, shift in self._implied:
            np.maximum(total[:, label], total[:, kind] * scale + shift, out=total[:, label])
        if corrected.by:
            self._correct(total, batch, dense, fields, corrected)
        return np.asarray(total[:, : len(self.labels)])

    def _passages(self, batch: Batch) -> npt.NDArray[np.float32]:
        """The sum of each passage's grams for each label, unscaled; in the last column the square of the passage's length."""
        found = []
        for buckets, values, which, count in batch.passages():
            rows = self._hashed.take(buckets, axis=0)
            rows[:, -1] = values
            if count == 1:
                found.append(values[None] @ rows)
            else:
                found.append(((which == _NUMBERS[:count]) * values) @ rows)
        return np.concatenate(found)

    def _author(self, dense: npt.NDArray[np.float32], fields: FieldGrams) -> npt.NDArray[np.float32]:
        """What each comment's author adds to spam; nothing is less than 0."""
        said = (dense * self._author_dense).sum(axis=1)
        if len(fields.buckets):
            grams = fields.values * self._author_hashed.take(fields.buckets >> AUTHOR_SHIFT)
            grams = np.add.reduceat(grams, fields.starts)
            # A name that stands beside no address is a name.
            np.add.at(said, fields.owners, grams * dense[fields.owners, _URL_GIVEN])
        return np.asarray(np.maximum(said, 0.0))

    def _authors(self, batch: Batch) -> npt.NDArray[np.float32]:
        """The same of a batch."""
        fields = batch.fields()
        return np.zeros(len(batch.inputs), np.float32) if fields is None else self._author(batch.dense(), fields)

    def _correct(
        self,
        total: npt.NDArray[np.float32],
        batch: Batch,
        dense: npt.NDArray[np.float32],
        fields: FieldGrams | None,
        corrected: "_Corrected",
    ) -> None:
        """Add what each comment's site has learnt: of its text as a whole, its author, its dense features and its signals."""
        extra = {at: one.intercept + dense[at] @ one.dense for at, one in corrected.by.items()}
        for at, grams in zip(corrected.by, batch.texts(list(corrected.by)), strict=True):
            extra[at] += grams.values @ corrected.by[at].hashed.take(grams.buckets, axis=0)
        if fields is not None and len(fields.buckets):
            ends = np.append(fields.starts[1:], len(fields.buckets))
            for at, first, last in zip(fields.owners.tolist(), fields.starts.tolist(), ends.tolist(), strict=True):
                if at in extra:
                    rows = corrected.by[at].hashed.take(fields.buckets[first:last], axis=0)
                    extra[at] += fields.values[first:last] @ rows
        for at, correction in corrected.by.items():
            (heard,) = signal_rows([corrected.signals.get(at, {})], correction.signals)
            total[at, self._columns(correction)] += extra[at] + heard @ correction.heard

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
        second: Second | None = None,
    ) -> list[Prediction]:
        """One prediction for each comment, in order; the same whatever else is in the batch.

        `corrections` holds each comment's site's (None: the base model as it is) and `signals` each comment's evidence
        beyond the text, which only corrections listen to. `second` is asked what the second reader adds, if it is given.
        Raises `ArtifactError` for the correction of another base.
        """
        if not inputs:
            return []
        batch = Batch(inputs, self._hasher)
        corrected = self._corrected(len(inputs), signals, corrections)
        logits = self._logits(batch, corrected)
        rows = self._probabilities(logits, corrected.by).tolist()
        texts = batch.normalised
        looks = [self._look(item, text, row) for item, text, row in zip(inputs, texts, rows, strict=True)]
        heard = second(looks) if second is not None else [None] * len(looks)
        if any(heard):
            authors = self._authors(batch)
            for at, one in enumerate(heard):
                if one is not None:
                    logits[at] = self._together(logits[at], one, authors[at])
            self._behind(logits, inputs, heard, corrected)
            rows = self._probabilities(logits, corrected.by).tolist()
        return [
            Prediction(
                dict(zip(self.labels, row, strict=True)),
                self._flags(text, look, read=one is not None),
                look.language,
                (WORDS,) if one is None else (WORDS, MEANING),
            )
            for text, row, look, one in zip(texts, rows, looks, heard, strict=True)
        ]

    def learnt(self, label: str) -> tuple[str, ...]:
        """The languages in which a label was learnt."""
        spoken = self.card.get("languages", {})
        return tuple(spoken[label] if label in spoken else spoken.get("toxicity", self.languages))

    def look(self, item: Input) -> Look:
        """What the second reader is told of one comment, without scores."""
        return self._look(item, normalise(item.text), ())

    def _look(self, item: Input, text: Normalised, row: Sequence[float]) -> Look:
        language = tag_language(item.lang) if item.lang else detect(text)
        known = not self._readable(language, text) or supported(language, self.partial_languages)
        return Look(item, dict(zip(self.labels, row, strict=False)), language, known)

    def _together(self, logits: npt.NDArray[np.float32], heard: Heard, author: np.float32) -> npt.NDArray[np.float32]:
        """What both readers say of one comment. They read the text: what its author adds is left as it is."""
        together: npt.NDArray[np.float32] = heard.words * logits + heard.shift
        together[self._authored] += (1 - heard.words[self._authored]) * author
        for label, kind, scale, shift in self._implied:
            together[label] = max(together[label], together[kind] * scale + shift)
        return together

    def _behind(
        self,
        logits: npt.NDArray[np.float32],
        inputs: Sequence[Input],
        heard: Sequence[Heard | None],
        corrected: "_Corrected",
    ) -> None:
        """Nothing clears what the second reader has not read: no logit is lower than that of it alone."""
        found = [at for at, one in enumerate(heard) if one is not None and one.unread is not None]
        if found:
            rest = [_rest(inputs[at], heard[at]) for at in found]
            those = _Corrected(
                {n: corrected.by[at] for n, at in enumerate(found) if at in corrected.by},
                {n: corrected.signals[at] for n, at in enumerate(found) if at in corrected.signals},
            )
            logits[found] = np.maximum(logits[found], self._logits(Batch(rest, self._hasher), those))

    def _flags(self, text: Normalised, look: Look, *, read: bool) -> tuple[str, ...]:
        """What to know before trusting the scores; `read`: by the second reader too, which knows more languages."""
        flags = []
        if not text.text:
            flags.append("empty")
        if text.obfuscated:
            flags.append("obfuscated")
        if any(link.shortened for link in text.links):
            flags.append("shortened-link")
        return (*flags, *(() if read else self._readable(look.language, text)))

    def _readable(self, language: str, text: Normalised) -> list[str]:
        """The flag of a comment in a language that this model has not learnt, or not for all labels, or does not know."""
        if not language:
            return ["unknown-language"] if self._vocabulary.share(text) < _FAMILIAR else []
        if not supported(language, self.languages):
            return ["unsupported-language"]
        return ["partly-supported-language"] if supported(language, self.partial_languages) else []

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
        heard: Heard | None = None,
    ) -> Explanation:
        """Why the model scores `item` so for `label`: parts that add up to the logit. Raises KeyError for no label.

        `heard` is what the second reader adds, where it read the comment.
        """
        if label not in self.labels:
            raise KeyError(f"no label {label!r}; this model has {', '.join(self.labels)}")
        column = self.labels.index(label)
        batch = Batch([item], self._hasher)
        corrected = self._corrected(1, [signals or {}], [correction])
        logits = self._logits(batch, corrected)
        if heard is None:
            parts, decided = self._parts(batch, column, signals or {}, correction)
        else:
            alone = heard.words * logits[0] + heard.shift
            logits[0] = self._together(logits[0], heard, self._authors(batch)[0])
            together = float(logits[0, column])
            self._behind(logits, [item], [heard], corrected)
            if logits[0, column] > together:
                behind = Batch([_rest(item, heard)], self._hasher)
                parts, decided = self._parts(behind, column, signals or {}, correction)
                parts, decided = moved(parts, decided, item.text[: heard.unread])
            else:
                own = self._implying(alone, column)
                parts, decided = self._parts(batch, own.kind, signals or {}, correction, heard.words[own.kind])
                parts = scaled(with_meaning(parts, item.text, heard, own.kind), own.scale, own.shift)
        probability = float(self._probabilities(logits, corrected.by)[0, column])
        return Explanation(label, sum(part.contribution for part in parts), probability, parts, *decided)

    def _parts(
        self,
        batch: Batch,
        column: int,
        signals: Mapping[str, Signal],
        correction: Correction | None,
        scale: float = 1.0,
    ) -> tuple[tuple[Part, ...], tuple[int, int]]:
        """What the first reader and the site's correction say, the intercept first; and the passage that decided.

        All of it is to be multiplied by `scale`, but for the author, who comes out as they are.
        """
        own = self._implying(self._logits(batch, _Corrected({}, {}))[0], column)
        texts = Texts(batch, self._hasher)
        decided = texts.pooled(self._hashed[:, own.kind] * np.float32(own.scale), self._pooling)
        texts.add_dense(self._dense[:, own.kind] * np.float32(own.scale))
        if own.kind == self._authored:
            texts.add_author(self._author_hashed / np.float32(scale), self._author_dense / np.float32(scale))
        intercept = float(self._intercept[own.kind]) * own.scale + own.shift
        said_by_signals: tuple[Part, ...] = ()
        label = self.labels[column]
        if correction is not None and label in correction.labels:
            at = correction.labels.index(label)
            texts.add_whole(correction.hashed[:, at])
            texts.add_dense(correction.dense[:, at])
            intercept += float(correction.intercept[at])
            (values,) = signal_rows([signals], correction.signals)
            said = (values * correction.heard[:, at]).tolist()
            said_by_signals = tuple(
                Part("signal", name, value) for name, value in zip(correction.signals, said, strict=True) if value
            )
        return (Part("intercept", "intercept", intercept), *texts.parts(said_by_signals)), decided

    def _implying(self, logits: npt.NDArray[np.float32], column: int) -> "_Implied":
        """By which label's weights the logit of `column` comes about: its own, or those of a kind that implies it."""
        best = _Implied(column, column, 1.0, 0.0)
        highest = float(logits[column])
        for implied in self._implied:
            found = float(logits[implied.kind] * implied.scale + implied.shift)
            if implied.label == column and found >= highest:
                best, highest = implied, found
        return best


class _Implied(NamedTuple):
    """That `kind` implies `label`: the logit of the latter is never below `scale` times that of the former plus `shift`."""

    label: int
    kind: int
    scale: float
    shift: float


class _Corrected(NamedTuple):
    """The rows of a batch that have a correction, and what these rows' signals are; both by row number."""

    by: Mapping[int, Correction]
    signals: Mapping[int, Mapping[str, Signal]]


class Version(NamedTuple):
    """One version as it judges: a base model, with or without a site's correction and a second reader."""

    model: Model
    correction: Correction | None = None
    second: Second | None = None

    @property
    def name(self) -> str:
        """The correction's version, or the base model's where there is none."""
        return self.model.version if self.correction is None else self.correction.version

    def score(self, inputs: Sequence[Input], signals: Sequence[Mapping[str, Signal]] | None = None) -> list[Prediction]:
        """As `Model.score`, all comments with this version's correction and second reader."""
        return self.model.score(inputs, signals, [self.correction] * len(inputs), self.second)

    def explain(self, item: Input, label: str, signals: Mapping[str, Signal] | None = None) -> Explanation:
        """As `Model.explain`, with this version's correction and second reader."""
        heard = self.second([self.model.look(item)])[0] if self.second is not None else None
        return self.model.explain(item, label, signals, self.correction, heard)


def _rest(item: Input, heard: Heard | None) -> Input:
    """What the second reader has not read of a comment, with its author."""
    return item._replace(text=item.text[heard.unread :]) if heard is not None else item


def _dot(rows: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """`rows @ weights`, where a row's digits do not depend on how many others there are."""
    return np.asarray((rows[:, :, None] * weights).sum(axis=1))


def _padded(arrays: artifact.Arrays, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The array as float32 with eight columns: rows of 32 bytes are fetched twice as fast as rows of 28. The last is free."""
    array = _checked(arrays, name, shape)
    wide = np.zeros((*shape[:-1], -(-(shape[-1] + 1) // 8) * 8), np.float32)
    wide[..., : shape[-1]] = array
    return wide


def _checked(arrays: artifact.Arrays, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    return artifact.checked(arrays, name, shape, whose="model").astype(np.float32)


def load(path: Path | None = None) -> Model:
    """The model in directory `path`, or the shipped one (read once). Raises `ArtifactError`."""
    return _default() if path is None else Model(*artifact.read(path))


@cache
def _default() -> Model:
    return Model(*artifact.read(DEFAULT))
