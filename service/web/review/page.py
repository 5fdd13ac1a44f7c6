"""The moderators' page itself: its document, style, scripts and pictures, under a policy that lets nothing else run."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from aiohttp import web

from service.core.errors import NotFound
from service.web.languages import Catalogue, catalogues, language_of
from service.web.responses import PROTECTION

_PAGE = "index.html"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
_SAID = re.compile(r'(<(?:a|p) class="(?:skip|empty)"[^>]*>|aria-label=")([^<"]+)(<|")')
HEADERS: Final = {
    **PROTECTION,
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept by the browser, but asked about: the files change together
}


_WORKER = "push_worker.js"
_WORKERS_SCOPE = "/review"


class _File(NamedTuple):
    kind: str
    tag: str
    plain: bytes
    packed: bytes


def page_routes() -> list[web.RouteDef]:
    """The routes of the page, for everybody: without a session it can only offer to sign in."""
    return [web.get("", get_page), web.get("/", get_page), web.get("/static/{name:.+}", get_file)]


async def get_page(request: web.Request) -> web.Response:
    """The document, in the language that was chosen, or that the browser asks for."""
    return _answer(request, _documents()[language_of(request).code], vary="Accept-Encoding, Accept-Language, Cookie")


async def get_file(request: web.Request) -> web.Response:
    """One of its files, by its path among them."""
    name = request.match_info["name"]
    found = _files().get(name)
    if found is None:
        raise NotFound
    return _answer(request, found, workers_scope=_WORKERS_SCOPE if name == _WORKER else "")


def _answer(
    request: web.Request, found: _File, *, vary: str = "Accept-Encoding", workers_scope: str = ""
) -> web.Response:
    """`workers_scope`: which pages a service worker may serve, whose files are in a folder of their own."""
    headers = {**HEADERS, "ETag": found.tag, "Vary": vary}
    if workers_scope:
        headers["Service-Worker-Allowed"] = workers_scope
    if found.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = found.kind
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=found.packed, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=found.plain, headers=headers)


@cache
def _files() -> Mapping[str, _File]:
    """All that is in the package, by path: whatever else a request names is not there."""
    return dict(_walk(files("service.web") / "static" / "review", ""))


def _walk(folder: Traversable, within: str) -> Iterator[tuple[str, _File]]:
    for path in folder.iterdir():
        kind = _TYPES.get(path.name.rpartition(".")[2])
        if path.is_dir():
            yield from _walk(path, f"{within}{path.name}/")
        elif kind is not None:
            yield f"{within}{path.name}", _packed(kind, path.read_bytes())


def _packed(kind: str, plain: bytes) -> _File:
    tag = f'W/"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"'
    return _File(kind, tag, plain, gzip.compress(plain, mtime=0))


@cache
def _documents() -> Mapping[str, _File]:
    """The document in each language: it says which one, has its sentences fetched with the scripts, and names the others."""
    page = _files()[_PAGE]
    return {code: _packed(page.kind, _spoken(page.plain.decode(), one).encode()) for code, one in catalogues().items()}


def _spoken(document: str, language: Catalogue) -> str:
    """The document with what stands in it in English said in a language."""
    said = _SAID.sub(lambda found: f"{found[1]}{escape(language.say(' '.join(found[2].split())))}{found[3]}", document)
    path = f"/review/static/languages/{language.code}.json"
    names = "|".join(f"{code}={one.name}" for code, one in catalogues().items())
    return said.replace(
        '<html lang="en" dir="ltr" data-languages="">',
        f'<html lang="{language.code}" dir="{language.direction}" data-languages="{escape(names)}">',
        1,
    ).replace("/review/static/languages/en.json", path, 1)
