"""Which rows the second reader learns from, and which it is measured on. For training only.

A sample of what the first reader learns from (`classifier.training.mixture`): the heads have few weights, so more rows of one
corpus teach them little, and reading takes milliseconds.
"""

import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.training import corpora, mixture
from classifier.training.corpora import CATALOGUE, Table
from classifier.training.mixture import TOXICITY, Mixture
from classifier.training.writing import PREFIX

MOST = 1500
"""Rows of one corpus."""
MADE = 120
"""Rows of one kind that was made up for this project, if that is enough for `_EACH`."""
_EACH = 3  # rows of each template, where a kind has many
MEASURED = 600
"""Rows of a corpus that is measured on."""
_MADE_MASS = 0.18  # of a made-up kind; with more, strangers' tweets are judged worse, with none, today's spam
LONGEST = 500
"""Characters of a text that are learnt from."""


class Taught(NamedTuple):
    """Rows to learn from."""

    whole: Mixture
    """All that the first reader learns from."""
    picked: npt.NDArray[np.intp]
    """Those of its rows that the second learns from, each text once."""

    @property
    def texts(self) -> list[str]:
        """What the second reader sees of them."""
        return [self.whole.table.items[at].text[:LONGEST] for at in self.picked]

    @property
    def labels(self) -> npt.NDArray[np.float32]:
        """As `Table.labels`."""
        return self.whole.table.labels[self.picked]

    def weights(self, at: int) -> npt.NDArray[np.float64]:
        """The weight of each row for label number `at`: a corpus counts by the root of its size, what was made up by less.

        The mean is 1 over the rows that the label is known of; 0 where the first reader doesn't learn the label either.
        """
        known = (self.whole.weights[self.picked, at] > 0) & ~np.isnan(self.labels[:, at])
        found = np.zeros(len(known))
        for name in np.unique(self.corpora[known]):
            rows = known & (self.corpora == name)
            found[rows] = (_MADE_MASS if name.startswith(PREFIX) else 1.0) / np.sqrt(rows.sum())
        return np.asarray(found * known.sum() / found.sum())

    @property
    def corpora(self) -> npt.NDArray[np.str_]:
        """As `Table.corpora`."""
        return self.whole.table.corpora[self.picked]


def taught(root: Path, seed: int, most: int = MOST) -> Taught:
    """A sample of what the first reader learns from, with its labels, weights and origins. Raises `corpora.CorpusError`."""
    rng = random.Random(seed)
    whole = mixture.assemble(root, seed)
    table = whole.table
    chosen: list[int] = []
    for name in dict.fromkeys(table.corpora.tolist()):
        rows = np.flatnonzero(table.corpora == name).tolist()
        once = list({table.items[at].text: at for at in reversed(rows)}.values())
        order = rng.sample(once, len(once))  # a larger sample holds the smaller one
        if name.startswith(PREFIX):
            templates = [table.groups[at] for at in order]
            chosen += _in_turn(order, templates)[: max(MADE, _EACH * len(set(templates)))]
        else:
            chosen += order[:most]
    return Taught(whole, np.array(sorted(chosen)))


def _in_turn(rows: list[int], templates: list[str]) -> list[int]:
    """The first of every template, then the second of every one, and so on."""
    before: Counter[str] = Counter()
    turns = []
    for template in templates:
        turns.append(before[template])
        before[template] += 1
    return [rows[at] for at in sorted(range(len(rows)), key=turns.__getitem__)]


def measured(root: Path, seed: int, most: int = MEASURED) -> Table:
    """Rows of the corpora that nothing is learnt from, as many positives as negatives if possible. Raises `CorpusError`."""
    rng = np.random.default_rng(seed)
    tables = []
    for one in CATALOGUE:
        if one.use == "evaluate":
            table = corpora.load(root, [one.name])
            positive = (table.labels[:, 0 if one.task == "spam" else TOXICITY] == 1).astype(bool)
            yes, no = (rng.permutation(np.flatnonzero(which)) for which in (positive, ~positive))
            half = min(len(yes), most // 2)
            tables.append(table.take(np.sort(np.concatenate([yes[:half], no[: most - half]]))))
    return corpora.join(tables)
