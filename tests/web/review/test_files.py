"""The page's files, and the headers that keep everything else out of it."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

NAMES = sorted(path.name for path in files("service.web").joinpath("static/review").iterdir())
POLICY = {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}


@pytest.mark.parametrize("path", ["/review", "/review/", *(f"/review/static/{name}" for name in NAMES)])
async def test_everything_is_served_strictly(client: TestClient[Any, Any], path: str) -> None:
    response = await client.get(path)
    assert response.status == 200
    assert set(response.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Server"] == "antechamber"
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "html": "text/html"}
    name = path.rpartition("/")[2]
    assert response.content_type == kinds[name.rpartition(".")[2] if "." in name else "html"]


async def test_a_file_is_sent_once(client: TestClient[Any, Any]) -> None:
    first = await client.get("/review", headers={"Accept-Encoding": "identity"})
    assert first.headers["Cache-Control"] == "no-cache"
    again = await client.get("/review", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    stale = await client.get("/review", headers={"If-None-Match": 'W/"other"'})
    assert stale.status == 200


async def test_a_packed_file_is_the_same(client: TestClient[Any, Any]) -> None:
    plain = await client.get("/review", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/review", headers={"Accept-Encoding": "gzip"}, auto_decompress=False)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await packed.read()) == await plain.read()


@pytest.mark.parametrize("name", ["nope.js", "..%2f..%2fdocs.css", "%2e%2e/docs.css", "index.html/", ""])
async def test_nothing_else_is_served(client: TestClient[Any, Any], name: str) -> None:
    assert (await client.get(f"/review/static/{name}")).status == 404


async def test_without_scripts_or_styles_in_line(client: TestClient[Any, Any]) -> None:
    page = await (await client.get("/review")).text()
    assert "<style" not in page
    assert " style=" not in page
    assert "javascript:" not in page
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')


def test_what_the_page_needs_at_once_is_fetched_at_once() -> None:
    folder = files("service.web").joinpath("static/review")
    needed: set[str] = set()
    todo = ["review.js"]
    while todo:
        found = set(
            re.findall(r'^import [^;]+ from "\./(\w+\.js)";', folder.joinpath(todo.pop()).read_text(), re.MULTILINE)
        )
        todo += sorted(found - needed)
        needed |= found
    page = folder.joinpath("index.html").read_text()
    assert set(re.findall(r'<link rel="modulepreload" href="/review/static/(\w+\.js)">', page)) == needed
