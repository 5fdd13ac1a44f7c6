"""What a Redis server says of itself, for `antechamber check` and before a start. It changes nothing."""

from __future__ import annotations

import time
from typing import NamedTuple

from service.store.client import Connection, ReplyFailed

OLDEST_VERSION = (6, 2)
"""XAUTOCLAIM and GETDEL came with Redis 6.2. Valkey tells the Redis version that it is compatible with."""
_ROUND_TRIPS = 20


class ServerState(NamedTuple):
    """A server's version, what it keeps when it dies, and how far away it is."""

    name: str  # "Redis 8.2.1" or "Valkey 9.1.0"
    version: tuple[int, ...]  # of Redis, or the one that Valkey is compatible with
    append_only: bool
    fsync: str  # always | everysec | no; "" when the server does not tell
    eviction: str  # maxmemory-policy; "" when the server does not tell
    round_trip_ms: float  # median
    clock_ahead_ms: float  # of our clock; half a round trip is allowed for

    @property
    def too_old(self) -> bool:
        """Whether the service can't work with this version."""
        return self.version < OLDEST_VERSION


async def inspect(connection: Connection) -> ServerState:
    """Ask the server. Raises StoreUnavailable."""
    wire = connection.wire
    info = _pairs(await wire.call("INFO", "server"))
    persistence = _pairs(await wire.call("INFO", "persistence"))
    times = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        await wire.call("PING")
        times.append(time.perf_counter() - began)
    before = time.time()
    seconds, micros = await wire.call("TIME")
    after = time.time()
    version = info.get("redis_version", "0")
    name = f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {version}"
    return ServerState(
        name=name,
        version=tuple(int(part) for part in version.split(".") if part.isdigit()),
        append_only=persistence.get("aof_enabled") == "1",
        fsync=await _setting(connection, "appendfsync"),
        eviction=await _setting(connection, "maxmemory-policy"),
        round_trip_ms=sorted(times)[_ROUND_TRIPS // 2] * 1000,
        clock_ahead_ms=((before + after) / 2 - (int(seconds) + int(micros) / 1e6)) * 1000,
    )


async def _setting(connection: Connection, name: str) -> str:
    """A server's setting; hosted servers often forbid to ask."""
    try:
        found = await connection.wire.call("CONFIG", "GET", name)
    except ReplyFailed:
        return ""
    return str(found[1].decode()) if len(found) == 2 else ""


def _pairs(reply: bytes) -> dict[str, str]:
    lines = reply.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
