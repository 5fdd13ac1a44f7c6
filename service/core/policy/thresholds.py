"""From which probability on a label holds or rejects, and the presets: three ways to weigh a glance against a miss.

A good comment that is held costs a moderator a glance, a bad one that is published costs its readers. What each preset
costs was measured on comments that the model had not seen: `docs/policy.md`, in full `docs/model-card.md`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from service.core.errors import ValidationErrors
from service.core.verdict import LABELS


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """From which probability on a label holds, rejects, or rejects as blatant ("discard"). None: never."""

    hold: float | None = None
    reject: float | None = None
    discard: float | None = None


Preset = Literal["quiet", "balanced", "strict"]
DEFAULT_PRESET: Final[Preset] = "balanced"
PRESETS: Final[dict[Preset, dict[str, Thresholds]]] = {
    "quiet": {
        "spam": Thresholds(hold=0.68, reject=0.94, discard=0.97),
        "toxicity": Thresholds(hold=0.87, reject=0.92),
        "severe_toxicity": Thresholds(hold=0.98),
        "insult": Thresholds(hold=0.98),
        "profanity": Thresholds(),
        "threat": Thresholds(hold=0.6),
        "identity_attack": Thresholds(hold=0.97),
    },
    "balanced": {
        "spam": Thresholds(hold=0.38, reject=0.94, discard=0.97),
        "toxicity": Thresholds(hold=0.53, reject=0.92),
        "severe_toxicity": Thresholds(hold=0.76),
        "insult": Thresholds(hold=0.76),
        "profanity": Thresholds(),
        "threat": Thresholds(hold=0.29),
        "identity_attack": Thresholds(hold=0.6),
    },
    "strict": {
        "spam": Thresholds(hold=0.15, reject=0.94, discard=0.97),
        "toxicity": Thresholds(hold=0.39, reject=0.92),
        "severe_toxicity": Thresholds(hold=0.52),
        "insult": Thresholds(hold=0.58),
        "profanity": Thresholds(hold=0.67),
        "threat": Thresholds(hold=0.19),
        "identity_attack": Thresholds(hold=0.4),
    },
}
"""`balanced` is what the shipped model's card recommends. Swearing that attacks nobody is held by `strict` alone."""
DEFAULT_THRESHOLDS: Final = PRESETS[DEFAULT_PRESET]


def check_thresholds(thresholds: Mapping[str, Thresholds]) -> None:
    """Refuse what can't be: unknown labels, no probabilities, steps that don't rise. Raises InvalidPolicy."""
    mistakes = ValidationErrors()
    for label, steps in thresholds.items():
        values = [value for value in (steps.hold, steps.reject, steps.discard) if value is not None]
        if label not in LABELS:
            mistakes.add(f"A threshold's label is one of: {', '.join(LABELS)}.", "/thresholds")
        elif any(not math.isfinite(value) or not 0 <= value <= 1 for value in values):
            mistakes.add("A threshold is a probability from 0 to 1.", f"/thresholds/{label}")
        elif values != sorted(values):
            mistakes.add("Thresholds must rise: hold ≤ reject ≤ discard.", f"/thresholds/{label}")
    mistakes.refuse()
