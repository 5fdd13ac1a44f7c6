"""Measures of two versions on the same comments: their difference, its bootstrap interval, and what is beyond chance.

For `classifier.evaluation.gate` and `classifier.evaluation.fixed`.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.correction.decisions import Decided
from classifier.model import Version

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
COIN = "a coin"
"""What knows nothing, beside which a candidate must stand."""
_ONE_SIDED = 1.645  # standard deviations that chance exceeds once in twenty times
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
    beside: str = ""
    """What the candidate is compared with, when it is not the version in use; that stands under `active` then."""
    fixed: bool = False
    """Of fixed cases, and not of the site's decisions."""


class Measured(NamedTuple):
    """A measure before its verdict, and how probable such a difference is by chance, downwards and upwards.

    `chance` is None where the verdict stands by itself.
    """

    measure: Measure
    chance: tuple[float, float] | None = None


class Asked(NamedTuple):
    """The comments that were judged on one label, with both versions' scores."""

    truth: Truth
    active: Numbers
    candidate: Numbers

    def take(self, rows: npt.NDArray[Any]) -> "Asked":
        """Some of the comments."""
        return Asked(self.truth[rows], self.active[rows], self.candidate[rows])

    def beside(self, other: "Asked") -> "Asked":
        """These comments and others."""
        return Asked(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


def ask(active: Version, candidate: Version, label: str, rows: Sequence[Decided]) -> Asked:
    """Both versions' scores of some decisions on one label."""
    items, signals = [row.item for row in rows], [row.signals for row in rows]
    scores = [
        np.array([one.scores[label] for one in version.score(items, signals)], np.float64)
        for version in (active, candidate)
    ]
    return Asked(np.array([row.labels[label] >= 0.5 for row in rows], np.bool_), *scores)


def measure(
    name: str,
    label: str,
    asked: Asked,
    figure: Figure,
    *,
    higher: bool = True,
    guarded: bool = True,
    classes: int = 2,
) -> Measured:
    """A measure with its interval; `classes` says whether both classes are needed for it."""
    rows, bad = len(asked.truth), int(asked.truth.sum())
    if rows < FEWEST or (classes == 2 and min(bad, rows - bad) < FEWEST):
        return Measured(Measure(name, label, rows, None, None, None, None, None, "unknown", guarded, higher))
    whole = np.ones((1, rows))
    before, after = (float(figure(asked.truth, one, whole)[0]) for one in (asked.active, asked.candidate))
    differences = _resampled(asked, figure)
    low, high = (float(end) for end in np.percentile(differences, [_LOW, _HIGH]))
    gains = differences if higher else -differences
    chance = float((gains >= -_LEAST).mean()), float((gains <= _LEAST).mean())
    return Measured(
        Measure(name, label, rows, before, after, after - before, low, high, "same", guarded, higher),
        chance,
    )


def against_a_coin(label: str, asked: Asked) -> list[Measured]:
    """Of all pairs of a bad and a good comment, the share in which the candidate's score of the bad one is higher (ties half).

    Worse where that may be chance: the one-sided test of Mann and Whitney (1947), its normal approximation, at 5 %.
    """
    bad, good = asked.candidate[asked.truth], asked.candidate[~asked.truth]
    if min(len(bad), len(good)) < FEWEST:
        return []
    below, up_to = (np.searchsorted(np.sort(good), bad, side).mean() / len(good) for side in ("left", "right"))
    share = float(below + up_to) / 2
    reach = _ONE_SIDED * sqrt((len(bad) + len(good) + 1) / (12 * len(bad) * len(good)))
    verdict = "same" if share > 0.5 + reach else "worse"
    told = Measure(
        "bad above good in pairs", label, len(asked.truth), 0.5, share, share - 0.5, share - 0.5 - reach,
        share - 0.5 + reach, verdict, guarded=True, higher_is_better=True, beside=COIN,
    )  # fmt: skip
    return [Measured(told)]


def rise(name: str, label: str, before: Numbers, after: Numbers, *, most: float, beyond: float) -> Measured:
    """By how much more the candidate raises what both say of the same comments, once something is added to each.

    Worse where that is more than `most` on average, and more than `beyond` standard errors of it.
    """
    moved = after - before
    more, reach = float(moved.mean()), beyond * float(moved.std(ddof=1)) / sqrt(len(moved))
    verdict = "worse" if more > most and more > reach else "same"
    told = Measure(
        name, label, len(moved), float(before.mean()), float(after.mean()), more, more - reach, more + reach,
        verdict, guarded=True, higher_is_better=False, fixed=True,
    )  # fmt: skip
    return Measured(told)


def judged(measured: Sequence[Measured]) -> list[Measure]:
    """The measures with their verdicts: of each kind, those that are beyond chance when all guarded ones are tested."""
    verdicts = [one.measure.verdict for one in measured]
    for guarded in (True, False):
        places = [at for at, one in enumerate(measured) if one.chance is not None and one.measure.guarded is guarded]
        for side, word in enumerate(("worse", "better")):
            chances = [chance[side] for at in places if (chance := measured[at].chance) is not None]
            for at, beyond in zip(places, beyond_chance(chances), strict=True):
                if beyond:
                    verdicts[at] = word
    return [one.measure._replace(verdict=verdict) for one, verdict in zip(measured, verdicts, strict=True)]


def beyond_chance(chances: Sequence[float]) -> list[bool]:
    """Holm's step-down procedure: the least probable first, each against what is left of ALPHA, until one could be chance."""
    found = [False] * len(chances)
    for done, at in enumerate(sorted(range(len(chances)), key=lambda at: chances[at])):
        if chances[at] > ALPHA / (len(chances) - done):
            break
        found[at] = True
    return found


def _resampled(asked: Asked, figure: Figure) -> Numbers:
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


def average_precision(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    """The mean precision over all bad comments; comments of one score count together."""
    bad, good = _curve(truth, scores, drawn)
    precision = bad / np.maximum(bad + good, 1.0)
    return np.asarray((np.diff(bad, prepend=0.0) * precision).sum(axis=1) / bad[:, -1])


def recall(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    """The share of bad comments at or above a score that at most 1 % of the good ones reach."""
    bad, good = _curve(truth, scores, drawn)
    allowed = good <= _FALSE_POSITIVES * good[:, -1:]
    return np.asarray(np.where(allowed, bad, 0.0).max(axis=1) / bad[:, -1])


def brier(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    """The mean square of how far the scores lie from the truth."""
    return np.asarray(drawn @ (scores - truth) ** 2 / drawn.sum(axis=1))


def above(threshold: float) -> Figure:
    """The share of comments that reach a threshold."""
    return lambda truth, scores, drawn: np.asarray(drawn @ (scores >= threshold) / drawn.sum(axis=1))


def mean(truth: Truth, scores: Numbers, drawn: Numbers) -> Numbers:
    """The mean score."""
    return np.asarray(drawn @ scores / drawn.sum(axis=1))
