"""The use cases of a site's policy: read, save, restore, import lists, its editions, and a preview on history. For adapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from service.clock import now_ms
from service.core.errors import Conflict, InvalidPolicy, InvalidSubmission
from service.core.identity import IdentityKeys, digest_email, digest_ip, mask_addresses
from service.core.policy import Policy, check
from service.core.policy.document import Sorted, lists_of
from service.core.policy.measures import MAX_NOTE, Then
from service.core.site import Edition, KeptPolicy, Site
from service.store.sites import PolicyStore
from service.usecases.policy_preview import DEFAULT_LAST, PolicyPreview, Preview
from service.usecases.review.detail import Marking

_FROM_WORDPRESS = "Imported from WordPress."


class ImportedList(NamedTuple):
    """A list of another system: what our lists of it are called, what its entries do, and what it holds."""

    name: str
    then: Then
    lines: Sorted


class ListsImported(NamedTuple):
    """The site with its lists, and how many of their addresses are none."""

    site: Site
    invalid: int


class Policies:
    """The policies of all sites. `clock` gives milliseconds since 1970."""

    def __init__(
        self,
        store: PolicyStore,
        preview: PolicyPreview,
        marking: Marking,
        identity: IdentityKeys,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._store = store
        self._preview = preview
        self._marking = marking
        self._identity = identity
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
            raise InvalidPolicy(f"A note has at most {MAX_NOTE:,} characters.", pointer="/note")

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

    async def import_lists(self, name: str, lists: Sequence[ImportedList], *, by: str) -> ListsImported:
        """Put another system's lists into a site's policy, in the place of those that came by the same name before.

        Addresses of a list that rejects become marks on their authors; they go no further than this. Raises NotFound,
        InvalidPolicy, Conflict.
        """
        before = await self.site(name)
        kept = [one for one in before.policy.lists if not one.name.startswith(tuple(one.name for one in lists))]
        fresh = [made for one in lists for made in lists_of(one.lines, one.name, one.then)]
        wanted = msgspec.structs.replace(before.policy, lists=(*kept, *fresh))
        note, version = "Lists imported from WordPress.", before.edition.version
        site = await self.save(name, wanted, by=by, note=note, version=version)
        invalid = sum([await self._block(site, one.lines, by) for one in lists if one.then == "reject"])
        return ListsImported(site, invalid)

    async def _block(self, site: Site, lines: Sorted, by: str) -> int:
        """Mark the authors of a list's addresses as blocked; how many of the addresses are none."""
        digests, identity = [], self._identity.within(site.circles)
        for address in lines.emails:
            try:
                digests.append(digest_email(address, identity).digest)
            except InvalidSubmission:
                continue
        invalid = len(lines.emails) - len(digests)
        digests += [digest_ip(address, identity).digest for address in lines.ips]
        for digest in digests:
            await self._marking.mark(site, digest, "blocked", until=0, note=_FROM_WORDPRESS, by=by)
        return invalid

    async def edition(self, name: str, version: int) -> KeptPolicy:
        """One edition of a site's policy. Raises NotFound."""
        return await self._store.edition(name, version)

    async def history(self, name: str) -> list[KeptPolicy]:
        """All editions of a site's policy that are kept, newest first, the live one among them. Raises NotFound."""
        site = await self._store.site(name)
        earlier = [one for one in await self._store.earlier(name) if one.edition.version < site.edition.version]
        return [KeptPolicy(site.edition, site.policy), *earlier]

    async def preview(self, site: Site, policy: Policy, *, last: int = DEFAULT_LAST, since: int = 0) -> Preview:
        """What a policy would have done with a site's history; see `policy_preview.py`. Raises InvalidPolicy."""
        check(policy)
        return await self._preview.preview(site, policy, last=last, since=since)

    async def texts(self, comments: Sequence[str]) -> list[tuple[str, str]]:
        """What the comments that a preview names say, by id, where the text is kept."""
        return await self._preview.texts(comments)
