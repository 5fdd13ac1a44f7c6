"""Lists of addresses that the operator downloaded, such as Stop Forum Spam's: is a commenter on one? (setting `list_files`)

A list's addresses are turned into the keyed digests that comments carry, and forgotten; of each digest 8 bytes are kept
in a sorted array, so that a million addresses take 8 MB and two are mistaken for each other once in 10^13 look-ups. Nothing
is asked of anybody. For the use cases of judging; any thread may ask.
"""

from __future__ import annotations

import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from service.core.errors import InvalidSubmission
from service.core.identity import IdentityKeys, digest_email, digest_ip
from service.core.submission import Submission
from service.core.verdict import Signal

LOOK_AGAIN: Final = 60.0
"""Seconds between looks whether a file has changed."""
MOST_ADDRESSES: Final = 5_000_000
"""Addresses of one file that are read; it takes some minutes of one worker's time and 40 MB."""

_log = structlog.get_logger("lists")


class ListFiles:
    """The lists of the operator's files, read when first asked and again when a file has changed."""

    def __init__(self, paths: Sequence[Path], keys: IdentityKeys) -> None:
        self._paths = paths
        self._keys = keys
        self._read: dict[Path, tuple[float, array[int]]] = {}  # when it was changed, and what it held
        self._look_at = 0.0
        self._lock = threading.Lock()

    def signals(self, submission: Submission) -> dict[str, Signal]:
        """`list_email` and `list_ip`, where they are raised. May read files; call it outside the event loop."""
        if not self._paths:
            return {}
        self._refresh()
        author = submission.author
        found: dict[str, Signal] = {}
        if author.email is not None and self._holds(author.email.digest):
            found["list_email"] = True
        if author.ip is not None and self._holds(author.ip.digest):
            found["list_ip"] = True
        return found

    def _holds(self, digest: str) -> bool:
        wanted = _shortened(digest)
        for _, held in self._read.values():
            at = bisect_left(held, wanted)
            if at < len(held) and held[at] == wanted:
                return True
        return False

    def _refresh(self) -> None:
        with self._lock:
            if time.monotonic() < self._look_at:
                return
            for path in self._paths:
                try:
                    changed = path.stat().st_mtime
                    if self._read.get(path, (None,))[0] != changed:
                        held = self._digests(path)
                        self._read[path] = changed, held
                        _log.info("list read", where=path.name, count=len(held))
                except (
                    OSError
                ) as error:  # what was read before stays; judging goes on without a list that can't be read
                    _log.warning("list not read", where=path.name, error=type(error).__name__)
            self._look_at = time.monotonic() + LOOK_AGAIN

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
    """The digest of an e-mail or IP address as comments carry it; "" for what is neither."""
    try:
        return digest_email(address, keys).digest if "@" in address else digest_ip(address, keys).digest
    except InvalidSubmission:
        return ""


def _shortened(digest: str) -> int:
    return int(digest.rpartition(".")[2][:16], 16)
