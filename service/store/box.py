"""What data this is, in Redis: its id, the number of its format, how many partitions it has, and fingerprints of its keys."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from service.store import keys as names
from service.store.client import Connection

FORMAT: Final = 3
"""The number of what this version stores; it is raised by whoever makes something that an older version would misread."""
PARTITIONED: Final = 4
"""The number of data in several partitions, of which a version that knows one would find a part."""
_KEY = "key "


class Record(NamedTuple):
    """What the data says of itself."""

    id: str
    format: int
    fingerprints: Mapping[str, str]  # name of a key -> its fingerprint
    partitions: int = 1
    backed_up: int = 0  # when a back-up was last written whole, in milliseconds since 1970; 0: never


class BoxStore:
    """The record. All raise StoreUnavailable."""

    def __init__(self, connection: Connection) -> None:
        self._wire = connection.wire
        self._layout = connection.keys.layout

    async def read(self) -> Record | None:
        """The record; None: there is none, since nothing was ever kept here, or an older version kept it."""
        row = await self._wire.call("HGETALL", names.BOX)
        found = {name.decode(): value.decode() for name, value in zip(row[::2], row[1::2], strict=True)}
        if "id" not in found:
            return None
        prints = {name.removeprefix(_KEY): value for name, value in found.items() if name.startswith(_KEY)}
        return Record(
            found["id"],
            int(found.get("format", 0)),
            prints,
            int(found.get("partitions", 1)),
            int(found.get("backed_up", 0)),
        )

    async def backed_up(self, moment: int) -> None:
        """Keep when a back-up was written whole, in milliseconds since 1970."""
        await self._wire.call("HSET", names.BOX, "backed_up", moment)

    async def write(self, fingerprints: Mapping[str, str], gone: Collection[str] = ()) -> str:
        """Keep it; the id that the data has then, "" when it was begun just now with another number of partitions than ours."""
        fresh, count = secrets.token_hex(8), self._layout.count
        word = await self._wire.run(
            "store/identify",
            [names.BOX],
            id=fresh,
            format=self.format,
            keys=fingerprints,
            gone=list(gone),
            partitions=count,
        )
        return str(word.decode())

    @property
    def format(self) -> int:
        """The number of what is stored here."""
        return FORMAT if self._layout.count == 1 else PARTITIONED

    async def credentials_known(self, digests: Collection[str]) -> bool:
        """Whether one of these digests of credentials leads to a site."""
        rows = await self._wire.call_all([("HEXISTS", names.CREDENTIALS, one) for one in digests])
        return any(rows)
