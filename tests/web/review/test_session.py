"""Signing in and out, and what a session withstands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher

from service.app import api_application
from service.container import Services
from service.core.errors import Unauthenticated
from service.core.moderator import Role
from service.settings import Settings
from service.store.moderators import ModeratorStore
from service.usecases.moderators import Limits, Moderators
from tests.support.desk import PASSWORD, Desk, seat


async def test_the_right_password_and_no_other(client: TestClient[Any, Any], services: Services) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    desk = Desk(client, "Ann ")
    for wrong in ("", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "\0"):
        response = await desk.sign_in(wrong)
        assert response.status in {401, 422}
        assert not desk.token
    assert (await Desk(client, "nobody").sign_in()).status == 401
    response = await desk.sign_in()
    assert response.status == 200
    view = await response.json()
    assert (view["name"], view["role"], view["sites"]) == ("ann", "lead", [])
    assert view["rights"] == ["queue", "bulk", "marks", "undo-others", "preview", "deliveries"]
    assert await desk.get("/session") == view


async def test_wrong_name_and_wrong_password_read_the_same(client: TestClient[Any, Any], services: Services) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    answers = [await (await Desk(client, name).sign_in("wrong")).json() for name in ("ann", "bob")]
    for answer in answers:
        del answer["instance"]
    assert answers[0] == answers[1]


async def test_the_cookie_is_out_of_reach(operator: Desk) -> None:
    cookie = operator.cookie["antechamber_session"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["secure"]) == ("Strict", "/review", "")
    assert len(operator.token) >= 43


@pytest.mark.parametrize(
    ("more", "headers", "secure"),
    [
        ({}, {"X-Forwarded-Proto": "https"}, True),
        ({"trusted_proxies": "10.0.0.0/8"}, {"X-Forwarded-Proto": "https"}, False),
        ({"public_url": "https://comments.example"}, {}, True),
        ({"review_secure_cookie": "always"}, {}, True),
    ],
)
async def test_the_cookie_is_secure_where_browsers_come_by_tls(
    aiohttp_client: Any, services: Services, more: dict[str, Any], headers: dict[str, str], secure: bool
) -> None:
    settings = Settings(data_dir=services.settings.data_dir, **more)
    client = await aiohttp_client(api_application(replace(services, settings=settings)))
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    desk = Desk(client, "ann")
    assert (await desk.sign_in(**headers)).status == 200
    assert bool(desk.cookie["antechamber_session"]["secure"]) is secure


async def test_signing_in_makes_a_new_session_and_ends_the_old_one(operator: Desk) -> None:
    before, csrf = operator.token, operator.csrf
    assert (await operator.sign_in()).status == 200
    assert operator.token != before
    assert operator.csrf != csrf
    await operator.get("/session")
    operator.token = before
    await operator.get("/session", status=401)


async def test_a_session_that_somebody_made_up_is_none(operator: Desk) -> None:
    for token in ("x", "a" * 43, operator.token[:-1], operator.token + "x", "å"):
        operator.token = token
        await operator.get("/session", status=401)


async def test_the_store_holds_no_token_and_no_password(operator: Desk, services: Services) -> None:
    redis = services.connection.client
    kept = b""
    for name in await redis.keys("*"):
        kind = await redis.type(name)
        read = {b"string": redis.get, b"hash": redis.hgetall}.get(kind)
        kept += name + repr(await read(name)).encode() if read else name
    assert b"session" in kept
    for secret in (operator.token, operator.csrf, PASSWORD):
        assert secret.encode() not in kept


async def test_signing_out_ends_this_session_only(client: TestClient[Any, Any], operator: Desk) -> None:
    other = Desk(client, operator.name)
    await other.sign_in()
    token = operator.token
    await operator.send("DELETE", "/session", status=204)
    assert operator.token == ""
    operator.token = token
    await operator.get("/session", status=401)
    await other.get("/session")


async def test_signing_out_everywhere_and_a_new_password_end_all(
    client: TestClient[Any, Any], operator: Desk, services: Services
) -> None:
    other = Desk(client, operator.name)
    await other.sign_in()
    await other.send("DELETE", "/sessions", status=204)
    await operator.get("/session", status=401)
    await operator.sign_in()
    await services.moderators.set_password(operator.name, "another good one")
    await operator.get("/session", status=401)
    assert (await operator.sign_in()).status == 401
    assert (await operator.sign_in("another good one")).status == 200


async def test_what_an_operator_changes_counts_at_once(moderator: Desk, services: Services) -> None:
    await moderator.get("/deliveries", status=403)
    await services.team.set_access(None, moderator.name, Role.LEAD)
    await moderator.get("/deliveries", status=401)
    await moderator.sign_in()
    await moderator.get("/deliveries")
    await services.team.remove(None, moderator.name)
    await moderator.get("/session", status=401)


class _Clock:
    now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


async def test_sessions_idle_and_age(services: Services) -> None:
    clock, secrets = _Clock(), services.secrets
    moderators = Moderators(
        ModeratorStore(services.connection, secrets.master), services.accounts, identity=secrets.identity,
        master=secrets.master, limits=Limits(idle=600, absolute=3_600, attempts=5, pause=2, longest_pause=60), clock=clock,
    )  # fmt: skip
    await moderators.add("ann", Role.LEAD, (), PASSWORD)
    idle = await moderators.sign_in("ann", PASSWORD, "192.0.2.7")
    clock.now += 599_999
    assert (await moderators.session(idle.token, touch=False)).expires_at == clock.now + 1
    clock.now += 1
    with pytest.raises(Unauthenticated):
        await moderators.session(idle.token)

    busy = await moderators.sign_in("ann", PASSWORD, "192.0.2.7")
    for _ in range(7):
        clock.now += 500_000
        assert (await moderators.session(busy.token)).member.name == "ann"
    clock.now += 100_000
    with pytest.raises(Unauthenticated):
        await moderators.session(busy.token)


async def test_redis_forgets_sessions_by_itself(operator: Desk, services: Services) -> None:
    redis = services.connection.client
    (session,) = await redis.keys("ac:{staff}:session:*")
    assert 0 < await redis.pttl(session) <= services.settings.review_idle_timeout * 1000


async def test_a_hash_with_other_parameters_is_renewed(client: TestClient[Any, Any], services: Services) -> None:
    moderator_store = ModeratorStore(services.connection, services.secrets.master)
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await moderator_store.change("ann", lambda ann: msgspec.structs.replace(ann, password=weak))
    assert (await Desk(client, "ann").sign_in()).status == 200
    renewed = (await services.moderators.get("ann")).password
    assert renewed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize("csrf", ["", "x", "é"])
async def test_what_changes_something_needs_the_token(operator: Desk, csrf: str) -> None:
    good, operator.csrf = operator.csrf, csrf
    await operator.send("DELETE", "/session", status=403)
    operator.csrf = good.upper()
    await operator.send("DELETE", "/session", status=403)
    operator.csrf = good
    await operator.send("DELETE", "/session", status=204)


async def test_the_token_of_another_session_does_not_do(client: TestClient[Any, Any], operator: Desk) -> None:
    other = Desk(client, operator.name)
    await other.sign_in()
    operator.csrf = other.csrf
    await operator.send("DELETE", "/session", status=403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://comments.example", "Host": "comments.example"}, 204),
        ({"Origin": "http://comments.example:80", "Host": "comments.example"}, 204),
        ({"Origin": "http://comments.example:81", "Host": "comments.example"}, 403),
        ({"Origin": "https://seen.example", "X-Forwarded-Host": "seen.example"}, 204),
        ({}, 204),
    ],
)
async def test_only_our_own_page_may_change_something(operator: Desk, headers: dict[str, str], status: int) -> None:
    response = await operator.ask("DELETE", "/review/api/session", headers=headers)
    assert response.status == status


async def test_another_site_can_not_sign_somebody_in(client: TestClient[Any, Any], services: Services) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    desk = Desk(client, "ann")
    assert (await desk.sign_in(**{"Sec-Fetch-Site": "cross-site"})).status == 403
    form = await desk.ask("POST", "/review/api/session", data={"name": "ann", "password": PASSWORD})
    assert form.status == 415
    assert not desk.token


async def test_the_audit_log_names_who_came(operator: Desk) -> None:
    page = await operator.get("/audit-log")
    assert [(one["actor"], one["what"], one["subject"]) for one in page["items"]][:2] == [
        ("moderator:olga", "session.begin", "olga"),
        ("operator", "moderators.add", "olga"),
    ]
    assert page["next"] is None


async def test_who_sees_some_sites_reads_of_these_only(
    client: TestClient[Any, Any], services: Services, operator: Desk
) -> None:
    await services.accounts.add("shop", "https://shop.example")
    local = await seat(client, services, "lou", Role.OPERATOR, ["shop"])
    lines = (await local.get("/audit-log"))["items"]
    assert {line["site"] for line in lines} == {"shop", ""}
    assert {line["actor"] for line in lines if not line["site"]} == {"moderator:lou"}
