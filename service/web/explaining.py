"""Explanations on demand, with a model that is loaded when the first one is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from service.core.case import Case
from service.core.verdict import Explanation, largest
from service.judging import Scorer

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
            return version, largest(whole, MOST_PARTS)
