"""What every reader of a blog's history yields: records, and places where there was none to be had."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from service.core.lifecycle import Outcome
from service.core.verdict import LABELS

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#~+=-]{0,199}\Z")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d\Z)|\s+(?:UTC|GMT)\Z")


class Fate(StrEnum):
    """What had become of a comment where it comes from."""

    APPROVED = "approved"  # somebody, or the system's own rules, let it through
    HELD = "held"  # it waits for a moderator
    SPAM = "spam"
    REMOVED = "removed"  # deleted or refused, without a word on why
    ORPHANED = "orphaned"  # went away with its page; nobody judged it
    SHOWN = "shown"  # the source says nothing of approval


class Meaning(NamedTuple):
    """What a fate means here. `judged`: somebody decided about the comment itself."""

    outcome: Outcome
    labels: Mapping[str, float] | None
    judged: bool


MEANINGS = {
    Fate.APPROVED: Meaning(Outcome.APPROVE, dict.fromkeys(LABELS, 0.0), judged=True),
    Fate.HELD: Meaning(Outcome.HOLD, None, judged=False),
    Fate.SPAM: Meaning(Outcome.REJECT, {"spam": 1.0}, judged=True),
    Fate.REMOVED: Meaning(Outcome.REJECT, None, judged=True),
    Fate.ORPHANED: Meaning(Outcome.REJECT, None, judged=False),
    Fate.SHOWN: Meaning(Outcome.APPROVE, None, judged=False),
}


class Record(NamedTuple):
    """One comment as its source has it. It may hold addresses: it is never stored, logged or shown."""

    place: str  # where in the file: "line 12"
    platform_id: str
    content: str
    fate: Fate
    page_url: str = ""
    page_title: str = ""
    name: str = ""
    email: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    parent_id: str = ""
    created_at: int = 0  # milliseconds since 1970; 0 when the source does not say
    kind: str = "comment"
    labels: Mapping[str, float] | None = None  # what the source says beyond what its fate means

    def __repr__(self) -> str:
        return f"Record({self.place})"


class Left(NamedTuple):
    """Something that is not brought along: where it stands, and why, in words that quote nothing."""

    place: str
    why: str


def name(*words: str) -> str:
    """A platform id of the source's own words, if that can be one, else of their digest.

    The first word is the system's, unless comments are known by the same id when they come in through the platform's own
    entrance: so WordPress's and Remark42's are bare.
    """
    own = ":".join(words)
    return own if _ID.match(own) else made(*words)


def made(*words: str) -> str:
    """A platform id for a comment that its source gives none: the same words make the same id."""
    return "x-" + hashlib.blake2b("\0".join(words).encode(errors="replace"), digest_size=13).hexdigest()


def moment(value: object) -> int:
    """A time in milliseconds since 1970: ISO 8601 (without a zone: UTC), or seconds or milliseconds. 0: none that can be read."""
    text = str(value).strip()
    try:
        if re.fullmatch(r"\d{9,10}(\.\d+)?", text):
            return int(float(text) * 1000)
        if re.fullmatch(r"\d{12,13}", text):
            return int(text)
        at = datetime.fromisoformat(_ZONE.sub(_zone, _FRACTION.sub(r"\1", text)))
        return max(0, int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0


def text(value: object) -> str:
    """A field's value as text: numbers and truth values written out, anything that is no single value as nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _zone(found: re.Match[str]) -> str:
    return "+00:00" if found.group().strip() else ""
