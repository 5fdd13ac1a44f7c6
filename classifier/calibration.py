"""From a logit to a probability: a line through knots, one for each label. For `classifier` and its training."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Curve(NamedTuple):
    """A rising piecewise-linear map from the model's logit to the calibrated logit, continued beyond its ends.

    Two knots are Platt's scaling; more follow an isotonic fit. Both coordinates are logits, so the ends stay finite.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    def probability(self, logits: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities, strictly between 0 and 1."""
        values = np.asarray(logits, np.float64)
        mapped = np.interp(values, self.x, self.y)
        low, high = self._slopes()
        mapped += np.minimum(values - self.x[0], 0.0) * low + np.maximum(values - self.x[-1], 0.0) * high
        return 1.0 / (1.0 + np.exp(-np.clip(mapped, -30.0, 30.0)))

    def _slopes(self) -> tuple[float, float]:
        first = (self.y[1] - self.y[0]) / (self.x[1] - self.x[0])
        last = (self.y[-1] - self.y[-2]) / (self.x[-1] - self.x[-2])
        return float(first), float(last)


def curve(knots: Mapping[str, Sequence[float]]) -> Curve:
    """A curve from `{"x": [...], "y": [...]}`. Raises ValueError unless x rises and y never falls."""
    x, y = np.array(knots["x"], np.float64), np.array(knots["y"], np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError("a calibration curve needs two or more knots")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (np.diff(x) > 0).all() and (np.diff(y) >= 0).all()):
        raise ValueError("a calibration curve must rise")
    return Curve(x, y)
