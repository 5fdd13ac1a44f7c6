"""A moderator's edit: the text that is shown in the place of the author's, while it is the author's present text. Pure.

What the author wrote is never changed by it. It stays what is stored, judged, searched and learnt from; the edit stands beside
it, goes back to a platform that takes edits, and ends when the author writes something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from service.core.errors import Conflict, InvalidSubmission, TextDropped
from service.core.lifecycle import Outcome
from service.core.site import Site
from service.core.submission import MAX_CONTENT_BYTES, Submission, free_text
from service.core.text.rendering import is_blank
from service.core.text.spoken import plain

NATIVE: Final = frozenset({"api", "batch", "webhook"})
"""The entrances whose platforms hear of a comment in our own words, which can carry a text. Akismet's and the other dialects
have a verdict and nothing else."""


class Edit(Struct, frozen=True):
    """The text that readers are to see in the author's place, and who made it."""

    content: str
    by: str  # an actor
    at: int  # milliseconds since 1970
    revision: int  # of the comment, that the edit made
    wrong: bool = True  # something was wrong with the author's text; False: it was only tidied


class Wanted(NamedTuple):
    """A text that a moderator wants shown; the author's own takes an edit back. `nothing_wrong`: it only tidies."""

    content: str
    nothing_wrong: bool = False


def takes_edits(site: Site, submission: Submission | None) -> bool:
    """Whether a comment's text can be edited here: its site says that it takes edits, and the comment's platform can."""
    return site.accepts_edits and submission is not None and submission.content != "" and submission.channel in NATIVE


def check_edit(
    wanted: Wanted, site: Site, submission: Submission | None, outcome: Outcome, reasons: Sequence[str]
) -> str | None:
    """The text as it is shown, its e-mail addresses dotted out; None: the author's own, so that there is no edit any more.

    Raises Conflict where the site or the platform takes none, TextDropped, and InvalidSubmission: only what is approved is
    edited, and an edit says what was wrong, or that nothing was.
    """
    if submission is None or not submission.content:
        raise TextDropped
    if not takes_edits(site, submission):
        raise Conflict("This site does not take edited texts, or this comment came in a way that can't carry one back.")
    if outcome is not Outcome.APPROVE:
        raise InvalidSubmission("A text is edited to be approved.", pointer="/outcome")
    said = free_text(wanted.content, "/edit/content")
    if is_blank(said):
        raise InvalidSubmission("Nothing is left of the text; reject the comment instead.", pointer="/edit/content")
    if len(said.encode()) > MAX_CONTENT_BYTES:
        raise InvalidSubmission(f"The text is longer than {MAX_CONTENT_BYTES:,} bytes.", pointer="/edit/content")
    if plain(said) == plain(submission.content):
        return None
    if bool(reasons) is wanted.nothing_wrong:
        raise InvalidSubmission("Say what was wrong with the text, or that nothing was.", pointer="/reasons")
    return said
