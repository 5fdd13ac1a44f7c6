"""Learning in several processes that have the lessons in common. For `classifier.training`.

What is learnt does not depend on how many there are: every fit is one process's from beginning to end.
"""

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.training import cross_validation
from classifier.training.bags import Head
from classifier.training.cross_validation import FOLDS, Held
from classifier.training.learner import Learner
from classifier.training.lessons import Lessons

WORKERS = 4
_TAUGHT: list[Lessons] = []


class Crew:
    """Some processes; they are forked, so that the lessons are there but once. A context manager."""

    def __init__(self, lessons: Lessons) -> None:
        self._lessons = lessons
        self._pool = ProcessPoolExecutor(WORKERS, get_context("fork"), _TAUGHT.append, (lessons,))

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def judge(self, at: int, learner: Learner) -> Callable[[], Held]:
        """Begin to leave out each fold once; call the result for what came of it."""
        parts = [self._pool.submit(_called, cross_validation.without, at, number, learner) for number in range(FOLDS)]
        return lambda: cross_validation.held(self._lessons, at, [part.result() for part in parts])

    def fit(self, at: int, learner: Learner, weights: npt.NDArray[np.float32]) -> "Future[Head]":
        """Begin to learn a label from all rows."""
        return self._pool.submit(_called, _fit, at, learner, weights)

    def lean(self, held: Held, toxicity: Held) -> "Future[tuple[float, Held]]":
        """Begin to find out how much a label leans on toxicity."""
        return self._pool.submit(_called, cross_validation.lean, held, toxicity)


def _called(function: Callable[..., Any], *given: Any) -> Any:
    return function(_TAUGHT[0], *given)


def _fit(lessons: Lessons, at: int, learner: Learner, weights: npt.NDArray[np.float32]) -> Head:
    return learner.fit(lessons.bags, lessons.labels[:, at], weights)
