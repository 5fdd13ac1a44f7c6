"""The use cases of a person's rights, over all sites: what is kept of an address, erasing it, and proof that no address is here.

Sites that were removed count, as their comments outlive them. For the command line. Each erasure leaves its lines in the
operators' log, which name sites and nobody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from service.clock import now_ms
from service.core.comment import ByAuthor, Comment
from service.core.identity import IdentityKeys, mask_addresses, tombstones
from service.core.leaks import Leaks
from service.core.queue import FOREVER
from service.core.views import change_views, comment_view
from service.store.examples import Examples
from service.store.packing import opened
from service.store.personal import PersonalData
from service.store.reputation import Reputations
from service.store.review import ReviewStore
from service.store.sites import Accounts
from service.usecases.erasure import Erasure
from service.usecases.moderation import Moderation

_PAGE = 500
_CHUNK, _OVERLAP = 1 << 20, 1 << 16  # bytes of a file that are looked at together, and again with the next


class Erased(NamedTuple):
    """What an erasure did."""

    comments: dict[str, int]  # site -> how many
    log_lines: int


class Finding(NamedTuple):
    """Something that should not be there: where, and what kind of thing. It quotes nothing."""

    place: str
    what: str


class Privacy:
    """The use cases."""

    def __init__(
        self,
        moderation: Moderation,
        personal: PersonalData,
        reputations: Reputations,
        review_store: ReviewStore,
        *,
        examples: Examples,
        erasure: Erasure,
        accounts: Accounts,
        identity: IdentityKeys,
    ) -> None:
        self._comments = moderation.comments
        self._personal = personal
        self._reputations = reputations
        self._review_store = review_store
        self._examples = examples
        self._erasure = erasure
        self._accounts = accounts
        self._identity = identity

    async def export(self, address: str) -> dict[str, Any]:
        """All that is kept under an e-mail address, as plain values. Raises InvalidSubmission, which does not quote it."""
        sites = {}
        for site in await self._personal.sites():
            digests = await self._erasure.digests(site, address)
            comments = [comment async for comment in self._by(site, digests)]
            marks = await self._reputations.marks(site)
            about = {digest: msgspec.to_builtins(marks[digest]) for digest in digests if digest in marks}
            if comments or about:
                taught = {comment.id for comment in comments}
                lessons = [one async for one in self._examples.all(site) if one.comment in taught]
                sites[site] = {
                    "digests": digests,
                    "comments": [await self._exported(comment) for comment in comments],
                    "marks": about,
                    "examples": msgspec.to_builtins(lessons),
                }
        return {"sites": sites}

    async def erase(self, address: str) -> Erased:
        """Erase everything under an e-mail address: comments, records, notes on marks, lines of the log.

        What an import brings later of what was written before stays out. Raises InvalidSubmission, which does not quote the
        address, and Conflict.
        """
        erased, everywhere, now = {}, set[str](), now_ms()
        for site in {*await self._personal.sites(), *(one.id for one in await self._accounts.all())}:
            digests = await self._erasure.digests(site, address)
            everywhere.update(digests)
            count = await self._erasure.author(site, address)
            await self._personal.forget(site, digests, tombstones(digests[0], self._identity)[0], now)
            if count:
                erased[site] = count
        lines = await self._personal.unlog(everywhere)
        await self._accounts.audit("privacy.erase", "an author")
        return Erased(dict(sorted(erased.items())), lines)

    async def into_circles(self, site: str, circles: tuple[str, ...]) -> None:
        """Make what is kept of a site's people theirs alone, once for each site: earlier versions knew people on all sites by the
        same digests. Of them those of the circle are made; see `IdentityKeys.moved`."""
        await self._personal.into_circles(site, self._identity.within(circles).moved)

    async def scan(self, addresses: Iterable[str], paths: Sequence[Path]) -> AsyncIterator[Finding]:
        """Look through Redis and files for addresses, and for digests of given ones without a key."""
        leaks = Leaks(addresses)
        async for key, values in self._personal.everything():
            for what in dict.fromkeys(what for blob in (key.encode(), *values) for what in leaks.found(blob)):
                yield Finding(f"Redis: {mask_addresses(key)}", what)
        for path in paths:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    for what in dict.fromkeys(_in_file(file, leaks)):
                        yield Finding(mask_addresses(str(file)), what)

    async def _by(self, site: str, digests: Sequence[str]) -> AsyncIterator[Comment]:
        for digest in digests:
            after = None
            while page := await self._comments.page(
                site, ByAuthor(digest), newest=FOREVER, oldest=0, after=after, limit=_PAGE
            ):
                for comment in await self._comments.get_many([name for name, _ in page]):
                    if comment is not None and comment.submission is not None:
                        yield comment
                after = (page[-1][1], page[-1][0])

    async def _exported(self, comment: Comment) -> dict[str, Any]:
        return {
            "comment": msgspec.to_builtins(comment_view(comment)),
            "as_submitted": _whole(comment.submission),
            "earlier_texts": [_whole(one) for one in await self._comments.earlier_texts(comment.id)],
            "history": msgspec.to_builtins(change_views(comment, await self._comments.history(comment.id))),
            "notes": msgspec.to_builtins(await self._review_store.notes(comment.id)),
        }


def _whole(value: object) -> Any:
    """A value with all of its fields; what is as a rule is left out of what is stored."""
    if isinstance(value, msgspec.Struct):
        return {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
    return msgspec.to_builtins(value)


def _in_file(path: Path, leaks: Leaks) -> Iterable[str]:
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(_CHUNK):
            blob = before + chunk
            for one in (blob, *opened(blob)):
                yield from leaks.found(one)
            before = chunk[-_OVERLAP:]
