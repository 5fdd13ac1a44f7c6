"""Days and months in UTC, as counts are kept by them. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime


def day_of(at: int) -> date:
    """The day of a time in milliseconds since 1970."""
    return datetime.fromtimestamp(at / 1000, UTC).date()


def months(first: date, last: date) -> list[str]:
    """The months that a span of days touches, as "2026-11", in order; none when it ends before it begins."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]
