"""The use case of looking at where data lies: which partition each site is in, how much is there, and which server has it."""

from __future__ import annotations

import asyncio
from operator import add

from msgspec import Struct
from msgspec.structs import astuple

from service.core.lifecycle import State
from service.store.client import Connection
from service.store.cluster import slot_of
from service.store.comments import Comments
from service.store.outbox import Outbox
from service.store.sites import Accounts


class Load(Struct, frozen=True):
    """How much there is: comments, of these how many wait to be judged and how many for a moderator; and call-backs."""

    comments: int = 0
    pending: int = 0
    held: int = 0
    callbacks: int = 0  # comments with call-backs that are to be delivered
    given_up: int = 0  # call-backs

    def __add__(self, other: Load) -> Load:
        return Load(*map(add, astuple(self), astuple(other)))


class PartitionLoad(Struct, frozen=True):
    """A partition: the slot of a cluster that it is, the server that has it now, and the load of each of its sites."""

    partition: int
    slot: int
    server: str
    sites: dict[str, Load]

    @property
    def load(self) -> Load:
        """Of all its sites."""
        return sum(self.sites.values(), Load())


class Spread:
    """The use case. Raises StoreUnavailable."""

    def __init__(self, connection: Connection, accounts: Accounts, comments: Comments, outbox: Outbox) -> None:
        self._connection = connection
        self._accounts = accounts
        self._comments = comments
        self._outbox = outbox

    async def look(self) -> list[PartitionLoad]:
        """Every partition, in order; its sites by name."""
        keys, wire = self._connection.keys, self._connection.wire
        sites = [site.id for site in await self._accounts.all()]
        loads = dict(zip(sites, await asyncio.gather(*map(self._load, sites)), strict=True))
        servers = await asyncio.gather(*[wire.keeper(one.prefix) for one in keys.partitions])
        return [
            PartitionLoad(
                one.number, slot_of(one.prefix), server, {site: loads[site] for site in sites if keys.home(site) is one}
            )
            for one, server in zip(keys.partitions, servers, strict=True)
        ]

    async def _load(self, site: str) -> Load:
        counts, endpoint = await asyncio.gather(self._comments.counts(site), self._outbox.endpoint(site))
        erased = counts.get(State.ERASED, 0)
        return Load(
            sum(counts.values()) - erased,
            counts[State.PENDING],
            counts[State.FLAGGED],
            endpoint.waiting,
            endpoint.undelivered,
        )
