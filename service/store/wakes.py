"""Hears, over Redis's publish/subscribe, which comments have been decided that requests of this process wait for.

A wake is a hint, not a promise: what is published while the connection is lost is lost, so whoever waits also looks from
time to time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.exceptions import RedisError

from service.store.client import Connection

_RENEW = 15.0  # seconds of silence after which the connection is asked whether it is still there
_PAUSE = 0.2  # seconds before a lost connection is opened again


async def listen(connection: Connection, process: str, heard: Callable[[str], None]) -> None:
    """Call `heard` with the id of each comment that was decided; runs until it is cancelled."""
    channel = connection.keys.wake(process)
    while True:
        try:
            async with connection.client.pubsub() as subscription:
                await subscription.subscribe(channel)
                while True:
                    message = await subscription.get_message(ignore_subscribe_messages=True, timeout=_RENEW)
                    if message is None:
                        await subscription.ping()
                    elif message["type"] == "message":
                        heard(message["data"].decode())
        except (RedisError, OSError):
            await asyncio.sleep(_PAUSE)
