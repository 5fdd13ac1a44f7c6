"""The discovery document of the Perspective dialect, so that Google's client libraries build a client from it, unchanged.

`discovery.json` is it, a RestDescription as https://developers.google.com/discovery has it; only its addresses are put in here.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from aiohttp import web

from service.core.errors import NotFound
from service.web.context import CONTEXT
from service.web.perspective.calls import caller, key_of
from service.web.perspective.schema import HOST, answer

_VERSION = "v1alpha1"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?\Z|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?\Z")


async def discovery(request: web.Request) -> web.Response:
    """The document, for anybody; but a key that comes with the request must be one of ours, since clients try theirs with it.

    Its addresses are the public one, or the one that it was asked for under: always so under Perspective's own name, which
    a client can only have been led here by.
    """
    if key := key_of(request.query, request.headers):
        await caller(request, key)
    if request.query.get("version", _VERSION) != _VERSION:
        raise NotFound("There is v1alpha1 only.")
    settings = request.app[CONTEXT].settings
    here = request.host if _HOST.match(request.host) else f"{settings.host}:{settings.port}"
    public = f"https://{HOST}" if request.host.lower() == HOST else settings.public_url
    root = (public or f"{request.scheme}://{here}").rstrip("/") + "/"
    return answer(_document() | {"rootUrl": root, "baseUrl": root}, request.query)


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(files(__package__).joinpath("discovery.json").read_bytes())
    return found
