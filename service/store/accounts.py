"""Sites and their credentials, and the audit log. What is read often is cached for `site_cache` seconds."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

from service.core.errors import Conflict, NotFound
from service.core.site import Credentials, Generation, Site, check_site, derive, key_digest
from service.store import keys as names
from service.store.client import Connection, now_ms

_encode = msgspec.msgpack.Encoder().encode
_site = msgspec.msgpack.Decoder(Site).decode
_RETRIES = 5  # of a change that meets another one
_AUDIT_LENGTH = 10_000
OPERATOR = "operator"
"""The actor of what is done at the command line."""


class Known(NamedTuple):
    """A site with the credentials that are good now, newest first."""

    site: Site
    credentials: tuple[Credentials, ...]


class Presented(NamedTuple):
    """A key that somebody presented: whose it is, which it is (`api_key`, `akismet_key`), and its generation."""

    site: Site
    kind: str
    credentials: Credentials


class Audited(NamedTuple):
    """One line of the audit log."""

    id: str  # orders them
    at: int  # milliseconds since 1970
    actor: str  # "operator" at the command line, or "moderator:<name>"
    what: str  # such as "sites.add"
    subject: str  # whom or what it was done to
    site: str  # whose it is; "": of the whole box
    note: str


class Accounts:
    """Sites, found by name or by a key that somebody presents."""

    def __init__(self, connection: Connection, master: bytes, *, cache_seconds: float = 0.0) -> None:
        self._wire = connection.wire
        self._master = master
        self._cache_seconds = cache_seconds
        self._by_name: dict[str, tuple[float, Known | None]] = {}
        self._by_key: dict[str, tuple[float, Presented]] = {}

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
        if not await self._wire.call("HSETNX", names.SITES, name, _encode(site)):
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
        for _ in range(_RETRIES):
            seen = await self._wire.call("HGET", names.SITES, name)
            if seen is None:
                raise NotFound("There is no such site.")
            before = _site(seen)
            after = change(before)
            if after == before:
                return self._known(before)
            check_site(name, after.url, after.callback)
            if first is not None:
                await first(before)
            if await self._wire.run("replace_site", [names.SITES], name, seen, _encode(after)) == b"saved":
                await self._index(after)
                await self.audit(what, name, actor=actor, site=name, note=note)
                self.forget(name)
                return self._known(after)
        raise Conflict("The site keeps changing; look at it again.")

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
        site = (await self.get(name)).site
        await self._wire.call("HDEL", names.SITES, name)
        for generation in site.generations:
            await self._wire.call("HDEL", names.CREDENTIALS, *self._digests(site.id, generation))
        await self.audit("sites.remove", name, site=name)
        self._by_name.pop(name, None)

    async def all(self) -> list[Site]:
        """Every site, by name."""
        rows = await self._wire.call("HVALS", names.SITES)
        return sorted((_site(row) for row in rows), key=lambda site: site.id)

    async def get(self, name: str) -> Known:
        """A site by its name. Raises NotFound."""
        known = await self.find(name)
        if known is None:
            raise NotFound("There is no such site.")
        return known

    async def find(self, name: str) -> Known | None:
        """A site by its name, or None."""
        at, known = self._by_name.get(name, (0.0, None))
        if at and time.monotonic() - at < self._cache_seconds:
            return known
        row = await self._wire.call("HGET", names.SITES, name)
        known = self._known(_site(row)) if row is not None else None
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
        await self._wire.call(
            "XADD", names.AUDIT, "MAXLEN", "~", _AUDIT_LENGTH, "*",
            "what", what, "subject", subject, "actor", actor, "site", site, "note", note, "at", now_ms(),
        )  # fmt: skip

    async def audited(self, limit: int, before: str = "") -> list[Audited]:
        """The newest lines of the audit log, newest first; `before` is the id of the last one of the page before."""
        rows = await self._wire.call("XREVRANGE", names.AUDIT, f"({before}" if before else "+", "-", "COUNT", limit)
        return [_audited(entry.decode(), fields) for entry, fields in rows]

    def _known(self, site: Site) -> Known:
        now = now_ms()
        return Known(site, tuple(derive(self._master, site.id, g.nonce) for g in site.generations if g.live(now)))

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


def _audited(entry: str, row: Sequence[bytes]) -> Audited:
    fields = {name.decode(): value.decode() for name, value in zip(row[::2], row[1::2], strict=True)}
    known = {name: fields.get(name, "") for name in ("what", "subject", "site", "note")}
    return Audited(id=entry, at=int(fields["at"]), actor=fields.get("actor", OPERATOR), **known)
