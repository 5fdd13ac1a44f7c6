"""People and sites in Redis: records by name, each written by compare-and-set, so that nobody's change is lost.

For `store/sites.py` and `store/moderators.py`. The records are short and few: a hash holds them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, NamedTuple, TypeVar

import msgspec

from service.core.errors import Conflict, NotFound
from service.store.client import Connection

_RETRIES = 10  # of a change that meets others
_encode = msgspec.msgpack.Encoder().encode
Record = TypeVar("Record")


class Changed(NamedTuple, Generic[Record]):
    """What a change found and what it made of it; the same twice when it changed nothing."""

    before: Record
    after: Record

    @property
    def saved(self) -> bool:
        """Whether anything was written."""
        return self.before != self.after


class Directory(Generic[Record]):
    """The records of one kind. `noun` names the kind in errors, `missing` is said of a name that nobody has."""

    def __init__(self, connection: Connection, key: str, kind: type[Record], noun: str, missing: str) -> None:
        self._wire = connection.wire
        self._key = key
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._noun = noun
        self._missing = missing

    async def get(self, name: str) -> Record | None:
        """A record by its name."""
        row = await self._wire.call("HGET", self._key, name)
        return self._decode(row) if row is not None else None

    async def all(self) -> list[Record]:
        """Every record, in no order."""
        return [self._decode(row) for row in await self._wire.call("HVALS", self._key)]

    async def add(self, name: str, record: Record) -> bool:
        """Keep a new record. False: the name is taken."""
        return await self._replace(name, None, _encode(record))

    async def change(
        self,
        name: str,
        change: Callable[[Record], Record],
        *,
        first: Callable[[Record], Awaitable[None]] | None = None,
    ) -> Changed[Record]:
        """Keep what `change` makes of a record as it stands now, past every cache.

        `change` is asked again when somebody else was faster; the same record again writes nothing. `first` is awaited with
        the present record before it is replaced. Raises NotFound, Conflict, and what `change` raises.
        """
        for _ in range(_RETRIES):
            seen, before = await self._present(name)
            after = change(before)
            if after == before:
                return Changed(before, before)
            if first is not None:
                await first(before)
            if await self._replace(name, seen, _encode(after)):
                return Changed(before, after)
        raise self._restless()

    async def transform(
        self, name: str, change: Callable[[Record | None, Record | None], Record | None], *, witness: str = ""
    ) -> tuple[Record | None, Record | None]:
        """Make, change or remove a record while another one, the `witness`, stays as it is; what was and what is then.

        `change` gets the witness's record (None: there is none, or no witness was named) and the present one (None: nobody has
        the name), and says what is to be kept, None for nothing. It is asked again when somebody else was faster with either.
        Raises Conflict, and what `change` raises.
        """
        for _ in range(_RETRIES):
            held = await self._wire.call("HGET", self._key, witness) if witness else None
            seen = await self._wire.call("HGET", self._key, name)
            before = self._decode(seen) if seen is not None else None
            after = change(self._decode(held) if held is not None else None, before)
            if after == before:
                return before, before
            record = _encode(after) if after is not None else None
            word = await self._wire.run(
                "store/compare_and_set", [self._key], name=name, seen=seen, record=record, witness=witness, held=held
            )
            if word == b"saved":
                return before, after
        raise self._restless()

    async def rename(self, name: str, to: str, change: Callable[[Record], Record]) -> Record | None:
        """Keep what `change` makes of a record under another name, in one step. None: that name is taken.

        Raises NotFound, Conflict, and what `change` raises.
        """
        for _ in range(_RETRIES):
            seen, before = await self._present(name)
            after = change(before)
            word = await self._wire.run("store/rename", [self._key], name=name, seen=seen, to=to, record=_encode(after))
            if word != b"changed":
                return after if word == b"saved" else None
        raise self._restless()

    async def remove(self, name: str) -> Record:
        """Remove a record; what it was at the end. Raises NotFound, Conflict."""
        for _ in range(_RETRIES):
            seen, last = await self._present(name)
            if await self._replace(name, seen, None):
                return last
        raise self._restless()

    def _restless(self) -> Conflict:
        return Conflict(f"The {self._noun} keeps changing; look at it again.")

    async def _present(self, name: str) -> tuple[bytes, Record]:
        seen = await self._wire.call("HGET", self._key, name)
        if seen is None:
            raise NotFound(self._missing)
        return seen, self._decode(seen)

    async def _replace(self, name: str, seen: bytes | None, record: bytes | None) -> bool:
        word = await self._wire.run("store/compare_and_set", [self._key], name=name, seen=seen, record=record)
        return bool(word == b"saved")
