"""How good a model is on labelled comments: ranking, calibration, errors at the thresholds. Public: `evaluate`.

Needs scikit-learn. The numbers are for `classifier.evaluation.html` and for anybody who compares models; intervals are
bootstrap intervals over rows with a fixed seed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from classifier.evaluation.dataset import Labelled
from classifier.model import Model, Version

Scores = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]

_POINTS = 200
_BINS = 10
_BARS = 40
_RESAMPLES = 200
_BATCH = 64
_WORST = 10
DEFAULT_THRESHOLD = 0.5
"""What counts as a yes where a model recommends no thresholds."""


class Confusion(NamedTuple):
    """Outcomes at one threshold."""

    name: str
    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """Share of the flagged that deserve it; NaN if none is flagged."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the deserving that are flagged."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> float:
        """Share of good comments that are flagged."""
        return _share(self.false_positives, self.false_positives + self.true_negatives)


class CalibrationBin(NamedTuple):
    """Comments of similar score: what the model said, what was true."""

    predicted: float
    observed: float
    rows: int


class Mistake(NamedTuple):
    """A comment that the model got badly wrong."""

    score: float
    source: str
    line: int
    text: str


class Part(NamedTuple):
    """The measures of a subset: a file, a language."""

    name: str
    rows: int
    positives: int
    auc: float
    false_positive_rate: float
    """At the lowest threshold."""


class LabelResult(NamedTuple):
    """Everything measured for one label. Rates are NaN where only one class is present."""

    label: str
    rows: int
    positives: int
    auc: float
    auc_interval: tuple[float, float]
    """95 %."""
    average_precision: float
    brier: float
    calibration_error: float
    """Mean distance between predicted and observed over equally full bins."""
    recall_at_1_percent: float
    """At a false-positive rate of 1 %."""
    roc: list[tuple[float, float]]
    """False-positive rate, true-positive rate."""
    precision_recall: list[tuple[float, float]]
    """Recall, precision."""
    calibration: list[CalibrationBin]
    histogram: tuple[list[int], list[int]]
    """Counts of negatives and positives in 40 equal bars from 0 to 1."""
    confusions: list[Confusion]
    parts: list[Part]
    false_alarms: list[Mistake]
    misses: list[Mistake]


class Result(NamedTuple):
    """An evaluation of one model."""

    model: str
    rows: int
    labels: list[LabelResult]
    flags: dict[str, int]
    """How often each flag was raised."""


class Scored(NamedTuple):
    """Labelled comments with the model's scores, parallel."""

    rows: list[Labelled]
    scores: list[dict[str, float]]
    languages: list[str]
    flags: dict[str, int]


def score(model: Version, rows: Iterable[Labelled]) -> Scored:
    """Score labelled comments in batches, as serving would."""
    scored = Scored([], [], [], {})
    batch: list[Labelled] = []

    def flush() -> None:
        for row, prediction in zip(batch, model.score([row.item for row in batch]), strict=True):
            scored.rows.append(row)
            scored.scores.append(prediction.scores)
            scored.languages.append(prediction.language)
            for flag in prediction.flags:
                scored.flags[flag] = scored.flags.get(flag, 0) + 1
        batch.clear()

    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            flush()
    flush()
    return scored


def evaluate(model: Model, scored: Scored) -> Result:
    """Measure every label that the comments speak of."""
    results = []
    for label in model.labels:
        known = [at for at, row in enumerate(scored.rows) if label in row.truth]
        if known:
            results.append(_label(label, known, scored, model.thresholds.get(label, {})))
    return Result(model.version, len(scored.rows), results, dict(sorted(scored.flags.items())))


def _label(label: str, known: Sequence[int], scored: Scored, thresholds: Mapping[str, float]) -> LabelResult:
    rows = [scored.rows[at] for at in known]
    truth = np.array([row.truth[label] for row in rows], np.bool_)
    scores = np.array([scored.scores[at][label] for at in known], np.float64)
    steps = sorted(thresholds.items(), key=lambda item: item[1]) or [("yes", DEFAULT_THRESHOLD)]
    lowest = steps[0][1]
    sources = np.array([row.source for row in rows])
    languages = np.array([scored.languages[at] or "unknown" for at in known])
    parts = [
        _part(f"{kind} {name}", truth[of == name], scores[of == name], lowest)
        for kind, of in (("file", sources), ("language", languages))
        for name in sorted(set(of.tolist()))
        if len(set(of.tolist())) > 1
    ]
    both = bool(truth.any() and not truth.all())
    fpr, tpr, _ = metrics.roc_curve(truth, scores) if both else (np.array([]), np.array([]), None)
    precision, recall, _ = metrics.precision_recall_curve(truth, scores) if both else (np.array([]), np.array([]), None)
    bins = _calibration(truth, scores)
    return LabelResult(
        label=label,
        rows=len(rows),
        positives=int(truth.sum()),
        auc=auc(truth, scores),
        auc_interval=_interval(truth, scores),
        average_precision=float(metrics.average_precision_score(truth, scores)) if both else float("nan"),
        brier=float(np.mean((scores - truth) ** 2)),
        calibration_error=sum(abs(b.predicted - b.observed) * b.rows for b in bins) / len(rows),
        recall_at_1_percent=float(tpr[fpr <= 0.01].max()) if both else float("nan"),
        roc=_thin(fpr, tpr),
        precision_recall=_thin(recall, precision),
        calibration=bins,
        histogram=(_bars(scores[~truth]), _bars(scores[truth])),
        confusions=[_confusion(name, threshold, truth, scores) for name, threshold in steps],
        parts=[part for part in parts if part.rows >= 20],
        false_alarms=_worst(rows, np.where(truth, -1.0, scores)),
        misses=_worst(rows, np.where(truth, 1.0 - scores, -1.0)),
    )


def auc(truth: Truth, scores: Scores) -> float:
    """Area under the ROC curve; NaN where only one class is present."""
    return float(metrics.roc_auc_score(truth, scores)) if truth.any() and not truth.all() else float("nan")


def _interval(truth: Truth, scores: Scores) -> tuple[float, float]:
    """The middle 95 % of the area over resampled rows, positives and negatives apart."""
    good, bad = np.sort(scores[~truth]), scores[truth]
    if not len(good) or not len(bad):
        return float("nan"), float("nan")
    # The area is the mean, over positives, of the share of negatives below: resampling both shares is enough.
    random = np.random.default_rng(0)
    below = (np.searchsorted(good, bad, "left") + np.searchsorted(good, bad, "right")) / (2 * len(good))
    ordered = np.sort(bad)
    above = 1 - (np.searchsorted(ordered, good, "left") + np.searchsorted(ordered, good, "right")) / (2 * len(bad))
    areas = [
        random.choice(below, len(below)).mean() + random.choice(above, len(above)).mean() - below.mean()
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(max(low, 0.0)), float(min(high, 1.0))


def _calibration(truth: Truth, scores: Scores) -> list[CalibrationBin]:
    """Equally full bins by score."""
    order = np.argsort(scores, kind="stable")
    return [
        CalibrationBin(float(scores[part].mean()), float(truth[part].mean()), len(part))
        for part in np.array_split(order, min(_BINS, len(order)))
    ]


def _confusion(name: str, threshold: float, truth: Truth, scores: Scores) -> Confusion:
    flagged = scores >= threshold
    return Confusion(
        name,
        threshold,
        int((flagged & truth).sum()),
        int((flagged & ~truth).sum()),
        int((~flagged & truth).sum()),
        int((~flagged & ~truth).sum()),
    )


def _part(name: str, truth: Truth, scores: Scores, threshold: float) -> Part:
    rate = _confusion("", threshold, truth, scores).false_positive_rate
    return Part(name, len(truth), int(truth.sum()), auc(truth, scores), rate)


def _worst(rows: Sequence[Labelled], wrongness: Scores) -> list[Mistake]:
    order = np.argsort(-wrongness, kind="stable")[:_WORST]
    return [
        Mistake(float(wrongness[at]), rows[at].source, rows[at].line, rows[at].item.text)
        for at in order.tolist()
        if wrongness[at] >= DEFAULT_THRESHOLD
    ]


def _bars(scores: Scores) -> list[int]:
    counts: list[int] = np.histogram(scores, bins=_BARS, range=(0.0, 1.0))[0].tolist()
    return counts


def _thin(x: Scores, y: Scores) -> list[tuple[float, float]]:
    """At most 200 points of a curve, with both ends."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int)) if len(x) else np.array([], int)
    return [(float(x[at]), float(y[at])) for at in kept]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
