"""The use cases of the box itself: its Redis inspected and rewritten, and that its data, keys and version belong together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import IO

from service.clock import now_ms
from service.core.errors import StoreUnavailable, WrongInstallation
from service.core.server import ServerState
from service.core.site import Site
from service.store import server, snapshot
from service.store.box import PARTITIONED, BoxStore, Record
from service.store.client import Connection
from service.store.sites import Accounts

_PUT_BACK = (
    "Put back the ones that were backed up. If they are lost, or were replaced on purpose: antechamber keys replace"
)


class Box:
    """The use cases. All raise StoreUnavailable. `fingerprints`: those of the keys that we have, by their names.

    `partitions`: how many the data is to have; None: as many as it has.
    """

    def __init__(
        self, connection: Connection, accounts: Accounts, fingerprints: Mapping[str, str], partitions: int | None = None
    ) -> None:
        self._partitions = partitions
        self._connection = connection
        self._accounts = accounts
        self._store = BoxStore(connection)
        self._fingerprints = fingerprints
        self.lost = False
        """Whether there was data, and is none now."""

    async def inspect(self) -> list[ServerState]:
        """What the Redis server says of itself, or each master of a cluster."""
        return await server.inspect(self._connection)

    async def compact(self) -> int:
        """Rewrite Redis's append-only file; its size then, in bytes. What was erased is not in it any more."""
        size = await server.compact(self._connection)
        await self._accounts.audit("redis.compact", "append-only file")
        return size

    async def back_up(self, out: IO[bytes]) -> int:
        """Write a back-up of all that Redis holds; the bytes of its snapshot. Raises BackupError."""
        record = await self._store.read()
        state = (await self.inspect())[0]
        name, number, prints = (record or Record("", self._store.format, self._fingerprints))[:3]
        head = snapshot.Head(int(time.time()), state.name, name, number, dict(prints))
        addresses = [one.address for one in await self._connection.wire.masters()]
        return await asyncio.to_thread(snapshot.take, addresses, head, out)

    async def backed_up(self, size: int) -> None:
        """Note that a back-up of so many bytes is written whole: in the operators' log, and for who watches that there is one."""
        await self._store.backed_up(now_ms())
        await self._accounts.audit("data.backup", "back-up", note=f"{size} bytes")

    async def restored(self, head: snapshot.Head) -> None:
        """Note in the operators' log that data was brought back."""
        await self._accounts.audit("data.restore", "back-up", note=f"made at {head.made_at}")

    async def identity_rotated(self, name: str) -> None:
        """Note in the operators' log that an identity key has become the active one."""
        await self._accounts.audit("keys.rotate", name)

    @property
    def id(self) -> str:
        """What the data calls itself; "" when that is not known."""
        return self._connection.box

    async def recognise(self, remembered: str = "", *, writing: bool = True) -> int:
        """Make sure that data, keys and this version belong together, and note it in the data; how many sites it has.

        `remembered`: the id of data with sites that was here before, if any. When all of it is gone, nothing is noted, and
        whoever asks for a site learns that the store is unavailable. Raises WrongInstallation.
        """
        record, sites = await self._store.read(), await self._accounts.all()
        if record is None and not sites and remembered:
            self._connection.box, self.lost = remembered, True
            return 0
        if record is not None and record.format > PARTITIONED:
            raise WrongInstallation(
                f"the data was written by a newer Antechamber (format {record.format}; this one knows up to {PARTITIONED}). "
                "Install that version again, or restore a back-up from before"
            )
        self._compare_partitions(record, sites)
        if sites:
            await self._compare(record, sites)
        if writing and (
            record is None
            or record.format < self._store.format
            or self._fingerprints.items() - record.fingerprints.items()
        ):
            try:
                await self._note()
            except StoreUnavailable:
                if record is None and self._connection.keys.layout.count > 1:
                    raise  # nothing may be kept in partitions that nobody would know of
                return len(sites)  # a server that takes no writes just now; the next start notes it
        elif record is not None:
            self._connection.box = record.id
        return len(sites)

    async def keys_replaced(self) -> None:
        """Let the data go with the keys that we have from now on, whatever it went with before."""
        record = await self._store.read()
        gone = record.fingerprints.keys() - self._fingerprints.keys() if record is not None else ()
        await self._note(gone)
        await self._accounts.audit("keys.replace", "master.key, identity.keys")

    async def _note(self, gone: Collection[str] = ()) -> None:
        """Raises WrongInstallation when somebody has begun the data meanwhile, in another number of partitions."""
        self._connection.box = await self._store.write(self._fingerprints, gone)
        if not self._connection.box:
            raise WrongInstallation("the data was begun by another process just now, in another number of partitions")

    def _compare_partitions(self, record: Record | None, sites: list[Site]) -> None:
        """Raises WrongInstallation when the data has another number of partitions than it is to have."""
        found = record.partitions if record is not None else 1 if sites else None
        if found is not None and self._partitions not in (None, found):
            raise WrongInstallation(
                f"the data has {_counted(found)}, and PARTITIONS asks for {self._partitions}. Their number is settled when data "
                "is begun: leave the setting out, or begin anew"
            )

    async def _compare(self, record: Record | None, sites: list[Site]) -> None:
        """Raises WrongInstallation when keys are not those that the data goes with."""
        wrong = ""
        if record is None:  # of a version that kept no fingerprints
            digests = [digest for site in sites for digest in self._accounts.credentials(site)]
            if digests and not await self._store.credentials_known(digests):
                wrong = "master.key"
        elif (
            record.fingerprints.get("master.key", self._fingerprints["master.key"]) != self._fingerprints["master.key"]
        ):
            wrong = "master.key"
        else:
            known = {name: one for name, one in record.fingerprints.items() if name != "master.key"}
            ours = self._fingerprints
            if known and (
                not known.items() & ours.items() or any(ours.get(name, one) != one for name, one in known.items())
            ):
                wrong = "identity.keys"
        if wrong:
            raise WrongInstallation(
                f"{wrong} is not the one that this data was made with ({len(sites)} sites). {_PUT_BACK}"
            )


def _counted(partitions: int) -> str:
    return "one partition" if partitions == 1 else f"{partitions} partitions"
