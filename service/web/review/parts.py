"""What handlers of the review sub-app find in it, under one typed key, and who is asking. `service.app` puts it there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from service.core.case import Case
from service.core.verdict import Explanation
from service.deliveries import Deliveries
from service.learning.quality import Quality
from service.policies import Policies
from service.reviewing import Reviewing
from service.settings import Settings
from service.staff import SignedIn, Staff
from service.statistics import Statistics
from service.web.review.live import Live

__all__ = ["ME", "REVIEW", "ReviewParts"]


@dataclass(frozen=True, slots=True)
class ReviewParts:
    """The use cases behind the moderators' page."""

    settings: Settings
    staff: Staff
    statistics: Statistics
    deliveries: Deliveries
    policies: Policies
    reviewing: Reviewing
    quality: Quality
    live: Live
    explain: Callable[[Case, str], Awaitable[tuple[str, Explanation]]]  # -> (model version, explanation)
    now: Callable[[], int]  # milliseconds since 1970


REVIEW = web.AppKey("review", ReviewParts)
ME = web.RequestKey("me", SignedIn)
"""Where a request notes who makes it; every handler behind `routes.guarded` finds it."""
