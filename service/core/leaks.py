"""Looks for addresses where none should be: what is shaped like one, and plain digests of given ones. Pure.

For `usecases/privacy.py`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from service.core.identity import email_domain

_SHAPE = re.compile(
    rb"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}(?![\w-])"
)
_PLAIN: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2s")
_SIZES: Final = (8, 12, 13, 16, 20, 24, 32, 64)  # bytes of BLAKE2b, which has another digest for each
_HEAD: Final = 8  # bytes of a digest that are looked for: so short ones are found too


class Leaks:
    """What is looked for: every address by its shape, and given ones by what they are and by digests without a key."""

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        given = {way for address in addresses if address.strip() for way in _ways(address.strip())}
        self._said = {way.lower().encode() for way in given}
        heads = [digest[:_HEAD] for way in given for digest in _digests(way.encode())]
        self._raw = set(heads)
        self._hex = {head.hex().encode() for head in heads}
        self._base64 = {encode(head)[:10] for head in heads for encode in (base64.b64encode, base64.urlsafe_b64encode)}

    def found(self, blob: bytes) -> Iterator[str]:
        """What kinds of thing are in some bytes, in words that quote nothing."""
        lower = blob.lower()
        if any(said in lower for said in self._said):
            yield "a given address"
        elif _SHAPE.search(blob) is not None:
            yield "something shaped like an e-mail address"
        if any(head in blob for head in (*self._raw, *self._base64)) or any(head in lower for head in self._hex):
            yield "a digest of a given address without a key"


def _ways(address: str) -> Iterator[str]:
    """An address as people and programs digest it."""
    local, _, domain = address.rpartition("@")
    bare = f"{local.partition('+')[0]}@{domain}"
    for way in (address, bare):
        yield from (way, way.lower(), way.upper())
        if known := email_domain(way):
            yield f"{way.rpartition('@')[0].lower()}@{known}"


def _digests(said: bytes) -> Iterator[bytes]:
    yield from (hashlib.new(name, said, usedforsecurity=False).digest() for name in _PLAIN)
    yield from (hashlib.blake2b(said, digest_size=size).digest() for size in _SIZES)
