"""Who is asking: a site, by its bearer key. The only module of `web` that looks into `store.accounts`."""

from __future__ import annotations

import re
from typing import NamedTuple

from aiohttp import web

from service.core.errors import Unauthenticated
from service.core.site import Site
from service.store.accounts import Accounts, Known

__all__ = ["SITE", "Caller", "Gate", "Known"]  # callers need not reach into the store

SITE = web.RequestKey("site", str)
"""Where a request notes the site that it belongs to, for the log."""

_AKISMET_KEY = re.compile(r"[0-9a-f]{12}\Z")


class Caller(NamedTuple):
    """A site, and which generation of its credentials it presented; see `Credentials.mark`."""

    site: Site
    mark: str


class Gate:
    """Finds the site of a request."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def site(self, request: web.Request) -> Site:
        """The site whose API key the request presents. Raises Unauthenticated.

        An Akismet key doesn't do: it is short, and its clients send it in addresses.
        """
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Unauthenticated("Send the site's API key as: Authorization: Bearer <key>")
        found = await self._accounts.find_by_key(key)
        if found is None or found.kind != "api_key":
            raise Unauthenticated("This key is not one of ours.")
        request[SITE] = found.site.id
        return found.site

    async def akismet(self, request: web.Request, key: str) -> Caller | None:
        """Who presents an Akismet key; None when it is none of ours."""
        found = await self._accounts.find_by_key(key) if _AKISMET_KEY.match(key) else None
        if found is None:
            return None
        request[SITE] = found.site.id
        return Caller(found.site, found.credentials.mark)

    async def any_key(self, request: web.Request, key: str) -> Site | None:
        """The site of an API key or an Akismet key, for platforms that have one field for it; None for any other."""
        found = await self._accounts.find_by_key(key) if key else None
        if found is None:
            return None
        request[SITE] = found.site.id
        return found.site

    async def named(self, request: web.Request, name: str) -> Known | None:
        """The site of a name, with the secrets that its webhooks may be signed with."""
        known = await self._accounts.find(name)
        if known is not None:
            request[SITE] = known.site.id
        return known
