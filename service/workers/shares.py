"""How the deliverer's slots are shared among sites, so that a slow or dead receiver delays nobody else.

Pure book-keeping for `workers/deliver.py`. A site begins with one call-back at a time and doubles with each success, up
to `per_site`; a failure takes it back to one. Sites whose last try failed share half of the slots, and the last quarter
is kept for sites that have none: a site that answers always finds a slot, however many others don't.
"""

from __future__ import annotations

from collections import Counter

_REMEMBERED = 4_096  # sites; beyond that, all begin anew


class Shares:
    """The slots of one deliverer. Every `take` is followed by one `give_back`."""

    def __init__(self, total: int, per_site: int) -> None:
        self._total = total
        self._per_site = per_site
        self._busy: Counter[str] = Counter()
        self._width: dict[str, int] = {}  # of sites that may have more than one
        self._failing: set[str] = set()

    @property
    def free(self) -> int:
        """Slots that nobody has."""
        return self._total - self._busy.total()

    def room(self) -> dict[str, int]:
        """How many more each site may have now; those that are not named may have one."""
        if 4 * self.free <= self._total:
            room = dict.fromkeys(self._busy, 0)
        else:
            room = {
                site: max(0, self._width.get(site, 1) - self._busy[site]) for site in self._width.keys() | self._busy
            }
        if 2 * sum(self._busy[site] for site in self._failing) >= self._total:
            room.update(dict.fromkeys(self._failing, 0))
        return room

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
        if answered:
            self._failing.discard(site)
            width = min(2 * self._width.get(site, 1), self._per_site)
            if width > 1:
                self._width[site] = width
        else:
            self._failing.add(site)
            self._width.pop(site, None)
        for memory in (self._width, self._failing):
            if len(memory) > _REMEMBERED:
                memory.clear()
