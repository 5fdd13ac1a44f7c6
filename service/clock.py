"""The clock. For everybody but `core`, which is told the time."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Milliseconds since 1970: the unit of every time in the store."""
    return time.time_ns() // 1_000_000
