"""The use case of looking at one comment: all that is known of it and around it. For `web.review`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple

from service.core.comment import Change, Comment
from service.core.errors import NotFound
from service.core.lifecycle import State
from service.core.marks import Mark
from service.core.site import Site
from service.core.submission import Submission, comment_id
from service.reviewing.lists import FOREVER, Lists, Seen
from service.store.comments import Comments
from service.store.desk import Desk, Note, Offer
from service.store.evidence import Campaign, Evidence
from service.store.facets import QueueFacets

__all__ = ["Around", "Dossier", "Dossiers", "Note", "Offer", "Record"]  # callers need not reach into the store

MOST_COUNTED = 50
"""Of an author's comments, the newest that are counted by state."""
MOST_SHOWN = 10
"""Of an author's comments, and of a campaign's, how many are shown."""


class Record(NamedTuple):
    """An author's comments on one site."""

    total: int
    counted: int
    states: dict[State, int]
    last: list[Seen]


class Around(NamedTuple):
    """The campaign that a comment belongs to; `held` and `members` are of the sites that the moderator sees."""

    campaign: Campaign
    held: int
    members: list[Seen]


class Dossier(NamedTuple):
    """All that is known of a comment."""

    seen: Seen
    site: Site
    parent: Seen | None
    author: Record | None
    marks: list[tuple[str, Mark]]  # (digest, mark) of its author and network
    campaign: Around | None
    earlier: list[Submission]
    history: list[Change]
    notes: list[Note]
    offer: Offer | None


class Dossiers:
    """The use case."""

    def __init__(self, comments: Comments, facets: QueueFacets, desk: Desk, evidence: Evidence, lists: Lists) -> None:
        self._comments = comments
        self._facets = facets
        self._desk = desk
        self._evidence = evidence
        self._lists = lists

    async def find(self, comment: str) -> Comment:
        """A comment of any site; whether the asker may see it is for the caller to say. Raises NotFound."""
        found = await self._comments.get(comment)
        if found is None or found.state is State.ERASED:
            raise NotFound
        return found

    async def open(self, site: Site, comment: Comment, sites: Collection[str]) -> Dossier:
        """Gather what is known of a comment; `sites` are those that the moderator sees."""
        (seen, parent, author, marks, around), (earlier, history, notes, offer) = await asyncio.gather(
            asyncio.gather(
                self._lists.seen([comment]),
                self._parent(comment),
                self._author(comment),
                self._marks(comment),
                self._around(comment, sites),
            ),
            asyncio.gather(
                self._comments.earlier_texts(comment.id),
                self._comments.history(comment.id),
                self._desk.notes(comment.id),
                self._desk.offer(comment.id),
            ),
        )
        live = offer if offer is not None and offer.rev == comment.revision else None
        return Dossier(seen[0], site, parent, author, marks, around, earlier, history, notes, live)

    async def _parent(self, comment: Comment) -> Seen | None:
        answered = comment.submission.parent_id if comment.submission else ""
        if not answered:
            return None
        found = await self._some([comment_id(comment.site, answered)])
        return found[0] if found else None

    async def _author(self, comment: Comment) -> Record | None:
        email = comment.submission.author.email if comment.submission else None
        if email is None:
            return None
        index = f"a:{email.digest}"
        total = await self._comments.size(comment.site, index)
        rows = await self._comments.page(comment.site, index, newest=FOREVER, oldest=0, after=None, limit=MOST_COUNTED)
        found = [one for one in await self._comments.get_many([identity for identity, _ in rows]) if one is not None]
        states: dict[State, int] = {}
        for one in found:
            states[one.state] = states.get(one.state, 0) + 1
        others = [one for one in found if one.id != comment.id][:MOST_SHOWN]
        return Record(total, len(found), states, await self._lists.seen(others))

    async def _marks(self, comment: Comment) -> list[tuple[str, Mark]]:
        author = comment.submission.author if comment.submission else None
        digests = [author.email.digest] if author and author.email else []
        digests += [author.ip.digest, author.ip.network] if author and author.ip else []
        marks = await self._evidence.marks(comment.site) if digests else {}
        return [(digest, marks[digest]) for digest in digests if digest in marks]

    async def _around(self, comment: Comment, sites: Collection[str]) -> Around | None:
        name = str(comment.verdict.signals.get("campaign", "")) if comment.verdict else ""
        campaign = await self._evidence.campaign(name) if name else None
        if campaign is None:
            return None
        held = [await self._facets.count(site, [("campaign", name)]) for site in sorted(sites)]
        members = [one for site, one in await self._evidence.members(name) if site in sites and one != comment.id]
        return Around(campaign, sum(held), await self._some(members[-MOST_SHOWN:]))

    async def _some(self, comments: Sequence[str]) -> list[Seen]:
        found = await self._comments.get_many(comments)
        return await self._lists.seen([one for one in found if one is not None and one.state is not State.ERASED])
