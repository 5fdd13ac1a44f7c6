"""A site's past, comment by comment: what there was to judge, what the machine said, what humans said. For backtests.

Comments whose text is still kept come first, newest first; then examples whose comments have lost their text, since an
example keeps its own. Read in pages, so that a long history costs time and no memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import NamedTuple

from service.clock import now_ms
from service.core.comment import Comment
from service.core.example import Example
from service.core.lifecycle import Outcome
from service.core.submission import bare
from service.core.verdict import Case, Verdict
from service.learning.evidence import Earlier
from service.store.comments import Comments
from service.store.examples import Examples

PAGE = 256
_SPOKEN = (Outcome.APPROVE, Outcome.REJECT)
Labels = Mapping[str, float]


class Word(NamedTuple):
    """What a human said of a comment. No outcome, but perhaps labels: it was approved only as a moderator edited it."""

    outcome: Outcome | None
    labels: Labels
    at: int


_NOBODY = Word(None, {}, 0)


class Past(NamedTuple):
    """One comment of the past."""

    comment: str  # our id, "" for an example about no comment of ours
    at: int  # when it came in, milliseconds since 1970; for a bare example, when it was judged
    case: Case
    verdict: Verdict | None  # what the machine said then
    human: Outcome | None  # approve or reject; None: no human has decided about this text
    labels: Labels  # what the human's word says of labels
    taught_at: int = 0  # when the human spoke; 0 when none did
    whole: bool = True  # False: of a bare example, page, e-mail digest and the like are not known
    judged: bool = True  # False: it was never judged here; its signals are what can be told now (`evidence`)


async def history(
    comments: Comments,
    examples: Examples,
    site: str,
    *,
    since: int = 0,
    last: int,
    reach: int | None = None,
    lost: Callable[[int], None] | None = None,
) -> AsyncIterator[list[Past]]:
    """At most `last` comments that came in at or after `since`, in pages. Comments without text are left out.

    `lost` hears how many of a page that were. `reach` bounds how many comments are looked at, with text or without.
    """
    words = await _words(examples, site)
    seen: set[str] = set()
    earlier: Earlier | None = None
    left, after = last, None
    while left > 0 and (reach is None or reach > 0):
        size = min(PAGE, left, reach or PAGE)
        page = await comments.page(site, "all", newest=now_ms(), oldest=since, after=after, limit=size)
        if not page:
            break
        after = (page[-1][1], page[-1][0])
        kept = await comments.get_many([name for name, _ in page])
        if earlier is None and any(comment is not None and comment.verdict is None for comment in kept):
            earlier = Earlier()
            await earlier.read(comments, site)
        found = [_of_comment(comment, words.get(comment.id), earlier) for comment in kept if comment]
        pasts = [past for past in found if past is not None]
        seen |= {past.comment for past in pasts}
        left -= len(pasts)
        reach = None if reach is None else reach - len(page)
        if lost is not None:
            lost(len(page) - len(pasts))
        if pasts:
            yield pasts
    batch: list[Past] = []
    async for example in examples.all(site, since):
        if left > 0 and example.outcome and example.comment not in seen:
            batch.append(_of_example(example))
            left -= 1
        if len(batch) == PAGE:
            yield batch
            batch = []
    if batch:
        yield batch


async def _words(examples: Examples, site: str) -> dict[str, Word]:
    """The newest word of a human on each comment; it says more than the comment does, and of imported ones too."""
    return {
        example.comment: Word(Outcome(example.outcome) if example.outcome else None, example.labels, example.at)
        async for example in examples.all(site)
        if example.comment
    }


def _of_comment(comment: Comment, word: Word | None, earlier: Earlier | None) -> Past | None:
    case = comment.case
    if case is None:
        return None
    mended = comment.edit is not None and comment.edit.wrong
    if word is None and comment.human and comment.ruled in _SPOKEN and not mended:
        word = Word(comment.ruled, {}, comment.updated_at)
    case, at = case._replace(at=comment.created_at), comment.created_at
    if comment.verdict is None and earlier is not None:
        case = case._replace(signals=earlier.signals(comment))
    return Past(comment.id, at, case, comment.verdict, *(word or _NOBODY), judged=comment.verdict is not None)


def _of_example(example: Example) -> Past:
    """An example as a case: its text, its author's name and link, and the signals as they stood."""
    submission = bare(example.text, example.author_name, example.author_url)
    case = Case(submission, example.site, example.signals, example.at)
    said = example.said
    verdict = Verdict(said.scores, said.model, (), example.language, example.signals) if said else None
    outcome = Outcome(example.outcome)
    return Past(example.comment, example.at, case, verdict, outcome, example.labels, example.at, whole=False)
