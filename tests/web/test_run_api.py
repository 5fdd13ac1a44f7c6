"""The API as a process: it starts, stops without losing an answer, and refuses what is no HTTP in its own words."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from pathlib import Path

import aiohttp
import pytest

from service.container import open_services
from service.keyfiles import load
from service.settings import Settings
from service.store.server import EmbeddedServer
from tests.support.api_process import api_process
from tests.support.platform import body
from tests.support.waiting import until


async def test_a_stop_answers_what_is_under_way_and_takes_nothing_new(server: EmbeddedServer, tmp_path: Path) -> None:
    secrets = load(tmp_path / "secrets")
    async with open_services(Settings(), secrets, server.url) as services:
        await services.connection.client.flushall()
        await services.work.prepare()
        known = await services.accounts.add("blog", "https://blog.example")
        headers = {"Authorization": f"Bearer {known.credentials[0].api_key}", "Prefer": "wait=60"}
        async with (
            api_process(tmp_path / "secrets", server.url, MAX_WAIT="60") as (process, address),
            aiohttp.ClientSession(address, headers=headers) as session,
        ):
            waiting = [asyncio.create_task(session.post("/v1/comments", json=body(id=str(n)))) for n in range(5)]

            async def arrived() -> bool:
                return await services.work.backlog() == 5

            await until(arrived)
            process.send_signal(signal.SIGTERM)
            answers = await asyncio.gather(*waiting)
            assert {answer.status for answer in answers} == {202}  # not decided yet, but taken in
            assert [(await answer.json())["platform_id"] for answer in answers] == ["0", "1", "2", "3", "4"]
            output, log = await process.communicate()
            assert process.returncode == 0
            assert output == b""
            events = [json.loads(line)["event"] for line in log.splitlines()]
            assert events[0] == "listening"
            assert events[-1] == "stopped"
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.get("/healthz")


async def test_a_taken_port_is_an_error(emptied: EmbeddedServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError) as failed:
            async with api_process(tmp_path / "secrets", emptied.url, PORT=port):
                pass
    assert "OSError" in str(failed.value)


async def _raw(address: str, data: bytes) -> bytes:
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def test_what_is_no_http_is_refused_without_quoting_it(emptied: EmbeddedServer, tmp_path: Path) -> None:
    async with api_process(tmp_path / "secrets", emptied.url) as (process, address):
        for data in (
            b"ZQXWV / HTTP/1.1\r\n\r\n",
            b"GET /zqxwv HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nzqxwv\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"zqxwv" * 20_000 + b"\r\n\r\n",
            b"POST /v1/comments HTTP/1.1\r\nHost: a\r\nContent-Length: zqxwv\r\n\r\n",
            b"\x16\x03\x01zqxwv\r\n\r\n",
        ):
            answer = await _raw(address, data)
            assert answer.split(b"\r\n")[0].split()[1] in (b"400", b"431"), answer
            assert b"application/problem+json" in answer
            assert b"Server: antechamber" in answer
            assert b"zqxwv" not in answer.lower()
            assert b"aiohttp" not in answer.lower()
        # A client that leaves in the middle of a body is no reason to say anything.
        host, _, port = address.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /hooks/blog HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
        await writer.drain()
        writer.close()
        process.send_signal(signal.SIGTERM)
        _, log = await process.communicate()
        assert process.returncode == 0
        assert b"zqxwv" not in log.lower()
        assert b"127.0.0.1" not in log.replace(b'"host":"127.0.0.1"', b"")
