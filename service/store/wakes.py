"""Hears, over Redis's publish/subscribe, what has happened to comments: those that requests of this process wait for, or all.

A wake is a hint, not a promise: what is published while the connection is lost is lost, so whoever waits also looks from
time to time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from service.core.errors import StoreUnavailable
from service.store.client import Connection, Wire

_RENEW = 1.0  # seconds between subscriptions: nothing changes for one that stands, and a lost one is back soon


async def listen(connection: Connection, process: str, heard: Callable[[str], None]) -> None:
    """Call `heard` with the id of each comment that was decided; runs until it is cancelled."""
    await _follow(connection, connection.keys.wake(process), lambda comment: heard(comment.decode()))


async def follow(connection: Connection, heard: Callable[[bytes], None]) -> None:
    """Call `heard` with each message (JSON) of what happens to comments; runs until it is cancelled."""
    await _follow(connection, connection.keys.live, heard)


async def _follow(connection: Connection, channel: str, heard: Callable[[bytes], None]) -> None:
    wire = Wire(connection.url, heard)
    try:
        while True:
            with contextlib.suppress(StoreUnavailable):  # then the next turn tries again
                await wire.call("SUBSCRIBE", channel)
            await asyncio.sleep(_RENEW)
    finally:
        await wire.close()
