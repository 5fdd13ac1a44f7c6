"""The use cases of those who did not decide: readers who report a comment, and authors who appeal against a rejection."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from service.clock import now_ms
from service.core.appeal import MAX_TEXT, Appeal, Links, Ticket, read
from service.core.comment import Actor, Change, Comment, Decision
from service.core.errors import Conflict, Gone, InvalidSubmission, NotFound, TextDropped
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.policy.house_rules import check_reasons
from service.core.site import Site
from service.core.statement import Statement, statement
from service.core.submission import free_text
from service.core.verdict import Reason
from service.core.views import StatementView, statement_view
from service.store.redress import RedressStore
from service.store.sites import Accounts
from service.usecases.moderation import Moderation, transition_for

_NO_LINK = "This link is not valid, or not any more."


class Looked(NamedTuple):
    """What an author sees who follows the link."""

    comment: Comment
    statement: Statement | None  # None: the comment is not rejected any more
    open: bool  # an appeal can be made


class Redress:
    """Reports and appeals. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        moderation: Moderation,
        store: RedressStore,
        *,
        accounts: Accounts,
        links: Links,
        reports_to_flag: float,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._moderation = moderation
        self._comments = moderation.comments
        self._store = store
        self._accounts = accounts
        self._links = links
        self._reports_to_flag = reports_to_flag
        self._clock = clock

    async def report(self, site: Site, comment: str, reader: str, reason: str | None = None) -> int:
        """A reader's report. Enough of them, weighed by how often each reader was right, flag an approved comment.

        `reader` is a digest that names the reader to nobody, `reason` one that a moderator of the site could give, if they said
        why. How many readers have reported it by now. Raises NotFound, Gone, InvalidSubmission.
        """
        check_reasons([] if reason is None else [reason], site.policy.house, "/reason")
        seen = await self._moderation.get(site, comment)
        noted = await self._store.report(seen, reader, reason or "")
        if noted.word == "gone":
            raise Gone
        if noted.weight >= self._reports_to_flag and seen.state is State.APPROVED:
            why = Reason("reported", f"{noted.readers:,} readers have reported it.")
            decision = Decision(Outcome.HOLD, Actor(ActorKind.READERS), (why,), self._clock(), seen.revision + 1)
            await self._comments.apply([transition_for(seen, site, decision, links=self._links)])
        return noted.readers

    async def statement(self, site: Site, comment: str) -> StatementView:
        """Why a comment is rejected, for its author, with the link to appeal while one may. Raises NotFound, Gone, Conflict."""
        seen = await self._moderation.get(site, comment)
        said = await self._statement(seen)
        if said is None or seen.decision is None:
            raise Conflict("Only a rejected comment has a statement of reasons.")
        link = self._links.of(site.id, comment, seen.decision.revision, seen.decision.at, site.created_at)
        return statement_view(said, link if self._may_appeal(seen, link.until) else None)

    async def look(self, token: str) -> Looked:
        """What a link leads to. Raises NotFound for a token that is not ours or has expired, Gone."""
        comment, until = await self._follow(token)
        return Looked(comment, await self._statement(comment), self._may_appeal(comment, until))

    async def appeal(self, token: str, text: str) -> Comment:
        """An author's appeal, once; a moderator will judge it.

        Raises NotFound, Gone, InvalidSubmission, TextDropped, Conflict.
        """
        text = free_text(text, "/text")
        if not text:
            raise InvalidSubmission("Say in a few words why the decision is wrong.", pointer="/text")
        if len(text) > MAX_TEXT:
            raise InvalidSubmission(f"An appeal has at most {MAX_TEXT:,} characters.", pointer="/text")
        comment, until = await self._follow(token)
        if comment.submission is None or not comment.submission.content:
            raise TextDropped
        decision = comment.decision
        if decision is None or not self._may_appeal(comment, until):
            raise Conflict("There is nothing to appeal against any more.")
        now = self._clock()
        filed = Appeal(comment.revision + 1, decision.revision, str(decision.actor), now, text)
        change = Change(now, Actor(ActorKind.AUTHOR), State.REJECTED, "appealed")
        moved = await self._store.appeal(comment, change, filed)
        if moved.word != "applied":
            raise Conflict("The comment has changed meanwhile; look at it again.")
        return (await self._follow(token))[0]

    async def _follow(self, token: str) -> tuple[Comment, int]:
        ticket = read(self._links.master, token)
        if ticket is None or ticket.expires_at < self._clock():
            raise NotFound(_NO_LINK)
        known = await self._accounts.find(ticket.site)
        if known is None or known.site.created_at not in (ticket.since, *self._before_links_told(ticket, known.site)):
            raise NotFound(_NO_LINK)
        comment = await self._comments.find(ticket.site, ticket.comment)
        if comment is None or ticket.against <= comment.text_revision:
            raise NotFound("The comment that this link was about has been changed or removed.")
        if comment.state is State.ERASED:
            raise Gone
        return comment, ticket.expires_at

    def _before_links_told(self, ticket: Ticket, site: Site) -> tuple[int, ...]:
        """When the site was made, if a link that does not say it can be of this site: the decision is younger."""
        decided = ticket.expires_at - self._links.lasts
        return (site.created_at,) if not ticket.since and decided >= site.created_at else ()

    async def _statement(self, comment: Comment) -> Statement | None:
        if comment.state is not State.REJECTED or comment.decision is None:
            return None
        history = await self._comments.history(comment.id)
        about = [change.decision for change in history[comment.text_revision :] if change.decision is not None]
        return statement(comment.decision, [one for one in about if one.revision < comment.decision.revision])

    def _may_appeal(self, comment: Comment, until: int) -> bool:
        kept = comment.submission is not None and bool(comment.submission.content)
        return comment.state is State.REJECTED and comment.appeal is None and kept and self._clock() <= until
