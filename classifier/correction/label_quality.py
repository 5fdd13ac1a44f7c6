"""What is doubtful in decisions before they teach: contradictions, repeats, loud voices, labels that look wrong. Public.

The bounds, which `classifier.correction.training` holds all training to:

* near-duplicates count together at most as `REPEATS` comments;
* where near-duplicates are labelled both ways, the fewer teach nothing and the others as much as they outnumber them;
* as soon as all other voices together carry the weight of `ENOUGH` decisions, no voice carries more than `SHARE` of all;
* no voice may make the predictions of what other voices decided worse, by more than `HARM`: see `classifier.correction.training`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from classifier.correction import logistic
from classifier.correction.decisions import Decided
from classifier.features.ngrams import BUCKETS
from classifier.features.transformer import CommentFeatures
from classifier.model import Model

ALIKE = 0.8
"""From this share of grams in common on (Jaccard), author fields counted, two comments say the same."""
_BANDS, _ROWS = 5, 4
_PRIME = np.uint64((1 << 31) - 1)


def near_duplicates(features: sparse.csr_matrix) -> npt.NDArray[np.intp]:
    """The number of the group of each row of `CommentFeatures`; a row that resembles no other is a group of its own.

    Groups are numbered by their first row. A comment without grams resembles nothing.
    """
    grams = features[:, :BUCKETS].tocsr()
    grams.sort_indices()
    group = np.arange(grams.shape[0])
    filled = np.flatnonzero(np.diff(grams.indptr))
    if len(filled) < 2:
        return group
    sets = [grams.indices[grams.indptr[row] : grams.indptr[row + 1]] for row in range(grams.shape[0])]
    for band in _signatures(grams, filled):
        leaders: dict[bytes, int] = {}
        for row, key in zip(filled.tolist(), band, strict=True):
            leader = leaders.setdefault(key.tobytes(), row)
            one, other = _root(group, leader), _root(group, row)
            if one != other and _alike(sets[leader], sets[row]):
                group[max(one, other)] = min(one, other)
    return np.array([_root(group, row) for row in range(len(group))])


def _signatures(grams: sparse.csr_matrix, filled: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
    """One array a band: (rows, hashes of the band)."""
    rng = np.random.Generator(np.random.PCG64(0))
    every = np.arange(BUCKETS, dtype=np.uint64)
    starts = grams.indptr[filled]
    bands = np.empty((_BANDS, len(filled), _ROWS), np.uint64)
    for at in range(_BANDS * _ROWS):
        factor, shift = (np.uint64(number) for number in rng.integers(1, int(_PRIME), 2))
        # There are fewer buckets than grams, and dividing takes longest.
        codes = ((every * factor + shift) % _PRIME).astype(np.uint32)
        bands[at // _ROWS, :, at % _ROWS] = np.minimum.reduceat(codes.take(grams.indices), starts)
    return bands


def _root(group: npt.NDArray[np.intp], row: int) -> int:
    while group[row] != row:
        group[row] = group[group[row]]
        row = int(group[row])
    return row


def _alike(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> bool:
    small, large = sorted((len(one), len(other)))
    if small < ALIKE * large:
        return False
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common >= ALIKE * (small + large - common)


Numbers = npt.NDArray[np.float64]
REPEATS = 5.0
"""Most that near-duplicates count together, in comments."""
SHARE = 0.75
"""Most that one voice carries of the weight of a label."""
ENOUGH = 100.0
"""Weight of the other voices from which on `SHARE` is enforced: before it, there is nobody to be drowned out."""
HARM = 0.01
"""Most, in nats a decision, by which one voice's teaching may raise the log loss of what the others decided."""
_FOLDS = 5
_STRENGTH = 10.0


class Contradiction(NamedTuple):
    """Near-duplicates that were labelled both ways."""

    label: str
    rows: tuple[int, ...]
    """Numbers of the decisions with it, then of those without it."""
    positives: int
    """How many of `rows` have the label."""


class Doubt(NamedTuple):
    """A label that looks wrong beside all the others."""

    row: int
    label: str
    said: float
    """What the human said."""
    expected: float
    """The probability of the label, learnt from the other decisions."""


def weigh(decisions: Sequence[Decided], truth: Numbers, groups: npt.NDArray[np.intp]) -> Numbers:
    """What each decision counts for one label, by the bounds above; `truth` is the label's.

    `groups` are the numbers of the near-duplicates' groups, from `duplicates.near_duplicates`.
    """
    weights = np.array([row.weight for row in decisions], np.float64)
    _, numbers = np.unique(groups, return_inverse=True)
    for_it = np.bincount(numbers, weights=weights * (truth >= 0.5))
    against = np.bincount(numbers, weights=weights * (truth < 0.5))
    total, fewer = for_it + against, np.minimum(for_it, against)
    outnumbered = np.where((truth >= 0.5) == (for_it > against)[numbers], 1.0, 0.0)
    agreed = np.where(fewer > 0, (total - 2 * fewer) / np.maximum(total - fewer, 1e-12), 1.0)
    weights *= np.where(fewer[numbers] > 0, outnumbered * agreed[numbers], 1.0)
    weights *= np.minimum(1.0, REPEATS / np.maximum(np.bincount(numbers, weights=weights), 1e-12))[numbers]
    return quieted(weights, [row.voice for row in decisions])


def quieted(weights: Numbers, voices: Sequence[str]) -> Numbers:
    """The weights with the loudest voice brought down to `SHARE`, if there is enough of others."""
    _, numbers = np.unique(voices, return_inverse=True)
    sums = np.bincount(numbers, weights=weights)
    loudest = int(sums.argmax())
    others = float(sums.sum() - sums[loudest])
    most = others * SHARE / (1 - SHARE)
    if others < ENOUGH or sums[loudest] <= most:
        return weights
    return np.where(numbers == loudest, weights * (most / sums[loudest]), weights)


def contradictions(decisions: Sequence[Decided]) -> list[Contradiction]:
    """Every group of near-duplicates that humans labelled both ways, the largest first."""
    groups = near_duplicates(CommentFeatures().transform([row.item for row in decisions]))
    members: dict[int, list[int]] = {}
    for at, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(at)
    found = []
    for rows in members.values():
        for label in sorted({label for at in rows for label in decisions[at].labels}):
            said = [(at, decisions[at].labels[label] >= 0.5) for at in rows if label in decisions[at].labels]
            with_it, without = [at for at, yes in said if yes], [at for at, yes in said if not yes]
            if with_it and without:
                found.append(Contradiction(label, (*with_it, *without), len(with_it)))
    return sorted(found, key=lambda one: (-len(one.rows), one.rows))


def doubtful(model: Model, decisions: Sequence[Decided], label: str) -> list[Doubt]:
    """Labels that look wrong, the surest first: confident learning (Northcutt, Jiang and Chuang 2021).

    Every decision is predicted by learning from the others, near-duplicates left out with it. A label is doubted where
    the other answer is at least as probable as it is, on average, where humans gave that answer. Empty if one of the
    answers was given fewer than five times.
    """
    known = [at for at, row in enumerate(decisions) if label in row.labels]
    said = np.array([decisions[at].labels[label] for at in known], np.float64)
    yes = said >= 0.5
    if min(yes.sum(), (~yes).sum()) < _FOLDS:
        return []
    items = [decisions[at].item for at in known]
    own = CommentFeatures(model.orders).transform(items)
    features, _ = logistic.narrowed([own])
    rows = logistic.Kinds(features, model.logits(items)[:, [model.labels.index(label)]].astype(np.float64))
    groups = near_duplicates(own)
    weights = balanced(said, weigh([decisions[at] for at in known], said, groups)) * _STRENGTH
    fold = np.unique(groups, return_inverse=True)[1] % _FOLDS
    expected = np.empty(len(known))
    for number in range(_FOLDS):
        taught, asked = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        learnt = logistic.fit(rows.take(taught), said[taught], weights[taught])
        expected[asked] = special.expit(learnt.logits(rows.take(asked)))
    usual, usual_not = expected[yes].mean(), (1 - expected[~yes]).mean()
    wrong = np.where(yes, (1 - expected >= usual_not) & (expected < 0.5), (expected >= usual) & (expected > 0.5))
    self_confidence = np.where(yes, expected, 1 - expected)
    order = [at for at in np.argsort(self_confidence, kind="stable").tolist() if wrong[at]]
    return [Doubt(known[at], label, float(said[at]), float(expected[at])) for at in order]


def balanced(truth: Numbers, weights: Numbers) -> Numbers:
    """The weights with both answers counting the same in sum, and all together as before."""
    yes, no = weights * truth, weights * (1 - truth)
    total = weights.sum()
    return np.asarray(yes * (total / 2 / max(yes.sum(), 1e-12)) + no * (total / 2 / max(no.sum(), 1e-12)))
