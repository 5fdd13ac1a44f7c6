"""The registry of model versions in Redis: immutable versions, and pointers that say which one has which role where.

Artefacts are cached on disk by their content's hash, which is checked whenever one is read, wherever it came from. For
`service.learning` and `service.learning.reload`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from service.core.errors import Conflict, NotFound, StoreUnavailable
from service.core.model_version import DamagedVersion, ModelCard, Pointers, Switched
from service.store import keys as names
from service.store.client import Connection, Wire

KEPT = 20
"""How many versions of a site are kept; those that have a role always are."""
_ON_DISK = 64  # artefacts in the cache
_encode = msgspec.msgpack.Encoder().encode
_card = msgspec.msgpack.Decoder(ModelCard).decode


class Models:
    """The model versions of all sites. `cache` is a folder of this process's machine."""

    def __init__(self, connection: Connection, cache: Path) -> None:
        self._connection = connection
        self._wire = connection.wire
        self._cache = cache

    async def next_number(self, site: str) -> int:
        """The number of a site's next version; never the same twice."""
        return int(await self._wire.call("HINCRBY", names.MODEL_COUNT, site, 1))

    async def add(self, card: ModelCard, artefact: bytes) -> None:
        """Keep a version for good, and let go of the site's oldest ones that have no role."""
        await self._wire.run(
            "models/register",
            [names.model(card.version), names.models_of(card.site), names.MODEL_POINTERS, names.model("")],
            version=card.version, made_at=card.made_at, card=_encode(card), artefact=artefact, keep=KEPT,
        )  # fmt: skip

    async def card(self, version: str) -> ModelCard:
        """A version's card. Raises NotFound."""
        row = await self._wire.call("HGET", names.model(version), "card")
        if row is None:
            raise NotFound(f"There is no model version {version}." if _harmless(version) else "No such model version.")
        return _card(row)

    async def cards(self, site: str) -> list[ModelCard]:
        """A site's versions, newest first."""
        versions = await self._wire.call("ZREVRANGE", names.models_of(site), 0, -1)
        rows = await self._wire.call_all([("HGET", names.model(version.decode()), "card") for version in versions])
        return [_card(row) for row in rows if row is not None]

    async def artefact(self, version: str) -> bytes:
        """A version's bytes, from the disk if they are there. Raises NotFound, DamagedVersion."""
        card = await self.card(version)
        path = self._cache / f"{card.sha256}.model"
        with contextlib.suppress(OSError):
            cached = await asyncio.to_thread(path.read_bytes)
            if hashlib.sha256(cached).hexdigest() == card.sha256:
                return cached
        row: bytes | None = await self._wire.call("HGET", names.model(version), "artefact")
        if row is None or hashlib.sha256(row).hexdigest() != card.sha256:
            raise DamagedVersion(f"the artefact of {version} is not what its card says")
        with contextlib.suppress(OSError):  # a disk that can't be written is no reason not to score
            await asyncio.to_thread(_write, path, row)
        return row

    async def pointers(self) -> dict[str, Pointers]:
        """Which versions have which role, by site; one small read."""
        rows = await self._wire.call("HGETALL", names.MODEL_POINTERS)
        roles: dict[str, dict[str, str]] = {}
        for field, value in zip(rows[::2], rows[1::2], strict=True):
            site, _, role = field.decode().rpartition(":")
            roles.setdefault(site, {})[role] = value.decode()
        return {site: msgspec.convert(known, Pointers, strict=False) for site, known in sorted(roles.items())}

    async def promote(self, site: str, version: str, *, at: int, seen: str | None = None) -> Switched:
        """Make a version ("": the base model) the active one of a site, if `seen` still is. Raises NotFound, Conflict."""
        return await self._point(site, "promote", version, seen, at)

    async def roll_back(self, site: str, *, at: int, seen: str | None = None) -> Switched:
        """Go back to what was in use before, and in the end to the base model. Raises Conflict where that is in use.

        What was rolled back, or has alerted, is never gone back to.
        """
        return await self._point(site, "rollback", "", seen, at)

    async def shadow(self, site: str, version: str, *, at: int) -> Switched:
        """Let a version score a site's comments silently; "" ends that. Raises NotFound."""
        return await self._point(site, "shadow", version, None, at)

    async def distrust(self, site: str, version: str, *, at: int) -> None:
        """Remember that a version has alerted at a site: no rollback goes there. Raises NotFound."""
        await self._point(site, "alerted", version, None, at)

    async def first_alert(self, site: str, version: str, what: str) -> bool:
        """Whether this alert about a version is the first of its kind at a site; it is from now on no longer."""
        key = self._connection.keys.site(site, "alerted")
        return bool(await self._wire.call("HSETNX", key, f"{version}:{what}", 1))

    async def take_turn(self, name: str, seconds: float) -> bool:
        """Whether this process is the one to do a periodic task this time."""
        return await self._wire.call("SET", names.model_task(name), 1, "NX", "PX", int(seconds * 1000)) is not None

    async def keep_turn(self, name: str, seconds: float) -> None:
        """Keep the turn that was taken, for so long from now."""
        await self._wire.call("SET", names.model_task(name), 1, "PX", max(int(seconds * 1000), 1))

    async def forget_site(self, site: str) -> None:
        """Drop everything of a site's models."""
        versions = await self._wire.call("ZRANGE", names.models_of(site), 0, -1)
        await self._wire.call_all(
            [
                ("HDEL", names.MODEL_POINTERS, *(f"{site}:{role}" for role in Pointers.__struct_fields__)),
                ("DEL", names.models_of(site), *(names.model(version.decode()) for version in versions)),
                ("PUBLISH", names.MODELS_CHANGED, site),
            ]
        )

    async def changes(self, poll: float) -> AsyncIterator[None]:
        """Yields at once, then whenever a pointer may have moved: on a word of Redis, else after `poll` seconds.

        What is published while the connection is lost is lost; hence the polling.
        """
        moved = asyncio.Event()
        wire = Wire(self._connection.url, lambda _: moved.set())
        try:
            while True:
                moved.clear()
                yield
                with contextlib.suppress(StoreUnavailable):  # nothing changes for a subscription that stands
                    await wire.call("SUBSCRIBE", names.MODELS_CHANGED)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(moved.wait(), poll)
        finally:
            await wire.close()

    async def _point(self, site: str, what: str, version: str, seen: str | None, at: int) -> Switched:
        word, active, previous, _, _, _, before = await self._wire.run(
            "models/point",
            [names.MODEL_POINTERS, names.model(version) if version else names.MODEL_POINTERS, names.model("")],
            site=site, what=what, version=version, seen=seen, now=at, channel=names.MODELS_CHANGED,
        )  # fmt: skip
        match word:
            case b"missing":
                raise NotFound("There is no such model version.")
            case b"stale":
                raise Conflict("Another version has become active meanwhile; look again.")
            case b"nothing":
                raise Conflict("The base model is in use, so there is nothing to roll back.")
        return Switched(site, active.decode(), before.decode(), previous.decode())


def _harmless(version: str) -> bool:
    return version.isascii() and version.replace("-", "").replace("*", "").isalnum()


def _write(path: Path, content: bytes) -> None:
    """Atomically, and then without the artefacts that were used least recently written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    by_age: Callable[[Path], float] = lambda one: one.stat().st_mtime  # noqa: E731
    for old in sorted(path.parent.glob("*.model"), key=by_age)[:-_ON_DISK]:
        old.unlink(missing_ok=True)
