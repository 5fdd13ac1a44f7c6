"""Data directories as earlier versions left them, and what those versions read from them.

`data.tar.gz` holds Redis's append-only file and the secrets (of nobody: all texts and people are made up), `expected.json` what
was seen in it. Both were written by that version itself, through its command line and HTTP alone, `FIRST` by the first 0.1.0 and
`FORMAT2` by 2c36743, the last that wrote format 2:

    git worktree add ../then 2c36743 && make -C ../then VENV=.venv .venv/.ready
    python -m tests.system.stored.make ../then/.venv/bin/antechamber tests/system/stored/format2

`make.py` then moved what would pass with time (lifetimes of keys, the end of a snooze, the end of a chance to undo) to the
year 2100. A later version that changes what is stored adds a folder of its own; these stay as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import tarfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import redis

from tests.support.waiting import until
from tests.system.stack import COMMAND, ROLES, Stack

FIRST = Path(__file__).parent
FORMAT2 = FIRST / "format2"
DATA, EXPECTED = "data.tar.gz", "expected.json"
PASSWORD = "correct horse battery"
LONG_AFTER = 4_102_444_800_000
"""The year 2100, in milliseconds."""
_CENTURY = 36_500
SETTINGS = {
    "site_cache": "0",
    "review_undo_seconds": "3600",
    "review_idle_timeout": str(_CENTURY * 86_400),
    "review_session_timeout": str(_CENTURY * 86_400),
    "key_overlap_days": str(_CENTURY),
    "retain_approved_days": str(_CENTURY),
    "retain_rejected_days": str(_CENTURY),
    "retain_suggestions_days": str(_CENTURY),
    "standing_days": str(_CENTURY),
    "address_days": str(_CENTURY),
    "campaign_days": "90",
    "appeal_days": str(_CENTURY),
    "audit_share": "0",
    "public_url": "http://stored.example",
    "deliver_timeout": "5",
}
"""What is kept is to be kept: nothing in the directory grows too old for the test that opens it."""


class Embedded(Stack):
    """The roles on a data directory with the embedded server. The commands that are run between them use the same one."""

    def __init__(self, folder: Path, command: str = COMMAND, **settings: str) -> None:
        super().__init__(folder, command=command, **SETTINGS | settings)
        del self.environment["REDIS_URL"]
        self.environment.pop("PYTHONPATH", None) if command != COMMAND else None
        self.socket = self.data / "redis" / "redis.sock"

    @property
    def data(self) -> Path:
        """The data directory."""
        return Path(self.environment["ANTECHAMBER_DATA_DIR"])

    async def role(self, *names: str) -> None:
        """Start some roles, and wait until the API answers."""
        for name in names:
            self.start(name)
        async with aiohttp.ClientSession() as session:
            await until(lambda: self._ready(session), seconds=120)

    async def run(self, *words: str, text: str | None = None) -> str:
        """Run a command line while a receiver of this process goes on listening; its standard output."""
        return await asyncio.to_thread(lambda: self.command(*words, text=text))

    def down(self) -> None:
        """Stop the roles; the last one takes the server along."""
        for role in ROLES:
            process = self.processes.get(role)
            if process is not None and process.poll() is None:
                self.stop(role)

    def redis(self) -> redis.Redis:
        """A client of the embedded server."""
        return redis.Redis(unix_socket_path=str(self.socket))


def unpack(stored: Path, folder: Path) -> None:
    """Put a data directory where an `Embedded` of this folder looks for it."""
    with tarfile.open(stored / DATA) as archive:
        archive.extractall(folder / "data", filter="data")


class Http:
    """Speaks with a running service: as a platform with a key, or as a moderator with a session."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def ask(self, method: str, path: str, *, status: int | None = None, **more: Any) -> Any:
        """One request; the JSON of the answer, or its text. Any 2xx is right unless `status` is given."""
        async with self._session.request(method, self._base + path, allow_redirects=False, **more) as response:
            said = await response.text()
            right = response.status == status if status else response.ok
            assert right, f"{method} {path}: {response.status} {said}"
            return await response.json() if "json" in response.content_type else said

    async def platform(self, key: str, method: str, path: str, **more: Any) -> Any:
        """Ask as a site."""
        headers = {"Authorization": f"Bearer {key}"} | more.pop("headers", {})
        return await self.ask(method, f"/v1{path}", headers=headers, **more)

    async def moderator(self, session: Mapping[str, str], method: str, path: str, **more: Any) -> Any:
        """Ask as somebody who signed in."""
        headers = {"Cookie": session["cookie"]} | ({} if method == "GET" else {"X-CSRF-Token": session["csrf"]})
        return await self.ask(method, f"/review/api{path}", headers=headers, **more)

    async def sign_in(self, name: str) -> dict[str, str]:
        """Begin a session."""
        body = {"name": name, "password": PASSWORD}
        async with self._session.post(f"{self._base}/review/api/session", json=body) as response:
            assert response.status == 200, await response.text()
            (cookie,) = response.cookies.values()
            return {"cookie": f"{cookie.key}={cookie.value}", "csrf": (await response.json())["csrf"]}


@contextlib.asynccontextmanager
async def speaking(stack: Embedded) -> AsyncIterator[Http]:
    """A client of a running service, which keeps no cookies of its own."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Http(session, stack.base)
