"""Learning how two readers make one verdict: a, b and c by language and length. For training only.

Every row was left out: neither reader had learnt from its corpus when it judged it. Both speak in calibrated logits, so that what
is learnt here holds for another first reader too, as long as that is calibrated. a and b are never negative, so that what
speaks for a label with one reader never speaks against it in the sum.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.optimize import minimize

from classifier.reader.fusion import GROUPS, slide
from classifier.training import corpora

Floats = npt.NDArray[np.floating]
FEWEST = 150
"""Rows of each class that a group must have; else the weights of all groups together serve."""
DEARER = 1.5
"""How many times as many good comments of any usual source both readers may hold as the first alone: they find more, too. What
the thresholds of the first allow leaves room for that (`cross_validation.PRESETS`)."""
_PULL = 2e-3  # towards equal weights at both ends


class Rows(NamedTuple):
    """Rows of one label, judged by both readers while they were left out."""

    words: Floats
    """Calibrated logits of the first reader."""
    meaning: Floats
    """Of the second."""
    truth: Floats
    lengths: npt.NDArray[np.intp]
    """Pieces of the passage that is the worst for the second."""
    corpora: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]

    def take(self, rows: npt.NDArray[np.bool_]) -> "Rows":
        """Those of a mask."""
        return Rows(
            self.words[rows],
            self.meaning[rows],
            self.truth[rows],
            self.lengths[rows],
            self.corpora[rows],
            self.groups[rows],
        )


Ends = dict[str, list[float]]
"""`short` and `long`: a, b and c of a comment whose worst passage is of that length."""


def fit(rows: Rows, prior: float, *, words: bool = True, ratio: float | None = None) -> Ends:
    """a, b and c at both ends; a is 0 without `words`, and b is `ratio` times a where that is given."""
    if ratio is not None:
        one = fit(rows._replace(words=rows.words + ratio * rows.meaning, meaning=np.zeros_like(rows.meaning)), prior)
        return {end: [a, round(ratio * a, 5), c] for end, (a, _, c) in one.items()}
    share = np.array([slide(int(length)) for length in rows.lengths])
    columns = np.stack([rows.words, rows.meaning, np.ones(len(share))], axis=1)
    design = np.concatenate([columns * (1 - share)[:, None], columns * share[:, None]], axis=1)
    signs = 2.0 * (rows.truth == 1) - 1.0
    weights = corpora.balanced(rows.truth, rows.corpora, prior)

    def loss(theta: Floats) -> tuple[float, Floats]:
        margins = signs * (design @ theta)
        apart = theta[:3] - theta[3:]
        gradient = design.T @ (-weights * signs / (1 + np.exp(np.clip(margins, -30, 30))))
        gradient += 2 * _PULL * np.concatenate([apart, -apart])
        return float(weights @ np.logaddexp(0, -margins) + _PULL * apart @ apart), gradient

    bounds = [(0.0, None if words else 0.0), (0.0, None), (None, None)] * 2
    found = minimize(loss, np.array([0.5, 0.5, 0.0] * 2), jac=True, bounds=bounds, method="L-BFGS-B").x
    return {"short": found[:3].round(5).tolist(), "long": found[3:].round(5).tolist()}


def by_group(rows: Rows, prior: float, ratios: Mapping[str, float] = MappingProxyType({})) -> dict[str, Ends]:
    """The weights of each group, and of each language that the first reader has learnt beside English.

    Those languages have the weights of all rows: of each there is a corpus or two, whose own weights hold nowhere else. So has a
    group with too few rows; but in languages that the first reader has not learnt, the second alone speaks, unless enough rows
    say how much the other knows there.
    """
    everywhere = fit(rows, prior)
    found = {}
    for group in (*GROUPS, *sorted(set(rows.groups.tolist()).difference(GROUPS))):
        of_group = rows.take(members(rows, group))
        positives = int((of_group.truth == 1).sum())
        enough = min(positives, len(of_group.truth) - positives) >= FEWEST
        if enough and group in GROUPS and group != "learnt":
            found[group] = fit(of_group, prior, ratio=ratios.get(group))
        elif group == "other":
            found[group] = fit(rows, prior, words=False)
        else:
            found[group] = everywhere
    return found


def members(rows: Rows, group: str) -> npt.NDArray[np.bool_]:
    """Which rows are of a group; "learnt" are all languages that the first reader has learnt but English."""
    return ~np.isin(rows.groups, GROUPS) if group == "learnt" else rows.groups == group


def hardly_dearer(rows: Rows, weights: Mapping[str, Ends], level: float) -> dict[str, Ends]:
    """The weights with a c so low that hardly more good comments reach a threshold than reach it by the first reader alone.

    At most `DEARER` times as many of every source, in every group that has enough of its rows. `rows` are good comments, `level`
    is the threshold as a logit, which was chosen for the first reader.
    """
    after = together(rows, weights)
    taken = dict.fromkeys(weights, 0.0)
    for name in np.unique(rows.corpora):
        for group in weights:
            chosen = (rows.corpora == name) & members(rows, group)
            if chosen.sum() >= FEWEST:
                most = min(1.0, DEARER * float((rows.words[chosen] >= level).mean()))
                taken[group] = max(taken[group], float(np.quantile(after[chosen], 1 - most)) - level)
    return {group: moved(ends, -taken[group]) for group, ends in weights.items()}


def as_dear(said: Floats, ends: Ends, level: float, share: float) -> Ends:
    """The weights of a group with a c with which `share` of some comments reach a threshold.

    `said` is what both readers say of them so far, `level` the threshold as a logit: so the threshold asks for as many glances
    there as elsewhere.
    """
    return moved(ends, level - float(np.quantile(said, 1 - share)))


def moved(ends: Ends, by: float) -> Ends:
    """The weights with another c."""
    return {end: [words, meaning, round(rest + by, 5)] for end, (words, meaning, rest) in ends.items()}


def together(rows: Rows, weights: Mapping[str, Mapping[str, Sequence[float]]]) -> Floats:
    """What both say of each row, by its group."""
    both = np.zeros(len(rows.truth))
    for group in np.unique(rows.groups):
        chosen = rows.groups == group
        both[chosen] = fused(rows.take(chosen), weights[group] if group in weights else weights["learnt"])
    return both


def inherited(of_toxicity: Mapping[str, Ends], prior: float, prior_of_toxicity: float) -> dict[str, Ends]:
    """The weights of a kind of toxicity, which is too rare to learn its own: those of toxicity, moved to its own prior."""
    apart = float(special.logit(prior) - special.logit(prior_of_toxicity))
    return {
        group: {
            end: [words, meaning, round(rest + apart * (1 - words - meaning), 5)]
            for end, (words, meaning, rest) in ends.items()
        }
        for group, ends in of_toxicity.items()
    }


def fused(rows: Rows, ends: Mapping[str, Sequence[float]]) -> Floats:
    """What the readers say together."""
    share = np.array([slide(int(length)) for length in rows.lengths])[:, None]
    weights = (1 - share) * np.array(ends["short"]) + share * np.array(ends["long"])
    return np.asarray(weights[:, 0] * rows.words + weights[:, 1] * rows.meaning + weights[:, 2])
