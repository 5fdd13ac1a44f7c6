"""nginx and Caddy, each as we ship its configuration, in front of the running service, by TLS as browsers and platforms come.

Only names, ports and certificates are those of the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import pwd
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from service.front.certificates import Made, make
from service.settings import Settings
from service.web.root import PLACES
from tests.clients.conftest import INSTALLED
from tests.support.desk import COOKIE, PASSWORD
from tests.support.waiting import until
from tests.system.stack import Stack, comment, free_port

INTEGRATIONS = Path(__file__).parents[2] / "integrations"
HOST = "comments.example"
FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "elsewhere.example"}


class Proxy(NamedTuple):
    """One at work: where it listens, and whom its certificate is vouched for by."""

    port: int
    authority: str

    @property
    def base(self) -> str:
        return f"https://{HOST}:{self.port}"


class Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        return


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with each of these, which must be there, put in the other's place."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx(folder: Path, made: Made, port: int, api: int) -> list[str]:
    """Its command line, with our configuration included as Debian's includes it."""
    shipped = (INTEGRATIONS / "nginx" / "antechamber.conf").read_text()
    shipped = re.sub(r"^    listen \[::\].*\n", "", shipped, flags=re.MULTILINE)
    site = replaced(
        shipped,
        {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
            "server 127.0.0.1:8080;": f"server 127.0.0.1:{api};",
            "/etc/ssl/antechamber/": f"{folder}/",
        },
    )
    (folder / "antechamber.conf").write_text(site)
    kept = "\n".join(
        f"{what}_temp_path {folder}/{what};" for what in ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
    )
    user = f"user {pwd.getpwuid(os.geteuid()).pw_name};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n{kept}\ninclude {folder}/antechamber.conf;\n}}\n"
    )
    program = [str(INSTALLED / "nginx/usr/sbin/nginx"), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    done = subprocess.run([*program, "-t"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    return program


def caddy(folder: Path, made: Made, port: int, api: int) -> list[str]:
    """Its command line. It would fetch a certificate; here it has one."""
    shipped = (INTEGRATIONS / "caddy" / "Caddyfile").read_text()
    own = "\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n"
    changes = {
        "{\n\t# Open": f"{{{own}\t# Open",
        f"{HOST} {{": f"{HOST}:{port} {{\n\ttls {folder}/fullchain.pem {folder}/key.pem",
        "127.0.0.1:8080": f"127.0.0.1:{api}",
    }
    (folder / "Caddyfile").write_text(replaced(shipped, changes))
    program = str(INSTALLED / "caddy/usr/bin/caddy")
    words = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run([program, "validate", *words], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    form = subprocess.run(
        [program, "fmt", INTEGRATIONS / "caddy" / "Caddyfile"], capture_output=True, text=True, check=False
    )
    assert form.stdout == shipped, "caddy fmt writes it otherwise"
    return [program, "run", *words]


@pytest.fixture(scope="module", params=[nginx, caddy], ids=lambda program: program.__name__)
def proxy(
    request: pytest.FixtureRequest, service: Stack, site: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("p")
    made = make([HOST], days=2, now=datetime.now(UTC))
    (folder / "fullchain.pem").write_bytes(made.certificate)
    (folder / "key.pem").write_bytes(made.key)
    port = free_port()
    build: Callable[..., list[str]] = request.param
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(build(folder, made, port, service.port), env=environment, stdout=log, stderr=log)
    try:
        asyncio.run(until(lambda: listens(port)))
        yield Proxy(port, made.authority.decode())
    finally:
        process.terminate()
        process.wait(timeout=20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def outside(proxy: Proxy) -> AsyncIterator[aiohttp.ClientSession]:
    """Whoever comes by TLS from outside."""
    trust = ssl.create_default_context(cadata=proxy.authority)
    connector = aiohttp.TCPConnector(resolver=Here(), ssl=trust)
    async with aiohttp.ClientSession(proxy.base, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
    await asyncio.sleep(0.3)  # until TLS has said good-bye: aiohttp does not wait for that


@pytest.fixture(scope="module")
def account(service: Stack) -> str:
    """A moderator."""
    name = "olga"
    service.command("moderators", "add", name, "--role", "operator", text=PASSWORD)
    return name


async def sign_in(session: aiohttp.ClientSession, url: str, name: str, password: str = PASSWORD, **headers: str) -> Any:
    async with session.post(url, json={"name": name, "password": password}, headers=headers) as response:
        return response.status, response.cookies.get(COOKIE), await response.read()


async def test_what_is_for_platforms_and_people_is_led_on_and_the_rest_is_not(
    outside: aiohttp.ClientSession, service: Stack
) -> None:
    inside = {"/metrics", "/healthz", "/readyz"}
    async with aiohttp.ClientSession(service.base) as direct:
        for path in {place for place, _ in PLACES.values()} | inside:
            async with outside.get(path) as led, direct.get(path) as asked:
                if path in inside:
                    assert (led.status, asked.status) == (404, 200), path
                    assert b"antechamber" not in await led.read()
                else:
                    assert led.status == asked.status, path
                    assert led.headers["X-Request-Id"], "it comes from the service"
                    assert led.headers["Strict-Transport-Security"]


async def test_a_comment_is_taken_in_and_waited_for(outside: aiohttp.ClientSession, site: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {site['api_key']}", "Prefer": "wait=10"}
    async with outside.post("/v1/comments", json=comment("by-proxy"), headers=headers) as response:
        assert response.status in (200, 202)
        assert (await response.json())["platform_id"] == "by-proxy"


async def test_a_large_batch_comes_through_and_one_too_large_is_refused_in_our_own_words(
    outside: aiohttp.ClientSession, proxy: Proxy, site: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {site['api_key']}", "Content-Type": "application/x-ndjson"}
    limit = Settings().max_batch_body
    line = json.dumps({"nonsense": "x" * 60_000}).encode() + b"\n"
    body = io.BytesIO((line * (limit // len(line) + 1))[:limit])
    async with outside.post("/v1/comments/batch", data=body, headers=headers) as response:
        assert response.status == 200
    # Its length alone decides, before all of it is there.
    told = {"Host": HOST, **headers, "Content-Length": str(limit + 1)}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    request = f"POST /v1/comments/batch HTTP/1.1\r\n{head}\r\n".encode()
    answer = await asyncio.to_thread(answer_while_sending, proxy, request, line)
    assert answer.startswith("http/1.1 413 ")
    assert "content-type: application/problem+json" in answer


def answer_while_sending(proxy: Proxy, request: bytes, more: bytes) -> str:
    """What is answered to a request whose body goes on and on, in small letters."""
    trust = ssl.create_default_context(cadata=proxy.authority)
    with (
        socket.create_connection(("127.0.0.1", proxy.port)) as link,
        trust.wrap_socket(link, server_hostname=HOST) as secure,
    ):
        secure.settimeout(0.2)
        secure.sendall(request)
        for _ in range(100):
            secure.sendall(more)
            with contextlib.suppress(TimeoutError):
                return secure.recv(65_536).decode().lower()
    return ""


async def test_what_callers_say_of_where_they_are_is_not_believed(
    outside: aiohttp.ClientSession, service: Stack, account: str
) -> None:
    """Failed sign-ins are counted by network, whose digest the log has."""

    async def network(session: aiohttp.ClientSession, **headers: str) -> str:
        before = len(failed())
        status, _, _ = await sign_in(session, "/review/api/session", account, "not the right one", **headers)
        assert status == 401
        await until(lambda: len(failed()) > before)
        return str(failed()[-1]["network"])

    def failed() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in service.log.read_text().splitlines() if '"sign-in failed"' in line]
        return [line for line in lines if line["event"] == "sign-in failed"]

    async with aiohttp.ClientSession(service.base) as direct:
        here, there = await network(direct), await network(direct, **FORGED)
    assert here != there, "the service believes this machine"
    assert await network(outside, **FORGED) == here
    assert (await sign_in(outside, "/review/api/session", account))[0] == 200  # and forgets the failures


async def test_a_moderator_signs_in_by_tls_and_hears_events_at_once(
    outside: aiohttp.ClientSession, account: str, site: dict[str, str]
) -> None:
    status, cookie, _ = await sign_in(outside, "/review/api/session", account, **FORGED)
    assert status == 200
    assert cookie["secure"]
    headers = {"Cookie": f"{COOKIE}={cookie.value}"}
    async with outside.get("/review/api/events", headers=headers) as events, asyncio.timeout(8):
        assert events.content_type == "text/event-stream"
        assert b"hello" in await events.content.readline()
        key = {"Authorization": f"Bearer {site['api_key']}"}
        async with outside.post("/v1/comments", json=comment(f"live-{os.urandom(4).hex()}"), headers=key) as response:
            held = (await response.json())["id"]
        async with outside.post(f"/v1/comments/{held}/decision", json={"decision": "hold"}, headers=key) as response:
            assert response.status == 200
        while b"event: comment" not in await events.content.readline():
            assert not events.content.at_eof()
        assert events.connection is not None
        assert events.connection.transport is not None
        events.connection.transport.abort()  # the page is gone, and says no good-bye


def test_their_limits_fit_the_settings() -> None:
    """The proxy waits longer than the service may take, and leaves a connection before the service does."""
    settings = Settings()
    conf = (INTEGRATIONS / "nginx" / "antechamber.conf").read_text()
    file = (INTEGRATIONS / "caddy" / "Caddyfile").read_text()
    for text, pattern in ((conf, r"client_max_body_size (\d+)m;"), (file, r"max_size (\d+)MiB")):
        (most,) = re.findall(pattern, text)
        assert settings.max_batch_body < int(most) << 20
    for text, pattern in ((conf, r"proxy_read_timeout (\d+)s;"), (file, r"response_header_timeout (\d+)s")):
        (seconds,) = re.findall(pattern, text)
        assert int(seconds) > settings.max_wait
    for text, pattern in ((conf, r"client_body_timeout (\d+)s;"), (file, r"read_body (\d+)s")):
        assert re.findall(pattern, text) == [f"{settings.body_timeout:g}"]
    (keep,) = re.findall(r"keepalive (\d+)s", file)
    assert int(keep) < settings.idle_connection
    assert settings.idle_connection > 60, "how long nginx keeps a connection to us"
