"""What handlers find in the application under one typed key, and who is asking: a site, by one of its keys or by its name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import token_bytes
from typing import NamedTuple

from aiohttp import web

from service.container import Services
from service.core.errors import AntechamberError, Unauthenticated
from service.core.identity import IdentityKeys
from service.core.site import Known, Site, derive
from service.core.submission import Submission
from service.settings import Settings
from service.web.bodies import KNOWN
from service.web.scoring import Explainer, Scoring
from service.web.subscribers import Live
from service.web.waiting import Waiting

SITE = web.RequestKey("site", str)
"""Where a request notes the site that it belongs to, for the log."""
RATE = web.RequestKey("rate", dict[str, str])
"""Where a request notes the RateLimit headers of its answer."""

NOBODYS = Known(Site("-", "", 0, ()), (derive(token_bytes(32), "-", ""),))
"""The site of every name that no site has; it takes nothing in."""
_AKISMET_KEY = re.compile(r"[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class Context:
    """The use cases, and what only the HTTP side of a process has; `service.app` makes it."""

    services: Services
    waiting: Waiting
    subscribers: Live
    scoring: Scoring
    explain: Explainer
    deliverable: Callable[[str], str] | None  # e-mail address -> "yes" | "no" | "unknown", at once
    listed: (
        Callable[[Submission, str], Awaitable[Submission]] | None
    )  # + raw IP address -> with what http:BL knows of it

    on_lists: Callable[[Submission, str, str], Submission]  # + raw e-mail and IP address -> with what lists say of it

    @property
    def settings(self) -> Settings:
        """What the operator has set."""
        return self.services.settings

    @property
    def identity(self) -> IdentityKeys:
        """What addresses are digested with."""
        return self.services.secrets.identity


@dataclass(frozen=True, slots=True)
class Dialect:
    """What sets a sub-app's answers apart: how it renders an error, given the request's id.

    Where people read them, `spoken` renders them in the language that the request asks for.
    """

    render: Callable[[AntechamberError, str], web.Response]
    spoken: Callable[[web.Request, AntechamberError], web.Response] | None = None


CONTEXT = web.AppKey("context", Context)
DIALECT = web.AppKey("dialect", Dialect)


# Who asks. A request notes the site that it turns out to belong to.


class Caller(NamedTuple):
    """A site, and which generation of its credentials it presented; see `Credentials.mark`."""

    site: Site
    mark: str


async def authenticated(request: web.Request) -> Site:
    """The site whose API key the request presents. Raises Unauthenticated.

    An Akismet key doesn't do: it is short, and its clients send it in addresses.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("Send the site's API key as: Authorization: Bearer <key>")
    found = await request.app[CONTEXT].services.access.by_key(key)
    if found is None or found.kind != "api_key":
        raise Unauthenticated("This key is not one of ours.")
    request[SITE], request[KNOWN] = found.site.id, True
    return found.site


async def akismet_caller(request: web.Request, key: str) -> Caller | None:
    """Who presents an Akismet key; None when it is none of ours."""
    found = await request.app[CONTEXT].services.access.by_key(key) if _AKISMET_KEY.match(key) else None
    if found is None:
        return None
    request[SITE] = found.site.id
    return Caller(found.site, found.credentials.mark)


async def site_of_key(request: web.Request, key: str) -> Site | None:
    """The site of an API key or an Akismet key, for platforms that have one field for it; None for any other."""
    found = await request.app[CONTEXT].services.access.by_key(key)
    if found is None:
        return None
    request[SITE], request[KNOWN] = found.site.id, True
    return found.site


async def site_of_name(request: web.Request, name: str) -> Known:
    """The site of a name, with the secrets that its webhooks may be signed with; nobody's, whose secret nobody has, when there
    is none: who calls is told the same, and for the same work, whether there is such a site or not."""
    known = await request.app[CONTEXT].services.access.by_name(name)
    if known is None:
        return NOBODYS
    request[SITE] = known.site.id
    return known
