"""Opens an export: plain, gzipped or in a zip archive, of any size, in bounded memory. For `service.imports` and commands."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from service.core.errors import MalformedRequest
from service.imports.encodings import encoding_of

CHUNK = 65_536  # bytes read at a time
MAX_RECORD = 4_000_000  # characters that one record may take in a file; what is larger is left out
MAX_RATIO = (
    250  # times that an archive may be larger inside than outside; comments shrink to a fifth, bombs to a thousandth
)
MAX_MEMBERS = 2_000  # files of a zip archive that are looked at
_FREE = 16_777_216  # bytes that an archive may hold whatever the ratio
_SKIPPED = re.compile(r"(?:^|/)(?:__MACOSX/|\.)")
_RETURN = re.compile(r"\r(?![\r\n])")
CUT = "the archive is damaged or cut off"


class UnreadableExport(MalformedRequest):
    """The file is none that can be read, or one that must not be."""


class Columns:
    """The columns of a table as they are met: what each is taken for. Bounded."""

    _MOST = 200

    def __init__(self) -> None:
        self.meanings: dict[str, str] = {}  # name -> field, "" for one that is not known

    def note(self, name: str, field: str) -> None:
        """Note one; half a letter, which no text may hold, becomes a question mark."""
        name = name.encode(errors="replace").decode()
        if name not in self.meanings and len(self.meanings) < self._MOST:
            self.meanings[name] = field

    @property
    def ignored(self) -> list[str]:
        """Those that nothing was made of."""
        return [name for name, field in self.meanings.items() if not field]


class Export:
    """A file to import, or one that is inside a zip archive (`member`).

    `broken` says, once it was read, why it ended early; "" when it did not. `encoding` is what its letters are read by: what the
    operator says, what the file shows, or what is recognised.
    """

    def __init__(self, path: Path, *, encoding: str = "", dates: str = "", member: str = "", name: str = "") -> None:
        self.path = path
        self.name = name or member or path.name
        self.member = member
        self.dates = dates  # "day-first", "month-first", "year-first", or "": what the file shows
        self.dates_told: dict[str, str] = {}  # how dates were read that can be read in several ways: mark -> words
        self.broken = ""
        self.open_end = False  # whether the last line has no end: it may be cut off
        self.columns = Columns()
        self.dialect: object = None  # of a CSV file, once it is known
        self.done = 0  # bytes of the file that were read
        self.guessed = False  # whether the encoding was recognised by the letters alone
        self._said = encoding
        self._encoding = ""
        try:
            self.size = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(4)
        except OSError as error:
            raise UnreadableExport(f"The file can't be read: {os.strerror(error.errno or 0)}.") from None
        self.zipped = start == b"PK\x03\x04" and not member
        self.gzipped = start[:2] == b"\x1f\x8b"
        if member:
            with self._opened() as source:
                self.gzipped = source.read(2) == b"\x1f\x8b"

    def members(self) -> list[Export]:
        """The files of a zip archive, by their names. Raises UnreadableExport."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = sorted(one.filename for one in archive.infolist() if not one.is_dir() and one.file_size)
            names = [name for name in names if not _SKIPPED.search(name)][:MAX_MEMBERS]
            return [Export(self.path, encoding=self._said, dates=self.dates, member=name) for name in names]
        except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError):
            raise UnreadableExport("The zip archive is damaged or cut off; nothing can be read of it.") from None
        except RuntimeError:
            raise UnreadableExport("The zip archive is locked by a password; unpack it first.") from None

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb") as file:
            if not self.member:
                yield file
                return
            with zipfile.ZipFile(file) as archive, archive.open(self.member) as inside:
                yield inside

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A file with what is inside, for a reader that needs one; it is gone afterwards."""
        if not (self.gzipped or self.member):
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="antechamber-") as file:
            try:
                for chunk in self.chunks():
                    file.write(chunk)
                file.flush()
            except OSError as error:
                raise UnreadableExport(f"It can't be unpacked to {file.name}: {error.strerror}.") from None
            yield Path(file.name)

    def head(self, size: int = CHUNK) -> bytes:
        """The first bytes of what is inside."""
        found = b""
        for chunk in self.chunks():
            found += chunk
            if len(found) >= size:
                break
        self.begin_again()
        return found[:size]

    def begin_again(self) -> None:
        """Forget how far it was read."""
        self.done, self.broken = 0, ""

    def digest(self) -> str:
        """Tells this file from others by its size, its beginning and its end; 16 hex digits."""
        with self.path.open("rb") as file:
            first = file.read(CHUNK)
            file.seek(max(0, self.size - CHUNK))
            return hashlib.blake2b(first + file.read(CHUNK) + str(self.size).encode(), digest_size=8).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """What is inside, in pieces. A damaged archive ends where the damage is. Raises UnreadableExport for a bomb."""
        packed = inside = 0
        try:
            with self._opened() as source:
                unpack = _Gunzip() if self.gzipped else None
                while raw := source.read(CHUNK if not unpack else CHUNK // 4):
                    packed += len(raw)
                    self.done = packed
                    for chunk in unpack.feed(raw) if unpack else (raw,):
                        inside += len(chunk)
                        self._refuse_bombs(inside, packed)
                        yield chunk
                if unpack and not unpack.over:
                    self.broken = CUT
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile):
            self.broken = CUT

    def _refuse_bombs(self, inside: int, packed: int) -> None:
        outside = self.size if self.member else packed
        if inside > _FREE and inside > MAX_RATIO * outside:
            raise UnreadableExport(
                f"The archive holds more than {MAX_RATIO} times its own size; no export of comments does."
            )

    @property
    def encoding_used(self) -> str:
        """The encoding that it was read by; "" when it was not read as text."""
        return self._encoding

    def note_encoding(self, member: Export) -> None:
        """Note how a file of this archive was read."""
        self._encoding, self.guessed = member.encoding_used or self._encoding, self.guessed or member.guessed

    @property
    def encoding(self) -> str:
        """How its letters are written. Raises UnreadableExport when that can't be told."""
        if not self._encoding:
            found = encoding_of(self.chunks(), self._said)
            self.begin_again()
            if found is None:
                raise UnreadableExport(
                    "It is not told how the letters of this file are encoded, and they are not UTF-8. Say it with --encoding, "
                    "for instance --encoding windows-1252, and look at the result with --dry-run."
                )
            self._encoding, self.guessed = found
        return self._encoding

    def texts(self) -> Iterator[str]:
        """What is inside as text; bytes that are none of its encoding become U+FFFD. Raises UnreadableExport."""
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        for chunk in self.chunks():
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """(number, line) with its end; None for one that is longer than MAX_RECORD, of which nothing is kept."""
        number, kept, over = 1, "", False
        for text in _with_new_ends(self.texts()):
            *whole, rest = (kept + text).split("\n")
            for line in whole:
                yield number, None if over or len(line) > MAX_RECORD else line + "\n"
                number, over = number + 1, False
            over = over or len(rest) > MAX_RECORD
            kept = "" if over else rest
        if kept or over:
            yield number, None if over else kept


def old_ends(text: str) -> str:
    """A text with line feeds where old Macintosh files have a carriage return alone."""
    return _RETURN.sub("\n", text) if "\r" in text else text


def _with_new_ends(texts: Iterator[str]) -> Iterator[str]:
    held = ""
    for text in texts:
        if held or "\r" in text:
            whole = held + text
            held = "\r" if whole.endswith("\r") else ""
            yield old_ends(whole.removesuffix("\r"))
        else:
            yield text
    if held:
        yield "\n"


class _Gunzip:
    """Unpacks what gzip packed, to the last byte that can be had of a file that is cut off."""

    def __init__(self) -> None:
        self._inside = zlib.decompressobj(wbits=31)
        self.over = False

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """What some more bytes hold, in pieces. Raises zlib.error."""
        while raw:
            if self._inside.eof:
                raw = raw.lstrip(b"\0")
                if not raw:
                    return
                self._inside = zlib.decompressobj(wbits=31)
            chunk = self._inside.decompress(raw, CHUNK)
            raw = self._inside.unconsumed_tail or self._inside.unused_data
            self.over = self._inside.eof
            if chunk:
                yield chunk


@contextmanager
def spooled(source: IO[bytes]) -> Iterator[Path]:
    """A file with what a stream holds, since exports are read more than once; it is gone afterwards. Raises UnreadableExport."""
    with ExitStack() as kept:
        try:
            file = kept.enter_context(tempfile.NamedTemporaryFile(prefix="antechamber-import-"))
            while chunk := source.read(CHUNK):
                file.write(chunk)
            file.flush()
        except OSError as error:
            raise UnreadableExport(
                f"Standard input can't be kept in {tempfile.gettempdir()} while it is read: {os.strerror(error.errno or 0)}. "
                "TMPDIR names another place."
            ) from None
        yield Path(file.name)
