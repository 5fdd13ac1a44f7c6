"""Passwords: hashed and compared, a few at a time, with a lane of its own for those who are known where they come from.

Hashes are Argon2id (argon2-cffi); each takes much memory and some threads for a moment. So few are made at once, few may
wait, and whoever finds the lane full is told when to come again (`docs/operations.md`). For the use cases of moderators.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.core.errors import Busy
from service.core.moderator import MAX_PASSWORD, normal, spellings

_NOBODYS = (  # what a password is compared with when there is nobody of that name: it takes as long, and never matches
    "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
_SOON = 5  # seconds


class Passwords:
    """Two lanes, each with one hashing under way and at most `most_waiting` behind it: for the known, and for all others."""

    def __init__(self, most_waiting: int, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._most_waiting = most_waiting
        self._lanes = {known: asyncio.Semaphore(1) for known in (True, False)}
        self._inside = {True: 0, False: 0}

    @asynccontextmanager
    async def lane(self, *, known: bool) -> AsyncIterator[None]:
        """Wait for one's turn, and have it. Raises Busy at once when too many wait."""
        if self._inside[known] > self._most_waiting:
            raise Busy("Too many sign in just now; try again in a moment.", retry_after=_SOON)
        self._inside[known] += 1
        try:
            async with self._lanes[known]:
                yield
        finally:
            self._inside[known] -= 1

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await asyncio.to_thread(self._hasher.hash, normal(password))

    async def verify(self, kept: str | None, password: str) -> str | None:
        """A hash that is as good as `kept` and made as we make them today, or None: the password is another.

        None for a hash compares with nobody's: it takes as long.
        """
        if len(password) > MAX_PASSWORD:
            return None
        for typed in spellings(password):
            if await asyncio.to_thread(self._matches, kept or _NOBODYS, typed):
                current = typed == normal(password) and not self._hasher.check_needs_rehash(kept or _NOBODYS)
                return kept if current else await self.hash(password)
        return None

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
