"""What versions make of the gate's fixed cases, beside the base model and the version in use. For `classifier.evaluation.gate`.

Two things are asked of each set: how many cases come to stand on the wrong side of the site's thresholds, and how far the
scores moved in all (Brier score), so that neither a hair's breadth at a threshold nor a landslide short of it decides
alone. A candidate is worse when it loses more than the set's margin, and when that is not the doing of a few sentences:
the interval of the loss, templates resampled, leaves out nought.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.correction.decisions import Decided
from classifier.evaluation.cases import KINDS, SETS, Case, Set, cases, pattern
from classifier.evaluation.paired import Measure, Measured, Numbers
from classifier.model import Version

LOST: Final = {"good": 0.04, "rejected": 0.02, "bad": 0.15}
"""Which share of a set a candidate may lose, less what it wins: of cases to let through at the threshold to hold, of those
at the threshold to reject, and of cases to hold."""
MOVED: Final = {"good": 0.02, "bad": 0.08}
"""How much the Brier score of a set may rise."""
FEWEST_OPPOSITE = 5
"""Decisions, and the greater part of those on comments of a kind, by which a site makes a kind its own business."""
_ROUNDS, _LOW, _HIGH = 1_000, 5.0, 95.0


class Lost(NamedTuple):
    """A fixed case that the candidate gets wrong and the version that it is compared with gets right."""

    set: str
    beside: str
    kind: str
    label: str
    text: str
    author_name: str
    author_url: str
    before: float
    after: float
    threshold: float


class Excused(NamedTuple):
    """A kind of cases that the site's own decisions judge the other way, so that it was not asked about."""

    kind: str
    label: str
    opposite: int
    of: int


class Answers:
    """All cases as some versions judge them, each version asked once; for as long as the versions live."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], list[dict[str, float]]] = {}

    def of(self, version: Version, name: str) -> list[dict[str, float]]:
        """The scores of the cases of one set."""
        key = id(version), name
        if key not in self._known:
            self._known[key] = [one.scores for one in version.score([case.item for case in cases(name)])]
        return self._known[key]


class Found(NamedTuple):
    """What came of the cases for one label."""

    measures: list[Measured]
    lost: list[Lost]


def excused(label: str, rows: Sequence[Decided]) -> list[Excused]:
    """The kinds of cases that a site has made its own business by what it decided on a label."""
    found = []
    for kind in KINDS:
        words = pattern(kind.name)
        if words is None or label not in kind.labels:
            continue
        bad = kind.labels[label] >= 0.5
        said = [
            (row.labels[label] >= 0.5) != bad for row in rows if label in row.labels and words.search(row.item.text)
        ]
        opposite = sum(said)
        if opposite >= FEWEST_OPPOSITE and 2 * opposite > len(said):
            found.append(Excused(kind.name, label, opposite, len(said)))
    return found


def measured(
    versions: tuple[Version, Version],
    label: str,
    steps: Mapping[str, float],
    *,
    left_out: Sequence[Excused],
    answers: Answers,
    beside: str = "",
) -> Found:
    """What `versions`, the yardstick and the candidate, make of all cases that speak of a label.

    `beside` names the yardstick in the measures, when it is not the version in use.
    """
    before, after = versions
    free = {one.kind for one in left_out if one.label == label}
    found = Found([], [])
    for one in SETS:
        chosen = [at for at, case in enumerate(cases(one.name)) if label in case.labels and case.kind not in free]
        if not chosen:
            continue
        known = [cases(one.name)[at] for at in chosen]
        scores = [np.array([answers.of(version, one.name)[at][label] for at in chosen]) for version in (before, after)]
        asked = _Asked(one, label, known, scores[0], scores[1], beside)
        found.measures.extend(_measures(asked, steps))
        found.lost.extend(_lost(asked, steps.get("hold", 0.5)))
    return found


class _Asked(NamedTuple):
    of: Set
    label: str
    cases: Sequence[Case]
    before: Numbers
    after: Numbers
    beside: str

    @property
    def bad(self) -> npt.NDArray[np.bool_]:
        return np.array([case.labels[self.label] >= 0.5 for case in self.cases], np.bool_)


def _measures(asked: _Asked, steps: Mapping[str, float]) -> list[Measured]:
    bad, hold = asked.bad, steps.get("hold", 0.5)
    good = not bad.any()
    side = "good" if good else "bad"
    name = asked.of.name
    right = [((scores >= hold) == bad).astype(np.float64) for scores in (asked.before, asked.after)]
    found = [_measure(f"{name}: right at hold", asked, right, -LOST[side])]
    reject = steps.get("reject")
    if good and reject is not None:
        rejected = [(scores >= reject).astype(np.float64) for scores in (asked.before, asked.after)]
        found.append(_measure(f"{name}: rejected", asked, rejected, LOST["rejected"]))
    moved = [(scores - bad) ** 2 for scores in (asked.before, asked.after)]
    found.append(_measure(f"{name}: Brier", asked, moved, MOVED[side]))
    return found


def _measure(name: str, asked: _Asked, figures: Sequence[Numbers], margin: float) -> Measured:
    """A measure of one number a case; `margin` is the change that is too much, and its sign says in which direction."""
    before, after = (float(one.mean()) for one in figures)
    change = figures[1] - figures[0]
    low, high = _interval(change, [case.template for case in asked.cases])
    difference = after - before
    worse = difference < margin and high < 0 if margin < 0 else difference > margin and low > 0
    verdict = "worse" if worse else "same"
    return Measured(
        Measure(
            name, asked.label, len(asked.cases), before, after, difference, low, high, verdict,
            guarded=True, higher_is_better=margin < 0, beside=asked.beside, fixed=True,
        )
    )  # fmt: skip


def _interval(change: Numbers, templates: Sequence[str]) -> tuple[float, float]:
    """The 90 % interval of the mean change, templates resampled: cases of one template are not many."""
    _, numbers = np.unique(templates, return_inverse=True)
    sums, sizes = np.bincount(numbers, weights=change), np.bincount(numbers)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), _ROUNDS)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.percentile(means, [_LOW, _HIGH])
    return float(low), float(high)


def _lost(asked: _Asked, hold: float) -> list[Lost]:
    bad = asked.bad
    wrong = ((asked.before >= hold) == bad) & ((asked.after >= hold) != bad)
    return [
        Lost(asked.of.name, asked.beside, case.kind, asked.label, *case.item[:3], float(before), float(after), hold)
        for case, gone, before, after in zip(asked.cases, wrong, asked.before, asked.after, strict=True)
        if gone
    ]
