"""Whatever keeps us from a Redis has its own word, as real servers tell it; and when it is gone, the connection works again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.errors import StoreUnavailable
from service.core.server import TROUBLES, trouble
from service.front import certificates
from service.store.client import Connection
from service.store.keys import Keys
from service.store.script import COMMANDS
from tests.support.servers import Server, front, servers
from tests.system.stack import free_port

PASSWORD = "a-password-that-nobody-may-see"
ALL = ("on", f">{PASSWORD}", "~*", "&*", "+@all")


async def why(connection: Connection) -> str:
    """What is amiss with it; "" when it works."""
    (found,) = await asyncio.gather(connection.wire.call("SET", "a", "1"), return_exceptions=True)
    if not isinstance(found, BaseException):
        return ""
    assert isinstance(found, StoreUnavailable)
    assert found.why in TROUBLES
    assert PASSWORD not in f"{found!r} {found.amiss} {found.__cause__!r}"
    return found.why


async def word(url: str) -> str:
    """The same of a new connection."""
    async with Connection(url) as connection:
        return await why(connection)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that knows our user."""
    with servers(tmp_path, 1, "--enable-debug-command", "yes") as (one,):
        with one.client() as client:
            client.execute_command("ACL", "SETUSER", "ann", *ALL)
        yield one


def ours(server: Server) -> str:
    return server.url.replace("//", f"//ann:{PASSWORD}@")


def acl(*words: str) -> Callable[[redis.Redis], None]:
    return lambda client: client.execute_command("ACL", "SETUSER", "ann", *words)


def let_go(client: redis.Redis) -> None:
    """End all other connections, if it does that."""
    with contextlib.suppress(redis.RedisError):
        client.client_kill_filter(_type="normal", skipme=True)


def stall(client: redis.Redis) -> None:
    client.config_set("lua-time-limit", 50)
    port = client.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port, socket_timeout=0.5) as other, contextlib.suppress(redis.RedisError):
        other.eval("while true do end", 0)


RUNNING: dict[str, tuple[Callable[[redis.Redis], object], Callable[[redis.Redis], object]]] = {
    "wrong-password": (acl("resetpass", ">other"), acl(f">{PASSWORD}")),
    "not-allowed": (acl("resetkeys", "~other"), acl("~*")),
    "too-many-clients": (
        lambda client: client.config_set("maxclients", 1),
        lambda client: client.config_set("maxclients", 100),
    ),
    "busy": (stall, lambda client: client.script_kill()),
    "out-of-memory": (
        lambda client: client.config_set("maxmemory", 1),
        lambda client: client.config_set("maxmemory", 0),
    ),
}


@pytest.mark.parametrize("trouble", RUNNING)
async def test_what_changes_under_a_connection_is_told_and_heals(server: Server, trouble: str) -> None:
    begin, end = RUNNING[trouble]
    async with Connection(ours(server)) as connection:
        assert await why(connection) == ""
        with server.client() as client:
            begin(client)
            let_go(client)
            async with asyncio.timeout(30):  # what was under way may just be lost
                while (found := await why(connection)) in ("", "lost"):
                    await asyncio.sleep(0.01)
            assert found == await word(ours(server)) == trouble
            end(client)
        async with asyncio.timeout(30):
            while await why(connection):
                await asyncio.sleep(0.01)


async def test_a_server_that_loads_says_so_until_it_has(server: Server) -> None:
    async with Connection(server.url) as connection:
        with server.client() as client, client.pipeline() as pipeline:
            for number in range(2_000):
                pipeline.set(f"k{number}", "x" * 200)
            pipeline.execute()
            client.save()
        server.end()
        server._words += ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "4096"]
        starting = asyncio.create_task(asyncio.to_thread(server.start))
        seen: list[str] = []
        async with asyncio.timeout(60):
            while (found := await why(connection)) or not seen:
                seen.append(found)
                await asyncio.sleep(0.01)
        await starting
        assert set(seen) <= {"lost", "down", "loading"}
        assert seen[-1] == "loading"


@pytest.mark.parametrize(
    ("options", "query", "expected"),
    [
        (("--rename-command", "EVALSHA", "", "--rename-command", "SCRIPT", ""), "", "no-command"),
        (("--cluster-enabled", "yes"), "", "cluster-down"),
        (("--cluster-enabled", "yes"), "/3", "no-database"),
        ((), "/99", "no-database"),
    ],
)
async def test_a_server_that_is_set_up_otherwise(
    tmp_path: Path, options: tuple[str, ...], query: str, expected: str
) -> None:
    with servers(tmp_path, 1, *options) as (one,):
        assert await word(f"{one.url}{query}") == expected


async def test_a_sentinel_is_no_server_and_a_server_no_sentinel(tmp_path: Path, server: Server) -> None:
    settings_file = tmp_path / "sentinel.conf"
    settings_file.write_text("sentinel monitor main 127.0.0.1 1 1\nrequirepass secret\n")
    sentinel = Server(tmp_path / "sentinel", "--sentinel", "--requirepass", "secret", first=str(settings_file)).start()
    try:
        assert await word(sentinel.url.replace("//", "//:secret@")) == "no-command"
        at = f"redis+sentinel://127.0.0.1:{sentinel.port}"
        assert await word(f"{at}/main") == "wrong-password"
        assert await word(f"{at}/main?sentinel_password=secret") == "down"
        assert await word(f"{at}/other?sentinel_password=secret") == "no-master"
        assert await word(f"{server.url.replace('redis', 'redis+sentinel', 1)}/main") == "no-command"
        assert await word(f"redis+sentinel://127.0.0.1:{free_port()}/main") == "no-sentinel"
    finally:
        sentinel.end()


async def test_our_user_must_be_allowed_all_that_scripts_do(server: Server) -> None:
    """Whatever is missing is found out by looking, before a comment needs it."""
    key = Keys().partitions[0].probe
    async with Connection(ours(server)) as connection:
        probe = {"now": 1, "lives": 60_000, "commands": COMMANDS}
        assert await connection.wire.run("store/probe", [key], **probe) == b"written"
        with server.client() as client:
            assert (client.get(key), client.type(key)) == (b"1", b"string")
            assert 0 < client.pttl(key) <= 60_000
            for command in COMMANDS:
                acl(f"-{command}")(client)
                with pytest.raises(StoreUnavailable) as failed:
                    await connection.wire.run("store/probe", [key], **probe)
                assert failed.value.why == "not-allowed", command
                acl(f"+{command}")(client)
            assert await connection.wire.run("store/probe", [key], **probe) == b"written"
            assert client.keys() == [key.encode()]


# What speaks TLS, or something else, or nothing.


@contextlib.asynccontextmanager
async def listening(
    said: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]],
) -> AsyncIterator[int]:
    """The port of something that is no server."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await said(reader, writer)
        writer.close()

    made = await asyncio.start_server(lead, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


def certified(folder: Path, host: str = "localhost", days: tuple[int, int] = (-1, 1)) -> ssl.SSLContext:
    """What a server speaks with whose certificate is for a host, and good for these days from now; the authority is `ca.pem`."""
    begin = datetime.now(UTC) + timedelta(days=days[0] + 1)  # its maker goes back by a day
    made = certificates.make([host], days=days[1] - days[0] - 1, now=begin)
    for name, text in zip(("ca.pem", "server.pem", "server.key"), made, strict=True):
        (folder / name).write_bytes(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


@pytest.mark.parametrize(
    ("host", "days", "query", "expected"),
    [
        ("localhost", (-1, 1), "?ssl_ca_certs={ca}", ""),
        ("localhost", (-1, 1), "", "certificate"),
        ("elsewhere.example", (-1, 1), "?ssl_ca_certs={ca}", "certificate-name"),
        ("elsewhere.example", (-1, 1), "?ssl_ca_certs={ca}&ssl_check_hostname=false", ""),
        ("localhost", (-9, -1), "?ssl_ca_certs={ca}", "certificate-date"),
        ("localhost", (2, 9), "?ssl_ca_certs={ca}", "certificate-date"),
    ],
)
async def test_each_fault_of_a_certificate_has_its_word(  # noqa: PLR0917
    server: Server, tmp_path: Path, host: str, days: tuple[int, int], query: str, expected: str
) -> None:
    async with front(server.port, certified(tmp_path, host, days)) as address:
        assert await word(f"rediss://localhost:{address.port}{query.format(ca=tmp_path / 'ca.pem')}") == expected


async def test_tls_that_wants_a_certificate_of_ours_and_plain_where_tls_is_spoken(tmp_path: Path) -> None:
    context = certified(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(tmp_path / "ca.pem")

    def shake_hands(listener: socket.socket) -> None:
        stranger, _ = listener.accept()
        with context.wrap_socket(stranger, server_side=True, do_handshake_on_connect=False) as secure:
            with contextlib.suppress(OSError):
                secure.do_handshake()
            with socket.socket(fileno=os.dup(secure.fileno())) as plain, contextlib.suppress(OSError):
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(1_000):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        at = f"localhost:{listener.getsockname()[1]}"
        for url, expected in (
            (f"rediss://{at}?ssl_ca_certs={tmp_path / 'ca.pem'}", {"tls"}),
            (f"redis://{at}", {"no-redis", "hung-up"}),  # whether it tells a stranger is OpenSSL's to say
        ):
            shaking = asyncio.create_task(asyncio.to_thread(shake_hands, listener))
            assert await word(url) in expected
            await shaking


async def test_who_ends_the_connection_without_a_word() -> None:
    async def read(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1_000)

    async with listening(read) as port:
        for scheme in ("redis", "rediss"):
            assert await word(f"{scheme}://localhost:{port}") == "hung-up"


REPLIES = (
    "DENIED Redis is running in protected mode", "ERR max number of clients reached", "LOADING Redis is loading the dataset",
    "NOAUTH Authentication required.", "MISCONF Errors writing to the AOF file: No space left on device",
)  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("unasked", [True, False])
async def test_what_a_server_says_last_before_it_lets_us_go_counts(reply: str, unasked: bool) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not unasked:
            await reader.read(1_000)
        writer.write(f"-{reply}\r\n".encode())
        await writer.drain()

    async with listening(say) as port:
        assert await word(f"redis://127.0.0.1:{port}") == trouble(reply)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([b"+OK\r\n", b"-ERR no\r\n", b"*1\r\n$1\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"\x15\x03\x01\x00\x02"]),
        ),
        max_size=4,
    ),
    st.booleans(),
)  # fmt: skip
def test_whatever_answers_there_ends_in_one_of_our_words(pieces: list[bytes], unasked: bool) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not unasked:
            await reader.read(1_000)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    async def ask() -> str:
        async with asyncio.timeout(20), listening(say) as port:
            return await word(f"redis://127.0.0.1:{port}?socket_timeout=1")

    assert asyncio.run(ask()) in TROUBLES
