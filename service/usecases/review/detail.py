"""Looking at one comment: all that is known of it and around it, and the marks of its author. For `web.review`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

from service.clock import now_ms
from service.core.comment import ByAuthor, Change, Comment
from service.core.errors import InvalidSubmission, NotFound
from service.core.lifecycle import State
from service.core.moderator import Mark
from service.core.queue import FOREVER
from service.core.review import Note, Offer
from service.core.signals.subjects import ties_of
from service.core.site import Site
from service.core.submission import Submission, free_text
from service.core.verdict import HUMAN_REASONS
from service.store.comments import Comments
from service.store.reputation import Reputations
from service.store.review import ReviewStore
from service.store.sites import Accounts
from service.usecases.review.campaigns import CampaignMembers, Campaigns
from service.usecases.review.queue import Lists, Seen

MOST_COUNTED = 50
"""Of an author's comments, the newest that are counted by state."""
MOST_SHOWN = 10
"""Of an author's comments, of a campaign's, and of those that answer the same or this one, how many are shown."""


class Record(NamedTuple):
    """An author's comments on one site."""

    total: int
    counted: int
    states: dict[State, int]
    last: list[Seen]


class Detail(NamedTuple):
    """All that is known of a comment."""

    seen: Seen
    site: Site
    parent: Seen | None
    siblings: list[Seen]  # what answers the same, around it, oldest first
    replies: list[Seen]  # the latest answers to it, oldest first
    reported_as: dict[str, int]  # reason -> how many readers gave it for their report
    author: Record | None
    marks: list[tuple[str, Mark]]  # (digest, mark) of its author and network
    campaign: CampaignMembers | None
    earlier: list[Submission]
    history: list[Change]
    notes: list[Note]
    offer: Offer | None


class Details:
    """The use case."""

    def __init__(
        self,
        comments: Comments,
        review_store: ReviewStore,
        reputations: Reputations,
        lists: Lists,
        campaigns: Campaigns,
    ) -> None:
        self._comments = comments
        self._campaigns = campaigns
        self._review_store = review_store
        self._reputations = reputations
        self._lists = lists

    async def find(self, comment: str) -> Comment:
        """A comment of any site; whether the asker may see it is for the caller to say. Raises NotFound."""
        found = await self._comments.get(comment)
        if found is None or found.state is State.ERASED:
            raise NotFound
        return found

    async def named(self, text: str, sites: Sequence[str]) -> list[Seen]:
        """The comments of these sites that a text may mean: our id, the platform's, or an address that has one in it."""
        names = _names(text)
        ids = [name for name in names if _OURS.fullmatch(name)]
        ids += [self._comments.identify(site, name) for name in names for site in sites]
        return [one for one in await self._some(list(dict.fromkeys(ids))) if one.comment.site in sites]

    async def open(self, site: Site, comment: Comment, sites: Collection[str]) -> Detail:
        """Gather what is known of a comment; `sites` are those that the moderator sees."""
        (
            (seen, parent, author, marks, around),
            (siblings, replies, reported_as),
            (earlier, history, notes, offer),
        ) = await asyncio.gather(
            asyncio.gather(
                self._lists.seen([comment]),
                self._parent(comment),
                self._author(comment),
                self._marks(comment),
                self._around(comment, sites),
            ),
            asyncio.gather(
                self._siblings(comment),
                self._answers(comment.site, comment.id),
                self._comments.reported_as(comment.id, (*HUMAN_REASONS, *site.policy.house)),
            ),
            asyncio.gather(
                self._comments.earlier_texts(comment.id),
                self._comments.history(comment.id),
                self._review_store.notes(comment.id),
                self._review_store.offer(comment.id),
            ),
        )
        live = offer if offer is not None and offer.rev == comment.revision else None
        return Detail(
            seen[0], site, parent, siblings, replies, reported_as, author, marks, around, earlier, history, notes, live
        )

    async def _parent(self, comment: Comment) -> Seen | None:
        answered = comment.submission.parent_id if comment.submission else ""
        if not answered:
            return None
        found = await self._some([self._comments.identify(comment.site, answered)])
        return found[0] if found else None

    async def _siblings(self, comment: Comment) -> list[Seen]:
        answered = comment.submission.parent_id if comment.submission else ""
        if not answered:
            return []
        return await self._answers(comment.site, self._comments.identify(comment.site, answered), around=comment.id)

    async def _answers(self, site: str, parent: str, around: str = "") -> list[Seen]:
        """What answers a comment: the latest, or those on either side of one of them."""
        names = await self._comments.thread(site, parent)
        here = names.index(around) if around in names else len(names)
        names = (
            [*names[max(0, here - MOST_SHOWN // 2) : here], *names[here + 1 :][: MOST_SHOWN // 2]] if around else names
        )
        found = await self._some(names[-MOST_SHOWN:])
        return [
            one
            for one in found
            if one.comment.submission and self._comments.identify(site, one.comment.submission.parent_id) == parent
        ]

    async def _author(self, comment: Comment) -> Record | None:
        email = comment.submission.author.email if comment.submission else None
        if email is None:
            return None
        index = ByAuthor(email.digest)
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
        marks = await self._reputations.marks(comment.site) if digests else {}
        return [(digest, marks[digest]) for digest in digests if digest in marks]

    async def _around(self, comment: Comment, sites: Collection[str]) -> CampaignMembers | None:
        name = str(comment.verdict.signals.get("campaign", "")) if comment.verdict else ""
        return await self._campaigns.around(name, sites, MOST_SHOWN, but=comment.id)

    async def _some(self, comments: Sequence[str]) -> list[Seen]:
        found = await self._comments.get_many(comments)
        return await self._lists.seen([one for one in found if one is not None and one.state is not State.ERASED])


_OURS = re.compile("c[0-9a-f]{26}")
_MOST_NAMES = 12


def _names(text: str) -> list[str]:
    """What in a text may be a comment's id: the whole; of an address what follows the path, or else the path's end."""
    whole = text.strip()
    path, _, after = re.sub(r"^[a-z]+://", "", whole).replace("#", "?").partition("?")
    pieces = re.split(r"[?&=/\s]+", after)[::-1] if after else re.split(r"[/\s]+", path.rstrip("/"))[-1:]
    ends = [found[0] for piece in pieces if (found := re.search(r"[0-9]+\Z", piece))]
    return list(dict.fromkeys(name for name in [whole, *pieces[:_MOST_NAMES], *ends[:_MOST_NAMES]] if name))


_DIGEST = re.compile(r"[ein][12]\.[A-Za-z0-9]{1,16}\.[0-9a-f]{32}\Z")


Whom = Literal["author", "address", "network"]


class Marking:
    """The use case; what is done goes to the audit log. `clock` gives milliseconds since 1970."""

    def __init__(
        self, reputations: Reputations, accounts: Accounts, comments: Comments, *, clock: Callable[[], int] = now_ms
    ) -> None:
        self._reputations = reputations
        self._accounts = accounts
        self._comments = comments
        self._clock = clock

    async def mark(
        self,
        site: Site,
        digest: str,
        what: Literal["trusted", "blocked"],
        *,
        until: int,
        note: str,
        by: str,
        comment: Comment | None = None,
    ) -> Mark:
        """Mark a digest until a time (milliseconds since 1970; 0: for good). Raises InvalidSubmission.

        An address is trusted together with the networks and links that it has been approved with by then, and with those of
        the `comment` that the moderator looks at.
        """
        now = self._clock()
        if _DIGEST.match(digest) is None:
            raise InvalidSubmission("Marks are for a digest as comments show it, never an address.", pointer="/digest")
        if until and until <= now:
            raise InvalidSubmission("The mark would have ended already.", pointer="/until")
        trusted = what == "trusted" and digest.startswith("e")
        ties = await self._ties(site, digest, comment) if trusted else ()
        mark = Mark(what, until, free_text(note, "/note"), by, now, ties)
        await self._reputations.mark(site.id, digest, mark)
        await self._accounts.audit(f"authors.{what}", digest, actor=by, site=site.id)
        return mark

    async def _ties(self, site: Site, digest: str, comment: Comment | None) -> tuple[str, ...]:
        index = ByAuthor(digest)
        rows = await self._comments.page(site.id, index, newest=FOREVER, oldest=0, after=None, limit=MOST_COUNTED)
        found = await self._comments.get_many([identity for identity, _ in rows])
        known = [one for one in found if one is not None and one.state is State.APPROVED]
        seen = [one.submission for one in (*known, comment) if one is not None and one.submission is not None]
        return tuple(dict.fromkeys(tie for one in seen for tie in ties_of(one)))

    async def unmark(self, site: Site, digest: str, *, by: str) -> None:
        """Take a mark back. Raises NotFound."""
        if not await self._reputations.unmark(site.id, digest):
            raise NotFound("There is no such mark.")
        await self._accounts.audit("authors.unmark", digest, actor=by, site=site.id)

    async def marks(self, site: Site) -> list[tuple[str, Mark]]:
        """A site's marks that count now, the newest first."""
        found = await self._reputations.marks(site.id)
        live = [(digest, mark) for digest, mark in found.items() if mark.live(self._clock())]
        return sorted(live, key=lambda one: -one[1].at)


def digest_of(comment: Comment, whom: Whom) -> str:
    """The digest of a comment's author, of the IP address that it came from, or of that one's network.

    Raises InvalidSubmission when it came without.
    """
    author = comment.submission.author if comment.submission else None
    if whom == "author" and author and author.email:
        return author.email.digest
    if whom != "author" and author and author.ip:
        return author.ip.digest if whom == "address" else author.ip.network
    missing = "e-mail" if whom == "author" else "IP"
    raise InvalidSubmission(f"The comment came without an {missing} address.", pointer="/whom")
