"""Entries of the work stream as values: a comment to be classified, and one that no worker could."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Lane(StrEnum):
    """Who waits for a comment to be judged: a request, or nobody."""

    AWAITED = "awaited"
    WAITING = "waiting"


class Job(NamedTuple):
    """One work entry: judge this comment's text of this revision."""

    entry: str
    comment: str
    site: str
    revision: int
    wake: str  # process whose request waits, or ""
    tries: int  # how often it was handed out, this time included
    trace: str = ""  # where it stands in a trace (service/tracing.py)

    @property
    def since(self) -> int:
        """When it was entered, milliseconds since 1970; 0 for a job without an entry."""
        return int(self.entry.partition("-")[0] or 0)


class Dead(NamedTuple):
    """A work entry that no worker could answer."""

    entry: str
    comment: str
    site: str
    revision: int
    why: str
    at: int
