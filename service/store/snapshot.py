"""Back-ups of a server: taken while it works, as of one moment, by its own replication; and put where one can begin from it.

A back-up is one line of JSON, which says what it is, and behind it the server's snapshot (RDB) with its checksum. It holds all
that Redis holds, and none of the secrets. For `antechamber backup` and `restore`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import hiredis
import msgspec

from service.core.errors import BackupError
from service.core.server import Address
from service.store import append_only

_MAGIC: Final = "antechamber-backup"
_VERSION: Final = 1
_CHUNK = 1 << 20
_LONGEST_HEAD = 65_536
_MARK = 40  # bytes that end a snapshot whose length is not known beforehand
_RDB_HEAD, _RDB_END, _RDB_ENDS = 9, 9, b"\xff"  # bytes of a snapshot's head and end; the latter: a mark, and a checksum
_TIMEOUT = 120.0  # seconds without a byte
_REMAINS = ".before-restore"


class Head(NamedTuple):
    """What a back-up says of itself."""

    made_at: int  # seconds since 1970
    server: str  # which one made it
    box: str  # the id of the data
    format: int
    fingerprints: Mapping[str, str]


def take(addresses: Sequence[Address], head: Head, out: IO[bytes]) -> int:
    """Write a back-up of the server, or of the masters of a cluster, as one snapshot; its bytes. Raises BackupError, OSError.

    A server forks, as for a replica that joins; it goes on working.
    """
    if any(address.tls is not None or address.master for address in addresses):
        raise BackupError(
            "a back-up is taken from a server that is reached without TLS and Sentinel; use Redis's own tools"
        )
    out.write(json.dumps({"what": _MAGIC, "version": _VERSION, **head._asdict()}).encode() + b"\n")
    digest, size = hashlib.sha256(), 0
    for piece in _together(addresses):
        digest.update(piece)
        out.write(piece)
        size += len(piece)
    out.write(digest.digest())
    return size


def _together(addresses: Sequence[Address]) -> Iterator[bytes]:
    """One snapshot of several servers' ones: what stands between head and end of each, one behind the other."""
    if len(addresses) == 1:
        with _reach(addresses[0]) as link:
            yield from _snapshot(link, addresses[0])
        return
    first = b""
    for address in addresses:
        with _reach(address) as link:
            begin, held = b"", b""
            for piece in _snapshot(link, address):
                held += piece
                if not begin and len(held) >= _RDB_HEAD:
                    begin, held = held[:_RDB_HEAD], held[_RDB_HEAD:]
                    if first not in (b"", begin):
                        raise BackupError(
                            "the servers of the cluster are of several versions; wait until they are of one"
                        )
                    if not first:
                        yield begin
                    first = begin
                yield held[:-_RDB_END]
                held = held[-_RDB_END:]
            if len(held) != _RDB_END or not held.startswith(_RDB_ENDS):
                raise BackupError(f"the server's snapshot can't be read ({address.hosts[0][0]}:{address.hosts[0][1]})")
    yield _RDB_ENDS + bytes(_RDB_END - 1)  # without a checksum; the back-up has one of its own


def _reach(address: Address) -> socket.socket:
    if address.path:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(_TIMEOUT)
        link.connect(address.path)
    else:
        link = socket.create_connection(address.hosts[0], _TIMEOUT)
    return link


def _snapshot(link: socket.socket, address: Address) -> Any:
    """The pieces of what a server sends to a replica that joins."""
    stream = link.makefile("rwb")
    login = [word for word in (address.user, address.password) if word]
    for words in (["AUTH", *login], ["REPLCONF", "capa", "eof"]) if login else (["REPLCONF", "capa", "eof"],):
        stream.write(hiredis.pack_command(tuple(words)))  # type: ignore[arg-type]  # stubs lack the "..."
        stream.flush()
        if not (told := stream.readline()).startswith(b"+OK"):
            raise BackupError(f"the server refuses: {told[1:120].decode(errors='replace').strip()}")
    stream.write(b"SYNC\r\n")
    stream.flush()
    told = stream.readline()
    while told == b"\n":  # every second until it has begun
        told = stream.readline()
    if not told.startswith(b"$"):
        raise BackupError(f"the server gives no snapshot: {told[1:120].decode(errors='replace').strip()}")
    if told.startswith(b"$EOF:"):
        yield from _until(stream, told[5 : 5 + _MARK])
        return
    left = int(told[1:])
    while left:
        piece = stream.read(min(left, _CHUNK))
        if not piece:
            raise BackupError("the server ended the connection in the middle of the snapshot")
        left -= len(piece)
        yield piece


def _until(stream: Any, mark: bytes) -> Any:
    held = b""
    while not held.endswith(mark):
        piece = stream.read1(_CHUNK)
        if not piece:
            raise BackupError("the server ended the connection in the middle of the snapshot")
        held += piece
        if len(held) > _MARK and not held.endswith(mark):
            yield held[:-_MARK]
            held = held[-_MARK:]
    yield held[: -len(mark)]


def read_head(file: IO[bytes]) -> Head:
    """What a back-up says of itself. Raises BackupError when it is none."""
    try:
        found = json.loads(file.readline(_LONGEST_HEAD))
        if found.pop("what") != _MAGIC or found.pop("version") > _VERSION:
            raise ValueError
        return msgspec.convert([*Head(**found)], Head)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.ValidationError):
        raise BackupError("this is no back-up of Antechamber, or one of a newer version") from None


def check(path: Path) -> Head:
    """Make sure that a back-up is whole. Raises BackupError, OSError."""
    with path.open("rb") as file:
        head = read_head(file)
        digest, left = hashlib.sha256(), path.stat().st_size - file.tell() - digest_size()
        while left > 0:
            piece = file.read(min(left, _CHUNK))
            digest.update(piece)
            left -= len(piece)
        if left < 0 or file.read() != digest.digest():
            raise BackupError("the back-up is not whole: its checksum does not fit")
    return head


def digest_size() -> int:
    """How many bytes of checksum end a back-up."""
    return hashlib.sha256().digest_size


def put_back(path: Path, server_dir: Path) -> Path | None:
    """Let the embedded server of a folder begin from a back-up; where the data is that was there before, if any.

    No server may run there. Raises BackupError, OSError.
    """
    check(path)
    folder, fresh = server_dir / append_only.FOLDER, server_dir / f"{append_only.FOLDER}.restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _unpack(path, fresh)
        before = lay_aside(folder) if folder.exists() else None
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return before


def _unpack(path: Path, fresh: Path) -> None:
    """Make a folder that a server can begin from."""
    fresh.mkdir(parents=True, mode=0o700)
    name = f"{append_only.NAME}.1.base.rdb"
    with path.open("rb") as file, (fresh / name).open("wb") as base:
        read_head(file)
        left = path.stat().st_size - file.tell() - digest_size()
        while left > 0:
            piece = file.read(min(left, _CHUNK))
            base.write(piece)
            left -= len(piece)
        base.flush()
        os.fsync(base.fileno())
    append_only.write_list(fresh, [append_only.Part(name, 1, "b")])


def lay_aside(folder: Path) -> Path:
    """Move a folder out of the way; where it is then."""
    aside = folder.with_name(f"{folder.name}{_REMAINS}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
    number = 1
    while aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.name}-{number}")
    folder.rename(aside)
    return aside
