"""Whatever is wrong with a request is said by a typed problem, nothing of it is quoted, and nothing is kept."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.settings import Settings
from tests.support.platform import Platform, body

MARK = "zqxwv"  # what must not come back


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_body": 300_000, "max_batch_body": 600_000})


def changed(**more: Any) -> bytes:
    return json.dumps(body(**more)).encode()


def author(**more: Any) -> bytes:
    return changed(author={"name": "Ann", "email": "ann@example.com"} | more)


BAD: list[tuple[str, bytes, int, str, str]] = [
    ("empty", b"", 400, "malformed-request", ""),
    ("not JSON", b"{" + MARK.encode(), 400, "malformed-request", ""),
    ("two documents", b"{} {}", 422, "invalid", "/id"),
    ("trailing", changed() + b" x", 400, "malformed-request", ""),
    ("bad UTF-8 in a string", changed().replace(b"liked", b"\xff\xfe"), 400, "malformed-request", ""),
    ("bad UTF-8 in a name", b'{"\xff": 1}', 400, "malformed-request", ""),
    ("NUL in an id", changed(id="a\0b"), 422, "invalid", "/id"),
    ("nested", b'{"id": ' + b"[" * 30_000, 422, "invalid", "/id"),
    ("nested objects", b'{"page": ' * 10_000, 422, "invalid", "/page/page"),
    ("an array", b"[]", 422, "invalid", ""),
    ("null", b"null", 422, "invalid", ""),
    ("nothing required", b"{}", 422, "invalid", "/id"),
    ("page is a string", changed(page=MARK), 422, "invalid", "/page"),
    ("no address of the page", changed(page={}), 422, "invalid", "/page/url"),
    ("another scheme", changed(page={"url": f"javascript:{MARK}"}), 422, "invalid", "/page/url"),
    ("content is a number", changed(content=3), 422, "invalid", "/content"),
    ("content is null", changed(content=None), 422, "invalid", "/content"),
    ("blank content", changed(content=" \n"), 422, "invalid", "/content"),
    ("content that nobody sees", changed(content="\u200b&#8203;\u2060&nbsp;\u3164<b></b>"), 422, "invalid", "/content"),
    ("a name that nobody sees", author(name="\u200b\u2060"), 422, "invalid", "/author/name"),
    ("long content", changed(content="x" * 65_526), 422, "invalid", "/content"),
    ("long content in bytes", changed(content="й" * 32_763), 422, "invalid", "/content"),
    ("id is a float", changed(id=1.5), 422, "invalid", "/id"),
    ("id is negative", changed(id=-1), 422, "invalid", "/id"),
    ("id is huge", b'{"id": ' + b"9" * 200_000 + b"}", 422, "invalid", "/id"),
    ("id has blanks", changed(id=f"{MARK} 1"), 422, "invalid", "/id"),
    ("id is empty", changed(id=""), 422, "invalid", "/id"),
    ("unknown field", changed(contant="x"), 422, "invalid", "/contant"),
    ("unknown field inside", author(mail="x"), 422, "invalid", "/author/mail"),
    ("unknown field like an address", changed(**{f"{MARK}@example.com": 1}), 422, "invalid", ""),
    ("no author", changed(author={}), 422, "invalid", "/author/name"),
    ("no name", author(name=" "), 422, "invalid", "/author/name"),
    ("no e-mail", author(email=None), 422, "invalid", "/author/email"),
    ("e-mail is none", author(email=f"{MARK}@"), 422, "invalid", "/author/email"),
    ("e-mail is long", author(email="x" * 20_000 + f"@{MARK}.example"), 422, "invalid", "/author/email"),
    ("e-mail is an object", author(email={MARK: 1}), 422, "invalid", "/author/email"),
    ("IP address is none", author(ip=f"1.2.3.4.{MARK}"), 422, "invalid", "/author/ip"),
    ("role is unknown", author(role=MARK), 422, "invalid", "/author/role"),
    ("long name", author(name="x" * 246), 422, "invalid", "/author/name"),
    ("long link", author(url="http://x.example/" + "x" * 200), 422, "invalid", "/author/url"),
    ("time is none", changed(created_at=MARK), 422, "invalid", "/created_at"),
    ("time without a zone", changed(created_at="2026-03-01T12:00:00"), 422, "invalid", "/created_at"),
    ("time is a number", changed(created_at=1_700_000_000), 422, "invalid", "/created_at"),
    ("form is a list", changed(form=[MARK]), 422, "invalid", "/form"),
    ("form value is a list", changed(form={MARK: []}), 422, "invalid", "/form"),
    ("form name is odd", changed(form={f"{MARK} <b>": "1"}), 422, "invalid", "/form"),
    ("too many form fields", changed(form={f"f{n}": "1" for n in range(101)}), 422, "invalid", "/form"),
    ("infinite form value", changed().replace(b'"id"', b'"form": {"a": 1e999}, "id"'), 422, "invalid", "/form"),
    ("too large", changed(content="x" * 300_001), 413, "too-large", ""),
]


@pytest.mark.parametrize(("raw", "status", "slug", "pointer"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_bad_bodies(platform: Platform, raw: bytes, status: int, slug: str, pointer: str) -> None:
    response = await platform.post(raw)
    problem = await response.json()
    assert (response.status, problem["status"], problem["type"]) == (status, status, f"/problems/{slug}")
    assert response.content_type == "application/problem+json"
    assert problem.get("pointer", "") == pointer
    assert problem["title"]
    assert problem["instance"] == response.headers["X-Request-Id"]
    assert MARK not in await response.text()
    assert await platform.kept() == 0
    (line,) = [json.loads(line) for line in (await (await platform.batch(raw)).text()).splitlines()[:1] or ["{}"]]
    assert line.get("problem", {}).get("type") in (f"/problems/{slug}", None)  # "" is an empty batch, "too large" none
    assert await platform.kept() == 0


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense"]
)
async def test_other_types_are_refused(platform: Platform, content_type: str) -> None:
    response = await platform.post(changed(), content_type)
    assert response.status == 415
    assert (await response.json())["type"] == "/problems/unsupported-media-type"
    assert await platform.kept() == 0


async def test_a_charset_beside_the_type_is_fine(platform: Platform) -> None:
    assert (await platform.post(changed(), "application/json; charset=utf-8")).status == 202


async def test_a_chunked_body_is_cut_off_at_the_limit(platform: Platform) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 10_000
            yield b" " * 10_000
            await asyncio.sleep(0)

    response = await platform.ask(
        "POST", "/v1/comments", data=endless(), headers={"Content-Type": "application/json"}, expect100=False
    )
    assert response.status == 413
    assert sent < 50_000_000


async def test_a_compressed_body_counts_unpacked(platform: Platform) -> None:
    small = await platform.ask(
        "POST", "/v1/comments", data=gzip.compress(changed()),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )  # fmt: skip
    assert small.status == 202
    bomb = await platform.ask(
        "POST", "/v1/comments", data=gzip.compress(b" " * 30_000_000),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )  # fmt: skip
    assert bomb.status == 413


async def test_a_body_that_says_it_is_compressed_and_is_not(platform: Platform) -> None:
    response = await platform.ask(
        "POST", "/v1/comments", data=b"not gzip",
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )  # fmt: skip
    assert response.status == 400
    assert (await response.json())["type"] == "/problems/malformed-request"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/comments", "GET, POST"),
        ("PATCH", f"/v1/comments/c{0:026}", "DELETE, GET"),
        ("GET", "/v1/comments/batch", "POST"),
        ("DELETE", "/v1/site", "GET"),
        ("GET", "/hooks/blog", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
async def test_wrong_methods(platform: Platform, method: str, path: str, allowed: str) -> None:
    response = await platform.ask(method, path)
    assert response.status == 405
    assert response.headers["Allow"] == allowed
    assert (await response.json())["type"] == "/problems/method-not-allowed"


@pytest.mark.parametrize("path", [f"/{MARK}", f"/v1/{MARK}", f"/v1/comments/{MARK}", f"/hooks/{MARK}/x", "/v1"])
async def test_unknown_paths(platform: Platform, path: str) -> None:
    response = await platform.ask("GET", path)
    assert response.status == 404
    assert response.content_type == "application/problem+json"
    assert MARK not in await response.text()


async def test_every_answer_carries_the_protective_headers(platform: Platform) -> None:
    for response in (
        await platform.submit(),
        await platform.ask("GET", "/nowhere"),
        await platform.ask("GET", "/v1/docs"),
    ):
        headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src" in headers["Content-Security-Policy"]
        assert headers["Server"] == "antechamber"
        assert headers["Referrer-Policy"] == "no-referrer"


async def test_a_sensible_request_id_is_kept_and_any_other_replaced(platform: Platform) -> None:
    given = await platform.ask("GET", "/healthz", headers={"X-Request-Id": "trace-0123_abc"})
    assert given.headers["X-Request-Id"] == "trace-0123_abc"
    for odd in ("short", f"{MARK}@example.com", "192.0.2.77", "x" * 65, "a b c d e f g h"):
        response = await platform.ask("GET", "/healthz", headers={"X-Request-Id": odd})
        assert response.headers["X-Request-Id"] != odd
