"""Submissions from clients that can't be told what is wrong, for the Akismet dialect and the platforms' own hooks."""

from __future__ import annotations

from typing import Unpack

from service.core.leniency import Said, lenient, page_address
from service.core.site import Site
from service.core.submission import Submission
from service.web.parts import Parts

__all__ = ["page_address", "submission"]


def submission(parts: Parts, site: Site, **said: Unpack[Said]) -> Submission:
    """What the client says, as far as it can be taken.

    Raises InvalidSubmission for an empty content, or an id that can't be one.
    """
    return lenient(parts.identity, site, deliverable=parts.deliverable, **said).submission
