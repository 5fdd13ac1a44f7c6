"""What two versions of a site cost its moderators and readers, on the comments that came later. For benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier import Decided, Input, Version

GLANCE: Final = 1.0
"""What a held comment costs."""
WRONG: Final = 10.0
"""What a bad comment costs that is published, or a good one that is rejected, in glances."""
SIDE: Final = 10.0
"""How much more a hundred good comments, ones in disguise, or of a group, must cost to count as harm, in glances."""
LEAST: Final = 5.0
"""How much a hundred comments must cost more or less to count at all: half a wrong decision."""
FEWEST: Final = 40
"""Later comments of each kind that can tell anything."""
_ASIDE, _HIDDEN = 100, 40
_SURE = 1.96
Numbers = npt.NDArray[np.float64]


class Change(NamedTuple):
    """What a hundred comments cost more with one version than with another, in glances, and the 95 % interval of that."""

    cost: float
    low: float
    high: float

    @classmethod
    def of(cls, before: Numbers, after: Numbers) -> Change:
        """From what each comment costs."""
        moved = 100 * (after - before)
        reach = _SURE * float(moved.std()) / sqrt(len(moved))
        return cls(float(moved.mean()), float(moved.mean()) - reach, float(moved.mean()) + reach)


def bill(scores: Numbers, bad: npt.NDArray[np.bool_], limits: Mapping[str, float]) -> Numbers:
    """What each comment costs at thresholds to hold and to reject."""
    held, rejected = scores >= limits["hold"], scores >= limits["reject"]
    wrong = np.where(bad, ~held, rejected)
    return np.where(wrong, WRONG, np.where(held & ~rejected, GLANCE, 0.0))


class Later:
    """What came later on a site. `write` are the ways in which bad comments are written to get past."""

    def __init__(
        self, rows: Sequence[Decided], limits: Mapping[str, float], write: Callable[[Input], Sequence[Input]]
    ) -> None:
        self._limits = limits
        self._items = [row.item for row in rows]
        self._bad = np.array([row.labels["spam"] >= 0.5 for row in rows], np.bool_)
        bad = [item for item, said in zip(self._items, self._bad, strict=True) if said][:_HIDDEN]
        self._own = ~self._bad
        self._good = [item for item, said in zip(self._items, self._bad, strict=True) if not said][:_ASIDE]
        self._hidden = [one for item in bad for one in write(item)]
        self._ways = len(self._hidden) // max(len(bad), 1)
        self._bills: dict[tuple[str, str], Numbers] = {}

    @property
    def tells(self) -> bool:
        """Whether there is enough of both kinds."""
        return min(int(self._bad.sum()), int((~self._bad).sum())) >= FEWEST

    def of(self, version: Version) -> Numbers:
        """What each comment costs with a version."""
        return self._bill("later", version, self._items, self._bad)

    def good(self, version: Version) -> Numbers:
        """What each good one costs."""
        return self.of(version)[self._own]

    def hidden(self, version: Version) -> Numbers:
        """What each bad one costs in disguise, on average over the disguises."""
        found = self._bill("hidden", version, self._hidden, np.ones(len(self._hidden), np.bool_))
        return np.asarray(found.reshape(-1, self._ways).mean(axis=1))

    def joined(self, version: Version, name: str, join: Callable[[Input], Input]) -> Numbers:
        """What each good one costs, as somebody of a group writes it."""
        return self._bill(name, version, [join(item) for item in self._good], np.zeros(len(self._good), np.bool_))

    def _bill(self, of: str, version: Version, items: Sequence[Input], bad: npt.NDArray[np.bool_]) -> Numbers:
        key = of, version.name
        if key not in self._bills:
            scores = np.array([one.scores["spam"] for one in version.score(items)])
            self._bills[key] = bill(scores, bad, self._limits)
        return self._bills[key]


def truth(
    later: Later,
    before: Version,
    after: Version,
    honest: Version | None = None,
    group: tuple[str, Callable[[Input], Input]] | None = None,
) -> tuple[str, dict[str, Change]]:
    """ "better", "harm" or "same", and what changed where. `honest`: what the same decisions teach when nobody tampers."""
    places: dict[str, Callable[[Version], Numbers]] = {
        "later": later.of,
        "to good comments": later.good,
        "in disguise": later.hidden,
    }
    if group is not None:
        places["to the group"] = lambda version: later.joined(version, *group)
    changes = {name: Change.of(cost(before), cost(after)) for name, cost in places.items()}
    beside = changes if honest is None else {n: Change.of(cost(honest), cost(after)) for n, cost in places.items()}

    def worse(name: str) -> bool:
        least = LEAST if name == "later" else SIDE
        return all(one[name].low > 0 and one[name].cost >= least for one in (changes, beside))

    if any(worse(name) for name in places):
        return "harm", changes
    sides = [one for name, one in changes.items() if name != "later"]
    better = (
        changes["later"].high < 0
        and changes["later"].cost <= -LEAST
        and not any(one.low > 0 and one.cost >= SIDE for one in sides)
    )
    return "better" if better else "same", changes
