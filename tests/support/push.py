"""A browser as its push service and we know it: keys of its own, by which it reads what came (RFC 8291 from its other end)."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.core.push import Subscription


class PushedBrowser:
    """A browser with an address at a push service."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.key = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = os.urandom(16)

    @property
    def subscription(self) -> Subscription:
        return Subscription(self.endpoint, self.key, self.auth)

    @property
    def wire(self) -> dict[str, str]:
        """As a page hands it in."""
        keys = {"p256dh": self.key, "auth": self.auth}
        return {"endpoint": self.endpoint} | {name: base64url(value) for name, value in keys.items()}

    def read(self, body: bytes) -> Any:
        """The notification in a message for this browser."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = hkdf(self.auth, self.private.exchange(ec.ECDH(), theirs), b"WebPush: info\0" + self.key + sender, 32)
        key, nonce = (
            hkdf(salt, shared, b"Content-Encoding: " + name + b"\0", size)
            for name, size in ((b"aes128gcm", 16), (b"nonce", 12))
        )
        message, end, padding = AESGCM(key).decrypt(nonce, record, None).rpartition(b"\x02")
        assert end
        assert not padding.strip(b"\0")
        said = json.loads(message)
        assert said.pop("web_push") == 8030
        return said["notification"]


def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
