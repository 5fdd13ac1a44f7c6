"""How the deliverer's slots are shared among sites, so that a slow or dead receiver delays nobody else.

Pure book-keeping for `workers/deliver.py`. A site has one call-back under way until its receiver has taken one, then twice
as many with each success, up to `per_site`; a failure takes it back to one. Sites whose receiver has not taken their last
call-back share half of the slots, and the last quarter is kept for sites that have none.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

_REMEMBERED = 4_096  # answering sites; the one that was told something longest ago is forgotten first


class Round(NamedTuple):
    """What may be claimed: so many in all, `per_site` for each site that `room` does not name."""

    most: int
    per_site: int
    room: dict[str, int]


class Shares:
    """The slots of one deliverer. Every `take` is followed by one `give_back`."""

    def __init__(self, total: int, per_site: int) -> None:
        self._total = total
        self._per_site = per_site
        self._busy: Counter[str] = Counter()
        self._width: dict[str, int] = {}  # of sites that answer: how many they may have

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

    def give_back(self, site: str, *, answered: bool | None) -> None:
        """It has ended; `answered` says whether the receiver took it, None when it was not asked."""
        self._busy[site] -= 1
        if self._busy[site] <= 0:
            del self._busy[site]
        if answered is None:
            return
        width = self._width.pop(site, 1)
        if answered:
            self._width[site] = min(2 * width, self._per_site)
            if len(self._width) > _REMEMBERED:
                del self._width[next(iter(self._width))]
