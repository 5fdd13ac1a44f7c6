"""One's own account at the page: the password, the second factor, its recovery codes. Each change begins a new session."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.core.errors import Busy, Conflict, InvalidSubmission, RateLimited
from service.core.moderator import MAX_PASSWORD, Right
from service.core.views import rfc3339
from service.web.context import CONTEXT
from service.web.openapi import Answer, Routes
from service.web.requests import decode, read_body
from service.web.responses import json_answer
from service.web.review.routes import BODY, ME, READING, address, set_cookie
from service.web.review.session import SessionView, begun, session_view

_MAX_BODY = 16_384
_encode = msgspec.json.Encoder().encode
_Password = Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD)]
_Code = Annotated[str, Meta(max_length=100, description="Of the second factor, for who has one; or a recovery code.")]


class AccountView(Struct, frozen=True):
    """How somebody signs in."""

    second_factor: Annotated[str | None, Meta(description="Since when they have one (RFC 3339); null: they have none.")]
    recovery_codes: Annotated[int, Meta(description="How many are left.")]
    required: Annotated[bool, Meta(description="Whether the role, or a site that they see, needs a second factor.")]
    password: Annotated[
        bool, Meta(description="Whether they have a password here; else they sign in at the provider alone.")
    ]


class PasswordInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A new password, and the present one."""

    current: _Password
    new: _Password
    code: _Code = ""

    def __repr__(self) -> str:
        return "PasswordInput(…)"


class ProofInput(Struct, frozen=True, forbid_unknown_fields=True):
    """That it is still they who ask."""

    current: _Password
    code: _Code = ""

    def __repr__(self) -> str:
        return "ProofInput(…)"


class CodeInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What the app shows."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]


class EnrolmentView(Struct, frozen=True):
    """What an app needs to make codes; shown this once."""

    key: Annotated[str, Meta(description="The secret, base32, to be typed.")]
    address: Annotated[str, Meta(description="The same as an `otpauth:` address.")]
    picture: Annotated[str, Meta(description="The same as a QR code, SVG.")]

    def __repr__(self) -> str:
        return "EnrolmentView(…)"


class RecoveryView(Struct, frozen=True):
    """Recovery codes, shown this once, and the new session."""

    codes: list[str]
    session: SessionView

    def __repr__(self) -> str:
        return "RecoveryView(…)"


route = Routes("/review/api", tag="account", right=Right.QUEUE)
_PROVING = (*READING, *BODY, InvalidSubmission, RateLimited, Busy, Conflict)
_SESSION = Answer(200, "The new session.", SessionView)
_CODES = Answer(200, "The codes, and the new session.", RecoveryView)


@route("get", "/account", "getAccount", answers=(Answer(200, "The account.", AccountView),), problems=READING)
async def get_account(request: web.Request) -> web.Response:
    """How you sign in."""
    member = request[ME].member
    second, required = member.second, await request.app[CONTEXT].services.moderators.needs_second_factor(member)
    left = len(second.recovery) if second else 0
    view = AccountView(rfc3339(second.since) if second else None, left, required, bool(member.password))
    return json_answer(_encode(view))


@route("put", "/account/password", "changePassword", answers=(_SESSION,), problems=_PROVING, takes=PasswordInput)
async def put_password(request: web.Request) -> web.Response:
    """Change your password.

    It ends all your other sessions. Wrong guesses at the present one cost pauses, as they do at the door.
    """
    asked = decode(_password_input, await read_body(request, _MAX_BODY))
    account = request.app[CONTEXT].services.account
    return await begun(
        request, await account.set_password(request[ME], asked.current, asked.new, address(request), asked.code)
    )


@route(
    "post", "/account/second-factor", "enrolSecondFactor", problems=_PROVING, takes=ProofInput,
    answers=(Answer(200, "What the app needs.", EnrolmentView),),
)  # fmt: skip
async def enrol(request: web.Request) -> web.Response:
    """Begin with a second factor.

    Gives the secret for an app that makes codes of the time (TOTP: SHA-1, 6 digits, 30 seconds). Nothing changes before a
    code of it has been sent.
    """
    asked = decode(_proof_input, await read_body(request, _MAX_BODY))
    made = await request.app[CONTEXT].services.account.enrol(request[ME], asked.current, address(request))
    return json_answer(_encode(EnrolmentView(made.key, made.address, made.picture)))


@route("put", "/account/second-factor", "confirmSecondFactor", answers=(_CODES,), problems=_PROVING, takes=CodeInput)
async def confirm(request: web.Request) -> web.Response:
    """Confirm the second factor.

    With the code that the app shows. From then on codes are asked for; the recovery codes are for when the app is lost.
    """
    asked = decode(_code_input, await read_body(request, _MAX_BODY))
    me, codes = await request.app[CONTEXT].services.account.confirm(request[ME], asked.code)
    return await _codes(request, RecoveryView(codes, await session_view(request, me)), me.token)


@route("delete", "/account/second-factor", "endSecondFactor", answers=(_SESSION,), problems=_PROVING, takes=ProofInput)
async def end(request: web.Request) -> web.Response:
    """Do without a second factor, where the role may."""
    asked = decode(_proof_input, await read_body(request, _MAX_BODY))
    account = request.app[CONTEXT].services.account
    return await begun(request, await account.end(request[ME], asked.current, address(request), asked.code))


@route(
    "post", "/account/recovery-codes", "newRecoveryCodes", answers=(_CODES,), problems=_PROVING, takes=ProofInput
)  # fmt: skip
async def new_codes(request: web.Request) -> web.Response:
    """Get new recovery codes; the old ones are good no more."""
    asked = decode(_proof_input, await read_body(request, _MAX_BODY))
    account = request.app[CONTEXT].services.account
    me, codes = await account.new_codes(request[ME], asked.current, address(request), asked.code)
    return await _codes(request, RecoveryView(codes, await session_view(request, me)), me.token)


async def _codes(request: web.Request, view: RecoveryView, token: str) -> web.Response:
    response = json_answer(_encode(view))
    set_cookie(request, response, token)
    return response


_password_input = msgspec.json.Decoder(PasswordInput)
_proof_input = msgspec.json.Decoder(ProofInput)
_code_input = msgspec.json.Decoder(CodeInput)
