"""Answers of the native API: JSON, with the protective headers that every answer of the service carries."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from multidict import CIMultiDict

PROTECTION: Final = {
    "Server": "antechamber",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""The middleware adds them to whatever comes without; pages bring a policy of their own."""
_JSON: Final = CIMultiDict({**PROTECTION, "Content-Type": "application/json"})


def json_answer(body: bytes, status: int = 200) -> web.Response:
    """An answer from encoded JSON. Its headers are copied whole: this is the hot path."""
    return web.Response(body=body, status=status, headers=_JSON)
