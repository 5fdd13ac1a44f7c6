"""How the deliverer's slots are shared among sites, so that a slow or dead receiver delays nobody else.

Pure book-keeping for `workers.deliver`. A site has one call-back under way until its receiver has taken one, then twice
as many with each success, up to 8; from there on one more with each success, up to `per_site`, as long as the receiver does not
take longer for each: what only makes it slower is taken back. A failure takes it back to one. Sites whose receiver has not
taken their last call-back share half of the slots, and the last quarter is kept for sites that have none.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

_REMEMBERED = 4_096  # answering sites; the one that was told something longest ago is forgotten first
_MODEST = 8  # call-backs at once that a receiver gets without a look at how long it takes
_STEADY, _SLOWER = (
    (1.5, 0.01),
    (2.0, 0.03),
)  # times its best, and seconds more: up to which it is as fast as ever, and slower
_FADING = 1.002  # by how much its best counts for less with each call-back: it may have changed


class Round(NamedTuple):
    """What may be claimed: so many in all, `per_site` for each site that `room` does not name."""

    most: int
    per_site: int
    room: dict[str, int]


class Slots:
    """The slots of one deliverer. Every `take` is followed by one `give_back`."""

    def __init__(self, total: int, per_site: int) -> None:
        self._total = total
        self._per_site = per_site
        self._busy: Counter[str] = Counter()
        self._width: dict[str, int] = {}  # of sites that answer: how many they may have
        self._best: dict[str, float] = {}  # of the same: seconds that their receiver takes when it is not pressed

    @property
    def free(self) -> int:
        """Slots that nobody has."""
        return self._total - self._busy.total()

    def for_answering(self) -> Round:
        """What may be claimed for sites whose receiver took the last call-back; it goes first."""
        if 4 * self.free <= self._total:
            room = {site: 0 if self._busy[site] else 1 for site in self._width}
        else:
            room = {site: max(0, width - self._busy[site]) for site, width in self._width.items()}
        return Round(self.free if room else 0, 0, room)

    def for_others(self) -> Round:
        """What may be claimed for sites that have not answered yet, or not well."""
        others = {site: busy for site, busy in self._busy.items() if site not in self._width}
        half = max(1, self._total // 2)
        return Round(min(self.free, half - sum(others.values())), 1, dict.fromkeys(self._width.keys() | others, 0))

    def take(self, site: str) -> None:
        """A try for the site begins."""
        self._busy[site] += 1

    def give_back(self, site: str, *, answered: bool | None, seconds: float = 0.0) -> None:
        """It has ended; `answered` says whether the receiver took it, None when it was not asked; it took so many seconds."""
        self._busy[site] -= 1
        if self._busy[site] <= 0:
            del self._busy[site]
        if answered is None:
            return
        width, best = self._width.pop(site, 1), self._best.pop(site, seconds)
        if answered:
            self._width[site] = min(self._wider(width, best, seconds), self._per_site)
            self._best[site] = min(best * _FADING, seconds)
            if len(self._width) > _REMEMBERED:
                oldest = next(iter(self._width))
                del self._width[oldest], self._best[oldest]

    def _wider(self, width: int, best: float, seconds: float) -> int:
        if width < _MODEST:
            return min(2 * width, _MODEST)
        if seconds <= best * _STEADY[0] + _STEADY[1]:
            return width + 1
        return width - 1 if seconds > best * _SLOWER[0] + _SLOWER[1] and width > _MODEST else width
