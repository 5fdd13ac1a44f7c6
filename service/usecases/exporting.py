"""The use case of leaving: everything of a site as records that other systems, and our own import, can read.

What is here without an address goes out without one: authors are digests, and texts have their addresses dotted out. Erased
comments are gone. That a site was exported stands in the operators' log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from service.core.comment import Change, Comment
from service.core.lifecycle import State
from service.core.policy import Policy
from service.core.queue import FOREVER
from service.core.review import Note
from service.core.site import Site
from service.core.submission import Submission
from service.core.views import ChangeView, CommentView, change_views, comment_view, rfc3339
from service.store.comments import Comments
from service.store.review import ReviewStore
from service.store.sites import Accounts

_PAGE = 200  # comments read in one go


class SiteRecord(Struct, frozen=True):
    """The first record: the site itself, without its credentials."""

    record: str
    id: str
    url: str
    callback: str
    require_name: bool
    require_email: bool
    accepts_edits: bool
    policy: Policy


class NoteRecord(Struct, frozen=True):
    """A moderator's note."""

    by: str
    at: str
    text: str


class EarlierRecord(Struct, frozen=True):
    """A text that a comment had before it was edited."""

    content: str


class CommentRecord(Struct, frozen=True):
    """A comment: `id` is the platform's own, as our import expects it, and `comment` all that the API shows of it.

    `spam`: it is rejected, and spam is the first reason. `history` has every decision.
    """

    record: str
    id: str
    state: State
    spam: bool | None
    kind: str
    content: str
    page_url: str
    page_title: str
    author_name: str
    author_url: str
    parent_id: str
    parent_text: str
    created_at: str
    form: dict[str, str]
    comment: CommentView
    history: list[ChangeView]
    notes: list[NoteRecord]
    earlier: list[EarlierRecord]


class Exporting:
    """The use case."""

    def __init__(self, comments: Comments, review_store: ReviewStore, accounts: Accounts) -> None:
        self._comments = comments
        self._review_store = review_store
        self._accounts = accounts

    async def records(self, name: str) -> AsyncIterator[SiteRecord | CommentRecord]:
        """The site, then its comments, the newest first. Read in pages: what comes in meanwhile is left out.

        Raises NotFound, StoreUnavailable.
        """
        site = (await self._accounts.get(name)).site
        await self._accounts.audit("comments.export", name, site=name)
        yield _site(site)
        after = None
        while rows := await self._comments.page(name, "all", newest=FOREVER, oldest=0, after=after, limit=_PAGE):
            for one in await self._comments.get_many([identity for identity, _ in rows]):
                if one is not None and one.submission is not None:
                    yield await self._comment(one, one.submission)
            after = (rows[-1][1], rows[-1][0])

    async def _comment(self, comment: Comment, submission: Submission) -> CommentRecord:
        history, notes, earlier = await asyncio.gather(
            self._comments.history(comment.id),
            self._review_store.notes(comment.id),
            self._comments.earlier_texts(comment.id),
        )
        return _record(comment, submission, history, notes, earlier)


def _site(site: Site) -> SiteRecord:
    return SiteRecord(
        "site", site.id, site.url, site.callback, site.require_name, site.require_email, site.accepts_edits, site.policy
    )  # fmt: skip


def _record(
    comment: Comment, submission: Submission, history: list[Change], notes: list[Note], earlier: list[Submission]
) -> CommentRecord:
    reasons = comment.decision.reasons if comment.decision is not None else ()
    spam = comment.state is State.REJECTED and bool(reasons) and "spam" in (reasons[0].code, reasons[0].label)
    return CommentRecord(
        record="comment",
        id=comment.platform_id,
        state=comment.state,
        spam=spam or None,
        kind=submission.kind,
        content=submission.content,
        page_url=submission.page.url,
        page_title=submission.page.title,
        author_name=submission.author.name,
        author_url=submission.author.url,
        parent_id=submission.parent_id,
        parent_text=submission.parent_text,
        created_at=rfc3339(comment.written_at),
        form=submission.form,
        comment=comment_view(comment),
        history=change_views(comment, history),
        notes=[NoteRecord(note.by, rfc3339(note.at), note.text) for note in notes],
        earlier=[EarlierRecord(one.content) for one in earlier],
    )
