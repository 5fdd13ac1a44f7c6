"""The installation that a process works on: where it is, whose it is, whether there is one; and a note that it had data.

Three commands begin one where there is none: `serve`, `demo` and `keys init`. Everything else works on one that is there, and
as the user whom it belongs to: a file that root made is one that the service can't write to any more.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shlex
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from service import keyfiles
from service.keyfiles import KeyFileError, KeyFiles, NoKeyFile
from service.settings import PREFIX, Settings

SERVER = "redis"
"""The embedded server's folder within the data directory."""
_NOTE = "box.json"
_LEAST_ROOM = 1_000_000  # bytes; the largest body that is taken in is of that order
_SUDO_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class InstallationError(Exception):
    """There is no installation here, or it is somebody else's; the message says where we looked and what to do."""


def begin(settings: Settings) -> KeyFiles:
    """Make what is missing of an installation. Raises InstallationError, KeyFileError."""
    check_owner(settings)
    try:
        found = keyfiles.read(settings.secrets)
    except NoKeyFile as error:
        if gone := lost(settings, error):
            raise gone from None
        found = keyfiles.load(settings.secrets)
    if settings.embedded:
        make_folder(settings.data_dir / SERVER)
    return found


def make_folder(folder: Path) -> None:
    """A folder that only its owner may look into. Raises InstallationError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InstallationError(f"{error.filename or folder}: {error.strerror}") from None


def keys(settings: Settings, *, writing: bool) -> KeyFiles:
    """The secrets that are there, wherever the data is. Raises InstallationError, KeyFileError.

    `writing`: the installation must be our own then.
    """
    if writing:
        check_owner(settings)
    try:
        return keyfiles.read(settings.secrets)
    except NoKeyFile as error:
        raise (
            lost(settings, error) or InstallationError(f"there is no installation here: {error}. {_looked(settings)}")
        ) from None
    except KeyFileError:
        check_owner(settings)  # another user's: that says more
        raise


def lost(settings: Settings, error: NoKeyFile) -> InstallationError | None:
    """What to do about a secret that is gone while the data is there; None when there is no data."""
    if not Note.read(settings.data_dir).sites:
        return None
    return InstallationError(
        f"{error}, and the data in {settings.data_dir.absolute()} was made with the one that was; put it back from "
        f"your back-up. If it is lost for good: antechamber keys replace"
    )


def find(settings: Settings, *, writing: bool = True) -> KeyFiles:
    """The secrets of the installation that is there, with its data. Raises InstallationError, KeyFileError."""
    found = keys(settings, writing=writing)
    has_data(settings)
    return found


def has_data(settings: Settings) -> None:
    """Make sure that there is data, as far as that is ours to know. Raises InstallationError."""
    server = settings.data_dir / SERVER
    if settings.embedded and not os.path.isdir(server):  # also False for a path that can't be
        hint = "" if os.environ.get("REDIS_URL") else " and REDIS_URL is not set"
        raise InstallationError(f"there is no data here: {server.absolute()} is not there{hint}. {_looked(settings)}")


def check_noted(settings: Settings) -> None:
    """Make sure that it is remembered here that there was data. Raises InstallationError."""
    if not Note.read(settings.data_dir).id:
        raise InstallationError(
            f"nothing is remembered of data in {settings.data_dir.absolute()}, so none is given up. {_looked(settings)}"
        )


def _looked(settings: Settings) -> str:
    """Where we looked, and which variables would have us look elsewhere."""
    missing = [name for name in (f"{PREFIX}DATA_DIR",) if not os.environ.get(name)]
    why = f"{missing[0]} is not set, so `{settings.data_dir}` in the present folder is meant" if missing else ""
    return (
        f"{why or f'{PREFIX}DATA_DIR is {settings.data_dir}'}. Give the command the variables that the service has; "
        "`antechamber serve` or `antechamber keys init` begins a new installation"
    )


def no_room(settings: Settings) -> bool:
    """Whether the embedded server, which writes each change down before it answers, has no room left on its disk."""
    try:
        return settings.embedded and shutil.disk_usage(settings.data_dir).free < _LEAST_ROOM
    except OSError:
        return False


def check_owner(settings: Settings) -> None:
    """Make sure that the data is ours. Raises InstallationError, with the line to type instead."""
    owner = owner_of(settings)
    if owner is None or owner == os.geteuid():
        return
    raise InstallationError(
        f"the data in {settings.data_dir.absolute()} belongs to {user(owner)}, and you are {user(os.geteuid())}: "
        f"what you write, the service could not write to any more. Type instead: {as_owner(owner)}"
    )


def owner_of(settings: Settings) -> int | None:
    """The user whose data it is; None when there is none yet."""
    data = settings.data_dir
    inside = (data / SERVER / "appendonlydir", data / SERVER, data / _NOTE, data / "models")
    for path in inside:
        with contextlib.suppress(OSError):
            return path.stat().st_uid
    return None


def user(number: int) -> str:
    """A user's name, or else number."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def as_owner(owner: int) -> str:
    """The present command line as that user would type it, with the variables that count."""
    names = sorted(name for name in os.environ if name.startswith(PREFIX) or name == "REDIS_URL")
    kept = f" --preserve-env={','.join(names)}" if names else ""
    name = user(owner)
    who = f"'#{owner}'" if name.startswith("user ") else name
    return f"sudo -u {who}{kept} {shlex.join([program(_SUDO_PATH), *sys.argv[1:]])}"


def program(path: str | None = None) -> str:
    """`antechamber` as it is found on `path`: this shell's, unless told (sudo looks at the usual places alone)."""
    here = Path(sys.argv[0]).absolute()
    if not here.is_file() or here.name != "antechamber" or shutil.which(here.name, path=path):
        return "antechamber"
    return str(here)


class Note(NamedTuple):
    """What the data directory remembers of the data, wherever that is: that there was some."""

    id: str = ""  # the data's own name of itself
    sites: int = 0
    partitions: int = 1

    @staticmethod
    def read(data_dir: Path) -> Note:
        """The note; an empty one when there is none that can be read."""
        try:
            found = json.loads((data_dir / _NOTE).read_bytes())
            return Note(str(found["id"]), int(found["sites"]), int(found.get("partitions", 1)))
        except (OSError, ValueError, KeyError, TypeError):
            return Note()

    def write(self, data_dir: Path) -> None:
        """Keep it, where that is possible; it is a help, and no duty."""
        draft = data_dir / f".{_NOTE}.{secrets.token_hex(4)}"
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(self._asdict()))
            draft.chmod(0o600)
            draft.replace(data_dir / _NOTE)

    @staticmethod
    def forget(data_dir: Path) -> None:
        """Remember nothing. Raises OSError."""
        (data_dir / _NOTE).unlink(missing_ok=True)
