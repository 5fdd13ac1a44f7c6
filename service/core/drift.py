"""Whether a model's scores still look like they did: the population stability index over ten fixed bins. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

EDGES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Where one bin of scores ends and the next begins: finer at both ends, where decisions are made."""
_FLOOR = 1e-4  # an empty bin counts as this share, so that the index stays finite


def shares(scores: Iterable[float]) -> tuple[float, ...]:
    """Which share of the scores lies in each bin; () for no scores."""
    counts = [0] * (len(EDGES) + 1)
    for score in scores:
        counts[bisect_right(EDGES, score)] += 1
    total = sum(counts)
    return tuple(count / total for count in counts) if total else ()


def stability(reference: Sequence[float], present: Sequence[float]) -> float:
    """The population stability index of two histograms: 0 is no change; above 0.25 is by convention a shift.

    Sum over the bins of (present - reference) · ln(present / reference) (Siddiqi 2006).
    """
    pairs = [(max(a, _FLOOR), max(b, _FLOOR)) for a, b in zip(reference, present, strict=True)]
    return sum((b - a) * math.log(b / a) for a, b in pairs)
