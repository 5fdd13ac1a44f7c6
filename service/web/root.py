"""`GET /`: where things are, for whoever has come to the door; JSON for programs, a list of links for people."""

from __future__ import annotations

from html import escape
from typing import Final

import msgspec
from aiohttp import web

from service.web.responses import json_answer

PLACES: Final = {
    "api": ("/v1/docs", "The native API, described"),
    "openapi": ("/v1/openapi.json", "… as an OpenAPI document"),
    "moderators": ("/review", "The moderators' page"),
    "akismet": ("/1.1/", "For Akismet's clients"),
    "perspective": ("/v1alpha1/", "For Perspective's clients"),
    "perspective_discovery": ("/$discovery/rest?version=v1alpha1", "… and what they build themselves from"),
    "openai_moderations": ("/v1/moderations", "For OpenAI's clients"),
    "hooks": ("/hooks/", "For platforms' webhooks: /hooks/{site} and /hooks/{site}/{platform}"),
    "health": ("/healthz", "Is it alive"),
    "ready": ("/readyz", "Does it take comments in"),
}
"""Name -> where it is, and what."""
_FOR_PEOPLE = {"api", "openapi", "moderators", "health", "ready"}  # the others are no pages
_JSON = msgspec.json.encode({"service": "antechamber", "places": {name: place for name, (place, _) in PLACES.items()}})
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
}


def _page() -> bytes:
    lines = []
    for name, (place, what) in PLACES.items():
        shown = (
            f'<a href="{escape(place)}">{escape(place)}</a>' if name in _FOR_PEOPLE else f"<code>{escape(place)}</code>"
        )
        lines.append(f"<dt>{shown}</dt><dd>{escape(what)}</dd>")
    return (
        '<!doctype html><html lang="en" class="plain"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Antechamber</title>'
        '<link rel="icon" href="/review/static/icon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/v1/docs.css"></head><body class="docs"><main><h1>Antechamber</h1>'
        f"<p>Comments wait here until they are cleared.</p><dl>{''.join(lines)}</dl></main></body></html>"
    ).encode()


_PAGE = _page()


async def root(request: web.Request) -> web.Response:
    """Where things are."""
    if "text/html" in request.headers.get("Accept", ""):
        return web.Response(body=_PAGE, headers=_HEADERS)
    return json_answer(_JSON)
