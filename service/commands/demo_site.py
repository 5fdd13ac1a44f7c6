"""`antechamber demo`, what `make run` starts: the service with a demo site, and a handful of comments sent through it.

Everything is real: the comments go in through the HTTP API as a platform's would, and a receiver hears the signed
call-backs as a platform's would. Only that receiver is allowed on a loopback address.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import msgspec
from aiohttp import web

from service.container import open_services
from service.core.errors import Conflict, Unauthenticated
from service.core.moderator import Role
from service.core.site import Known
from service.keyfiles import KeyFiles
from service.serve import CantStart
from service.settings import Settings
from service.signatures import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.core.site import Known
    from service.settings import Settings


SITE = "demo"
MODERATOR = "demo"
_READY_SECONDS = 60.0
_DECIDED_SECONDS = 20.0
HEARD_SECONDS = 5.0


class Sample(NamedTuple):
    """A comment as somebody might write it."""

    name: str
    email: str
    content: str
    url: str = ""


SAMPLES = (
    Sample(
        "Maya Lindqvist",
        "maya@lindqvist.example",
        "Thank you for writing this up. The part about soaking the beans overnight solved it for me; the crust is perfect now.",
    ),
    Sample(
        "Tom",
        "tom@hiking.example",
        "I disagree with your second point: the trail is closed in winter, so the northern route is no option at all.",
    ),
    Sample(
        "Bread Lover",
        "me@my-bread-blog.example",
        "Nice article! I wrote about the same thing here: http://my-bread-blog.example/flour",
        "http://my-bread-blog.example",
    ),
    Sample(
        "Best Deals 4U",
        "promo@cheap-pills.example",
        "CHEAP viagra and cialis without prescription!!! Order now, 90% OFF >>> http://cheap-pills.example/buy "
        "http://casino-bonus.example/win",
        "http://cheap-pills.example",
    ),
    Sample(
        "seo_expert",
        "rank@seo.example",
        "Great p0st! We can gët your website to #1 on G00gle, guaranteed backl1nks, visit s e o - b o o s t . example today",
        "http://seo-boost.example",
    ),
    Sample(
        "Rob",
        "rob@kitchens.example",
        "Only a clown could write this recipe. Did you even taste it?",
    ),
    Sample("K.", "k@angry.example", "I know where you live. Say that again and I will come and break your legs."),
    Sample(
        "Ines",
        "ines@letters.example",
        "Lovely photographs! Please write to me about the prints: ines@letters.example",
    ),
)


@dataclass(slots=True)
class Platform:
    """The demo site's own software: what a blog would do with a call-back. `heard` holds the checked events."""

    secrets: tuple[str, ...] = ()
    heard: list[Mapping[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        """Check the signature, then believe what is said."""
        body = await request.read()
        try:
            verify(self.secrets, request.headers, body, now=time.time(), tolerance=300)
        except Unauthenticated:
            return web.Response(status=401)
        async with self.news:
            self.heard.append(msgspec.json.decode(body))
            self.news.notify_all()
        return web.Response(status=204)

    async def wait_for(self, count: int, seconds: float | None) -> None:
        """Return when that many call-backs were heard, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.news:
                await self.news.wait_for(lambda: len(self.heard) >= count)


@contextlib.asynccontextmanager
async def receiving(platform: Platform) -> AsyncIterator[str]:
    """Run the platform's receiver on a free loopback port; yields its address."""
    app = web.Application()
    app.router.add_post("/moderated", platform.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/moderated"
    finally:
        await runner.cleanup()


class Demo(NamedTuple):
    """The demo site, and the password of its moderator, "" unless they were made just now."""

    known: Known
    password: str


@contextlib.asynccontextmanager
async def demo_site(settings: Settings, secrets: KeyFiles, url: str, callback: str) -> AsyncIterator[Demo]:
    """The demo site and its moderator, made on first start; for as long as this lasts, `callback` is told of decisions."""
    async with open_services(settings, secrets, url) as services:
        known = await services.sites.find(SITE)
        if known is None:
            known = await services.sites.add(SITE, "https://demo.example")
        password = ""
        with contextlib.suppress(Conflict):
            password = await services.moderators.add(MODERATOR, Role.OPERATOR, [SITE])
        try:
            yield Demo(await services.sites.change(SITE, callback=callback) if callback else known, password)
        finally:
            if callback:
                await services.sites.change(SITE, callback="")


async def answers(base: str) -> bool:
    """Whether an Antechamber is there already."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{base}/healthz", timeout=_SHORT) as answer:
            return bool((await answer.json()).get("status") == "ok")
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
        return False


async def wait_ready(base: str) -> bool:
    """Wait until submissions can be taken in."""
    deadline = time.monotonic() + _READY_SECONDS
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(f"{base}/readyz", timeout=_SHORT) as answer:
                    if answer.status == 200:
                        return True
            await asyncio.sleep(0.05)
    return False


class Result(NamedTuple):
    """What became of a sample, as the API answered, and after how long."""

    sample: Sample
    comment: Mapping[str, Any]
    seconds: float


async def submit_all(base: str, known: Known) -> AsyncIterator[Result]:
    """Send the samples as a platform would, each as soon as the one before was answered."""
    headers = {"Authorization": f"Bearer {known.credentials[0].api_key}", "Prefer": "wait=10"}
    run = int(time.time())
    async with aiohttp.ClientSession(base, headers=headers) as http:
        for number, sample in enumerate(SAMPLES, 1):
            body = {
                "id": f"{run}-{number}",
                "page": {"url": "https://demo.example/2026/bread", "title": "Bread, and other slow things"},
                "author": {"name": sample.name, "email": sample.email, "url": sample.url or None, "ip": "203.0.113.7"},
                "content": sample.content,
            }
            began = time.perf_counter()
            try:
                async with http.post("/v1/comments", json=body, raise_for_status=True) as answer:
                    comment = await _decided(http, await answer.json())
            except (aiohttp.ClientError, TimeoutError) as error:
                raise CantStart(_refused(base, error)) from None
            yield Result(sample, comment, time.perf_counter() - began)


def _refused(base: str, error: Exception) -> str:
    status = error.status if isinstance(error, aiohttp.ClientResponseError) else 0
    if status == HTTPStatus.UNAUTHORIZED:
        return f"the Antechamber on {base} has other data than this; take another port: ANTECHAMBER_PORT"
    return (
        f"the API on {base} does not take the samples ({status or type(error).__name__}); antechamber doctor says why"
    )


async def _decided(http: aiohttp.ClientSession, comment: Mapping[str, Any]) -> Mapping[str, Any]:
    """The comment once it is decided; asked for again if the first answer came before the decision."""
    deadline = time.monotonic() + _DECIDED_SECONDS
    while comment["state"] == "pending" and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        async with http.get(f"/v1/comments/{comment['id']}", raise_for_status=True) as answer:
            comment = await answer.json()
    return comment


_SHORT = aiohttp.ClientTimeout(total=2)
