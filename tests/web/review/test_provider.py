"""Signing in at the team's provider: who comes in, who does not, and what a hostile provider, browser or stranger can't do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from joserfc.jwk import RSAKey
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service.container import Services
from service.core.moderator import Role
from service.core.site import Known
from service.settings import Settings
from tests.support.desk import Desk
from tests.support.provider import CLIENT, SECRET, HostileProvider
from tests.system.stack import free_port

HOME = "https://comments.example/review"


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
    (folder / "oidc.secret").write_text(SECRET + "\n")
    return Settings(
        data_dir=tmp_path, site_cache=0.0, public_url="https://comments.example", oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT, oidc_label="Example Press", oidc_allow=(IPv4Network("127.0.0.0/8"),),
        oidc_groups="/chiefs=operator; editors=lead:blog+shop; everybody=moderator:blog",
    )  # fmt: skip


class Browser(Desk):
    """A browser that goes to the provider and comes back."""

    ticket = ""

    async def go(self, provider: HostileProvider, invitation: str = "") -> str:
        answer = await self.ask("POST", "/review/api/provider", json={"invitation": invitation})
        assert answer.status == 200, await answer.text()
        self.ticket = answer.cookies["antechamber_provider"].value
        return provider.agree((await answer.json())["address"], f"code-of-{self.name}")

    async def come_back(self, state: str, **more: str) -> ClientResponse:
        headers = {"Cookie": f"antechamber_provider={self.ticket}"}
        return await self.ask(
            "GET", "/review/api/provider/answer", params={"state": state, "code": f"code-of-{self.name}", **more},
            headers=headers, allow_redirects=False,
        )  # fmt: skip

    async def there_and_back(self, provider: HostileProvider, invitation: str = "") -> str:
        """Where the browser ends up."""
        answer = await self.come_back(await self.go(provider, invitation))
        assert answer.status == 303
        return answer.headers["Location"]


@pytest.fixture
def ann(client: TestClient[Any, Any]) -> Browser:
    return Browser(client, "ann")


async def invited(services: Services, name: str = "ann", role: Role = Role.MODERATOR) -> str:
    if name in [one.name for one in await services.moderators.all()]:
        made = await services.team.link(None, name, password=False)
    else:
        made = await services.team.invite(None, name, role, ("blog",), password=False)
    return made.address.rpartition("/")[2]


async def test_who_was_invited_comes_in_from_then_on(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    token = await invited(services)
    assert await ann.there_and_back(provider, token) == "/review"
    assert ann.cookie["antechamber_session"]["samesite"] == "Strict"
    session = await ann.get("/session")
    assert (session["name"], session["role"], session["sites"], session["provider"]) == (
        "ann",
        "moderator",
        ["blog"],
        True,
    )
    assert await Browser(ann.client, "x").there_and_back(provider) == "/review", "without the link, the next time"
    assert await Browser(ann.client, "x").there_and_back(provider, token) == "/review#/refused/invitation", (
        "a link does once"
    )


async def test_nobody_comes_in_whom_nobody_here_knows(
    ann: Browser, provider: HostileProvider, services: Services
) -> None:
    await services.moderators.add("ann", Role.OPERATOR, (), "correct horse battery")
    assert await ann.there_and_back(provider) == "/review#/refused/unknown", "who is called ann there is not ann here"
    assert ann.token == ""


async def test_groups_make_accounts_and_keep_them_in_step(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    await services.moderators.add("ann", Role.OPERATOR, (), "correct horse battery")
    provider.claims = lambda claims: claims | {"groups": ["everybody", "editors"]}
    assert await ann.there_and_back(provider) == "/review"
    kept = await services.moderators.get("ann-2")
    assert (kept.role, kept.sites, kept.managed) == (Role.LEAD, ("blog", "shop"), True), (
        "the first that fits, and no sum"
    )
    provider.claims = lambda claims: claims | {"groups": "everybody"}
    assert await Browser(ann.client, "x").there_and_back(provider) == "/review"
    assert (await services.moderators.get("ann-2")).role == Role.MODERATOR
    await ann.get("/session", status=401)  # at once
    provider.claims = lambda claims: claims | {"groups": ["visitors"]}
    assert await Browser(ann.client, "x").there_and_back(provider) == "/review#/refused/unknown"
    assert (await ann.ask("GET", "/review/api/session")).status == 401, "nobody stays who is in no group"


async def test_groups_that_only_the_user_information_has(
    ann: Browser, provider: HostileProvider, services: Services
) -> None:
    provider.user_info = {"groups": ["/chiefs"]}
    assert await ann.there_and_back(provider) == "/review"
    assert (await services.moderators.get("ann")).role == Role.OPERATOR
    provider.user_info = {"groups": ["/chiefs"], "sub": "bob-2"}
    assert await Browser(ann.client, "x").there_and_back(provider) == "/review#/refused/refused"


FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "the issuer with a slash": lambda claims: claims | {"iss": claims["iss"] + "/"},
    "no issuer": lambda claims: {name: value for name, value in claims.items() if name != "iss"},
    "another audience": lambda claims: claims | {"aud": "other"},
    "ours among others": lambda claims: claims | {"aud": [CLIENT, "other"]},
    "no audience": lambda claims: claims | {"aud": []},
    "for another party": lambda claims: claims | {"azp": "other"},
    "another nonce": lambda claims: claims | {"nonce": "x"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "over": lambda claims: claims | {"exp": int(time.time()) - 120},
    "without an end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "an end that is no time": lambda claims: claims | {"exp": True},
    "old": lambda claims: claims | {"iat": int(time.time()) - 3_600},
    "from tomorrow": lambda claims: claims | {"iat": int(time.time()) + 86_400},
    "not yet": lambda claims: claims | {"nbf": int(time.time()) + 86_400},
    "without end, and not yet": lambda claims: claims | {"exp": 10**400, "nbf": 10**400},
    "made when no clock will be": lambda claims: claims | {"iat": 10**400},
    "an end that is no number": lambda claims: claims | {"exp": float("nan")},
    "made at no number": lambda claims: claims | {"iat": float("-inf")},
    "about nobody": lambda claims: claims | {"sub": ""},
    "about a number": lambda claims: claims | {"sub": 7},
    "about a novel": lambda claims: claims | {"sub": "x" * 300},
}


@pytest.mark.parametrize("what", FORGED)
async def test_no_token_is_good_that_is_not_for_us_and_now(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, what: str
) -> None:
    token = await invited(services)
    provider.claims = FORGED[what]
    assert await ann.there_and_back(provider, token) == "/review#/refused/refused"
    assert ann.token == ""
    assert not (await services.moderators.get("ann")).provider


@pytest.mark.parametrize("how", ["unsigned", "confused", "forged", "brought_along", "by_the_clients_secret"])
async def test_no_token_is_good_that_its_keys_have_not_signed(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, how: str
) -> None:
    token = await invited(services)
    provider.sign = getattr(provider, how)
    assert await ann.there_and_back(provider, token) == "/review#/refused/refused"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b.c.d.e", "€" * 50, "x" * 200_000])
async def test_no_token_at_all(ann: Browser, provider: HostileProvider, services: Services, token: str) -> None:
    provider.sign = lambda _: token
    assert (await ann.there_and_back(provider)).startswith("/review#/refused/")


async def test_keys_that_change_are_looked_up(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.lookups.provider._NOT_AGAIN", 0.0)
    token = await invited(services)
    assert await ann.there_and_back(provider, token) == "/review"
    provider.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    assert await Browser(ann.client, "x").there_and_back(provider) == "/review"


async def test_a_way_is_of_one_browser_once(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    token = await invited(services)
    state = await ann.go(provider, token)
    thief = Browser(ann.client, "thief")
    assert (await thief.come_back(state)).headers["Location"] == "/review#/refused/refused", "no ticket"
    await thief.go(provider)
    assert (await thief.come_back(state)).headers["Location"] == "/review#/refused/refused", "another's ticket"
    for damaged in ("", state[:-1], state + "x", "\ud83d", "x" * 5_000):
        answer = await ann.come_back(damaged.encode(errors="replace").decode())
        assert answer.headers["Location"] == "/review#/refused/refused"
    ticket = ann.ticket
    for tampered in ("", ".", "..", "...", ticket[:-1], "9" + ticket, ticket.replace(".", "", 1)):
        ann.ticket = tampered
        assert (await ann.come_back(state)).headers["Location"] == "/review#/refused/refused"
    ann.ticket = ticket
    assert (await ann.come_back(state)).headers["Location"] == "/review"
    provider.agree(
        f"{provider.issuer}?state={state}&nonce=n&code_challenge=c&code_challenge_method=S256&redirect_uri=r"
    )
    heard = len(provider.heard)
    assert (await ann.come_back(state)).headers["Location"] == "/review#/refused/refused"
    assert len(provider.heard) == heard, "the second time the provider is not even asked"


async def test_a_way_ends_after_ten_minutes(
    ann: Browser, provider: HostileProvider, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, later = await ann.go(provider), int(time.time() * 1000) + 600_001
    monkeypatch.setattr(services.provider, "_clock", lambda: later)
    assert (await ann.come_back(state)).headers["Location"] == "/review#/refused/late"


async def test_who_says_no_there_is_told_so(ann: Browser, provider: HostileProvider) -> None:
    state = await ann.go(provider)
    answer = await ann.come_back(state, code="", error="access_denied", error_description="<b>evil</b>")
    assert answer.headers["Location"] == "/review#/refused/cancelled"


async def test_another_issuer_may_not_answer(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    token = await invited(services)
    state = await ann.go(provider, token)
    assert (await ann.come_back(state, iss="https://evil.example")).headers["Location"] == "/review#/refused/refused"


async def test_who_promises_its_name_must_give_it(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    provider.discovery = {"authorization_response_iss_parameter_supported": True}
    token = await invited(services)
    assert await ann.there_and_back(provider, token) == "/review#/refused/refused"
    state = await ann.go(provider, token)
    assert (await ann.come_back(state, iss=provider.issuer)).headers["Location"] == "/review"


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "https://user:password@keys.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
async def test_what_a_provider_says_of_itself_leads_nowhere_else(
    ann: Browser, provider: HostileProvider, said: dict[str, Any]
) -> None:
    provider.discovery = said
    answer = await ann.ask("POST", "/review/api/provider", json={})
    assert answer.status == 502
    assert "evil" not in await answer.text()


@pytest.mark.parametrize("place", ["token_endpoint", "jwks_uri"])
async def test_its_endpoints_reach_no_private_network(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, place: str
) -> None:
    """The name is https and harmless; where it leads is decided where the socket is made."""
    heard: list[str] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append("somebody")
        writer.close()

    async with await asyncio.start_server(listen, "::1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        provider.discovery = {place: f"https://[::1]:{port}/"}  # ::1 is not in OIDC_ALLOW
        token = await invited(services)
        assert await ann.there_and_back(provider, token) == "/review#/refused/unavailable"
    assert heard == []


async def test_no_redirect_is_followed_and_no_answer_is_endless(
    ann: Browser, provider: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.lookups.provider._AFTER_FAILURE", 0.0)

    def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/keys")

    provider.answer = elsewhere
    assert (await ann.ask("POST", "/review/api/provider", json={})).status == 502
    assert provider.heard == ["/.well-known/openid-configuration"]
    provider.answer = lambda _: web.Response(body=b" " * 300_000 + b"{}", content_type="application/json")
    assert (await ann.ask("POST", "/review/api/provider", json={})).status == 502
    for broken in (b"", b"[]", b"[" * 100_000, b'{"issuer":', b"\xff"):
        provider.answer = lambda _, body=broken: web.Response(body=body, content_type="application/json")
        assert (await ann.ask("POST", "/review/api/provider", json={})).status == 502


async def test_failures_are_logged_by_network_and_counted(ann: Browser, provider: HostileProvider) -> None:
    before = REGISTRY.get_sample_value("antechamber_sign_ins_total", {"result": "refused"}) or 0
    with capture_logs() as lines:
        await ann.there_and_back(provider)
    assert REGISTRY.get_sample_value("antechamber_sign_ins_total", {"result": "refused"}) == before + 1
    (line,) = [line for line in lines if line["event"] == "sign-in failed"]
    assert line["network"].startswith("n1.")
    assert "ann-1" not in str(lines)


async def test_the_store_holds_neither_invitation_nor_what_they_are_called_there(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    token = await invited(services)
    state = await ann.go(provider, token)
    kept = b"".join([blob async for _, blobs in services.privacy._personal.everything() for blob in blobs])
    assert token.encode() not in kept
    await ann.come_back(state)
    kept = b"".join([blob async for _, blobs in services.privacy._personal.everything() for blob in blobs])
    assert ann.token.encode() not in kept
    assert b"ann-1" not in kept
    assert ann.ticket.encode() not in kept


async def test_no_secret_of_the_way_is_logged_or_shown(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    """Neither when it goes well, nor when the provider repeats what it was sent, nor in what somebody prints."""
    with capture_logs() as lines:
        token = await invited(services)
        state = await ann.go(provider, token)
        asked = provider.asked["code-of-ann"]
        provider.answer = lambda request: (
            web.json_response({"error": f"{SECRET} {state}", "error_description": "code-of-ann"}, status=400)
            if request.path == "/token"
            else None
        )
        refused = await ann.come_back(state)
        tickets = [ann.ticket]
        provider.answer = lambda _: None
        back = await ann.come_back(await ann.go(provider, token))
    told = f"{lines} {refused.headers} {back.headers.getall('Location')} {services.provider!r} {services!r}"
    assert back.headers["Location"] == "/review"
    for secret in (
        SECRET,
        token,
        state,
        asked["nonce"],
        asked["code_challenge"],
        *tickets,
        ann.ticket,
        ann.token,
        "code-of-ann",
    ):
        assert secret not in told.replace(str(back.cookies), "")


async def test_their_second_factor_is_the_providers(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    await services.sites.change("blog", second_factor=True)
    await ann.there_and_back(provider, await invited(services))
    assert (await ann.get("/session"))["enrols"] is False
    await ann.get("/comments")
    ann.csrf = (await ann.get("/session"))["csrf"]
    account = await ann.get("/account")
    assert account["password"] is False
    change = {"current": "x", "new": "a new password"}
    assert (await ann.ask("PUT", "/review/api/account/password", json=change)).status == 409


async def test_passwords_go_on_and_no_account_without_one_has_an_empty_one(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    await ann.there_and_back(provider, await invited(services))
    assert (await Desk(ann.client, "ann").sign_in(" ")).status == 401
    await services.moderators.add("olga", Role.OPERATOR, (), "correct horse battery")
    assert (await Desk(ann.client, "olga").sign_in()).status == 200


async def test_signing_out_leads_to_the_provider(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    await ann.there_and_back(provider, await invited(services))
    ann.csrf = (await ann.get("/session"))["csrf"]
    left = await ann.ask("DELETE", "/review/api/session")
    address = urlsplit((await left.json())["address"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.issuer}/leave"
    assert parse_qs(address.query) == {"client_id": [CLIENT], "post_logout_redirect_uri": [HOME]}
    assert (await ann.ask("GET", "/review/api/session")).status == 401


async def test_an_invitation_is_of_a_week_and_of_one_name(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await invited(services)
    await ann.there_and_back(provider, token)
    other = await invited(services, "bob")
    assert await Browser(ann.client, "x").there_and_back(provider, other) == "/review#/refused/another"
    provider.claims = lambda claims: claims | {"sub": "bob-2"}
    assert (
        await Browser(ann.client, "x").there_and_back(provider, "no such invitation") == "/review#/refused/invitation"
    )
    later = int(time.time() * 1000) + 7 * 86_400_000 + 1_000
    monkeypatch.setattr(services.provider, "_clock", lambda: later)
    monkeypatch.setattr(services.invitations, "_clock", lambda: later)
    assert await Browser(ann.client, "x").there_and_back(provider, other) == "/review#/refused/invitation"


async def test_less_than_what_is_asked_for_is_not_enough(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert services.provider._provider is not None
    monkeypatch.setattr(services.provider._provider, "_contexts", ("mfa",))
    token = await invited(services)
    assert await ann.there_and_back(provider, token) == "/review#/refused/refused"
    provider.claims = lambda claims: claims | {"acr": "mfa"}
    assert await ann.there_and_back(provider, token) == "/review"


async def test_another_sites_page_can_begin_nothing(ann: Browser) -> None:
    answer = await ann.ask("POST", "/review/api/provider", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


@pytest.mark.parametrize(
    "keys",
    [
        [], [{}], [None, 1, "x", []], [{"kty": "RSA"}], [{"kty": "RSA", "n": "", "e": ""}],
        [{"kty": "EC", "crv": "P-256", "x": 1}],
        [{"kty": "OKP", "crv": "none"}], [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": 5}], [{"kty": "oct", "k": "AQAB"}],
        "none", {}, None,
    ],
)  # fmt: skip
async def test_keys_that_are_none_are_no_fault_of_ours(
    ann: Browser, provider: HostileProvider, services: Services, site: Known, keys: Any
) -> None:
    provider.published = {"keys": keys}
    for sign in (
        provider.signed,
        lambda claims: provider.signed(claims).replace(".", ".x", 1),
        lambda _: "eyJhbGciOiJSUzI1NiJ9.e30.AA",
    ):
        provider.sign = sign
        assert (await ann.there_and_back(provider)).startswith("/review#/refused/")


async def test_a_provider_that_hangs_is_asked_once_for_all_and_soon_given_up(
    ann: Browser, provider: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits behind the time-outs of everybody before them: or else anybody could fill the process with waiting."""
    monkeypatch.setattr("service.lookups.provider._PATIENCE", 0.5)
    never = asyncio.Event()
    provider.hold = lambda _: never.wait()  # type: ignore[assignment,return-value]
    started = time.monotonic()
    answers = await asyncio.gather(*[ann.ask("POST", "/review/api/provider", json={}) for _ in range(40)])
    assert {answer.status for answer in answers} == {502}
    assert time.monotonic() - started < 5
    never.set()
    provider.hold = _at_once
    assert provider.heard.count("/.well-known/openid-configuration") <= 1
    monkeypatch.setattr("service.lookups.provider._AFTER_FAILURE", 0.0)
    assert (await ann.ask("POST", "/review/api/provider", json={})).status == 200


async def _at_once(_: web.Request) -> None: ...


async def bogus(browser: Browser, network: str, provider: HostileProvider) -> str:
    """Where somebody ends up who brings a code that is none, from some network."""
    state = await browser.go(provider)
    headers = {"Cookie": f"antechamber_provider={browser.ticket}", "X-Forwarded-For": network}
    answer = await browser.ask(
        "GET", "/review/api/provider/answer", params={"state": state, "code": "no such code"}, headers=headers,
        allow_redirects=False,
    )  # fmt: skip
    return answer.headers["Location"]


async def test_codes_that_are_none_slow_the_network_that_brings_them(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    """Each costs a question to the provider, who might hold that against all of us."""
    thief = Browser(ann.client, "thief")
    ended = [await bogus(thief, "203.0.113.7", provider) for _ in range(31)]
    assert set(ended) == {"/review#/refused/refused"}
    heard = provider.heard.count("/token")
    assert await bogus(thief, "203.0.113.9", provider) == "/review#/refused/busy", "the network, not the address"
    assert provider.heard.count("/token") == heard, "it is not even asked"
    assert await bogus(thief, "198.51.100.7", provider) == "/review#/refused/refused", "others go on"
    assert await ann.there_and_back(provider, await invited(services)) == "/review"


async def test_what_the_provider_fails_at_slows_nobody(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    provider.answer = lambda request: web.Response(status=500) if request.path == "/token" else None
    for number in range(33):
        assert await Browser(ann.client, f"b{number}").there_and_back(provider) == "/review#/refused/unavailable"


async def test_strangers_keep_nobody_out_of_where_they_are_known(
    ann: Browser, provider: HostileProvider, services: Services, site: Known
) -> None:
    """Eight exchanges that hang, from as many networks, fill the lane of strangers; there is another."""
    assert await ann.there_and_back(provider, await invited(services)) == "/review"
    held, go_on = [0], asyncio.Event()

    async def hold(request: web.Request) -> None:
        if request.path == "/token" and held[0] < 8:
            held[0] += 1
            await go_on.wait()

    provider.hold = hold
    thieves = [
        asyncio.create_task(bogus(Browser(ann.client, f"t{one}"), f"203.0.{one}.7", provider)) for one in range(8)
    ]
    while held[0] < 8:
        await asyncio.sleep(0.01)
    assert await bogus(Browser(ann.client, "t9"), "203.0.99.7", provider) == "/review#/refused/busy"
    assert await Browser(ann.client, "ann").there_and_back(provider) == "/review"
    go_on.set()
    await asyncio.gather(*thieves)
