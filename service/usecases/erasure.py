"""The use cases of erasure as operators ask for it: one comment, all of an author's, all of a site's, what was suggested.

They work for a site that was removed too: its comments outlive it. Each leaves its line in the operators' log, which names
the site and nobody else. For the command line, and for operators at the page.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.core.comment import Actor, ByAuthor, Comment
from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys, digest_email, mask_addresses
from service.core.lifecycle import ActorKind
from service.core.queue import FOREVER
from service.core.site import Site
from service.store.examples import Examples
from service.store.personal import PersonalData
from service.store.sites import Accounts
from service.usecases.moderation import Moderation

_OPERATOR = Actor(ActorKind.OPERATOR)
_PAGE = 500  # comments erased between two lines of the log


class Erasure:
    """The use cases. Each gives how many comments, or suggestions, it has erased."""

    def __init__(
        self,
        moderation: Moderation,
        examples: Examples,
        accounts: Accounts,
        personal: PersonalData,
        *,
        identity: IdentityKeys,
    ) -> None:
        self._moderation = moderation
        self._comments = moderation.comments
        self._examples = examples
        self._accounts = accounts
        self._personal = personal
        self._identity = identity

    async def comment(self, site: str, comment: str, *, by: Actor = _OPERATOR) -> int:
        """Erase one comment, by our id or the platform's. Raises NotFound, Conflict."""
        return await self._erase(site, [await self._moderation.our_id(site, comment)], by)

    async def author(self, site: str, address: str) -> int:
        """Erase all comments of an e-mail address, also those from before a rotation of keys.

        Raises InvalidSubmission, which does not quote it, and Conflict.
        """
        return sum([await self._erase_index(site, ByAuthor(one)) for one in await self.digests(site, address)])

    async def digests(self, site: str, address: str) -> tuple[str, ...]:
        """Every digest that an address may have on a site, also one that was removed; the present one first.

        Raises InvalidSubmission, which does not quote the address.
        """
        known = await self._accounts.find(site)
        circles = known.site.circles if known is not None else await self._personal.circles(site)
        found = digest_email(address, self._identity.within((*circles, "")))  # plain ones are of earlier versions
        return found.digest, *found.earlier

    async def author_of(self, comment: Comment, *, by: Actor) -> int:
        """Erase all comments on a comment's site that came with its e-mail address, itself among them.

        Raises InvalidSubmission when it came without, and Conflict.
        """
        email = comment.submission.author.email if comment.submission else None
        if email is None:
            raise InvalidSubmission("The comment came without an e-mail address.", pointer="/author")
        digests = dict.fromkeys((email.digest, *email.earlier))
        return sum([await self._erase_index(comment.site, ByAuthor(one), by) for one in digests])

    async def everything(self, site: str) -> int:
        """Erase every comment of a site, and all that was suggested there. Raises Conflict."""
        texts = [one.text async for one in self._examples.all(site) if not one.comment]
        if sum([await self._examples.forget(site, text) for text in texts]):
            await self._accounts.audit("suggestions.erase", site, site=site)
        return await self._erase_index(site, "all")

    async def suggestions(self, site: str, text: str) -> int:
        """Erase what was suggested about a text; addresses in it are masked first, as they were when it came in."""
        count = await self._examples.forget(site, mask_addresses(text))
        await self._accounts.audit("suggestions.erase", site, site=site)
        return count

    async def _erase_index(self, site: str, index: str | ByAuthor, by: Actor = _OPERATOR) -> int:
        """Erase what an index lists, page by page."""
        count, after = 0, None
        while page := await self._comments.page(site, index, newest=FOREVER, oldest=0, after=after, limit=_PAGE):
            count += await self._erase(site, [name for name, _ in page], by)
            after = (page[-1][1], page[-1][0])
        return count

    async def _erase(self, name: str, comments: Sequence[str], by: Actor) -> int:
        known = await self._accounts.find(name)
        site = known.site if known is not None else Site(name, "", 0, ())  # it was removed
        erased = 0
        try:
            for comment in comments:
                await self._moderation.erase(site, comment, by)
                erased += 1
        finally:
            if erased:  # what is gone is in the log, also when the next one can't be erased
                await self._accounts.audit("comments.erase", name, actor=str(by), site=name)
        return erased
