"""From logits to probabilities: for each label a rising line through knots. For `classifier` and its training."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


class Calibration:
    """Rising piecewise-linear maps from the model's logits to calibrated logits, one a label, continued at both ends.

    Two knots are Platt's scaling; more follow an isotonic fit. Both coordinates are logits, so that the ends stay
    finite. All labels are mapped at once: each line is a straight one plus a bend at every inner knot.
    """

    def __init__(self, knots: Sequence[Mapping[str, Sequence[float]]]) -> None:
        """From `{"x": [...], "y": [...]}` for each label. Raises ValueError unless x rises and y never falls."""
        lines = [_checked(label) for label in knots]
        width = max(len(x) for x, _ in lines) - 2
        self._first = np.array([(x[0], y[0], (y[1] - y[0]) / (x[1] - x[0])) for x, y in lines]).T
        self._at = np.full((len(lines), width), np.inf)
        self._bend = np.zeros((len(lines), width))
        for row, (x, y) in enumerate(lines):
            self._at[row, : len(x) - 2] = x[1:-1]
            self._bend[row, : len(x) - 2] = np.diff(np.diff(y) / np.diff(x))

    def probabilities(self, logits: npt.NDArray[np.floating[Any]]) -> Numbers:
        """Calibrated probabilities, strictly between 0 and 1, for logits with one column a label."""
        x, y, slope = self._first
        mapped = y + (logits - x) * slope
        if self._at.shape[1]:
            mapped += (np.maximum(logits[..., None] - self._at, 0.0) * self._bend).sum(axis=-1)
        probabilities: Numbers = 1.0 / (1.0 + np.exp(-mapped.clip(-30.0, 30.0)))
        return probabilities


class Line(NamedTuple):
    """A straight line, as Platt's scaling is: the calibrated logit is `slope * logit + shift`."""

    slope: float
    shift: float

    @classmethod
    def through(cls, knots: Mapping[str, Sequence[float]]) -> "Line":
        """The one through the outer knots of a label's calibration."""
        (x, *_, last_x), (y, *_, last_y) = knots["x"], knots["y"]
        slope = (last_y - y) / (last_x - x)
        return cls(slope, y - slope * x)

    def logits(self, logits: Numbers) -> Numbers:
        """Calibrated logits."""
        return self.slope * logits + self.shift

    def probabilities(self, logits: npt.NDArray[np.floating]) -> Numbers:
        """Calibrated probabilities of raw logits."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.logits(logits.astype(np.float64)))))

    def knots(self) -> dict[str, list[float]]:
        """As `Calibration` reads it."""
        ends = [-10.0, 10.0]
        return {"x": ends, "y": [round(self.slope * end + self.shift, 6) for end in ends]}


def _checked(knots: Mapping[str, Sequence[float]]) -> tuple[Numbers, Numbers]:
    x, y = np.array(knots["x"], np.float64), np.array(knots["y"], np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError("a calibration needs two or more knots")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (np.diff(x) > 0).all() and (np.diff(y) >= 0).all()):
        raise ValueError("a calibration must rise")
    return x, y
