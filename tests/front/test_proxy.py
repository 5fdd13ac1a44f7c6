"""The front before the real application: it passes on what the named services' clients call, and nothing else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from service.app import api_application
from service.container import Services
from service.core.site import Known
from service.front.names import names_of
from service.front.proxy import application
from tests.support.moderation import WordScorer

PERSPECTIVE, AKISMET = "commentanalyzer.googleapis.com", "rest.akismet.com"
BODY = {"comment": {"text": "Buy pills"}, "requestedAttributes": {"SPAM": {}}}


@pytest.fixture
async def front(aiohttp_client: Any, aiohttp_server: Any, services: Services) -> TestClient[Any, Any]:
    """The front, whose client calls it by other names."""
    api = await aiohttp_server(api_application(services, load_scorer=WordScorer))
    return await aiohttp_client(application(names_of(["akismet", "perspective"]), str(api.make_url("/"))))


async def test_calls_are_passed_on_and_back_to_the_byte(front: TestClient[Any, Any], site: Known) -> None:
    key = site.credentials[0].akismet_key
    sent = urlencode({"key": key, "blog": "https://blog.example"})
    headers = {"Host": AKISMET, "Content-Type": "application/x-www-form-urlencoded"}
    response = await front.post("/1.1/verify-key", data=sent, headers=headers)
    assert (response.status, await response.read()) == (200, b"valid")
    assert "Transfer-Encoding" not in response.headers
    by_host = await front.post("/1.1/verify-key", data="blog=x", headers=headers | {"Host": f"{key}.{AKISMET}"})
    assert await by_host.read() == b"valid"
    wrong = await front.post("/1.1/verify-key", data="key=nope", headers=headers)
    assert await wrong.read() == b"invalid"
    assert wrong.headers["X-akismet-debug-help"]


async def test_perspective_is_asked_under_its_own_name(front: TestClient[Any, Any], site: Known) -> None:
    headers = {"Host": PERSPECTIVE}
    found = await (await front.get("/$discovery/rest?version=v1alpha1", headers=headers)).json()
    assert found["rootUrl"] == f"https://{PERSPECTIVE}/"
    path = f"/v1alpha1/comments:analyze?key={site.credentials[0].api_key}"
    said = await (await front.post(path, json=BODY, headers=headers)).json()
    assert said["attributeScores"]["SPAM"]["summaryScore"]["value"] == 0.97
    refused = await front.post("/v1alpha1/comments:analyze?key=nope", json=BODY, headers=headers)
    assert (refused.status, (await refused.json())["error"]["code"]) == (400, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/metrics", "/review", "/review/api/session", "/v1/comments", "/v1alpha1/../review", "/v1alpha1/%2e%2e/review",
        "/v1alpha1//../metrics", "/hooks/blog", "/1.1/comment-check", "/batch/x", "/$discovery/rest/x", "/readyz",
    ],
)  # fmt: skip
async def test_nothing_else_is_passed_on(front: TestClient[Any, Any], path: str) -> None:
    url = URL(str(front.make_url("/"))[:-1] + path, encoded=True)
    for method in ("GET", "POST"):
        response = await front.session.request(method, url, headers={"Host": PERSPECTIVE})
        assert response.status == 404
        assert await response.text() == "There is no such thing here."
    assert (await front.request("PUT", "/v1alpha1/comments:analyze", headers={"Host": PERSPECTIVE})).status == 404


@pytest.mark.parametrize("host", ["api.openai.com", "127.0.0.1", "a.b.rest.akismet.com", "googleapis.com"])
async def test_other_names_lead_nowhere(front: TestClient[Any, Any], host: str) -> None:
    response = await front.post("/1.1/verify-key", data=b"key=x", headers={"Host": host})
    assert response.status == 421


async def test_what_a_caller_says_of_itself_is_dropped(aiohttp_client: Any, aiohttp_server: Any) -> None:
    from aiohttp import web  # noqa: PLC0415

    async def tell(request: web.Request) -> web.Response:
        return web.json_response(dict(request.headers), headers={"Connection": "X-Odd", "X-Odd": "1"})

    api = web.Application()
    api.router.add_route("*", "/{path:.*}", tell)
    there = await aiohttp_server(api)
    front = await aiohttp_client(application(names_of(["akismet"]), str(there.make_url("/"))))
    said = {
        "X-Forwarded-For": "203.0.113.1",
        "Forwarded": "for=203.0.113.1",
        "X-Real-IP": "203.0.113.1",
        "Host": AKISMET,
    }
    response = await front.post(
        "/1.1/x", data=b"a=b", headers=said | {"Connection": "X-Hop", "X-Hop": "1", "X-Kept": "1"}
    )
    heard = await response.json()
    assert heard["X-Forwarded-For"] == "127.0.0.1"
    assert (heard["Host"], heard["X-Kept"], heard["Content-Length"]) == (AKISMET, "1", "3")
    assert not {"Forwarded", "X-Real-IP", "X-Hop"} & set(heard)
    assert "X-Odd" not in response.headers


async def test_a_service_that_is_away_is_503(aiohttp_client: Any, unused_tcp_port: int) -> None:
    front = await aiohttp_client(application(names_of(["akismet"]), f"http://127.0.0.1:{unused_tcp_port}"))
    assert (await front.post("/1.1/verify-key", data=b"key=x", headers={"Host": AKISMET})).status == 503
