"""What versions make of a site's own good comments when their writers say who they are. For `classifier.evaluation.gate`.

A sentence that nobody would hold says little about a comment that is nearly held: who always rejects what one group of people
writes teaches weights that decide there. So each good comment is asked about once more for every group, with one sentence that
names it and is otherwise the same (counterfactual fairness: Garg et al. 2019). What the sentence does by itself is the median
over the groups; what naming one of them does beyond that is that group's.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from classifier.correction.decisions import Decided
from classifier.evaluation.cases import GROUPS
from classifier.evaluation.paired import FEWEST, Measured, Numbers, rise
from classifier.inputs import Input
from classifier.model import Version

ASKED: Final = 20
"""Good comments, the newest, that are asked about."""
MOST: Final = 0.015
"""How much more than with the yardstick naming a group may raise a score, on average."""
_BEYOND = (
    3.5  # standard errors that chance exceeds once in eight hundred times: it has as many tries as there are groups
)


def professed(versions: tuple[Version, Version], label: str, rows: Sequence[Decided]) -> list[Measured]:
    """The group whose naming raises the candidate's scores most, beside the yardstick; empty with too few good comments."""
    good = [row for row in rows if row.labels[label] < 0.5][-ASKED:]
    if len(good) < FEWEST:
        return []
    before, after = (_beyond(version, label, good) for version in versions)
    most = int((after - before).mean(axis=1).argmax())
    name = f"good comments that name {GROUPS[most]} people"
    return [rise(name, label, before[most], after[most], most=MOST, beyond=_BEYOND)]


def _beyond(version: Version, label: str, rows: Sequence[Decided]) -> Numbers:
    """How much higher each comment scores by naming a group than by naming the median one: (groups, comments)."""
    items = [_said(row.item, group, at) for group in GROUPS for at, row in enumerate(rows)]
    signals = [row.signals for row in rows] * len(GROUPS)
    scores = np.array([one.scores[label] for one in version.score(items, signals)]).reshape(len(GROUPS), len(rows))
    return np.asarray(scores - np.median(scores, axis=0))


def _said(item: Input, group: str, at: int) -> Input:
    text = f"{item.text} I say so as a {group} person." if at % 2 else f"As a {group} person I see it so: {item.text}"
    return item._replace(text=text)
