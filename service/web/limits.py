"""The rate limit: so many submissions a minute and site, counted in Redis for all processes together (fixed windows)."""

from __future__ import annotations

from aiohttp import web

from service.core.errors import RateLimited
from service.core.site import Site
from service.web.middleware import RATE
from service.web.parts import Parts


async def spend(parts: Parts, request: web.Request, site: Site, cost: int) -> None:
    """Count submissions against the site's minute. Raises RateLimited; then nothing was counted."""
    quota = parts.settings.rate_limit
    if not quota:
        return
    allowed, left, seconds = await parts.spend(site.id, cost)
    request[RATE] = {
        "RateLimit-Policy": f'"submissions";q={quota};w=60',
        "RateLimit": f'"submissions";r={left};t={seconds}',
    }
    if not allowed:
        raise RateLimited(f"A site may submit {quota} comments a minute.", retry_after=seconds)
