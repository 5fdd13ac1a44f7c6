"""Thresholds: from which probability on a label holds, rejects or discards a comment. For `core.policy`."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct

from service.core.errors import InvalidPolicy
from service.core.mistakes import Mistakes
from service.core.verdict import LABELS


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """From which probability on a label holds, rejects, or rejects as blatant ("discard"). None: never."""

    hold: float | None = None
    reject: float | None = None
    discard: float | None = None


DEFAULT_THRESHOLDS = {
    "spam": Thresholds(hold=0.54, reject=0.9, discard=0.96),
    "toxicity": Thresholds(hold=0.5, reject=0.83),
    "severe_toxicity": Thresholds(hold=0.5),
    "insult": Thresholds(hold=0.5),
    "profanity": Thresholds(hold=0.5),
    "threat": Thresholds(hold=0.5),
    "identity_attack": Thresholds(hold=0.5),
}
"""What the shipped model's card recommends; what was measured with them is in `docs/model-card.md`."""


class Promise(Struct, frozen=True, forbid_unknown_fields=True):
    """What a site was promised of its thresholds, which the learning loop then computes. None: nothing of that kind."""

    good_held: float | None = None  # at most this share of good comments is held or rejected
    reject_precision: float | None = None  # at least this share of what is rejected is bad
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for field in ("good_held", "reject_precision", "confidence"):
            share = getattr(self, field)
            if share is not None and not 0 < share < 1:
                raise InvalidPolicy("A share lies between 0 and 1.", pointer=f"/promise/{field}")


def check_thresholds(thresholds: Mapping[str, Thresholds]) -> None:
    """Refuse what can't be: unknown labels, no probabilities, steps that don't rise. Raises InvalidPolicy."""
    mistakes = Mistakes()
    for label, steps in thresholds.items():
        values = [value for value in (steps.hold, steps.reject, steps.discard) if value is not None]
        if label not in LABELS:
            mistakes.add(f"A threshold's label is one of: {', '.join(LABELS)}.", "/thresholds")
        elif any(not math.isfinite(value) or not 0 <= value <= 1 for value in values):
            mistakes.add("A threshold is a probability from 0 to 1.", f"/thresholds/{label}")
        elif values != sorted(values):
            mistakes.add("Thresholds must rise: hold ≤ reject ≤ discard.", f"/thresholds/{label}")
    mistakes.refuse()
