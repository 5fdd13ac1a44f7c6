"""A message for one browser: encrypted for it alone (RFC 8291), with a word by which push services know us (VAPID, RFC 8292).

The primitives are `cryptography`'s and joserfc's; `tests/test_web_push.py` holds this against the vectors of the RFC and
against another implementation. For the deliverer, and for the page, which needs the public key.
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from service.core.push import origin_of

_CURVE: Final = ec.SECP256R1()
_ORDER: Final = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551  # of P-256, SEC 2
_RECORD: Final = 4_096  # bytes; there is one, so its size says nothing
_PADDED: Final = 2_048  # bytes that every message has, so that its size says nothing either
MOST: Final = _PADDED - 1
"""Bytes of a message."""
_GOOD_FOR = 12 * 3_600  # seconds; a push service takes no token that is good for more than a day


class UnusableKey(ValueError):
    """A browser's public key is no point of the curve."""


class Sender:
    """Who we are to push services: one key pair for all of them, which follows from the master secret (ADR 7).

    `contact` is where a push service's people find us: the address of this service.
    """

    def __init__(self, master: bytes, contact: str) -> None:
        wide = hmac.digest(master, b"antechamber: web push", "sha512")  # far wider than the order: no bias
        self._key = ec.derive_private_key(int.from_bytes(wide) % (_ORDER - 1) + 1, _CURVE)
        self._topics = hmac.digest(master, b"antechamber: web push topics", "sha256")
        self._signing = ECKey.import_key(self._key)
        self._contact = contact

    def __repr__(self) -> str:
        return "Sender(…)"

    @property
    def public_key(self) -> str:
        """The public key, as a page hands it to its browser: an uncompressed point, base64url."""
        return _base64url(_point(self._key.public_key()))

    def topic(self, name: str) -> str:
        """What a push service may know a notice by: a newer message of it takes the place of one that still waits there."""
        return _base64url(hmac.digest(self._topics, name.encode(), "sha256")[:18])

    def authorization(self, endpoint: str, now: int) -> str:
        """The header that says who writes to a push service. `now` is in seconds since 1970."""
        claims = {"aud": origin_of(endpoint), "exp": now + _GOOD_FOR, "sub": self._contact}
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._signing)
        return f"vapid t={token}, k={self.public_key}"


def is_key(key: bytes) -> bool:
    """Whether a browser can have this public key."""
    try:
        _read(key)
    except UnusableKey:
        return False
    return True


def seal(message: bytes, key: bytes, auth: bytes) -> bytes:
    """A message of at most `MOST` bytes, padded, for the browser with these keys. Raises UnusableKey."""
    padded = message + b"\x02" + bytes(MOST - len(message))  # 2: the last record (RFC 8188)
    return encrypt(padded, key, auth, own=ec.generate_private_key(_CURVE), salt=os.urandom(16))


def encrypt(padded: bytes, key: bytes, auth: bytes, *, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """One record of aes128gcm (RFC 8188) by the keys of RFC 8291, 3.4. `own` and `salt` are good for one message."""
    theirs = _read(key)
    sender = _point(own.public_key())
    shared = _hkdf(auth, own.exchange(ec.ECDH(), theirs), b"WebPush: info\0" + key + sender, 32)
    content_key = _hkdf(salt, shared, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, shared, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4) + bytes([len(sender)]) + sender
    return head + AESGCM(content_key).encrypt(nonce, padded, None)


def _read(key: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key)
    except ValueError:
        raise UnusableKey("no point of P-256") from None


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
