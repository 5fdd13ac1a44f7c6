"""HTTP as old clients and health checks speak it, on the server that an operator runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.store.server import EmbeddedServer
from tests.support.api_process import api_process


@pytest.fixture
async def address(emptied: EmbeddedServer, tmp_path: Path) -> AsyncIterator[str]:
    async with api_process(tmp_path / "secrets", emptied.url) as (_, address):
        yield address


async def ask(address: str, data: bytes, *, half: bool) -> bytes:
    """All that is answered until the server closes; `half`: having asked, the client closes its side."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    if half:
        writer.write_eof()
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def test_http_1_0_is_answered_as_such(address: str) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        for half in (False, True):
            for more in ("", "Host: x\r\n", "Connection: close\r\n", "User-Agent: check\r\n"):
                whole = await ask(address, f"GET {path} HTTP/1.0\r\n{more}\r\n".encode(), half=half)
                head, _, said = whole.partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.0 200 OK\r\n"), (path, half, whole)
                assert b"transfer-encoding" not in head.lower()
                length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                assert int(length) == len(said) > 0
    head = await ask(address, b"HEAD /healthz HTTP/1.0\r\n\r\n", half=True)
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert head.endswith(b"\r\n\r\n")


async def test_http_1_0_that_wants_to_stay_is_told_that_it_may(address: str) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for _ in range(2):
        writer.write(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(15)
        assert b"connection: keep-alive" in head.lower()
    writer.close()


@pytest.mark.parametrize("version", ["", " HTTP/0.9", " HTTP/1.2", " HTTP/1.9", " HTTP/2.0", " HTTP/3.0", " HTTP/9.9"])
async def test_other_versions_are_refused_in_one_that_we_speak(address: str, version: str) -> None:
    whole = await ask(address, f"GET /healthz{version}\r\nHost: x\r\n\r\n".encode(), half=True)
    if whole or version:
        assert whole.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 ")), whole


async def test_who_closes_in_the_middle_of_a_body_holds_nothing(address: str) -> None:
    head = b"POST /hooks/blog HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    started = asyncio.get_running_loop().time()
    await ask(address, head, half=True)
    assert asyncio.get_running_loop().time() - started < 9
