"""Lists of addresses that the operator downloaded, such as Stop Forum Spam's: is a commenter on one? (setting `list_files`)

It is asked where a comment comes in, the only place where its addresses are in sight. A list's addresses are turned into keyed
digests, and forgotten; of each digest 8 bytes are kept in a sorted array, so that a million addresses take 8 MB and two are
mistaken for each other once in 10^13 look-ups. Nothing is asked of anybody. For entrances.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys, digest_email, digest_ip
from service.core.submission import Submission, bare_ip

LOOK_AGAIN: Final = 60.0
"""Seconds between looks whether a file has changed."""
MOST_ADDRESSES: Final = 5_000_000
"""Addresses of one file that are read; it takes some minutes of a core and 40 MB."""

_PATIENCE = 5.0  # seconds that a start waits for the lists

_log = structlog.get_logger("lists")


class ListFiles:
    """The lists of the operator's files, read when first asked and again when a file has changed."""

    def __init__(self, paths: Sequence[Path], keys: IdentityKeys) -> None:
        self._paths = paths
        self._keys = keys
        self._read: dict[Path, tuple[float, array[int]]] = {}  # when it was changed, and what it held

    def mark(self, submission: Submission, email: str, ip: str) -> Submission:
        """The submission, with what the lists say of its addresses as they were sent. Reads no file."""
        author = submission.author
        if author.email is not None and self._lists(email):
            author = msgspec.structs.replace(author, email=msgspec.structs.replace(author.email, listed=True))
        if author.ip is not None and self._lists(bare_ip(ip)):
            author = msgspec.structs.replace(author, ip=msgspec.structs.replace(author.ip, listed=True))
        return submission if author is submission.author else msgspec.structs.replace(submission, author=author)

    async def watch(self, _: object = None) -> AsyncIterator[None]:
        """Read the files, and again what changes, while the context lasts. One that takes long is read beside the work."""

        async def watching() -> None:
            while True:
                await asyncio.to_thread(self.refresh)
                read.set()
                await asyncio.sleep(LOOK_AGAIN)

        read = asyncio.Event()
        task = asyncio.create_task(watching())
        with suppress(TimeoutError):
            await asyncio.wait_for(read.wait(), _PATIENCE)
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def refresh(self) -> None:
        """Read what has changed. It takes a while; call it outside the event loop."""
        for path in self._paths:
            try:
                changed = path.stat().st_mtime
                if self._read.get(path, (None,))[0] != changed:
                    held = self._digests(path)
                    self._read[path] = changed, held
                    _log.info("list read", where=path.name, count=len(held))
            except (
                OSError
            ) as error:  # what was read before stays; comments are taken in without a list that can't be read
                _log.warning("list not read", where=path.name, error=type(error).__name__)

    def _lists(self, address: str) -> bool:
        digest = _digest(address.strip(), self._keys) if self._read and address else ""
        return bool(digest) and self._holds(digest)

    def _holds(self, digest: str) -> bool:
        wanted = _shortened(digest)
        for _, held in self._read.values():
            at = bisect_left(held, wanted)
            if at < len(held) and held[at] == wanted:
                return True
        return False

    def _digests(self, path: Path) -> array[int]:
        held: set[int] = set()
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                digest = _digest(line.partition(",")[0].strip().strip('"'), self._keys)
                if digest:
                    held.add(_shortened(digest))
                if len(held) >= MOST_ADDRESSES:
                    break
        return array("Q", sorted(held))


def _digest(address: str, keys: IdentityKeys) -> str:
    """The digest of an e-mail or IP address; "" for what is neither."""
    try:
        return digest_email(address, keys).digest if "@" in address else digest_ip(address, keys).digest
    except InvalidSubmission:
        return ""


def _shortened(digest: str) -> int:
    return int(digest.rpartition(".")[2][:16], 16)
