"""Who asks at the review API, from where, and with which right: the guard of every route, and what the routes share.

Every module of `web.review` declares its own, and `web.review` adds them all; nothing is served that was not guarded here.
The handlers find who asks as `request[ME]`.
"""

from __future__ import annotations

import hmac
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web
from yarl import URL

from service.core.errors import (
    AntechamberError,
    Forbidden,
    MalformedRequest,
    NotFound,
    SecondFactorRequired,
    StoreUnavailable,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from service.core.site import Site
from service.settings import Settings
from service.usecases.moderators import SignedIn
from service.web.bodies import KNOWN
from service.web.context import CONTEXT
from service.web.openapi import Handler, Parameter, Route

ME = web.RequestKey("me", SignedIn)
"""Where a request notes who makes it; every handler behind `routes.guarded` finds it."""


# Who asks, and whether it is our own page that asks: cookie, origin, token, and where a request comes from.
#
# Three things stand between a moderator's session and another site's page: the cookie is SameSite=Strict; the browser says
# where an unsafe request comes from (Sec-Fetch-Site, or Origin where the page is not served over TLS); and it must carry a
# token that only our page can read. See OWASP's Cross-Site Request Forgery Prevention cheat sheet.


COOKIE = "antechamber_session"
_LOCAL = ip_address("127.0.0.1")


async def signed_in(request: web.Request) -> SignedIn:
    """Who asks. Raises Unauthenticated."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise Unauthenticated("Please sign in.")
    return await request.app[CONTEXT].services.moderators.session(token)


async def wanted_sites(request: web.Request) -> list[Site]:
    """The sites that the parameter `site` names, or all that whoever asks sees. Raises NotFound."""
    moderators, me = request.app[CONTEXT].services.moderators, request[ME]
    names = dict.fromkeys(request.query.get("site", "").split("\n"))
    return [await moderators.site(me.member, name) for name in names if name] or await moderators.sites(me.member)


def check_token(request: web.Request, me: SignedIn) -> None:
    """Refuse a request without the session's token. Raises Forbidden."""
    given = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(given.encode(errors="replace"), me.csrf.encode()):
        raise Forbidden("The header X-CSRF-Token must carry the session's token; reload the page.")


def check_origin(request: web.Request) -> None:
    """Refuse what a browser sends on behalf of another site. Programs say nothing of an origin. Raises Forbidden."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            raise Forbidden("This comes from another site's page.")
        return
    origin = request.headers.get("Origin")
    if origin is None:
        return
    settings = request.app[CONTEXT].settings
    ours = {request.host, _host(settings.public_url)}
    if _from_proxy(request, settings):
        ours.add(request.headers.get("X-Forwarded-Host", ""))
    if not (found := _host(origin)) or found not in ours:
        raise Forbidden("This comes from another site's page.")


def set_cookie(request: web.Request, response: web.Response, token: str) -> None:
    """Give the browser its session."""
    settings = request.app[CONTEXT].settings
    response.set_cookie(
        COOKIE, token, path="/review", httponly=True, samesite="Strict", secure=_secure(request, settings),
        max_age=int(settings.review_session_timeout),
    )  # fmt: skip


def drop_cookie(request: web.Request, response: web.Response) -> None:
    """Take it back."""
    secure = _secure(request, request.app[CONTEXT].settings)
    response.del_cookie(COOKIE, path="/review", httponly=True, samesite="Strict", secure=secure)


def set_ticket(request: web.Request, response: web.Response, name: str, ticket: str) -> None:
    """Give the browser what it is to bring back from the provider, whose page leads here: hence not SameSite=Strict."""
    response.set_cookie(
        name, ticket, path="/review/api/provider", httponly=True, samesite="Lax",
        secure=_secure(request, request.app[CONTEXT].settings), max_age=600,
    )  # fmt: skip


def drop_ticket(request: web.Request, response: web.Response, name: str) -> None:
    """Take it back."""
    secure = _secure(request, request.app[CONTEXT].settings)
    response.del_cookie(name, path="/review/api/provider", httponly=True, samesite="Lax", secure=secure)


def address(request: web.Request) -> str:
    """Where a request comes from: the last address that no trusted proxy of ours has."""
    trusted = request.app[CONTEXT].settings.trusted_proxies
    found = _address(request.remote or "") or _LOCAL  # a unix socket has no address
    hops = [one for line in request.headers.getall("X-Forwarded-For", ()) for one in line.split(",")]
    while hops and any(found in network for network in trusted):
        earlier = _address(hops.pop())
        if earlier is None:
            break
        found = earlier
    return str(found)


def _secure(request: web.Request, settings: Settings) -> bool:
    """Whether browsers reach us by TLS, as far as we can know behind a proxy that ends it."""
    if settings.review_secure_cookie == "always" or settings.public_url.lower().startswith("https://"):
        return True
    return _from_proxy(request, settings) and request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _from_proxy(request: web.Request, settings: Settings) -> bool:
    peer = _address(request.remote or "") or _LOCAL
    return any(peer in network for network in settings.trusted_proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: perhaps with a port or brackets; IPv4 in IPv6 clothes is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _host(url: str) -> str:
    """Host and port of a URL, the port only where it is not the scheme's own, as the Host header has it."""
    try:
        parsed = URL(url)
        return parsed.authority if not parsed.is_default_port() else str(parsed.host)
    except ValueError:
        return ""


READING: tuple[type[AntechamberError], ...] = (Unauthenticated, Forbidden, SecondFactorRequired, StoreUnavailable)
"""The problems of every route that needs a session."""
ONE: tuple[type[AntechamberError], ...] = (*READING, NotFound)
"""… and that is about one thing."""
BODY: tuple[type[AntechamberError], ...] = (MalformedRequest, TooLarge, UnsupportedMediaType)
"""… of one that takes a body."""
SITE = Parameter("query", "site", "Only this site, or these, one a line; all sites that you see unless told.")
_SAFE = ("get", "head")
_ENROLLING = ("session", "account")
"""The tags of what somebody may do who has yet to set up a second factor."""


def guarded(route: Route) -> Handler:
    """The handler, for those who may: signed in, from our own page, with the right that it takes."""
    unsafe = route.operation.method not in _SAFE

    async def handle(request: web.Request) -> web.StreamResponse:
        if unsafe:
            check_origin(request)
        if route.right is not None:
            me = await signed_in(request)
            request[KNOWN] = True
            if unsafe:
                check_token(request, me)
            if not me.member.may(route.right):
                raise Forbidden("Your role does not allow this.")
            if me.enrols and route.operation.tag not in _ENROLLING:
                raise SecondFactorRequired
            request[ME] = me
        return await route.handler(request)

    return handle
