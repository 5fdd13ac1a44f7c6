"""The use case of gathering: comments in, the evidence around each out. For judging, and for whoever replays comments."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from service.core.comment import Comment
from service.core.evidence import signals
from service.core.sighting import Known, Sighting, sight
from service.core.submission import Submission
from service.core.verdict import Signal
from service.lists import ListFiles
from service.store.evidence import Evidence


class Gathering:
    """Gathers signals from the submission, the store and the operator's lists."""

    def __init__(self, evidence: Evidence, lists: ListFiles) -> None:
        self._evidence = evidence
        self._lists = lists

    async def gather(self, seen: Sequence[tuple[Comment, Submission]], now: int) -> list[dict[str, Signal]]:
        """The signals of each comment, which is noted as seen; one round trip. Computes outside the event loop.

        Raises StoreUnavailable.
        """
        if not seen:
            return []
        sightings = await asyncio.to_thread(lambda: [sight(submission) for _, submission in seen])
        asked = [(comment, sighting) for (comment, _), sighting in zip(seen, sightings, strict=True)]
        known = await self._evidence.look(asked, now)
        submissions = [submission for _, submission in seen]
        return await asyncio.to_thread(self._signals, submissions, sightings, known, now)

    def _signals(
        self, submissions: Sequence[Submission], sightings: Sequence[Sighting], known: Sequence[Known], now: int
    ) -> list[dict[str, Signal]]:
        return [
            signals(submission, sighting, around, now) | self._lists.signals(submission)
            for submission, sighting, around in zip(submissions, sightings, known, strict=True)
        ]
