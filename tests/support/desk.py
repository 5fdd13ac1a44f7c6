"""A moderator's page as tests see it: signs in and speaks `/review/api`, with the cookie and the token of a browser."""

from __future__ import annotations

from collections.abc import Sequence
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import Role
from service.core.submission import comment_id
from service.web.openapi import Route

COOKIE = "antechamber_session"
PASSWORD = "correct horse battery"


def path_of(route: Route, *, site: str = "blog", comment: str = "1") -> str:
    """The route's path about a site and a comment of it."""
    identity = comment_id(site, comment)
    return route.operation.path.format(site=site, id=identity, bulk="0" * 32, campaign=identity, name="mo")


class Desk:
    """One browser. `token` is the cookie's value, `csrf` what the page was told; both can be tampered with."""

    def __init__(self, client: TestClient[Any, Any], name: str) -> None:
        self.client = client
        self.name = name
        self.token = ""
        self.csrf = ""
        self.cookie = SimpleCookie[str]()  # the last one that was set

    async def sign_in(self, password: str = PASSWORD, **headers: str) -> ClientResponse:
        response = await self.ask(
            "POST", "/review/api/session", json={"name": self.name, "password": password}, headers=headers
        )
        if response.status == 200:
            self.csrf = (await response.json())["csrf"]
        return response

    async def ask(self, method: str, path: str, **more: Any) -> ClientResponse:
        """One request; the body of the answer has been read."""
        headers: dict[str, str] = {}
        if self.token:
            headers["Cookie"] = f"{COOKIE}={self.token}"
        if self.csrf and method != "GET":
            headers["X-CSRF-Token"] = self.csrf
        response = await self.client.request(method, path, headers=headers | more.pop("headers", {}), **more)
        await response.read()
        if COOKIE in response.cookies:
            self.cookie = SimpleCookie({COOKIE: response.cookies[COOKIE]})
            self.token = response.cookies[COOKIE].value
        return response

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """The JSON of an answer."""
        response = await self.ask("GET", f"/review/api{path}", params=query)
        assert response.status == status, await response.text()
        return await response.json()

    async def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Tell something; the JSON of the answer, if there is any."""
        response = await self.ask(method, f"/review/api{path}", **({} if body is None else {"json": body}))
        assert response.status == status, await response.text()
        return await response.json() if await response.text() else None


async def seat(
    client: TestClient[Any, Any], services: Services, name: str = "ann", role: Role = Role.OPERATOR,
    sites: Sequence[str] = (),
) -> Desk:  # fmt: skip
    """Somebody new, signed in."""
    await services.moderators.add(name, role, sites, PASSWORD)
    desk = Desk(client, name)
    assert (await desk.sign_in()).status == 200
    return desk
