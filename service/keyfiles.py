"""The secrets that live in files, outside Redis: the master secret and the identity keys. Made on first run, mode 0600.

`master.key` is one line of hexadecimal: every site's credentials are derived from it. `identity.keys` has one
`<id> <hexadecimal>` a line, the active key first: e-mail and IP digests are made with it. Losing the first means new
credentials for every site; losing the second means that authors are strangers again. Rotation: `docs/operations.md`.
What others gave the operator lies beside them, where it is used: `platforms/<site>.<platform>`, `httpbl.key`, `oidc.secret`,
`other-reader.key`, `notices.toml`.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from service.core.identity import IdentityKeys
from service.core.notice import InvalidNotice, Notices, read_notices

_HTTPBL_KEY = re.compile(r"[a-z]{12}")
_MASTER, _IDENTITY = "master.key", "identity.keys"
_FINGERPRINT, _PRINTED = b"antechamber: fingerprint of a key", 32  # hexadecimal digits
_BYTES = 32
_MIN_BYTES = 16


class KeyFileError(Exception):
    """A secret file can't be read, or is not what it should be; the message says which and why, never what it holds."""


class NoKeyFile(KeyFileError):
    """A secret file is not there."""


class KeyFiles(NamedTuple):
    """The secrets, read."""

    master: bytes
    identity: IdentityKeys

    def __repr__(self) -> str:
        return "KeyFiles(…)"

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """By which the data knows these keys again: a keyed digest each, which tells nothing of the key."""
        named = {"master.key": self.master, **{f"identity.keys {kid}": key for kid, key in self.identity.keys}}
        return {name: hmac.digest(key, _FINGERPRINT, "sha256").hex()[:_PRINTED] for name, key in named.items()}


def throwaway() -> KeyFiles:
    """Secrets that nothing is kept with: to look at data whose own are not there."""
    return KeyFiles(secrets.token_bytes(_BYTES), IdentityKeys((("none", secrets.token_bytes(_BYTES)),)))


def load(folder: Path) -> KeyFiles:
    """Read the secrets, making what is missing; for whatever begins an installation. Raises KeyFileError."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, content in ((folder / _MASTER, ""), (folder / _IDENTITY, "k1 ")):
            if not path.exists():
                with contextlib.suppress(FileExistsError):  # another process of a first run was faster
                    _create(path, content + secrets.token_hex(_BYTES))
    return read(folder)


def read(folder: Path) -> KeyFiles:
    """Read the secrets. Raises KeyFileError, NoKeyFile when one of the files is not there."""
    with _told(folder):
        master = _read(folder / _MASTER)
    if len(master) != 1:
        raise KeyFileError(f"{folder / 'master.key'}: must be one line of hexadecimal")
    secret = _key(master[0], folder / _MASTER)
    with _told(folder):
        identity = _read(folder / _IDENTITY)
    keys = []
    for line in identity:
        kid, _, value = line.partition(" ")
        if not (kid.isalnum() and kid.isascii() and len(kid) <= 16):
            raise KeyFileError(f"{folder / 'identity.keys'}: each line is an id (letters, digits) and a key")
        keys.append((kid, _key(value, folder / "identity.keys")))
    if not keys or len({kid for kid, _ in keys}) != len(keys):
        raise KeyFileError(f"{folder / 'identity.keys'}: needs at least one key, and each id once")
    return KeyFiles(secret, IdentityKeys(tuple(keys)))


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
        raise KeyFileError(f"{path}: {_why(error)}") from None
    return tuple(line.strip() for line in lines if line.strip())


def forget_site(folder: Path, site: str) -> None:
    """Delete what a site's platforms have made, since the site is gone: whoever has its name next is another.

    Raises KeyFileError.
    """
    for path in (folder / "platforms").glob(f"{site}.*"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise KeyFileError(f"{path}: {error.strerror}; delete it") from None


def provider_secret(folder: Path) -> str:
    """The secret that the team's OpenID Connect provider gave, from `oidc.secret`; "" when there is none. Raises KeyFileError."""
    return _given(folder / "oidc.secret")


def other_reader_key(folder: Path) -> str:
    """What another reader wants as a bearer token, from `other-reader.key`; "" when there is none. Raises KeyFileError."""
    path = folder / "other-reader.key"
    key = _given(path)
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise KeyFileError(f"{path}: a key is one line of ASCII without spaces")
    return key


def _given(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {_why(error)}") from None


def httpbl_key(folder: Path) -> str:
    """The access key for http:BL, from `httpbl.key`. Raises KeyFileError when there is none, or it is not one."""
    path = folder / "httpbl.key"
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {_why(error)}; http:BL needs an access key, or HTTPBL=false") from None
    if not _HTTPBL_KEY.fullmatch(key):
        raise KeyFileError(f"{path}: an access key is 12 small letters")
    return key


def notices(folder: Path) -> Notices:
    """Who is told that comments wait, from `notices.toml`; nobody when there is no such file. Raises KeyFileError."""
    path = folder / "notices.toml"
    try:
        found = read_notices(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Notices()
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
        raise KeyFileError(f"{path}: is not TOML{f', at {place.group(1)}' if place else ''}") from None
    except InvalidNotice as error:
        raise KeyFileError(f"{path}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: {_why(error)}") from None
    except (RecursionError, ValueError):
        raise KeyFileError(f"{path}: is nested too deeply, or a number in it is too long") from None
    for one in found.notices:
        try:
            ZoneInfo(one.zone)
        except (ValueError, LookupError, OSError):
            raise KeyFileError(f'{path}: notices.{one.name}.zone: a name such as "Europe/Berlin"') from None
    return found


def rotate_identity(folder: Path) -> str:
    """Put a new active identity key before the present ones; its id. Authors keep their history (see the docs)."""
    keys = read(folder).identity.keys
    number = 1 + max((int(kid[1:]) for kid, _ in keys if kid[0] == "k" and kid[1:].isdigit()), default=0)
    lines = [f"k{number} {secrets.token_hex(_BYTES)}", *(f"{kid} {key.hex()}" for kid, key in keys)]
    fresh = folder / f"{_IDENTITY}.new"
    with _told(folder):
        fresh.unlink(missing_ok=True)  # of a rotation that died
        _create(fresh, "\n".join(lines))
        fresh.replace(folder / _IDENTITY)
    return f"k{number}"


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there"
    return (error.strerror or "can't be read") if isinstance(error, OSError) else "is not text in UTF-8"


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NoKeyFile(f"{error.filename or folder} is not there") from None
    except OSError as error:
        raise KeyFileError(f"{error.filename or folder}: {error.strerror}") from None


def _read(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="ascii", errors="replace").splitlines() if line.strip()]


def _create(path: Path, content: str) -> None:
    """Write a new file that nobody else can read, whole or not at all."""
    with new_file(path) as file:
        file.write(f"{content}\n".encode())


@contextlib.contextmanager
def new_file(path: Path, name: Callable[[Path, Path], object] = os.link) -> Iterator[IO[bytes]]:
    """A new file that nobody else can read; it is there when all of it is written, and not before.

    `name` gives a draft its name. Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        name(draft, path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _key(value: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(value)
    except ValueError:
        raise KeyFileError(f"{path}: a key is written in hexadecimal") from None
    if len(key) < _MIN_BYTES:
        raise KeyFileError(f"{path}: a key has at least {_MIN_BYTES} bytes")
    return key
