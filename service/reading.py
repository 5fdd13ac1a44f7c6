"""The second reader in a running service: how much time it has, and what became of that, counted. For `scorer.py`.

It must never cost a comment its timely answer, nor the service its throughput. So it reads only while the oldest comment of a
batch is younger than a limit: where comments pile up, they grow old, and reading narrows to nothing until the pile is gone.
And it takes no more than a share of a core over time. What the first reader can't read at all is read out of that share
even then, since otherwise a human has to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

import classifier
from classifier.reader import ReaderError
from classifier.reader.second import SecondReader, beside
from service import metrics, tracing
from service.settings import Settings

log = structlog.get_logger(__name__)


class Reading:
    """Asks the second reader within its means. Safe to share between threads."""

    def __init__(
        self, second: SecondReader, *, within: float, share: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`within`: seconds of age up to which a comment waits for being read; `share`: of a core, over time."""
        self._second = second
        self._within = within
        self._share = share
        self._clock = clock
        self._saved = within
        self._noted = clock()
        self._turn = threading.Lock()

    @property
    def languages(self) -> frozenset[str]:
        """The languages that it knows."""
        return self._second.languages

    def second(self, oldest: float) -> classifier.Second:
        """What the model asks about a batch whose oldest comment is `oldest` seconds old."""

        def listen(looks: Sequence[classifier.Look]) -> Sequence[classifier.Heard | None]:
            order = self._second.order(looks)
            if order:
                tracing.step("meaning")
            saved = self._means()
            begun = time.perf_counter()
            heard = self._second.within(looks, order, min(saved, self._within - oldest), saved)
            took = time.perf_counter() - begun
            with self._turn:
                self._saved -= took
            read = sum(one is not None for one in heard)
            metrics.READINGS.labels("read").inc(read)
            metrics.READINGS.labels("crowded").inc(len(order) - read)
            metrics.READINGS.labels("sure").inc(len(looks) - len(order))
            if read:
                metrics.READER_SECONDS.observe(took / read)
            return heard

        return listen

    def again(self, look: classifier.Look) -> classifier.Heard | None:
        """What it adds to one comment, whatever that costs: for explanations."""
        return self._second.everything([look])[0]

    def remembered(self, looks: Sequence[classifier.Look]) -> Sequence[classifier.Heard | None]:
        """What it adds to comments that it has just read; the others stay unread."""
        return self._second.remembered(looks)

    def _means(self) -> float:
        """Seconds that may be spent now."""
        with self._turn:
            now = self._clock()
            self._saved = min(self._within, self._saved + self._share * (now - self._noted))
            self._noted = now
            return max(self._saved, 0.0)


def open_reading(settings: Settings, model: classifier.Model) -> Reading | None:
    """The second reader beside the first, or None where it is turned off or not installed. Takes about a second."""
    if settings.reader == "off":
        return None
    try:
        second = beside(model)
    except (ReaderError, classifier.ArtifactError) as error:  # the first reader goes on alone
        metrics.FAILURES.labels("reader").inc()
        log.error("no second reader", why=str(error))
        return None
    if second is None:
        return None
    return Reading(second, within=settings.reader_within, share=settings.reader_share)
