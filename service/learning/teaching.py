"""What choosing comments for what they teach has bought, measured with each training. For `service.learning.training`.

Two versions learn from the same decisions, but for as many: the one from those that moderators made on comments marked as
worth it, the other from other decisions of the queue, each the nearest in time to one of the first. Both are then compared
on the newest decisions, from which neither has learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from msgspec import Struct

from classifier import Model, Version, correcting, gate
from classifier.decisions import Decided, in_order

FEWEST = 30
"""Chosen decisions, and others of the queue, that are needed to tell."""
MOST = 3_000
"""Decisions that the two versions learn from, the newest: seconds, not minutes."""
_MEASURES = ("average precision", "recall at 1 % false positives")


class Gain(Struct, frozen=True):
    """One measure of one label, without and with the chosen decisions, and the difference with its 90 % interval."""

    measure: str
    label: str
    rows: int  # decisions that judged
    without: float
    with_chosen: float
    difference: float
    low: float
    high: float


class Bought(Struct, frozen=True):
    """What the chosen decisions bought."""

    chosen: int  # decisions that teach and were chosen for it
    exchanged: int = 0  # as many were exchanged for others; 0: too few to tell
    missing: int = 0  # so many more are needed, chosen or others
    gains: list[Gain] = []


def bought(
    model: Model, old: Sequence[Decided], new: Sequence[Decided], *, queued: AbstractSet[str], chosen: AbstractSet[str]
) -> Bought:
    """Compare on `new` what the chosen ones of `old` teach with what as many others of the queue teach.

    `queued` are the ids of decisions that were made from the queue, `chosen` those of them on comments marked for it.
    """
    rows = in_order(old)[-MOST:]
    marked = [at for at, row in enumerate(rows) if row.id in chosen]
    others = [at for at, row in enumerate(rows) if row.id in queued and row.id not in chosen]
    size = min(len(marked), len(others))
    if size < FEWEST:
        return Bought(len(marked), missing=FEWEST - size)
    taken = marked[-size:]
    instead = _nearest([rows[at].at for at in taken], others, [rows[at].at for at in others])
    try:
        without, with_chosen = (
            Version(
                model, correcting.train(model, [row for at, row in enumerate(rows) if at not in left_out], "teaching")
            )
            for left_out in (set(taken), set(instead))
        )
    except correcting.TooFew as error:
        return Bought(len(marked), missing=min(sum(more) for more in error.missing.values()))
    report = gate.compare(without, with_chosen, new, thresholds={})
    return Bought(len(marked), size, gains=[_gain(one) for one in report.measures if _told(one)])


def _nearest(moments: Sequence[int], others: Sequence[int], their_moments: Sequence[int]) -> list[int]:
    """For each moment another row of `others`: the nearest in time that is not taken yet."""
    free = np.array(their_moments, np.float64)
    found = []
    for moment in moments:
        place = int(np.abs(free - moment).argmin())
        free[place] = np.inf
        found.append(others[place])
    return found


def _told(one: gate.Measure) -> bool:
    return one.name in _MEASURES and one.difference is not None


def _gain(one: gate.Measure) -> Gain:
    return Gain(
        one.name, one.label, one.rows, one.active or 0.0, one.candidate or 0.0, one.difference or 0.0, one.low or 0.0,
        one.high or 0.0,
    )  # fmt: skip
