"""The moderators' page itself: its document, style, scripts and pictures, under a policy that lets nothing else run."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from aiohttp import web

from service.core.errors import NotFound
from service.web.responses import PROTECTION

_PAGE = "index.html"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
HEADERS: Final = {
    **PROTECTION,
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept by the browser, but asked about: the files change together
    "Vary": "Accept-Encoding",
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
    """The document."""
    return _answer(request, _PAGE)


async def get_file(request: web.Request) -> web.Response:
    """One of its files, by its path among them."""
    return _answer(request, request.match_info["name"])


def _answer(request: web.Request, name: str) -> web.Response:
    found = _files().get(name)
    if found is None:
        raise NotFound
    headers = {**HEADERS, "ETag": found.tag}
    if name == _WORKER:  # whose files are in a folder of their own, and may serve no page elsewhere unless told
        headers["Service-Worker-Allowed"] = _WORKERS_SCOPE
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
            plain = path.read_bytes()
            tag = f'W/"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"'
            yield f"{within}{path.name}", _File(kind, tag, plain, gzip.compress(plain, mtime=0))
