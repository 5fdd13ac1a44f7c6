"""The use cases of a site's policy: read, save, restore, its editions, and a rehearsal on history. For adapters."""

from __future__ import annotations

from collections.abc import Callable

from service.core.errors import Conflict, InvalidPolicy
from service.core.identity import mask_addresses
from service.core.measures import MAX_NOTE
from service.core.policy import Policy, check
from service.core.site import Edition, Site
from service.rehearsal import DEFAULT_LAST, Rehearsal, Rehearsing
from service.store.client import now_ms
from service.store.policies import KeptPolicy, PolicyStore

__all__ = ["KeptPolicy", "Policies"]  # callers need not reach into the store


class Policies:
    """The policies of all sites. `clock` gives milliseconds since 1970."""

    def __init__(self, store: PolicyStore, rehearsing: Rehearsing, *, clock: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._rehearsing = rehearsing
        self._clock = clock

    async def site(self, name: str) -> Site:
        """A site with its policy, as it stands now. Raises NotFound."""
        return await self._store.site(name)

    async def save(
        self,
        name: str,
        policy: Policy,
        *,
        by: str,
        note: str = "",
        version: int | None = None,
        what: str = "sites.policy",
    ) -> Site:
        """Give a site another policy; it rules over comments that are judged from now on.

        With a `version`, only if that is still the live edition. The same policy again makes no new edition. `by` is the
        actor ("operator", "moderator:<name>", "platform:<site>"). Raises InvalidPolicy, NotFound, Conflict.
        """
        check(policy)
        note = mask_addresses(note.strip())
        if len(note) > MAX_NOTE or "\0" in note:
            raise InvalidPolicy(f"A note has at most {MAX_NOTE} characters.", pointer="/note")

        def change(site: Site) -> tuple[Policy, Edition]:
            if version is not None and version != site.edition.version:
                who = site.edition.by or "somebody"
                raise Conflict(
                    f"The policy is at edition {site.edition.version} now, saved by {who}.", pointer="/version"
                )
            if policy == site.policy:
                return site.policy, site.edition
            return policy, Edition(site.edition.version + 1, self._clock(), by, note)

        return await self._store.change(name, change, what=what, by=by, note=note)

    async def restore(self, name: str, edition: int, *, by: str, note: str = "", version: int | None = None) -> Site:
        """Save an earlier edition once more, as a new one; with a `version`, only if that is still the live one.

        Raises NotFound, InvalidPolicy, Conflict.
        """
        kept = await self._store.edition(name, edition)
        note = f"Edition {edition} again. {note}".strip()
        return await self.save(name, kept.policy, by=by, note=note, version=version, what="sites.policy.restore")

    async def edition(self, name: str, version: int) -> KeptPolicy:
        """One edition of a site's policy. Raises NotFound."""
        return await self._store.edition(name, version)

    async def history(self, name: str) -> list[KeptPolicy]:
        """All editions of a site's policy that are kept, newest first, the live one among them. Raises NotFound."""
        site = await self._store.site(name)
        earlier = [one for one in await self._store.earlier(name) if one.edition.version < site.edition.version]
        return [KeptPolicy(site.edition, site.policy), *earlier]

    async def rehearse(self, site: Site, policy: Policy, *, last: int = DEFAULT_LAST, since: int = 0) -> Rehearsal:
        """What a policy would have done with a site's history; see `rehearsal.py`. Raises InvalidPolicy."""
        check(policy)
        return await self._rehearsing.rehearse(site, policy, last=last, since=since)
