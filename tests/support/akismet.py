"""An Akismet client as tests see it: sends forms with a site's key. The real ones are in tests/clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientResponse

from service.core.comment import Comment
from service.core.site import Known
from tests.support.platform import Platform

BLOG = "https://blog.example"
COMMENT = {
    "blog": BLOG,
    "user_ip": "192.0.2.7",
    "user_agent": "Mozilla/5.0",
    "referrer": "https://blog.example/post",
    "permalink": "https://blog.example/post",
    "comment_type": "comment",
    "comment_author": "Ann",
    "comment_author_email": "ann@example.com",
    "comment_author_url": "https://ann.example",
    "comment_content": "I liked this.",
}


class AkismetClient:
    """Speaks for one site."""

    def __init__(self, platform: Platform, known: Known) -> None:
        self.platform = platform
        self.known = known
        self.key = known.credentials[0].akismet_key

    async def post(self, path: str, fields: Mapping[str, str] | bytes = b"", **headers: str) -> ClientResponse:
        data = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        response = await self.platform.client.post(path, data=data, headers=sent)
        await response.read()
        return response

    async def call(self, name: str, **fields: str) -> ClientResponse:
        """comment-check, submit-spam or submit-ham of `COMMENT`, with some fields replaced."""
        return await self.post(f"/1.1/{name}", COMMENT | {"api_key": self.key} | fields)

    async def says(self, name: str, **fields: str) -> str:
        """The body of the answer."""
        return await (await self.call(name, **fields)).text()

    async def kept(self) -> list[Comment]:
        """The site's comments, newest first."""
        comments = self.platform.services.comments
        page = await comments.page(self.known.site.id, "all", newest=10**14, oldest=0, after=None, limit=100)
        found = await comments.get_many([comment for comment, _ in page])
        return [comment for comment in found if comment is not None]

    async def only(self) -> Comment:
        """The site's only comment."""
        (comment,) = await self.kept()
        return comment

    async def examples(self) -> list[Any]:
        return [example async for example in self.platform.services.examples.all(self.known.site.id)]


@asynccontextmanager
async def classification(platform: Platform) -> AsyncIterator[None]:
    """Everything that comes in is judged meanwhile."""
    stop = asyncio.Event()

    async def judge() -> None:
        while not stop.is_set():
            await platform.judge()
            await asyncio.sleep(0.005)

    worker = asyncio.create_task(judge())
    try:
        yield
    finally:
        stop.set()
        await worker
