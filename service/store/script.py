"""The Lua scripts by name, each with what it includes and the key names that it uses; and the command that runs one.

A script's header is the data model: KEYS, ARGV, reply. It takes one argument, a MessagePack map: what it is given has names.
`-- include: NAME` stands for `scripts/shared/NAME.lua`, once, however often it is included. `-- uses: NAME …` names keys of
`keys.py`, which the script finds in the table `K`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import msgspec

from service.store.keys import suffix

Argument = str | bytes | int | float
Value = Argument | None
Field = Value | Sequence[Value] | Mapping[str, Value] | msgspec.Raw
"""What a script is given under a name; Raw: as it was packed beforehand (`packed`)."""
_encode: Final = msgspec.msgpack.Encoder().encode
_FOLDER: Final = files("service.store").joinpath("scripts")
_LONGEST: Final = 2**31 - 1
_INCLUDE: Final = re.compile(r"^-- include: (\w+)\n", re.MULTILINE)
_USES: Final = re.compile(r"^-- uses: ([\w ]+)$", re.MULTILINE)


def _read(path: Traversable) -> str:
    """A script, with everything that it includes in the place where it is first needed, and its table of keys."""
    included: set[str] = set()

    def include(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in included:
            return ""
        included.add(name)
        return _INCLUDE.sub(include, _FOLDER.joinpath("shared", f"{name}.lua").read_text())

    text = _INCLUDE.sub(include, path.read_text())
    used = dict.fromkeys(name for line in _USES.findall(text) for name in line.split())
    fields = ", ".join(f"{name} = '{suffix(name)}'" for name in used)
    return f"local K = {{{fields}}}\n{text}" if used else text


SCRIPTS: Final = {
    f"{folder.name}/{path.name.removesuffix('.lua')}": _read(path)
    for folder in _FOLDER.iterdir()
    if folder.is_dir() and folder.name != "shared"
    for path in folder.iterdir()
    if path.name.endswith(".lua")
}
"""Folder and name of each -> its text."""
_DIGESTS: Final = {name: sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in SCRIPTS.items()}
COMMANDS: Final = tuple(
    sorted(
        {name for text in SCRIPTS.values() for name in re.findall(r"redis\.p?call\('([A-Z]+)'", text)}
        - {"PUBLISH"}  # which is bound to channels, and would be heard
    )
)
"""What our user must be allowed to do within them."""
LOAD_SCRIPTS: Final[tuple[tuple[Argument, ...], ...]] = tuple(("SCRIPT", "LOAD", text) for text in SCRIPTS.values())
"""The commands after which a server has all of them."""


def script_command(script: str, keys: Sequence[str], /, *args: Argument, **fields: Field) -> tuple[Argument, ...]:
    """The command that runs a named script; for `Wire.call_all`. What is None is absent in the script.

    The one that is run for each comment that comes in, `comment/submit`, takes `args` by their order instead.

    Numbers stay exact up to 2^53, as far as Lua's go; what is packed already stays a string.
    """
    if args:
        return ("EVALSHA", _DIGESTS[script], len(keys), *keys, *args)
    given = {
        name: value if (kind := type(value)) is str or kind not in _OTHERWISE else _OTHERWISE[kind](value)
        for name, value in fields.items()
        if value is not None
    }
    return ("EVALSHA", _DIGESTS[script], len(keys), *keys, _encode(given))


def packed(value: Field) -> msgspec.Raw:
    """Something that is given often and never changes, packed once."""
    return msgspec.Raw(_encode(_plain(value)))


def _string(value: bytes) -> msgspec.Raw:
    """Bytes as a string, since Redis's cmsgpack does not know MessagePack's type of bytes: to Lua the two are one."""
    return msgspec.Raw(_header(len(value)) + value)


def _number(value: int) -> int | float:
    """A long integer as what numbers are in Lua: a server of 32 bits would cut one of 64."""
    return value if value <= _LONGEST else float(value)


def _list(value: Sequence[object]) -> list[object]:
    return [_plain(one) for one in value]


def _map(value: Mapping[str, object]) -> dict[str, object]:
    return {name: _plain(one) for name, one in value.items()}


def _plain(value: object) -> object:
    kind = type(value)
    return _OTHERWISE[kind](value) if kind in _OTHERWISE else value


_OTHERWISE: Final[dict[type, Callable[[Any], object]]] = {
    bytes: _string, int: _number, list: _list, tuple: _list, dict: _map,
}  # fmt: skip
"""What goes over in another way than msgspec's."""


def _header(length: int) -> bytes:
    """What stands before a string of so many bytes."""
    if length < 32:
        return bytes([0xA0 | length])
    if length < 1 << 8:
        return bytes([0xD9, length])
    if length < 1 << 16:
        return b"\xda" + length.to_bytes(2, "big")
    return b"\xdb" + length.to_bytes(4, "big")
