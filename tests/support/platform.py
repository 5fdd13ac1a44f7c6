"""A platform as tests see it: speaks the native API of a running application with a site's key."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.site import Known
from service.core.submission import comment_id
from tests.support.moderation import WordScorer


def body(**more: Any) -> dict[str, Any]:
    """A complete submission; the keyword arguments replace fields."""
    return {
        "id": "1",
        "page": {"url": "https://blog.example/post", "title": "A post"},
        "author": {"name": "Ann", "email": "ann@example.com", "url": "https://ann.example", "ip": "192.0.2.7"},
        "content": "I liked this.",
    } | more


class Platform:
    """Speaks for one site. `key` None: without credentials."""

    def __init__(self, client: TestClient[Any, Any], services: Services, known: Known) -> None:
        self.client = client
        self.services = services
        self.site = known.site
        self.key: str | None = known.credentials[0].api_key

    async def ask(self, method: str, path: str, **more: Any) -> ClientResponse:
        """One request; the body of the answer has been read."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        response = await self.client.request(method, path, headers=headers | more.pop("headers", {}), **more)
        await response.read()
        return response

    async def submit(self, headers: dict[str, str] | None = None, **fields: Any) -> ClientResponse:
        return await self.ask("POST", "/v1/comments", json=body(**fields), headers=headers or {})

    async def post(self, raw: bytes | str, content_type: str = "application/json", **headers: str) -> ClientResponse:
        """Send a raw body."""
        return await self.ask("POST", "/v1/comments", data=raw, headers={"Content-Type": content_type} | headers)

    async def batch(self, *lines: Any) -> ClientResponse:
        raw = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        return await self.ask("POST", "/v1/comments/batch", data=raw, headers={"Content-Type": "application/x-ndjson"})

    def path(self, platform_id: str = "1", more: str = "") -> str:
        return f"/v1/comments/{comment_id(self.site.id, platform_id)}{more}"

    async def judge(self) -> None:
        """Have everything judged that waits."""
        jobs = await self.services.work.claim("test", count=1_000, idle_ms=60_000, block_ms=1)
        await self.services.classification.judge(jobs, {self.site.id: self.site}, WordScorer())

    async def kept(self) -> int:
        """How many keys there are beside the site's own and the consumer group."""
        names = await self.services.connection.client.keys("ac:{p0}:*")
        return len([name for name in names if name != b"ac:{p0}:work"])


async def lines(response: ClientResponse) -> list[Any]:
    return [json.loads(line) for line in (await response.text()).splitlines()]
