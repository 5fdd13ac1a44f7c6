"""Fuzzing what a provider says, and what its tokens claim: whoever signs in there comes in or is refused, and nothing breaks."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs
from yarl import URL

from service.container import Services
from service.settings import Settings
from tests.fuzz.inputs import MARK, changed, json_like
from tests.support.provider import CLIENT, SECRET, HostileProvider
from tests.system.stack import free_port

COUNT = int(os.environ.get("FUZZ", "100"))
FIRST = int(os.environ.get("FUZZ_FROM", "0"))
PLACES = ("/.well-known/openid-configuration", "/keys", "/token", "/userinfo", "claims")


@pytest.fixture
async def provider() -> AsyncIterator[HostileProvider]:
    made = HostileProvider()
    await made.start(free_port())
    yield made
    await made.stop()


@pytest.fixture
def settings(tmp_path: Path, provider: HostileProvider) -> Settings:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "oidc.secret").write_text(SECRET)
    return Settings(
        data_dir=tmp_path, public_url="https://comments.example", oidc_issuer=provider.issuer, oidc_client_id=CLIENT,
        oidc_allow=(IPv4Network("127.0.0.0/8"),), oidc_groups="everybody=moderator", sign_in_attempts=10**6,
    )  # fmt: skip


def mislead(provider: HostileProvider, place: str, chance: Random) -> None:
    """Have one thing that it says be nearly what it should be."""
    provider.claims = lambda claims: claims | {"groups": ["everybody"]}
    provider.answer = lambda _: None
    if place == "claims":
        provider.claims = lambda claims: _document(changed(chance, claims | {"groups": ["everybody"]}))
        return
    if place == "/userinfo":
        provider.claims = lambda claims: claims

    def answer(request: web.Request) -> web.StreamResponse | None:
        if request.path != place:
            return None
        body = json_like(chance, provider.saying | {"groups": ["everybody"]})
        return web.Response(body=body, content_type="application/json", status=chance.choice((200, 200, 200, 400, 500)))

    provider.answer = answer


def _document(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"": value}


async def sign_in(client: TestClient[Any, Any], provider: HostileProvider) -> str:
    """Where somebody ends up; "" when they are not even sent there."""
    asked = await client.post("/review/api/provider", json={})
    if asked.status == 502:
        return ""
    assert asked.status == 200
    address = (await asked.json())["address"]
    assert URL(address).scheme in ("http", "https")
    state = provider.agree(address)
    back = await client.get(
        "/review/api/provider/answer", params={"state": state, "code": "c0de"}, allow_redirects=False,
        headers={"Cookie": f"antechamber_provider={asked.cookies['antechamber_provider'].value}"},
    )  # fmt: skip
    assert back.status == 303
    return back.headers["Location"]


async def test_whatever_a_provider_says_nothing_breaks(
    client: TestClient[Any, Any], provider: HostileProvider, services: Services
) -> None:
    known, ended = services.provider._provider, Counter[str]()
    assert known is not None
    with capture_logs() as logged:
        for seed in range(FIRST, FIRST + COUNT):
            known._found, known._keys, known._failed = None, None, -1e9
            chance = Random(f"provider {seed}")
            mislead(provider, place := chance.choice(PLACES), chance)
            try:
                ended[await sign_in(client, provider)] += 1
            except AssertionError as error:
                error.add_note(f"{place}, seed {seed}")
                raise
    assert MARK not in json.dumps(logged, default=repr)
    assert not [line for line in logged if line["event"] == "request failed"]
    assert all(place in ("", "/review") or place.startswith("/review#/refused/") for place in ended)
    print(f"fuzz: {COUNT} sign-ins at a provider; ended: {dict(sorted(ended.items()))}")
