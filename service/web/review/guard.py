"""Who asks, and whether it is our own page that asks: cookie, origin, token, and where a request comes from.

Three things stand between a moderator's session and another site's page: the cookie is SameSite=Strict; the browser says
where an unsafe request comes from (Sec-Fetch-Site, or Origin where the page is not served over TLS); and it must carry a
token that only our page can read. See OWASP's Cross-Site Request Forgery Prevention cheat sheet.
"""

from __future__ import annotations

import hmac
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web
from yarl import URL

from service.core.errors import Forbidden, Unauthenticated
from service.core.site import Site
from service.settings import Settings
from service.staff import SignedIn
from service.web.review.parts import ME, REVIEW

COOKIE = "antechamber_session"
_LOCAL = ip_address("127.0.0.1")


async def signed_in(request: web.Request) -> SignedIn:
    """Who asks. Raises Unauthenticated."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise Unauthenticated("Please sign in.")
    return await request.app[REVIEW].staff.session(token)


async def wanted_sites(request: web.Request) -> list[Site]:
    """The site that the parameter `site` names, or all that whoever asks sees. Raises NotFound."""
    staff, me = request.app[REVIEW].staff, request[ME]
    name = request.query.get("site", "")
    return [await staff.site(me.member, name)] if name else await staff.sites(me.member)


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
    settings = request.app[REVIEW].settings
    ours = {request.host, _host(settings.public_url)}
    if _from_proxy(request, settings):
        ours.add(request.headers.get("X-Forwarded-Host", ""))
    if not (found := _host(origin)) or found not in ours:
        raise Forbidden("This comes from another site's page.")


def set_cookie(request: web.Request, response: web.Response, token: str) -> None:
    """Give the browser its session."""
    settings = request.app[REVIEW].settings
    response.set_cookie(
        COOKIE, token, path="/review", httponly=True, samesite="Strict", secure=_secure(request, settings),
        max_age=int(settings.review_session_timeout),
    )  # fmt: skip


def drop_cookie(request: web.Request, response: web.Response) -> None:
    """Take it back."""
    secure = _secure(request, request.app[REVIEW].settings)
    response.del_cookie(COOKIE, path="/review", httponly=True, samesite="Strict", secure=secure)


def address(request: web.Request) -> str:
    """Where a request comes from: the last address that no trusted proxy of ours has."""
    trusted = request.app[REVIEW].settings.trusted_proxies
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
