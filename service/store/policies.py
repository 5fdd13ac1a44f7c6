"""Editions of the sites' policies in Redis. The live one is in the site's record; those before it are kept beside.

An edition is laid aside before the next one takes its place. So the history has no gaps, whatever dies in between, and
laying one aside twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from service.core.errors import NotFound
from service.core.policy import Policy
from service.core.site import Edition, Site
from service.store import keys as names
from service.store.accounts import Accounts
from service.store.client import Connection

MAX_EDITIONS = 500
"""How many earlier editions of a site's policy are kept."""
_encode = msgspec.msgpack.Encoder().encode
_site = msgspec.msgpack.Decoder(Site).decode


class KeptPolicy(Struct, frozen=True):
    """One edition of a policy."""

    edition: Edition
    policy: Policy


_kept = msgspec.msgpack.Decoder(KeptPolicy).decode


class PolicyStore:
    """The policies of all sites."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._accounts = accounts

    async def site(self, name: str) -> Site:
        """The site as it stands now, past every cache. Raises NotFound."""
        row = await self._wire.call("HGET", names.SITES, name)
        if row is None:
            raise NotFound("There is no such site.")
        return _site(row)

    async def change(
        self, name: str, change: Callable[[Site], tuple[Policy, Edition]], *, what: str, by: str, note: str
    ) -> Site:
        """Give a site the policy and the edition that `change` makes of its present state, and say so in the audit log.

        `change` may be asked again when somebody else was faster. Raises NotFound, Conflict, and what `change` raises.
        """

        def changed(before: Site) -> Site:
            policy, edition = change(before)
            return msgspec.structs.replace(before, policy=policy, edition=edition)

        known = await self._accounts.change(name, changed, what, actor=by, note=note, first=self._lay_aside)
        return known.site

    async def earlier(self, name: str) -> list[KeptPolicy]:
        """The editions before the live one, newest first."""
        rows = await self._wire.call("HVALS", self._keys.site(name, "policies"))
        return sorted(map(_kept, rows), key=lambda kept: -kept.edition.version)

    async def edition(self, name: str, version: int) -> KeptPolicy:
        """An edition by its number. Raises NotFound."""
        site = await self.site(name)
        if version == site.edition.version:
            return KeptPolicy(site.edition, site.policy)
        row = await self._wire.call("HGET", self._keys.site(name, "policies"), version)
        if row is None:
            raise NotFound("There is no such edition of the policy.")
        return _kept(row)

    async def _lay_aside(self, site: Site) -> None:
        key, version = self._keys.site(site.id, "policies"), site.edition.version
        await self._wire.call("HSETNX", key, version, _encode(KeptPolicy(site.edition, site.policy)))
        if version >= MAX_EDITIONS:
            await self._wire.call("HDEL", key, version - MAX_EDITIONS)
