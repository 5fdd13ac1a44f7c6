"""Receivers that are fine, down, slow, wrong or lying: what we make of each."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from service.settings import Settings
from service.workers.deliver.client import Client
from service.workers.deliver.message import Response
from tests.support.receivers import Receiver, raw_receiver

CERTIFICATE = Path(__file__).parents[2] / "support" / "self_signed.pem"


@pytest.fixture
async def receivers() -> AsyncIterator[Client]:
    settings = Settings(deliver_timeout=0.4, deliver_max_response=1_000, callback_allow="127.0.0.0/8")
    async with Client(settings) as receivers:
        yield receivers


async def ask(receivers: Client, url: str) -> Response:
    answer = await receivers.ask(url, {"webhook-id": "msg_1"}, b'{"type":"comment.approved"}')
    assert len(answer.body) <= 1_000
    return answer._replace(body=b"")


def writes(data: bytes, *, then: str = "close") -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then == "close":
            writer.close()
        elif then == "reset":
            writer.transport.abort()
        elif then == "go on":
            while not writer.is_closing():
                writer.write(b"x" * 10_000)
                await writer.drain()
                await asyncio.sleep(0)
        elif then == "drip":
            while not writer.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.02)

    return behave


async def test_a_redirect_is_not_followed(receivers: Client, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=307, headers={"Location": receiver.url + "/elsewhere"})
    assert await ask(receivers, receiver.url) == Response(307)
    assert len(receiver.heard) == 1


async def test_cookies_are_not_kept_and_the_environments_proxy_is_not_used(
    receivers: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_cookie(_: object) -> web.Response:
        response = web.Response()
        response.set_cookie("session", "1")
        return response

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    receiver.answer = with_cookie
    assert await ask(receivers, receiver.url) == Response(200)
    assert await ask(receivers, receiver.url) == Response(200)
    assert not any("cookie" in heard.headers for heard in receiver.heard)


async def test_retry_after_is_heard(receivers: Client, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=429, headers={"Retry-After": "12"})
    assert await ask(receivers, receiver.url) == Response(429, "12")


async def test_one_that_is_down(receivers: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert await ask(receivers, f"http://127.0.0.1:{free.getsockname()[1]}/") == Response(error="connection")


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("behave", "answer"),
    [
        (writes(b"", then="wait"), Response(error="timeout")),
        (writes(b"HTTP/1.1 200 ", then="wait"), Response(error="timeout")),
        (writes(OK + b"Content-Length: 500\r\n\r\n", then="drip"), Response(error="timeout")),
        (writes(b"", then="close"), Response(error="connection")),
        (writes(b"", then="reset"), Response(error="connection")),
        (writes(b"SSH-2.0-OpenSSH_9.6\r\n"), Response(error="broken-answer")),
        (writes(b"HTTP/1.1 abc\r\n\r\n"), Response(error="broken-answer")),
        (writes(OK + b"X: " + b"a" * 100_000 + b"\r\n\r\n"), Response(error="broken-answer")),
        (writes(OK + b"Content-Length: 20\r\n\r\nshort"), Response(error="broken-answer")),
        (writes(OK + b"Content-Length: many\r\n\r\n"), Response(error="broken-answer")),
        (writes(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), Response(error="broken-answer")),
        (writes(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), Response(error="broken-answer")),
        (writes(OK + b"Content-Length: 2\r\n\r\nok and more than that"), Response(error="broken-answer")),
        (writes(OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nno!"), Response(200)),
        (writes(OK + b"\r\n", then="go on"), Response(200)),
        (writes(OK + b"Content-Length: 9999999999\r\n\r\n", then="go on"), Response(200)),
        (writes(OK + b"\r\nuntil the end"), Response(200)),
        (writes(b"HTTP/1.1 204 No Content\r\n\r\n"), Response(204)),
        (writes(b"HTTP/1.0 200 OK\r\n\r\n"), Response(200)),
        (writes(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n"), Response(200)),
    ],
)
async def test_one_that_speaks_oddly(receivers: Client, behave: Any, answer: Response) -> None:
    async with raw_receiver(behave) as receiver:
        assert (await ask(receivers, receiver.url))._replace(body=b"") == answer
        assert receiver.requests == 1


async def test_nothing_is_read_of_an_answer_when_the_limit_is_zero() -> None:
    async with (
        Client(Settings(deliver_timeout=0.4, deliver_max_response=0, callback_allow="127.0.0.0/8")) as receivers,
        raw_receiver(writes(OK + b"Content-Length: 500\r\n\r\n", then="drip")) as receiver,
    ):
        assert await ask(receivers, receiver.url) == Response(200)


async def test_a_kept_connection_that_was_closed_meanwhile_counts_for_nothing(receivers: Client) -> None:
    """The receiver answers, keeps the connection, and drops it when the next request comes: as after its own time-out."""
    first_on_connection: set[asyncio.StreamWriter] = set()  # themselves: an id may come again

    async def behave(writer: asyncio.StreamWriter) -> None:
        if writer in first_on_connection:
            writer.transport.abort()
            return
        first_on_connection.add(writer)
        writer.write(OK + b"Content-Length: 0\r\n\r\n")
        await writer.drain()

    async with raw_receiver(behave) as receiver:
        assert await ask(receivers, receiver.url) == Response(200)
        assert await ask(receivers, receiver.url) == Response(200)
        assert receiver.requests == 3
        assert len(first_on_connection) == 2


async def test_a_certificate_that_nobody_trusts_is_refused(receivers: Client) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        assert await ask(receivers, f"https://localhost:{server.sockets[0].getsockname()[1]}/") == Response(error="tls")
    assert asked == []


async def test_one_that_does_not_speak_tls(receivers: Client) -> None:
    async with raw_receiver(writes(b"")) as receiver:
        found = await ask(receivers, receiver.url.replace("http:", "https:"))
    assert found.error in ("tls", "connection", "timeout")
    assert receiver.requests == 0


async def test_cancelling_a_try_is_not_swallowed() -> None:
    patient = Settings(
        deliver_timeout=20.0, callback_allow="127.0.0.0/8"
    )  # it is to be cancelled, however slow the machine is
    async with Client(patient) as receivers, raw_receiver(writes(b"", then="wait")) as receiver:
        task = asyncio.create_task(ask(receivers, receiver.url))
        while not receiver.requests:
            assert not task.done()
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
