"""How a probability is written: rounded down, so that what is not quite certain, or quite at a threshold, does not look it."""

from __future__ import annotations

import math

_NUDGE = 1e-9  # 0.29 is stored as a little less


def percent(share: float) -> str:
    """0.9958 -> "99.5%", 0.37 -> "37%"."""
    return f"{math.floor(share * 1_000 + _NUDGE) / 10:g}%"


def decimal(share: float) -> str:
    """0.9958 -> "0.99"."""
    return f"{math.floor(share * 100 + _NUDGE) / 100:.2f}"
