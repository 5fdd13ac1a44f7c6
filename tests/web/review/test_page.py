"""The page's files, and the headers that keep everything else out of it."""

from __future__ import annotations

import gzip
import posixpath
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

FOLDER = Path(str(files("service.web") / "static" / "review"))
KINDS = {
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "html": "text/html",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix[1:] in KINDS)
POLICY = {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}


@pytest.mark.parametrize("path", ["/review", "/review/", *(f"/review/static/{name}" for name in NAMES)])
async def test_everything_is_served_strictly(client: TestClient[Any, Any], path: str) -> None:
    response = await client.get(path)
    assert response.status == 200
    assert set(response.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Server"] == "antechamber"
    name = path.rpartition("/")[2]
    assert response.content_type == KINDS[name.rpartition(".")[2] if "." in name else "html"]


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


@pytest.mark.parametrize(
    "name",
    [
        "", "nope.js", "index.html/", "lib", "lib/", "lib/nope.js", "api.js", "/lib/api.js", "lib//api.js", "./lib/api.js",
        "lib/../lib/api.js", "lib%2fapi.js%00", "lib%5capi.js", "lib%252fapi.js", "LIB/api.js", "../plain.css",
        "..%2f..%2fdocs.css", "%2e%2e/docs.css", "..%5cdocs.css", "lib/..%2f..%2f..%2fcontainer.py", "..%2f..%2f__init__.py",
        "%2fetc%2fpasswd", "file:%2f%2f%2fetc%2fpasswd", "lib/%00", "lib/api.js%0d%0aX-Evil:%201", "lib/schema.d.ts",
    ],
)  # fmt: skip
async def test_nothing_else_is_served(client: TestClient[Any, Any], name: str) -> None:
    address = URL(f"{client.make_url('/review/static/')}{name}", encoded=True)  # as it is, not made tidy on the way
    response = await client.session.get(address, allow_redirects=False)
    assert (response.status, response.headers["Content-Type"]) == (404, "application/problem+json")
    assert "X-Evil" not in response.headers


async def test_without_scripts_or_styles_in_line(client: TestClient[Any, Any]) -> None:
    page = await (await client.get("/review")).text()
    assert "<style" not in page
    assert " style=" not in page
    assert "javascript:" not in page
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')


def test_what_the_page_needs_at_once_is_fetched_at_once() -> None:
    needed: set[str] = set()
    todo = ["main.js"]
    while todo:
        name = todo.pop()
        imports = re.findall(r'^import [^;]+ from "(\.[\w./]+\.js)";', (FOLDER / name).read_text(), re.MULTILINE)
        found = {posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for one in imports}
        todo += sorted(found - needed)
        needed |= found
    page = (FOLDER / "index.html").read_text()
    assert set(re.findall(r'<link rel="modulepreload" href="/review/static/([\w/]+\.js)" />', page)) == needed


async def test_the_worker_alone_may_serve_all_of_the_page(client: TestClient[Any, Any]) -> None:
    allowed = {
        name: (await client.get(f"/review/static/{name}")).headers.get("Service-Worker-Allowed") for name in NAMES
    }
    assert {name: scope for name, scope in allowed.items() if scope} == {"push_worker.js": "/review"}


async def test_the_page_can_be_installed(client: TestClient[Any, Any]) -> None:
    manifest = await (await client.get("/review/static/app.webmanifest")).json(content_type="application/manifest+json")
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/review", "/review", "standalone")
    for icon in manifest["icons"]:
        content = await (await client.get(icon["src"])).read()
        if icon["type"] == "image/png":
            assert "x".join(str(int.from_bytes(content[at : at + 4])) for at in (16, 20)) == icon["sizes"]
