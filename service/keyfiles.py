"""The secrets that live in files, outside Redis: the master secret and the identity keys. Created on first run, mode 0600.

`master.key` is one line of hexadecimal: every site's credentials are derived from it. `identity.keys` has one
`<id> <hexadecimal>` a line, the active key first: e-mail and IP digests are made with it. Losing the first means new
credentials for every site; losing the second means that authors are strangers again. Rotation: `docs/operations.md`.
What others gave the operator lies beside them, where it is used: `platforms/<site>.<platform>`, `httpbl.key`.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from service.core.identity import IdentityKeys

_HTTPBL_KEY = re.compile(r"[a-z]{12}")
_BYTES = 32
_MIN_BYTES = 16


class KeyFileError(Exception):
    """A secret file can't be read, or is not what it should be; the message says which and why, never what it holds."""


class KeyFiles(NamedTuple):
    """The secrets, read."""

    master: bytes
    identity: IdentityKeys

    def __repr__(self) -> str:
        return "KeyFiles(…)"


def load(folder: Path) -> KeyFiles:
    """Read the secrets, creating what is missing. Raises KeyFileError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        master = _read(folder / "master.key", secrets.token_hex(_BYTES))
        identity = _read(folder / "identity.keys", f"k1 {secrets.token_hex(_BYTES)}")
    except OSError as error:
        raise KeyFileError(f"{folder}: {error.strerror}") from None
    if len(master) != 1:
        raise KeyFileError(f"{folder / 'master.key'}: must be one line of hexadecimal")
    keys = []
    for line in identity:
        kid, _, value = line.partition(" ")
        if not (kid.isalnum() and kid.isascii() and len(kid) <= 16):
            raise KeyFileError(f"{folder / 'identity.keys'}: each line is an id (letters, digits) and a key")
        keys.append((kid, _key(value, folder / "identity.keys")))
    if not keys or len({kid for kid, _ in keys}) != len(keys):
        raise KeyFileError(f"{folder / 'identity.keys'}: needs at least one key, and each id once")
    return KeyFiles(_key(master[0], folder / "master.key"), IdentityKeys(tuple(keys)))


def platform_secrets(folder: Path, site: str, platform: str) -> tuple[str, ...]:
    """Secrets that a site's platform has made itself, from `platforms/<site>.<platform>`, one a line; none when there is no file.

    Raises KeyFileError.
    """
    path = folder / "platforms" / f"{site}.{platform}"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {type(error).__name__}") from None
    return tuple(line.strip() for line in lines if line.strip())


def httpbl_key(folder: Path) -> str:
    """The access key for http:BL, from `httpbl.key`. Raises KeyFileError when there is none, or it is not one."""
    path = folder / "httpbl.key"
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {type(error).__name__}; http:BL needs an access key, or HTTPBL=false") from None
    if not _HTTPBL_KEY.fullmatch(key):
        raise KeyFileError(f"{path}: an access key is 12 small letters")
    return key


def rotate_identity(folder: Path) -> str:
    """Put a new active identity key before the present ones; its id. Authors keep their history (see the docs)."""
    keys = load(folder).identity.keys
    number = 1 + max((int(kid[1:]) for kid, _ in keys if kid[0] == "k" and kid[1:].isdigit()), default=0)
    lines = [f"k{number} {secrets.token_hex(_BYTES)}", *(f"{kid} {key.hex()}" for kid, key in keys)]
    fresh = folder / "identity.keys.new"
    _create(fresh, "\n".join(lines))
    fresh.replace(folder / "identity.keys")
    return f"k{number}"


def _read(path: Path, initial: str) -> list[str]:
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process of a first run was faster
            _create(path, initial)
    return [line.strip() for line in path.read_text(encoding="ascii", errors="replace").splitlines() if line.strip()]


def _create(path: Path, content: str) -> None:
    """Write a new file that nobody else can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    finally:
        draft.unlink()


def _key(value: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(value)
    except ValueError:
        raise KeyFileError(f"{path}: a key is written in hexadecimal") from None
    if len(key) < _MIN_BYTES:
        raise KeyFileError(f"{path}: a key has at least {_MIN_BYTES} bytes")
    return key
