"""Bodies on their way in: slow ones end, strangers' take so much memory and no more, and packed ones are refused by name."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import zlib
from collections.abc import AsyncIterator

import pytest

from service.settings import Settings
from service.web.requests import BODIES
from tests.support.desk import seat
from tests.support.platform import Platform, body
from tests.support.waiting import until

LARGE = 100_000
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
STRANGERS = [  # every entrance that reads a body before it knows who sends it
    ("/hooks/blog", JSON), ("/hooks/nowhere", JSON), ("/hooks/blog/coral", JSON), ("/hooks/blog/discourse", JSON),
    ("/hooks/blog/webmention", JSON),
    ("/1.1/comment-check", FORM), ("/1.1/verify-key", FORM), ("/1.1/submit-spam", FORM),
    ("/review/api/session", JSON), ("/appeals/x", FORM),
]  # fmt: skip
KNOWN = (
    "/v1/comments",
    "/v1/comments/batch",
    "/hooks/blog/waline",
    "/hooks/blog/remark42",
    "/hooks/blog/cusdis",
    "/v1alpha1/comments:analyze",
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"stranger_timeout": 0.6, "body_timeout": 2.5, "stranger_bodies": 1_000_000, "sign_in_queue": 100}
    )


class Slow:
    """A client that sends the head of a request, and of its body only what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """The status, and all that came, once the server has closed the connection."""
        async with asyncio.timeout(20):
            whole = await self.reader.read()
        return int(whole.split(b" ", 2)[1]), whole


@contextlib.asynccontextmanager
async def slow(platform: Platform, path: str, kind: str, length: int = 8_000, *headers: str) -> AsyncIterator[Slow]:
    server = platform.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    head = [f"POST {path} HTTP/1.1", "Host: h", f"Content-Type: {kind}", f"Content-Length: {length}", *headers]
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    try:
        yield Slow(reader, writer)
    finally:
        writer.close()


def held(platform: Platform) -> int:
    app = platform.client.app
    assert app is not None
    return app[BODIES]._held


async def given_up_after(platform: Platform, path: str, kind: str, *headers: str) -> tuple[str, int, float]:
    """How a request whose body stops short of its end is answered, and after how many seconds."""
    started = asyncio.get_running_loop().time()
    async with slow(platform, path, kind, 8_000, "Connection: close", *headers) as client:
        await client.send(b"{" * 100)
        status, _ = await client.answer()
        return path, status, asyncio.get_running_loop().time() - started


async def test_strangers_slow_bodies_end(platform: Platform) -> None:
    """At all entrances at once: they wait side by side."""
    ended = await asyncio.gather(*[given_up_after(platform, path, kind) for path, kind in STRANGERS])
    assert [(path, status) for path, status, _ in ended] == [(path, 408) for path, _ in STRANGERS]
    assert held(platform) == 0


async def test_who_showed_a_key_has_longer_and_not_for_ever(platform: Platform) -> None:
    async def known(path: str) -> tuple[str, int, float]:
        kind = "application/x-ndjson" if path.endswith("batch") else JSON
        address = path if path.startswith("/v1/") else f"{path}?key={platform.key}"
        _, status, after = await given_up_after(platform, address, kind, f"Authorization: Bearer {platform.key}")
        return path, status, after

    ended = await asyncio.gather(*map(known, KNOWN))
    assert [(path, status) for path, status, _ in ended] == [(path, 408) for path in KNOWN]
    assert all(after >= 2.5 for _, _, after in ended), ended


async def test_a_moderators_bodies_have_longer(platform: Platform) -> None:
    desk = await seat(platform.client, platform.services)
    cookie = (f"Cookie: antechamber_session={desk.token}", f"X-CSRF-Token: {desk.csrf}", "Connection: close")
    path = "/review/api/bulk"
    async with slow(platform, path, JSON, 8_000, *cookie) as client:
        await client.send(b"{")
        await asyncio.sleep(1.0)
        assert not client.reader.at_eof()


class TestNobodyIsLate:
    """With so much time for a body that only room runs out, however slow the machine is."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"stranger_timeout": 60.0})

    async def test_strangers_bodies_take_so_much_and_no_more(self, platform: Platform) -> None:
        """Forty senders of 100 kB each, who all stop short of the end: the oldest are given up, and an honest one gets in."""
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(slow(platform, "/hooks/blog", JSON, LARGE, "Connection: close"))
                for _ in range(40)
            ]
            most = 0
            for client in clients:
                await client.send(b"x" * (LARGE - 1))
                await asyncio.sleep(0.005)
                most = max(most, held(platform))
            assert 500_000 < most <= 1_000_000 + LARGE
            honest = await platform.client.post("/hooks/blog", data=b"{}" * 30_000, headers={"Content-Type": JSON})
            assert honest.status == 401
            assert {(await client.answer())[0] for client in clients[:28]} == {503}
        await until(lambda: held(platform) == 0)

    async def test_who_is_given_up_is_told_when_to_come_again(self, platform: Platform) -> None:
        async with slow(platform, "/hooks/blog", JSON, 200_000, "Connection: close") as first:
            await first.send(b"x" * 150_000)
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(8):
                    client = await stack.enter_async_context(slow(platform, "/hooks/blog", JSON, 200_000))
                    await client.send(b"x" * 150_000)
                status, whole = await first.answer()
        assert status == 503
        assert b"Retry-After: " in whole
        assert b'"/problems/busy"' in whole


async def test_those_with_a_key_are_not_among_them(platform: Platform) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(20):
            client = await stack.enter_async_context(slow(platform, "/hooks/blog", JSON, LARGE))
            await client.send(b"x" * (LARGE - 1))
        response = await platform.ask("POST", "/v1/comments", json=body(content="word " * 12_000))
        assert response.status == 202


PACKED = {"gzip": gzip.compress, "GZIP": gzip.compress, "deflate": zlib.compress, "identity": bytes}


UNKNOWN = (
    "br", "zstd", "compress", "x-gzip", "gzip, gzip", "gzip,br", "gzip;q=1", "none", "aws-chunked", "dcb", "*",
)  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/v1/comments", "/hooks/blog", "/1.1/comment-check", "/review/api/session", "/appeals/x"]
)
async def test_what_packing_is_taken(platform: Platform, path: str) -> None:
    for encoding in (*PACKED, *UNKNOWN):
        await taken_or_refused(platform, encoding, path)


async def taken_or_refused(platform: Platform, encoding: str, path: str) -> None:
    kind = FORM if path.startswith(("/1.1", "/appeals")) else JSON
    data = PACKED.get(encoding, gzip.compress)(json.dumps(body()).encode())
    async with slow(
        platform, path, kind, len(data), f"Content-Encoding: {encoding}", f"Authorization: Bearer {platform.key}",
        "Connection: close",
    ) as client:  # fmt: skip
        await client.send(data)
        status, whole = await client.answer()
    assert (status == 415) is (encoding not in PACKED), (encoding, whole)
    assert status < 500, (encoding, whole)
    if path == "/v1/comments" and status == 415:
        assert b"Content-Type: application/problem+json" in whole
        assert b"Accept-Encoding: gzip, deflate" in whole
        assert b"/problems/unknown-encoding" in whole
    if path == "/v1/comments" and status != 415:
        assert status in (200, 202), (encoding, whole)


async def test_a_bomb_is_refused_and_held_by_nobody(platform: Platform) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    for path in ("/v1/comments", "/hooks/blog", "/1.1/comment-check"):
        headers = {"Content-Encoding": "gzip", "Content-Type": JSON}
        response = await platform.ask("POST", path, data=bomb, headers=headers)
        assert response.status == 413
        assert held(platform) == 0
