"""A real Redis Cluster on this machine: three masters, each with a replica, whose slots can be moved, and any of them killed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.store.cluster import SLOTS, slot_of
from tests.support.servers import Server
from tests.system.stack import free_port

_MASTERS = 3
_HASTY = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1200", "--cluster-allow-replica-migration", "no")


class Node(Server):
    """One of its servers."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.id = secrets.token_hex(20)
        self.bus = free_port()
        super().__init__(folder, *_HASTY, "--cluster-port", str(self.bus), *options)

    def cluster(self, *words: str | int) -> Any:
        """Tell or ask it something about its cluster."""
        with self.client() as client:
            client.response_callbacks.clear()
            return client.execute_command("CLUSTER", *words)


class RedisCluster:
    """Its servers. A third of the slots each, the masters; behind them, in the same order, their replicas."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.nodes = [Node(folder / str(number), *options) for number in range(2 * _MASTERS)]
        for one in self.nodes:
            (one.folder / "nodes.conf").write_text(self._met(one))  # what each would have learnt by meeting the others

    @property
    def url(self) -> str:
        """As an operator would write it."""
        return f"redis://{','.join(f'127.0.0.1:{one.port}' for one in self.nodes[:_MASTERS])}"

    @property
    def masters(self) -> list[Node]:
        """Those that are masters now, of those that live."""
        rows = [line.split() for line in self._living().cluster("NODES").decode().splitlines()]
        ids = {row[0] for row in rows if "master" in row[2] and "fail" not in row[2]}
        return [one for one in self.nodes if one.id in ids]

    def keeper(self, key: str) -> Node:
        """The master that keeps a key now."""
        slot = slot_of(key)
        for first, last, (_, port, *_), *_ in self._living().cluster("SLOTS"):
            if first <= slot <= last:
                return next(one for one in self.nodes if one.port == port)
        raise AssertionError(slot)

    def move(self, key: str, new: Node) -> Iterator[None]:
        """Hand a key's slot over to another master, key by key; stops once when that has begun."""
        slot, old = slot_of(key), self.keeper(key)
        new.cluster("SETSLOT", slot, "IMPORTING", old.id)
        old.cluster("SETSLOT", slot, "MIGRATING", new.id)
        yield
        with old.client() as client:
            while names := old.cluster("GETKEYSINSLOT", slot, 100):
                client.execute_command("MIGRATE", "127.0.0.1", new.port, "", 0, 5000, "KEYS", *names)
        for one in (new, old):
            one.cluster("SETSLOT", slot, "NODE", new.id)
        self._living().wait(lambda _: self.keeper(key) is new)  # a server that took no part hears of it by gossip

    def start(self) -> None:
        for one in self.nodes:
            one.start()
        for one in self.nodes:
            one.wait(lambda _, one=one: b"cluster_state:ok" in one.cluster("INFO"))
        for one in self.nodes[_MASTERS:]:
            one.wait(lambda client: client.info("replication").get("master_link_status") == "up")

    def end(self) -> None:
        for one in self.nodes:
            one.end()

    def _living(self) -> Node:
        return next(one for one in reversed(self.nodes) if one.process is not None and one.process.poll() is None)

    def _met(self, of: Node) -> str:
        lines = []
        for number, one in enumerate(self.nodes):
            place, master = number % _MASTERS, number < _MASTERS
            role = f"master - 0 0 {place + 1}" if master else f"slave {self.nodes[place].id} 0 0 {place + 1}"
            slots = f" {SLOTS * place // _MASTERS}-{SLOTS * (place + 1) // _MASTERS - 1}" if master else ""
            myself = "myself," if one is of else ""
            lines.append(f"{one.id} 127.0.0.1:{one.port}@{one.bus} {myself}{role} connected{slots}\n")
        return "".join([*lines, f"vars currentEpoch {_MASTERS} lastVoteEpoch 0\n"])


@contextlib.contextmanager
def redis_cluster(folder: Path, *options: str) -> Iterator[RedisCluster]:
    """One that is up."""
    made = RedisCluster(folder, *options)
    try:
        made.start()
        yield made
    finally:
        made.end()
