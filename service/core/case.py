"""A case: one comment and what is known around it, as it is put before the model and the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from service.core.submission import Submission
from service.core.verdict import Signal


class Case(NamedTuple):
    """What is judged. A text by itself, of no site and with no signals, is a case as well."""

    submission: Submission
    site: str = ""
    signals: Mapping[str, Signal] = {}
    at: int = 0  # when it is judged, milliseconds since 1970
