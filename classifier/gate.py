"""The gate: is a candidate at least as good as the version in use? On the newest decisions that neither has seen. Public.

Each measure is taken of both versions on the same comments; their difference has a paired bootstrap interval (Efron and
Tibshirani 1993), resampling comments. Worse in any guarded measure: refused. Whoever asks a dozen questions must not take
each one's noise for an answer, so the measures are tested together (Holm 1979): a candidate that is just as good is found
worse in any of them at most once in ten times (`ALPHA`); measured by `benchmarks/gate.py`, once in thirty. Of the fixed
probes a few (`LOST`) may be lost, since each training moves some of them.

Who decided is looked at too: what the loudest voice decided is left out once, so that nobody carries a version through
against everybody else.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.decisions import Decided, in_order
from classifier.model import Version
from classifier.probes import IDENTITY, REGRESSION, Probe, disguises

Numbers = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]
Figure = Callable[[Truth, Numbers, Numbers], Numbers]
"""What is true, the scores, and how often each comment was drawn, one row a sample -> the figure of each sample."""
FEWEST = 10
"""Comments of a class that a measure needs; with fewer it is `unknown`, which refuses nobody."""
ROUNDS = 1_000
"""Bootstrap samples."""
ALPHA = 0.1
"""How often a candidate that is just as good may be found worse in anything."""
LOST = 0.04
"""The share of a set of fixed probes that a candidate may lose, less what it wins."""
MOST_DISGUISED = 100
"""Bad comments, the newest, that are asked about in disguise."""
_LOW, _HIGH = 5.0, 95.0
_FALSE_POSITIVES = 0.01
_CELLS = 2_000_000  # of a block of samples: what is held in memory at once
_LEAST = 1e-4  # a difference that is no more than this is none


class Measure(NamedTuple):
    """One measure of both versions."""

    name: str
    label: str
    rows: int
    active: float | None
    candidate: float | None
    difference: float | None
    """The candidate's less the active version's."""
    low: float | None
    """… and its 90 % interval."""
    high: float | None
    verdict: str
    """better, same, worse (both beyond chance, all measures taken together), or unknown: too few comments."""
    guarded: bool
    higher_is_better: bool


class Report(NamedTuple):
    """What the gate says."""

    active: str
    candidate: str
    rows: int
    passed: bool
    reasons: tuple[str, ...]
    """Why it was refused, or that nothing could be measured; empty for a candidate that passed."""
    measures: tuple[Measure, ...]

    def as_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {**self._asdict(), "reasons": list(self.reasons), "measures": [one._asdict() for one in self.measures]}


class _Measured(NamedTuple):
    """A measure before its verdict, and how probable such a difference is by chance, downwards and upwards.

    `chance` is None where the verdict stands by itself.
    """

    measure: Measure
    chance: tuple[float, float] | None = None


class _Asked(NamedTuple):
    """The comments that were judged on one label, with both versions' scores."""

    truth: Truth
    active: Numbers
    candidate: Numbers

    def take(self, rows: npt.NDArray[Any]) -> "_Asked":
        return _Asked(self.truth[rows], self.active[rows], self.candidate[rows])


def compare(
    active: Version,
    candidate: Version,
    decisions: Sequence[Decided],
    *,
    thresholds: Mapping[str, Mapping[str, float]],
) -> Report:
    """Compare two versions of one base on decisions that neither has seen.

    `thresholds` are the site's, as `{"spam": {"hold": 0.6, "reject": 0.9}}`. Labels that neither version corrects are the
    base's in both, and are not measured. A candidate of which nothing can be measured is refused.
    """
    rows = in_order(decisions)
    labels = [
        label
        for label in active.model.labels
        if any(one.correction is not None and label in one.correction.labels for one in (active, candidate))
    ]
    measured: list[_Measured] = []
    for label in labels:
        known = [row for row in rows if label in row.labels]
        if known:
            measured += _on_decisions(active, candidate, label, known, thresholds.get(label, {}))
        measured += _on_probes(active, candidate, label, thresholds.get(label, {}))
    measures = _judged(measured)
    worse = [one for one in measures if one.guarded and one.verdict == "worse"]
    reasons = [_because(one) for one in worse]
    if not any(one.name == "average precision" and one.verdict != "unknown" for one in measures):
        reasons.append(f"too few decisions to tell: {FEWEST} of each kind are needed, for one label at least")
    return Report(active.name, candidate.name, len(rows), not reasons, tuple(reasons), tuple(measures))


def _on_decisions(
    active: Version, candidate: Version, label: str, rows: Sequence[Decided], steps: Mapping[str, float]
) -> list[_Measured]:
    asked = _ask(active, candidate, label, rows)
    measures = [
        _measure("average precision", label, asked, _average_precision),
        _measure("recall at 1 % false positives", label, asked, _recall),
    ]
    for step, threshold in steps.items():
        good, bad = asked.take(np.flatnonzero(~asked.truth)), asked.take(np.flatnonzero(asked.truth))
        above = _above(threshold)
        measures.append(_measure(f"good comments at {step}", label, good, above, higher=False, classes=1))
        measures.append(_measure(f"bad comments at {step}", label, bad, above, guarded=step == "hold", classes=1))
    measures.append(_measure("calibration (Brier)", label, asked, _brier, higher=False))
    measures += _against_the_loudest(label, rows, asked)
    hiding = [row for row in rows if row.labels[label] >= 0.5][-MOST_DISGUISED:]
    if hiding:
        in_disguise = _disguised(active, candidate, label, hiding, steps.get("hold", 0.5))
        measures.append(_measure("bad comments in disguise at hold", label, in_disguise, _mean, classes=1))
    return measures


def _disguised(active: Version, candidate: Version, label: str, rows: Sequence[Decided], threshold: float) -> _Asked:
    """In the place of scores, the share of each comment's disguises that reach the threshold: disguises of one are alike."""
    hidden = [row._replace(item=one) for row in rows for one in disguises(row.item)]
    asked = _ask(active, candidate, label, hidden)
    caught = [(scores >= threshold).reshape(len(rows), -1).mean(axis=1) for scores in (asked.active, asked.candidate)]
    return _Asked(np.ones(len(rows), np.bool_), *caught)


def _against_the_loudest(label: str, rows: Sequence[Decided], asked: _Asked) -> list[_Measured]:
    """Average precision and calibration on what all but the loudest voice decided, where that is enough."""
    voices = Counter(row.voice for row in rows)
    if len(voices) < 2:
        return []
    loudest, _ = min(voices.items(), key=lambda item: (-item[1], item[0]))
    others = asked.take(np.flatnonzero([row.voice != loudest for row in rows]))
    return [
        _measure("average precision, loudest voice left out", label, others, _average_precision),
        _measure("calibration (Brier), loudest voice left out", label, others, _brier, higher=False),
    ]


def _on_probes(active: Version, candidate: Version, label: str, steps: Mapping[str, float]) -> list[_Measured]:
    threshold = steps.get("hold", 0.5)
    sets = {"plain cases right": REGRESSION, "people who say who they are, right": IDENTITY}
    return [
        _probe(name, _ask(active, candidate, label, _known(probes, label)), label, threshold)
        for name, probes in sets.items()
    ]


def _known(probes: Sequence[Probe], label: str) -> list[Decided]:
    return [Decided(probe.item, probe.labels) for probe in probes if label in probe.labels]


def _probe(name: str, asked: _Asked, label: str, threshold: float) -> _Measured:
    """How many probes are on the right side of the threshold to hold. The set is fixed, so there is nothing to resample."""
    right = [(scores >= threshold) == asked.truth for scores in (asked.active, asked.candidate)]
    lost, won = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    more = LOST * len(asked.truth)
    verdict = "worse" if lost - won > more else "better" if won - lost > more else "same"
    before, after = (float(one.mean()) for one in right)
    gain = after - before
    return _Measured(Measure(name, label, len(asked.truth), before, after, gain, gain, gain, verdict, True, True))


def _ask(active: Version, candidate: Version, label: str, rows: Sequence[Decided]) -> _Asked:
    items, signals = [row.item for row in rows], [row.signals for row in rows]
    scores = [
        np.array([one.scores[label] for one in version.score(items, signals)], np.float64)
        for version in (active, candidate)
    ]
    return _Asked(np.array([row.labels[label] >= 0.5 for row in rows], np.bool_), *scores)


def _measure(
    name: str,
    label: str,
    asked: _Asked,
    figure: Figure,
    *,
    higher: bool = True,
    guarded: bool = True,
    classes: int = 2,
) -> _Measured:
    """A measure with its interval; `classes` says whether both classes are needed for it."""
    rows, bad = len(asked.truth), int(asked.truth.sum())
    if rows < FEWEST or (classes == 2 and min(bad, rows - bad) < FEWEST):
        return _Measured(Measure(name, label, rows, None, None, None, None, None, "unknown", guarded, higher))
    whole = np.ones((1, rows))
    before, after = (float(figure(asked.truth, one, whole)[0]) for one in (asked.active, asked.candidate))
    differences = _resampled(asked, figure)
    low, high = (float(end) for end in np.percentile(differences, [_LOW, _HIGH]))
    gains = differences if higher else -differences
    chance = float((gains >= -_LEAST).mean()), float((gains <= _LEAST).mean())
    return _Measured(
        Measure(name, label, rows, before, after, after - before, low, high, "same", guarded, higher),
        chance,
    )


def _judged(measured: Sequence[_Measured]) -> list[Measure]:
    """The measures with their verdicts: of each kind, those that are beyond chance when all guarded ones are tested."""
    verdicts = [one.measure.verdict for one in measured]
    for guarded in (True, False):
        places = [at for at, one in enumerate(measured) if one.chance is not None and one.measure.guarded is guarded]
        for side, word in enumerate(("worse", "better")):
            chances = [chance[side] for at in places if (chance := measured[at].chance) is not None]
            for at, beyond in zip(places, _beyond_chance(chances), strict=True):
                if beyond:
                    verdicts[at] = word
    return [one.measure._replace(verdict=verdict) for one, verdict in zip(measured, verdicts, strict=True)]


def _beyond_chance(chances: Sequence[float]) -> list[bool]:
    """Holm's step-down procedure: the least probable first, each against what is left of ALPHA, until one could be chance."""
    found = [False] * len(chances)
    for done, at in enumerate(sorted(range(len(chances)), key=lambda at: chances[at])):
        if chances[at] > ALPHA / (len(chances) - done):
            break
        found[at] = True
    return found


def _resampled(asked: _Asked, figure: Figure) -> Numbers:
    """The difference in bootstrap samples: the same comments for both, and as many of each class."""
    rng = np.random.default_rng(0)
    size, differences = len(asked.truth), []
    for first in range(0, ROUNDS, max(1, _CELLS // size)):
        drawn = np.zeros((min(ROUNDS - first, max(1, _CELLS // size)), size))
        for kind in (asked.truth, ~asked.truth):
            if count := int(kind.sum()):
                drawn[:, kind] = rng.multinomial(count, np.full(count, 1 / count), len(drawn))
        differences.append(figure(asked.truth, asked.candidate, drawn) - figure(asked.truth, asked.active, drawn))
    return np.concatenate(differences)


def _curve(truth: Truth, scores: Numbers, drawn: Numbers) -> tuple[Numbers, Numbers]:
    """Bad and good comments at or above each distinct score, highest first: (samples, scores) each."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # comments of one score count together
    bad, every = (np.cumsum(one[:, order], axis=1)[:, ends] for one in (drawn * truth, drawn))
    return bad, every - bad


def _average_precision(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    bad, good = _curve(truth, scores, drawn)
    precision = bad / np.maximum(bad + good, 1.0)
    return np.asarray((np.diff(bad, prepend=0.0) * precision).sum(axis=1) / bad[:, -1])


def _recall(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    bad, good = _curve(truth, scores, drawn)
    allowed = good <= _FALSE_POSITIVES * good[:, -1:]
    return np.asarray(np.where(allowed, bad, 0.0).max(axis=1) / bad[:, -1])


def _brier(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    return np.asarray(drawn @ (scores - truth) ** 2 / drawn.sum(axis=1))


def _above(threshold: float) -> Figure:
    return lambda truth, scores, drawn: np.asarray(drawn @ (scores >= threshold) / drawn.sum(axis=1))


def _mean(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    return np.asarray(drawn @ scores / drawn.sum(axis=1))


def _because(one: Measure) -> str:
    return f"{one.name}, {one.label}: {one.candidate:.3f} where the version in use has {one.active:.3f}"
