"""The second factor: secrets that are derived, codes of the time (TOTP, RFC 6238, by pyotp), and recovery codes.

The store holds no secret: one is an HMAC of the master secret over the moderator and a random seed. Each code does once. For
the use cases of moderators.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
from typing import NamedTuple

import msgspec
import pyotp
import segno

from service.core.moderator import Moderator, SecondFactor

_PERIOD = 30  # seconds, as every app has it
_AROUND = (0, -1, 1)  # periods that are accepted: clocks differ
_CODES = 10  # recovery codes that one is given
_CODE_BYTES = 10  # of each: 80 bits, 16 letters
_SEED_BYTES = 16


class Enrolment(NamedTuple):
    """What an app needs to make the codes. Shown once, and never logged: the repr hides it."""

    key: str  # base32, for typing
    address: str  # otpauth://…, what the picture says
    picture: str  # a QR code, SVG

    def __repr__(self) -> str:
        return "Enrolment(…)"


def seed() -> str:
    """A new one."""
    return secrets.token_hex(_SEED_BYTES)


def enrolment(master: bytes, name: str, seed: str, issuer: str) -> Enrolment:
    """The secret of a seed, for the app of a moderator."""
    totp = _totp(master, name, seed)
    address = totp.provisioning_uri(name=name, issuer_name=issuer)
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", xmldecl=False, border=4, light="#fff", omitsize=True)
    return Enrolment(totp.secret, address, drawn.getvalue().decode())


def used(master: bytes, member: Moderator, second: SecondFactor, code: str, now: int) -> SecondFactor | None:
    """The second factor after `code` was used at `now` (milliseconds since 1970), or None: the code is not good, or any more."""
    code = "".join(code.split()).replace("-", "").upper()
    if code.isascii() and code.isdigit():
        step = _step(master, member.name, second.seed, code, now)
        return msgspec.structs.replace(second, step=step) if step > second.step else None
    digest = _digest(master, member.name, code)
    left = tuple(one for one in second.recovery if not hmac.compare_digest(one, digest))
    return msgspec.structs.replace(second, recovery=left) if len(left) < len(second.recovery) else None


def confirmed(master: bytes, member: Moderator, code: str, now: int) -> SecondFactor | None:
    """The second factor that `member` is enrolling, when the code shows that their app has it; it has no recovery codes yet."""
    step = _step(master, member.name, member.enrolling, code.replace(" ", ""), now) if member.enrolling else 0
    return SecondFactor(member.enrolling, now, step) if step else None


def recovery_codes(master: bytes, name: str) -> tuple[list[str], tuple[str, ...]]:
    """New recovery codes as they are shown, and as they are kept."""
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(_CODES)]
    shown = ["-".join(code[at : at + 4] for at in range(0, len(code), 4)).lower() for code in codes]
    return shown, tuple(_digest(master, name, code) for code in codes)


def _totp(master: bytes, name: str, seed: str) -> pyotp.TOTP:
    secret = hmac.digest(master, f"totp\0{name}\0{seed}".encode(), hashlib.sha256)[:20]
    return pyotp.TOTP(base64.b32encode(secret).decode(), interval=_PERIOD)


def _step(master: bytes, name: str, seed: str, code: str, now: int) -> int:
    """The period that a code is of, 0 for none of those around now."""
    present, totp, given = now // 1000 // _PERIOD, _totp(master, name, seed), code.encode(errors="replace")
    good = [
        present + away for away in _AROUND if hmac.compare_digest(totp.generate_otp(present + away).encode(), given)
    ]
    return max(good, default=0)


def _digest(master: bytes, name: str, code: str) -> str:
    return hmac.digest(master, f"recovery\0{name}\0{code}".encode(errors="replace"), hashlib.sha256).hex()
