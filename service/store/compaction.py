"""Rewriting Redis's append-only file, so that what was erased or dropped leaves the disk too. For operators."""

from __future__ import annotations

import asyncio

from service.core.errors import StoreUnavailable
from service.store.client import Connection, ReplyFailed

_LOOK = 0.1  # seconds between looks


async def compact(connection: Connection) -> int:
    """Rewrite the file and wait until that is done; its size then, in bytes. Raises StoreUnavailable."""
    wire = connection.wire
    try:
        await wire.call("BGREWRITEAOF")
    except ReplyFailed as error:
        if "in progress" not in error.reply:
            raise
        await _finished(connection)  # that one began before we were asked, and may have missed what was erased since
        await wire.call("BGREWRITEAOF")
    state = await _finished(connection)
    if state.get("aof_last_bgrewrite_status") != "ok":
        raise StoreUnavailable("Redis could not rewrite its append-only file; its log says why.")
    return int(state.get("aof_current_size", 0))


async def _finished(connection: Connection) -> dict[str, str]:
    while True:
        lines = (await connection.wire.call("INFO", "persistence")).decode().splitlines()
        state = dict(line.split(":", 1) for line in lines if ":" in line)
        if state.get("aof_rewrite_in_progress") == "0" and state.get("aof_rewrite_scheduled") == "0":
            return state
        await asyncio.sleep(_LOOK)
