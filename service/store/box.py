"""What data this is, in Redis: its id, the number of its format, and fingerprints of the keys that it goes with."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from service.store import keys as names
from service.store.client import Connection

FORMAT: Final = 3
"""The number of what this version stores; it is raised by whoever makes something that an older version would misread."""
_KEY = "key "


class Record(NamedTuple):
    """What the data says of itself."""

    id: str
    format: int
    fingerprints: Mapping[str, str]  # name of a key -> its fingerprint


class BoxStore:
    """The record. All raise StoreUnavailable."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire

    async def read(self) -> Record | None:
        """The record; None: there is none, since nothing was ever kept here, or an older version kept it."""
        row = await self._wire.call("HGETALL", names.BOX)
        found = {name.decode(): value.decode() for name, value in zip(row[::2], row[1::2], strict=True)}
        if "id" not in found:
            return None
        prints = {name.removeprefix(_KEY): value for name, value in found.items() if name.startswith(_KEY)}
        return Record(found["id"], int(found.get("format", 0)), prints)

    async def write(self, fingerprints: Mapping[str, str], gone: Collection[str] = ()) -> str:
        """Keep it; the id that the data has then."""
        fresh = secrets.token_hex(8)
        found = await self._wire.run(
            "store/identify", [names.BOX], id=fresh, format=FORMAT, keys=fingerprints, gone=list(gone)
        )
        return str(found.decode())

    async def credentials_known(self, digests: Collection[str]) -> bool:
        """Whether one of these digests of credentials leads to a site."""
        rows = await self._wire.call_all([("HEXISTS", names.CREDENTIALS, one) for one in digests])
        return any(rows)
