"""Answers as the native API gives them: JSON, problem details, style sheets, with the protective headers that all carry."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import ClassVar, Final

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from service.core.errors import AntechamberError, InvalidPolicy, MalformedRequest, NotFound, TooLarge, UnknownEncoding
from service.web.schema import Mistake, Problem

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


# Errors as the native API and webhooks answer them: RFC 9457 problem details. The one place that renders them.


CONTENT_TYPE = "application/problem+json"
_SHORTLY = 2  # seconds
_BEARER = 'Bearer realm="antechamber"'
_encode = msgspec.json.Encoder().encode


class MethodNotAllowed(AntechamberError):
    """The resource is there, but does not answer to this method; `allowed` goes into `Allow`."""

    slug: ClassVar[str] = "method-not-allowed"
    status: ClassVar[int] = 405
    title: ClassVar[str] = "The resource does not answer to this method"

    def __init__(self, allowed: str) -> None:
        super().__init__()
        self.allowed = allowed


def problem(error: AntechamberError, instance: str = "") -> Problem:
    """An error as problem details; `instance` is the request's id."""
    said = Problem(
        type=f"/problems/{error.slug}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=instance,
        pointer=error.pointer,
    )
    if not isinstance(error, InvalidPolicy):
        return said
    return msgspec.structs.replace(
        said,
        line=error.line,
        column=error.column,
        errors=[Mistake(one.detail, one.pointer, one.line, one.column, one.said, one.values) for one in error.told],
        errors_left_out=len(error.all) - len(error.told),
    )


def problem_response(error: AntechamberError, instance: str, *, challenge: str = _BEARER) -> web.Response:
    """An error as the answer to a request; `challenge` says how to authenticate, should that have been the trouble."""
    headers = {"Content-Type": CONTENT_TYPE}
    if error.status == 401:
        headers["WWW-Authenticate"] = challenge
    if error.retry_after is not None or error.status == 503:
        headers["Retry-After"] = str(error.retry_after or _SHORTLY)
    if isinstance(error, UnknownEncoding):
        headers["Accept-Encoding"] = "gzip, deflate"  # RFC 9110, 15.5.16
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allowed
    said = problem(error, instance)
    body = _encode({**msgspec.to_builtins(said), **error.members} if error.members else said)
    return web.Response(status=error.status, body=body, headers=headers)


def from_http(error: web.HTTPException) -> AntechamberError:
    """What aiohttp itself refuses, as one of our errors."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(", ".join(sorted(error.allowed_methods)))
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge()
    if error.status == 404:
        return NotFound()
    return MalformedRequest()


# The style sheet of the plain pages, made on the server: the colours that all pages share, and after them the rules.


@cache
def style_sheet() -> bytes:
    """The style sheet of the API's page and of the appeal page."""
    static = files("service.web") / "static"
    return b"".join(static.joinpath(*name).read_bytes() for name in (("review", "tokens.css"), ("plain.css",)))
