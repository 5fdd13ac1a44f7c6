"""The use case of marking authors and networks of a site as trusted or blocked. For `web.review`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from service.core.errors import InvalidSubmission, NotFound
from service.core.marks import Mark
from service.core.site import Site
from service.core.submission import free_text
from service.store.accounts import Accounts
from service.store.client import now_ms
from service.store.evidence import Evidence

_DIGEST = re.compile(r"[ein]1\.[A-Za-z0-9]{1,16}\.[0-9a-f]{32}\Z")


class Marking:
    """The use case; what is done goes to the audit log. `clock` gives milliseconds since 1970."""

    def __init__(self, evidence: Evidence, accounts: Accounts, *, clock: Callable[[], int] = now_ms) -> None:
        self._evidence = evidence
        self._accounts = accounts
        self._clock = clock

    async def mark(
        self, site: Site, digest: str, what: Literal["trusted", "blocked"], *, until: int, note: str, by: str
    ) -> Mark:
        """Mark a digest until a time (milliseconds since 1970; 0: for good). Raises InvalidSubmission."""
        now = self._clock()
        if _DIGEST.match(digest) is None:
            raise InvalidSubmission("Marks are for a digest as comments show it, never an address.", pointer="/digest")
        if until and until <= now:
            raise InvalidSubmission("The mark would have ended already.", pointer="/until")
        mark = Mark(what, until, free_text(note, "/note"), by, now)
        await self._evidence.mark(site.id, digest, mark)
        await self._accounts.audit(f"authors.{what}", digest, actor=by, site=site.id)
        return mark

    async def unmark(self, site: Site, digest: str, *, by: str) -> None:
        """Take a mark back. Raises NotFound."""
        if not await self._evidence.unmark(site.id, digest):
            raise NotFound("There is no such mark.")
        await self._accounts.audit("authors.unmark", digest, actor=by, site=site.id)

    async def marks(self, site: Site) -> list[tuple[str, Mark]]:
        """A site's marks that count now, the newest first."""
        found = await self._evidence.marks(site.id)
        live = [(digest, mark) for digest, mark in found.items() if mark.live(self._clock())]
        return sorted(live, key=lambda one: -one[1].at)
