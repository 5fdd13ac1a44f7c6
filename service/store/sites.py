"""Sites in Redis: their records and credentials, the editions of their policies, what they spend, and the log of operators.

What is read often is cached for `site_cache` seconds.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

from service.clock import now_ms
from service.core.errors import Conflict, NotFound
from service.core.policy import Policy
from service.core.site import (
    Edition,
    Generation,
    KeptPolicy,
    Known,
    LogEntry,
    Presented,
    Site,
    check_site,
    derive,
    key_digest,
)
from service.store import keys as names
from service.store.client import Connection
from service.store.directory import Directory

_encode = msgspec.msgpack.Encoder().encode
_AUDIT_LENGTH = 10_000
_MISSING = "There is no such site."
OPERATOR = "operator"
"""The actor of what is done at the command line."""


def _directory(connection: Connection) -> Directory[Site]:
    return Directory(connection, names.SITES, Site, "site", _MISSING)


class Accounts:
    """Sites, found by name or by a key that somebody presents."""

    def __init__(self, connection: Connection, master: bytes, *, cache_seconds: float = 0.0) -> None:
        self._connection = connection
        self._wire = connection.wire
        self._sites = _directory(connection)
        self._master = master
        self._cache_seconds = cache_seconds
        self._by_name: dict[str, tuple[float, Known | None]] = {}
        self._by_key: dict[str, tuple[float, Presented]] = {}
        self._guarded: tuple[float, frozenset[str]] = (0.0, frozenset())

    def __repr__(self) -> str:
        return "Accounts(…)"

    async def add(
        self, name: str, url: str, callback: str = "", *, require_email: bool = True, require_name: bool = True
    ) -> Known:
        """Create a site. Raises InvalidSubmission, or Conflict when the name is taken."""
        check_site(name, url, callback)
        now = now_ms()
        site = Site(
            name, url, now, (Generation(secrets.token_hex(16), now),), callback,
            require_email=require_email, require_name=require_name,
        )  # fmt: skip
        if not await self._sites.add(name, site):
            raise Conflict(f"There is a site named {name} already.")
        await self._index(site)
        await self.audit("sites.add", name, site=name)
        self._by_name.pop(name, None)
        return self._known(site)

    async def change(
        self,
        name: str,
        change: Callable[[Site], Site],
        what: str,
        *,
        actor: str = OPERATOR,
        note: str = "",
        first: Callable[[Site], Awaitable[None]] | None = None,
    ) -> Known:
        """Store what `change` makes of a site as it stands now, past every cache; the rest goes to the audit log.

        `change` is asked again when somebody else was faster, so nobody's change is lost; the same site again changes
        nothing. `first` is awaited with the present site before its record is replaced. Raises NotFound, InvalidSubmission,
        Conflict, and what `change` raises.
        """

        def checked(before: Site) -> Site:
            after = change(before)
            if (after.url, after.callback) != (before.url, before.callback):
                check_site(name, after.url, after.callback)
            return after

        changed = await self._sites.change(name, checked, first=first)
        if changed.saved:
            await self._index(changed.after)
            await self.audit(what, name, actor=actor, site=name, note=note)
            self.forget(name)
        return self._known(changed.after)

    async def rotate(self, name: str, overlap_seconds: float) -> Known:
        """Give a site new credentials; the present ones keep working for `overlap_seconds`."""
        now = now_ms()
        until = now + int(overlap_seconds * 1000)
        fresh = Generation(secrets.token_hex(16), now)

        def rotated(site: Site) -> Site:
            kept = [
                msgspec.structs.replace(generation, expires_at=min(generation.expires_at or until, until))
                for generation in site.generations
                if generation.live(now)
            ]
            return msgspec.structs.replace(site, generations=(fresh, *kept))

        return await self.change(name, rotated, "sites.rotate")

    async def remove(self, name: str) -> None:
        """Remove a site and its keys. Its comments stay until they are erased."""
        site = await self._sites.remove(name)
        for generation in site.generations:
            await self._wire.call("HDEL", names.CREDENTIALS, *self._digests(site.id, generation))
        await self.audit("sites.remove", name, site=name)
        self._by_name.pop(name, None)

    async def all(self) -> list[Site]:
        """Every site, by name."""
        return sorted(await self._sites.all(), key=lambda site: site.id)

    async def second_factor(self) -> frozenset[str]:
        """The sites whose moderators must have a second factor."""
        at, found = self._guarded
        if not at or time.monotonic() - at >= self._cache_seconds:
            found = frozenset(site.id for site in await self._sites.all() if site.second_factor)
            self._guarded = (time.monotonic(), found)
        return found

    async def get(self, name: str) -> Known:
        """A site by its name. Raises NotFound."""
        known = await self.find(name)
        if known is None:
            raise NotFound(_MISSING)
        return known

    async def find(self, name: str) -> Known | None:
        """A site by its name, or None. Raises StoreUnavailable also when all data is gone, and all sites with it."""
        at, known = self._by_name.get(name, (0.0, None))
        if at and time.monotonic() - at < self._cache_seconds:
            return known
        site = await self._sites.get(name)
        if site is None:
            await self._connection.whole()
        known = self._known(site) if site is not None else None
        self._by_name[name] = (time.monotonic(), known)
        self._bound()
        return known

    async def find_by_key(self, key: str) -> Presented | None:
        """Whose key somebody presents, or None. Keys are known by keyed digests, and compared in constant time."""
        digest = key_digest(self._master, key)
        at, found = self._by_key.get(digest) or (0.0, None)
        if found is not None and time.monotonic() - at < self._cache_seconds:
            return found
        row = await self._wire.call("HGET", names.CREDENTIALS, digest)
        if row is None:
            await self._connection.whole()
        known = await self.find(row.decode()) if row is not None else None
        if known is None:
            return None
        for credentials in known.credentials:
            for kind in ("api_key", "akismet_key"):
                if hmac.compare_digest(digest, key_digest(self._master, getattr(credentials, kind))):
                    found = Presented(known.site, kind, credentials)
                    self._by_key[digest] = (time.monotonic(), found)
                    self._bound()
                    return found
        return None

    def forget(self, name: str) -> None:
        """Look a site up again the next time: it was changed elsewhere."""
        self._by_name.pop(name, None)

    async def audit(self, what: str, subject: str, *, actor: str = OPERATOR, site: str = "", note: str = "") -> None:
        """Note who changed what. Nothing of it may be what a comment's author wrote."""
        await self._wire.run(
            "store/audit", [names.AUDIT], most=_AUDIT_LENGTH, what=what, subject=subject, actor=actor, site=site, note=note,
            at=now_ms(),
        )  # fmt: skip

    async def audited(self, limit: int, before: str = "") -> list[LogEntry]:
        """The newest lines of the audit log, newest first; `before` is the id of the last one of the page before."""
        rows = await self._wire.call("XREVRANGE", names.AUDIT, f"({before}" if before else "+", "-", "COUNT", limit)
        return [_audited(entry.decode(), fields) for entry, fields in rows]

    def _known(self, site: Site) -> Known:
        now = now_ms()
        return Known(site, tuple(derive(self._master, site.id, g.nonce) for g in site.generations if g.live(now)))

    def credentials(self, site: Site) -> list[str]:
        """The digests of a site's credentials that are good now."""
        now = now_ms()
        return [
            one for generation in site.generations if generation.live(now) for one in self._digests(site.id, generation)
        ]

    def _digests(self, name: str, generation: Generation) -> list[str]:
        credentials = derive(self._master, name, generation.nonce)
        return [key_digest(self._master, credentials.api_key), key_digest(self._master, credentials.akismet_key)]

    async def _index(self, site: Site) -> None:
        now = now_ms()
        live = [g for g in site.generations if g.live(now)]
        pairs = [word for g in live for digest in self._digests(site.id, g) for word in (digest, site.id)]
        await self._wire.call("HSET", names.CREDENTIALS, *pairs)

    def _bound(self) -> None:
        """Unknown names must not fill the memory."""
        if len(self._by_name) > 10_000:
            self._by_name.clear()
        if len(self._by_key) > 10_000:
            self._by_key.clear()


def _audited(entry: str, row: Sequence[bytes]) -> LogEntry:
    fields = {name.decode(): value.decode() for name, value in zip(row[::2], row[1::2], strict=True)}
    known = {name: fields.get(name, "") for name in ("what", "subject", "site", "note")}
    return LogEntry(id=entry, at=int(fields["at"]), actor=fields.get("actor", OPERATOR), **known)


# Editions of the sites' policies in Redis. The live one is in the site's record; those before it are kept beside.
#
# An edition is laid aside before the next one takes its place. So the history has no gaps, whatever dies in between, and
# laying one aside twice changes nothing.


MAX_EDITIONS = 500
"""How many earlier editions of a site's policy are kept."""


_kept = msgspec.msgpack.Decoder(KeptPolicy).decode


class PolicyStore:
    """The policies of all sites."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        self._wire = connection.wire
        self._keys = connection.keys
        self._accounts = accounts
        self._sites = _directory(connection)

    async def site(self, name: str) -> Site:
        """The site as it stands now, past every cache. Raises NotFound."""
        site = await self._sites.get(name)
        if site is None:
            raise NotFound(_MISSING)
        return site

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


# How many submissions each site has made this minute, counted for all processes together.


WINDOW = 60_000
"""Milliseconds of a window; windows are the minutes of the clock."""


class Spent(NamedTuple):
    """Whether it was allowed, how many are left in this window, and the seconds until the next one."""

    allowed: bool
    left: int
    seconds: int


class Rates:
    """The counters."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._keys = connection.keys

    async def spend(self, site: str, cost: int, quota: int) -> Spent:
        """Count `cost` submissions, all or none of them."""
        window, into = divmod(now_ms(), WINDOW)
        word, left = await self._wire.run(
            "quota/spend", [self._keys.rate(site, window)], cost=cost, quota=quota, lives=2 * WINDOW
        )
        return Spent(word == b"allowed", left, (WINDOW - into + 999) // 1000)
