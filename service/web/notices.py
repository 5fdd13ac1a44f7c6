"""`/notices/<token>`: the Atom feeds of what waits. The address is the key; what it shows is what every notice shows."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from service import keyfiles
from service.clock import now_ms
from service.core.errors import NotFound
from service.core.notice import Held, Notice, Way, feed_token
from service.core.views import rfc3339
from service.web.context import CONTEXT, DIALECT, Context, Dialect
from service.web.responses import problem_response

_HEADERS = {
    "Content-Type": "application/atom+xml; charset=utf-8",
    "Cache-Control": "private, max-age=300",
    "X-Robots-Tag": "noindex",
}
_KINDS = {"escalated": "Passed on", "appealed": "An appeal"}


def notice_feeds(context: Context) -> web.Application:
    """The sub-app."""
    app = web.Application()
    app[CONTEXT] = context
    app[DIALECT] = Dialect(problem_response)
    app.router.add_get("/{token}", get_feed)
    return app


async def get_feed(request: web.Request) -> web.Response:
    """A feed. Raises NotFound for every address that is none, after the same work."""
    context = request.app[CONTEXT]
    found = await asyncio.to_thread(keyfiles.notices, context.settings.secrets)
    master, given = context.services.secrets.master, request.match_info["token"].encode(errors="replace")
    feeds = [one for one in found.notices if one.way is Way.FEED]
    fitting = [one for one in feeds if hmac.compare_digest(feed_token(master, one).encode(), given)]
    if not fitting:
        raise NotFound
    body = _atom(fitting[0], await context.services.notices.feed(fitting[0]), context.settings.address)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers={**_HEADERS, "ETag": tag})
    return web.Response(body=body, headers={**_HEADERS, "ETag": tag})


def _atom(notice: Notice, held: list[Held], address: str) -> bytes:
    page = f"{address.rstrip('/')}/review"
    updated = held[0].at if held else now_ms() // 86_400_000 * 86_400_000  # an empty one changes once a day
    about = f"What waits at {', '.join(notice.sites)}" if notice.sites else "What waits for a moderator"
    entries = "".join(_entry(one, page) for one in held)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{escape(page)}#feed={escape(notice.name)}</id><title>{escape(about)}</title>"
        f"<updated>{rfc3339(updated)}</updated><author><name>Antechamber</name></author>"
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>{entries}</feed>\n'
    ).encode()


def _entry(one: Held, page: str) -> str:
    link = f"{page}#/queue?id={one.comment}"
    why = ", ".join(part for part in (_KINDS.get(one.list, ""), one.why) if part)
    title = f"{one.site}: {one.title or why or 'a comment'}"
    return (
        f"<entry><id>{escape(link)}</id><title>{escape(title)}</title><updated>{rfc3339(one.at)}</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(link)}/>'
        f"<summary>{escape(why or 'It waits for a moderator.')}</summary></entry>"
    )
