"""How what the passages of a comment say is put together: it is as bad as the worst of them, or as the whole. For `classifier`.

Harmless sentences beside a bad one clear nothing, since its passage alone decides; where several passages say a little each,
the whole decides, which is their sum. Each passage is scaled by the length of its vector, which is damped, so that a text of
three letters says little by each of its few grams (a saturating normalisation); the whole is scaled by the length of all
passages together. For each label another passage may be the worst. Passages that are repeated count once: they are dropped
before this.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


class Pooling(NamedTuple):
    """How a comment's parts are scaled."""

    damping: float = 20.0
    """Added to the square of a passage's length."""


class Pooled(NamedTuple):
    """Comments put together from their passages."""

    logits: Floats
    """What the text of each comment adds: (comments, labels)."""
    scale: Floats
    """What a gram's value in each passage is divided by: (passages,)."""
    share: Floats
    """How much of each passage is in the whole: (passages,)."""


def scales(squares: Floats, starts: Indices, damping: float) -> tuple[Floats, Floats]:
    """`scale` and `share` of passages, from the squares of their lengths and each comment's first passage."""
    scale = np.sqrt(squares + np.float32(damping))
    together = np.sqrt(np.add.reduceat(squares, starts) + np.float32(damping))
    return scale, scale / together.repeat(np.diff(np.append(starts, len(squares))))


def pool(sums: Floats, squares: Floats, starts: Indices, pooling: Pooling) -> Pooled:
    """From the sums of each passage's grams, (passages, labels), unscaled. Every comment has a passage, if an empty one."""
    scale, share = scales(squares, starts, pooling.damping)
    said = sums / scale[:, None]
    whole = np.add.reduceat(said * share[:, None], starts)
    return Pooled(np.maximum(np.maximum.reduceat(said, starts), whole), scale, share)
