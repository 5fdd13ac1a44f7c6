"""Texts scored or explained at once and forgotten, with a model that is loaded when the first one comes.

What arrives while a batch is scored makes the next batch, so that many requests share the cost of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from service.core.errors import BacklogFull
from service.core.submission import bare
from service.core.verdict import Case, Explanation, Verdict, largest, spelt_out
from service.usecases.classification import Scorer

# Explanations on demand, with a model that is loaded when the first one is asked for.


MOST_PARTS = 500
"""How many of an explanation's largest parts are told; a long comment has one for every word."""


class Explainer:
    """Call it with a case and a label; the work is done in a thread."""

    def __init__(self, load: Callable[[], Scorer]) -> None:
        self._load = load
        self._scorer: Scorer | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, case: Case, label: str) -> tuple[str, Explanation]:
        """(model version, explanation). Raises what loading raises."""
        async with self._turn:  # one at a time: explaining is much work, and must not crowd out taking in
            if self._scorer is None:
                self._scorer = await asyncio.to_thread(self._load)
            version = self._scorer.version_at(case.site)
            whole = await asyncio.to_thread(self._scorer.explain, case, label, version)
            return version, spelt_out(largest(whole, MOST_PARTS), case.submission)


_BATCH = 64  # texts


class Scoring:
    """Scores texts in a thread. `load` gives the model; what it raises is raised by every method.

    No more than `most` requests wait; beyond that they are refused, so that a flood grows neither memory nor waiting.
    """

    def __init__(self, load: Callable[[], Scorer], most: int = 1_000) -> None:
        self._load = load
        self._most = most
        self._waiting: list[tuple[Sequence[Case], asyncio.Future[list[Verdict]]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def languages(self) -> tuple[str, ...]:
        """The languages that may be asked about: those that one of the readers knows."""
        return (await asyncio.to_thread(self._load)).languages

    async def score(self, texts: Sequence[str], site: str) -> list[Verdict]:
        """A verdict for each text, by the version that the site uses. Raises BacklogFull."""
        if len(self._waiting) >= self._most:
            raise BacklogFull(retry_after=1)
        done: asyncio.Future[list[Verdict]] = asyncio.get_running_loop().create_future()
        self._waiting.append(([Case(bare(text), site) for text in texts], done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.pop(0)]
            size = len(batch[0][0])
            while self._waiting and size + len(self._waiting[0][0]) <= _BATCH:
                size += len(self._waiting[0][0])
                batch.append(self._waiting.pop(0))
            try:
                verdicts = await asyncio.to_thread(self._judge, [case for cases, _ in batch for case in cases])
            except Exception as error:  # everybody in the batch hears of it, and the next batch is tried
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for cases, done in batch:
                mine, verdicts = verdicts[: len(cases)], verdicts[len(cases) :]
                if not done.done():  # its request was given up
                    done.set_result(mine)

    def _judge(self, cases: Sequence[Case]) -> list[Verdict]:
        return self._load().judge(cases)
