"""The embedded server's append-only files: whether they are whole, and what can be saved of those that are not.

A folder of them has a list (the manifest), one base that is a snapshot, and one file or more of the commands since. A server
that finds no list begins anew over what is there, so it is not started then. For `server.py` and `antechamber repair`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

FOLDER: Final = "appendonlydir"
NAME: Final = "appendonly.aof"
_LIST = f"{NAME}.manifest"
_PART = re.compile(re.escape(NAME) + r"\.([0-9]+)\.(base\.(?:rdb|aof)|incr\.aof)\Z")
_LISTED = re.compile(r"file (\S+) seq ([0-9]+) type ([bih])")
_LONGEST_LINE, _LONGEST_VALUE, _MOST_WORDS = 64, 512 * 1024 * 1024, 1024 * 1024


class Damaged(Exception):
    """The files are not whole; the message says what is missing."""


class Part(NamedTuple):
    """One file: what it is (b: base, i: commands since, h: history that goes), and its number."""

    name: str
    number: int
    kind: str


class Broken(NamedTuple):
    """Where a file of commands breaks off."""

    path: Path
    good: int  # bytes that are whole
    size: int
    commands: int  # that are whole


def listed(folder: Path) -> list[Part]:
    """The parts that the list names. Raises OSError, Damaged when it can't be read."""
    text = (folder / _LIST).read_text(encoding="ascii", errors="replace")
    found = [_LISTED.match(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not found or None in found:
        raise Damaged(f"the list of the append-only files can't be read ({folder / _LIST})")
    return [Part(one.group(1), int(one.group(2)), one.group(3)) for one in found if one is not None]


def there(folder: Path) -> list[Part]:
    """The parts that lie in the folder, base first."""
    if not folder.is_dir():
        return []
    found = [(path.name, _PART.match(path.name)) for path in folder.iterdir() if path.stat().st_size]
    parts = [Part(name, int(one.group(1)), one.group(2)[0]) for name, one in found if one is not None]
    return sorted(parts, key=lambda part: (part.kind, part.number))


def check_list(folder: Path) -> None:
    """Make sure that a server which starts finds all that is there. Raises Damaged."""
    if not (folder / _LIST).is_file():
        if there(folder):
            raise Damaged(
                f"the list of the append-only files is gone ({folder / _LIST}), and a server would begin anew over them"
            )
        return
    missing = [part.name for part in listed(folder) if part.kind != "h" and not (folder / part.name).is_file()]
    if missing:
        raise Damaged(f"the append-only file is not whole: {', '.join(missing)} is not there ({folder})")


def write_list(folder: Path, parts: Collection[Part]) -> None:
    """Make a list of these parts."""
    draft = folder / f"{_LIST}.new"
    draft.write_text(
        "".join(f"file {part.name} seq {part.number} type {part.kind}\n" for part in parts), encoding="ascii"
    )
    draft.replace(folder / _LIST)


def newest(parts: Collection[Part]) -> list[Part]:
    """Of parts that were found, those that belong together: the newest base, and the commands since."""
    bases = [part for part in parts if part.kind == "b"]
    kept = bases[-1:]
    return [*kept, *(part for part in parts if part.kind == "i")]


def broken(path: Path, commands: Collection[str]) -> Broken | None:
    """Where a file of commands breaks off; None when it is whole. `commands`: names that a server knows, in small letters.

    A transaction that was begun and not ended is not whole.
    """
    size, count = path.stat().st_size, 0
    with path.open("rb") as file:
        good, within = 0, False
        while file.tell() < size:
            begins = file.read(1)
            file.seek(-1, 1)
            if begins == b"#":  # a time
                if len(file.readline(_LONGEST_LINE)) and not within:
                    good = file.tell()
                continue
            name = _command(file)
            if name is None or name not in commands:
                return Broken(path, good, size, count)
            within = name == "multi" or (within and name != "exec")
            if not within:
                good, count = file.tell(), count + 1
    return Broken(path, good, size, count) if good < size else None


def _command(file: BinaryIO) -> str | None:
    """Read a command; its name, or None when there is no whole one."""
    words = _number(file, b"*")
    if words is None or not 0 < words <= _MOST_WORDS:
        return None
    name = b""
    for place in range(words):
        length = _number(file, b"$")
        if length is None or not 0 <= length <= _LONGEST_VALUE:
            return None
        value = file.read(length)
        if len(value) < length or file.read(2) != b"\r\n":
            return None
        if place == 0:
            name = value
    return name.decode("ascii", "replace").lower()


def _number(file: BinaryIO, mark: bytes) -> int | None:
    line = file.readline(_LONGEST_LINE)
    digits = line[1:-2]
    return (
        int(digits) if line[:1] == mark and line.endswith(b"\r\n") and digits.isdigit() and len(digits) < 12 else None
    )
