"""Marks: what a moderator wrote beside an author or a network, by digest: trusted, or blocked. Values only."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Mark(Struct, frozen=True):
    """A moderator's mark on an e-mail digest, an IP digest or a network's digest, on one site."""

    what: Literal["trusted", "blocked"]
    until: int = 0  # milliseconds since 1970; 0: until it is taken back
    note: str = ""
    by: str = ""  # the actor who set it
    at: int = 0  # when, milliseconds since 1970

    def live(self, now: int) -> bool:
        """Whether it still counts at `now`."""
        return self.until == 0 or now < self.until
