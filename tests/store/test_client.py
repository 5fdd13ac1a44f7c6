"""The coalescing wire: order, concurrency, and what happens when the server goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from service.core.errors import StoreUnavailable
from service.store.client import SCRIPTS, Connection, ReplyFailed, Wire
from service.store.embedded import EmbeddedServer


async def test_replies_come_back_to_their_callers(server: EmbeddedServer) -> None:
    async with Connection(server.url) as connection:
        replies = await asyncio.gather(*[connection.wire.call("ECHO", str(n)) for n in range(2_000)])
        assert replies == [str(n).encode() for n in range(2_000)]


async def test_an_error_reply_hits_its_own_caller_alone(server: EmbeddedServer) -> None:
    async with Connection(server.url) as connection:
        one, wrong, two = await asyncio.gather(
            connection.wire.call("ECHO", "1"),
            connection.wire.call("NOSUCH"),
            connection.wire.call("ECHO", "2"),
            return_exceptions=True,
        )
        assert (one, two) == (b"1", b"2")
        assert isinstance(wrong, ReplyFailed)
        assert "NOSUCH" in wrong.reply
        assert "NOSUCH" not in str(wrong)


async def test_a_cancelled_caller_does_not_shift_the_others(server: EmbeddedServer) -> None:
    async with Connection(server.url) as connection:
        slow = asyncio.create_task(connection.wire.call("ECHO", "lost"))
        await asyncio.sleep(0)
        slow.cancel()
        assert await connection.wire.call("ECHO", "found") == b"found"


async def test_scripts_are_there_after_a_flush(server: EmbeddedServer) -> None:
    async with Connection(server.url) as connection:
        await connection.wire.call("SCRIPT", "FLUSH")
        assert await connection.wire.run("strip", ["a{x}", "b{x}"], "1", "") == b"stale"
        assert set(SCRIPTS) >= {"submit", "transition", "erase", "claim", "settle"}


async def test_a_lost_server_fails_what_waits_and_a_new_one_is_found(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server:
        wire = Wire(server.url)
        assert await wire.call("SET", "kept", "1") == b"OK"
        server.stop()
        with pytest.raises(StoreUnavailable):
            await wire.call("GET", "kept")
        server.start()
        assert await wire.call("GET", "kept") == b"1", "the append-only file brought it back"
        await wire.close()


async def test_nobody_there_is_one_typed_error(tmp_path: Path) -> None:
    wire = Wire(f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(StoreUnavailable):
        await wire.call("PING")


async def test_wrong_credentials_are_one_typed_error(server: EmbeddedServer) -> None:
    wire = Wire(f"unix://nobody:wrong@{server.socket}")
    with pytest.raises(StoreUnavailable):
        await wire.call("PING")
