"""Hearing of decisions: also after the connection was lost, and without leaving anything behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings

import pytest

from service.container import Services
from service.core.errors import StoreUnavailable
from service.store.client import Wire
from service.store.work import listen
from tests.support.waiting import until


async def _publish_until(services: Services, heard: list[str], comment: str) -> None:
    async with asyncio.timeout(20):
        while comment not in heard:
            await services.connection.client.publish(services.connection.keys.wake("p1"), comment)
            await asyncio.sleep(0.01)


async def test_what_is_published_is_heard_also_after_the_connection_was_lost(services: Services) -> None:
    heard: list[str] = []
    task = asyncio.create_task(listen(services.connection, "p1", heard.append))
    await _publish_until(services, heard, "c1")
    assert await services.connection.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub") == 1
    await _publish_until(services, heard, "c2")
    assert set(heard) == {"c1", "c2"}
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_who_waited_for_a_wire_that_is_closed_as_it_stands_opens_no_other(services: Services) -> None:
    client = services.connection.client
    before = len(await client.client_list())
    wire = Wire(services.connection.url)
    call = asyncio.create_task(wire.call("PING"))
    while wire._server._opening is None or not wire._server._opening.done():
        await asyncio.sleep(0)
    await wire.close()
    with pytest.raises(StoreUnavailable):
        await call

    async def none_is_left() -> bool:
        return len(await client.client_list()) <= before

    await until(none_is_left)


async def test_a_wire_that_is_closed_while_it_opens_leaves_no_socket_behind(services: Services) -> None:
    client = services.connection.client
    before = len(await client.client_list())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for turns in range(1, 16):
            wire = Wire(services.connection.url)
            call = asyncio.create_task(wire.call("PING"))
            for _ in range(turns):
                await asyncio.sleep(0)
            await wire.close()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await call
            del wire, call
        gc.collect()
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            while len(await client.client_list()) > before:
                await asyncio.sleep(0.01)
