"""The coalescing wire: order, concurrency, and what happens when the server goes away."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.core.errors import StoreUnavailable
from service.core.server import Address
from service.store.client import Connection, Wire
from service.store.link import ReplyFailed
from service.store.script import SCRIPTS
from service.store.server import EmbeddedServer
from tests.support.servers import servers

CERTIFICATE = Path(__file__).parents[1] / "support" / "self_signed.pem"


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
        assert await connection.wire.run("comment/drop_text", ["a{x}", "b{x}"], seen=1) == b"stale"
        assert set(SCRIPTS) >= {"comment/submit", "comment/transition", "delivery/settle"}


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


@contextlib.asynccontextmanager
async def behind_tls(server: EmbeddedServer) -> AsyncIterator[int]:
    """The port of what speaks TLS in front of a server, as a hosted Redis does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_unix_connection(str(server.socket))
        await asyncio.gather(copy(reader, before), copy(behind, writer))

    listening = await asyncio.start_server(lead, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def test_what_the_address_says_of_tls_counts(server: EmbeddedServer) -> None:
    async with behind_tls(server) as port:
        for good in (
            f"ssl_ca_certs={CERTIFICATE}",
            "ssl_cert_reqs=none",
            f"ssl_ca_certs={CERTIFICATE}&ssl_min_version=TLSv1.3",
        ):
            async with Connection(f"rediss://localhost:{port}?{good}") as connection:
                assert await connection.wire.call("PING") == b"PONG"
        for bad, why in (
            ("", "certificate"),
            ("ssl_ca_certs=/nowhere.pem", "tls-files"),
            ("ssl_ciphers=NONE", "tls-files"),
        ):
            async with Connection(f"rediss://localhost:{port}?{bad}") as connection:
                with pytest.raises(StoreUnavailable) as failed:
                    await connection.wire.call("PING")
                assert failed.value.why == why
        async with Connection(f"redis://localhost:{port}") as connection:
            with pytest.raises(StoreUnavailable):
                await connection.wire.call("PING")


async def test_each_trouble_has_its_word(server: EmbeddedServer, tmp_path: Path) -> None:
    heard: list[str] = []

    def failed(why: str) -> str:
        heard.append(why)
        return why

    with servers(tmp_path, 1, "--maxmemory", "1mb", "--requirepass", "secret") as (full,):
        for url, command, why in (
            (f"unix://{tmp_path}/nothing.sock", ("PING",), "down"),
            ("redis://127.0.0.1:1", ("PING",), "down"),
            ("redis://nobody.invalid", ("PING",), "unknown-host"),
            (f"redis://{'ü' * 60}", ("PING",), "unknown-host"),  # too long when it is written as name servers have it
            (full.url, ("PING",), "wrong-password"),
            (full.url.replace("redis://", "rediss://") + "?socket_connect_timeout=3", ("PING",), "tls-silent"),
            (full.url.replace("//", "//:secret@"), ("SET", "a", "1"), "out-of-memory"),
            (server.url, ("NOSUCH",), "no-command"),
            (server.url, ("GET",), "refused"),
            (f"{server.url}?db=99", ("PING",), "no-database"),
        ):
            async with Connection(url, failed=failed) as connection:
                with pytest.raises(StoreUnavailable) as found:
                    await connection.wire.call(*command)
                assert (found.value.why, heard[-1]) == (why, why)


async def test_a_server_that_says_nothing_is_told_of_while_its_answer_is_waited_for() -> None:
    """Not only when that is given up, which takes three times as long."""
    heard = asyncio.get_running_loop().create_future()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with Connection(f"redis://127.0.0.1:{silent.getsockname()[1]}") as connection:
            waits = asyncio.create_task(
                connection.wait_ready(None, lambda *told: heard.done() or heard.set_result(told))
            )
            why, seconds = await heard
            waits.cancel()
    assert why == "no-answer"
    assert seconds < Address().reply_timeout / 2


async def test_what_waiting_cant_mend_is_not_waited_for(tmp_path: Path) -> None:
    with servers(tmp_path, 1, "--requirepass", "secret") as (closed,):
        async with Connection(closed.url) as connection:
            with pytest.raises(StoreUnavailable) as failed:
                await connection.wait_ready(None)
            assert failed.value.why == "wrong-password"
