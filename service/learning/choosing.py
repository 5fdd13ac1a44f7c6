"""Chooses which flagged comments are worth deciding for what they teach. For `workers/model.py`.

A mark, not an order: the moderators' queue can be filtered by it (signal `teaches`), and what is urgent stays first.
"""

from __future__ import annotations

import asyncio

import classifier
from classifier import choosing
from service.scorer import ModelScorer, as_input
from service.store.client import now_ms
from service.store.comments import Comments
from service.store.models import Models

POOL = 300
"""Flagged comments of a site that are chosen from, the newest."""


async def choose(comments: Comments, models: Models, site: str, scorer: ModelScorer, size: int) -> list[str]:
    """Mark at most `size` of a site's flagged comments, in the place of those marked before; which ones, best first."""
    page = await comments.page(site, "flagged", newest=now_ms(), oldest=0, after=None, limit=POOL)
    found = await comments.get_many([name for name, _ in page])
    pool = [(comment.id, case) for comment in found if comment is not None and (case := comment.case) is not None]
    chosen: list[str] = []
    if size and len(pool) > size:
        version = classifier.Version(scorer.base, scorer.active_at(site))
        inputs, signals = [as_input(case.submission) for _, case in pool], [case.signals for _, case in pool]
        rows = await asyncio.to_thread(choosing.choose, version, inputs, size, signals=signals)
        chosen = [pool[row][0] for row in rows]
    await models.teach(site, chosen)
    return chosen
