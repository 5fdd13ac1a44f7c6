"""Who asks what, in the Akismet dialect: the key from wherever clients put it, and the form's fields."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from aiohttp import web

from service.core.errors import StoreUnavailable
from service.web.auth import Caller
from service.web.bodies import read_body
from service.web.forms import charset_of, parse_form
from service.web.parts import PARTS

UNKNOWN_KEY: Final = "This API key is not one of ours."


class Asked(NamedTuple):
    """A request that was understood: who asks, and the fields."""

    caller: Caller
    form: Mapping[str, str]


async def ask(request: web.Request, *, key_first: bool = False) -> Asked | None:
    """Read a request and find out who asks; None when the key is unknown. Raises TooLarge, MalformedRequest, StoreUnavailable.

    The key is in the form (or in the query), as `api_key` or `key`, or is the first label of the host name. Whatever
    Content-Type is said: some clients say none that there is, and all of them send forms.
    """
    parts = request.app[PARTS]
    body = await read_body(request, parts.settings.max_body, None)
    form = {**request.query, **parse_form(body, charset_of(request.charset))}
    names = ("key", "api_key") if key_first else ("api_key", "key")
    given = next((form[name] for name in names if form.get(name)), "") or request.host.partition(".")[0]
    try:
        async with asyncio.timeout(parts.settings.akismet_deadline):
            caller = await parts.gate.akismet(request, given.strip().lower())
    except TimeoutError:
        raise StoreUnavailable(retry_after=5) from None
    return Asked(caller, form) if caller is not None else None
