"""Opens an export: plain or gzipped, of any size, in bounded memory. For the readers of `service.imports` only."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from service.core.errors import MalformedRequest

CHUNK = 65_536  # bytes read at a time
MAX_RECORD = 4_000_000  # characters that one record may take in a file; what is larger is left out
MAX_RATIO = (
    250  # times that an archive may be larger inside than outside; comments shrink to a fifth, bombs to a thousandth
)
_FREE = 16_777_216  # bytes that an archive may hold whatever the ratio
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,40})")
_OLD = frozenset(
    [
        *("iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252", "koi8-r"),
        *("gbk", "gb2312", "big5", "shift_jis", "euc-jp", "euc-kr"),
    ]
)
"""What old blogs declare in XML. No other word is let choose a decoder."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class UnreadableExport(MalformedRequest):
    """The file is none that can be read, or one that must not be."""


class Export:
    """A file to import. `broken` says, once it was read, why it ended early; "" when it did not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = ""
        self.done = 0  # bytes of the file that were read
        try:
            self.size = path.stat().st_size
            with path.open("rb") as file:
                self.gzipped = file.read(2) == b"\x1f\x8b"
        except OSError as error:
            raise UnreadableExport(f"The file can't be read: {os.strerror(error.errno or 0)}.") from None

    def head(self, size: int = CHUNK) -> bytes:
        """The first bytes of what is inside."""
        found = b""
        for chunk in self.chunks():
            found += chunk
            if len(found) >= size:
                break
        self.done, self.broken = 0, ""
        return found[:size]

    def digest(self) -> str:
        """Tells this file from others by its size, its beginning and its end; 16 hex digits."""
        with self.path.open("rb") as file:
            first = file.read(CHUNK)
            file.seek(max(0, self.size - CHUNK))
            return hashlib.blake2b(first + file.read(CHUNK) + str(self.size).encode(), digest_size=8).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """What is inside, in pieces. A damaged archive ends where the damage is. Raises UnreadableExport for a bomb."""
        inside = 0
        with self.path.open("rb") as file:
            source = cast("IO[bytes]", gzip.GzipFile(fileobj=file) if self.gzipped else file)
            while True:
                try:
                    chunk = source.read(CHUNK)
                except (EOFError, OSError, zlib.error):
                    self.broken = "the archive is damaged or cut off"
                    return
                self.done = file.tell()
                if not chunk:
                    return
                inside += len(chunk)
                if inside > _FREE and inside > MAX_RATIO * self.done:
                    raise UnreadableExport(
                        f"The archive holds more than {MAX_RATIO} times its own size; no export of comments does."
                    )
                yield chunk

    def texts(self) -> Iterator[str]:
        """What is inside as text: UTF-8, UTF-16 with its mark, or what XML declares; bad bytes become U+FFFD."""
        decoder = None
        for chunk in self.chunks():
            if decoder is None:
                decoder = codecs.getincrementaldecoder(_encoding(chunk))(errors="replace")
            yield decoder.decode(chunk)
        if decoder is not None:
            yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """(number, line) with its end; None for one that is longer than MAX_RECORD, of which nothing is kept."""
        number, kept, over = 1, "", False
        for text in self.texts():
            *whole, rest = (kept + text).split("\n")
            for line in whole:
                yield number, None if over or len(line) > MAX_RECORD else line + "\n"
                number, over = number + 1, False
            over = over or len(rest) > MAX_RECORD
            kept = "" if over else rest
        if kept or over:
            yield number, None if over else kept


def _encoding(beginning: bytes) -> str:
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    declared = _DECLARED.match(beginning)
    word = declared.group(1).decode().lower() if declared else ""
    return word if word in _OLD else "utf-8"
