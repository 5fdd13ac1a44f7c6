"""What the base model knows, in some hundreds of comments of ours, which are learnt beside a site's decisions. For `training`.

A site decides on what comes its way, which is one wave of spam and its own readers. Learnt from these alone, a correction says
something of every word that occurs in them, and the next casino, or a stranger's plain sentence, pays for it. So some of what
the base model was taught, written for this project (`classifier.training.writing`), is said once more: rehearsal (Robins 1995),
which is how a learner keeps what it is not shown any more. What the base model still gets right teaches next to nothing.
"""

import random
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from classifier.inputs import Input
from classifier.model import LABELS
from classifier.training import writing

SHARE: Final = 1.0
"""What all of it weighs together, beside a site's decisions."""
_SEED, _OF_ONE_ANSWER = 7, 180


class Known(NamedTuple):
    """A comment, and what is true of it; a label that is missing is not known."""

    item: Input
    labels: Mapping[str, float]


@cache
def known() -> tuple[Known, ...]:
    """Comments of ours with and without each label, always the same ones."""
    table = writing.comments(_SEED, each=1)
    rows = [
        Known(item, {label: float(said) for label, said in zip(LABELS, row, strict=True) if said in (0.0, 1.0)})
        for item, row in zip(table.items, table.labels, strict=True)
    ]
    random.Random(_SEED).shuffle(rows)
    chosen: dict[int, None] = {}
    for label in LABELS:
        for answer in (0.0, 1.0):
            its = [at for at, row in enumerate(rows) if row.labels.get(label) == answer]
            had = sum(at in chosen for at in its)
            chosen.update(dict.fromkeys([at for at in its if at not in chosen][: max(_OF_ONE_ANSWER - had, 0)]))
    return tuple(rows[at] for at in sorted(chosen))


def told(label: str) -> list[int]:
    """Which of them speak of a label: as many with it as without it, as far as there are."""
    return [
        at
        for answer in (0.0, 1.0)
        for at in [at for at, row in enumerate(known()) if row.labels.get(label) == answer][:_OF_ONE_ANSWER]
    ]
