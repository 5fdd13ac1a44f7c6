"""One's own account: a new password, a second factor, recovery codes; and roles that need one."""

from __future__ import annotations

import time
from typing import Any
from xml.etree import ElementTree

import pyotp
import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.moderator import MAY, Role
from service.settings import Settings
from service.web.review import ROUTES
from tests.support.desk import PASSWORD, Desk, path_of, seat

NEW = "another good password"


def take(desk: Desk, view: Any) -> Any:
    """Go on with the session that an answer has begun."""
    desk.csrf = view["csrf"]
    return view


def now(key: str, periods: int = 0) -> str:
    return pyotp.TOTP(key).at(int(time.time()) + 30 * periods)


async def enrolled(desk: Desk, password: str = PASSWORD) -> tuple[str, list[str]]:
    """The key of a second factor that was set up with the code of the period before, and its recovery codes."""
    made = await desk.send("POST", "/account/second-factor", {"current": password})
    kept = await desk.send("PUT", "/account/second-factor", {"code": now(made["key"], -1)})
    take(desk, kept["session"])
    return made["key"], kept["codes"]


async def enter(desk: Desk, code: str = "", password: str = PASSWORD) -> Any:
    response = await desk.ask(
        "POST", "/review/api/session", json={"name": desk.name, "password": password, "code": code}
    )
    view = await response.json()
    if response.status == 200:
        take(desk, view)
    return response.status, view.get("type", "").rpartition("/")[2]


async def test_a_new_password_ends_the_other_sessions(client: TestClient[Any, Any], moderator: Desk) -> None:
    other, stolen = Desk(client, moderator.name), Desk(client, moderator.name)
    await other.sign_in()
    stolen.token = moderator.token
    take(moderator, await moderator.send("PUT", "/account/password", {"current": PASSWORD, "new": NEW}))
    await moderator.get("/session")
    for one in (other, stolen):
        await one.get("/session", status=401)
    assert (await other.sign_in()).status == 401
    assert (await other.sign_in(NEW)).status == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"current": "wrong guess", "new": NEW}, "/current"),
        ({"current": PASSWORD, "new": "short"}, "/password"),
        ({"current": PASSWORD, "new": ""}, "/new"),
        ({"current": PASSWORD}, "/new"),
    ],
)
async def test_what_is_no_new_password(moderator: Desk, body: Any, pointer: str) -> None:
    said = await moderator.send("PUT", "/account/password", body, status=422)
    assert said["pointer"] == pointer
    await moderator.get("/session")


async def test_a_stolen_session_can_not_guess_the_password(services: Services, moderator: Desk) -> None:
    statuses = []
    for _ in range(services.settings.sign_in_attempts + 2):
        response = await moderator.ask(
            "PUT", "/review/api/account/password", json={"current": "wrong guess", "new": NEW}
        )
        statuses.append(response.status)
    assert statuses[-1] == 429
    assert statuses.count(422) == services.settings.sign_in_attempts + 1


async def test_a_second_factor_from_the_first_look_to_the_end(
    client: TestClient[Any, Any], services: Services, moderator: Desk
) -> None:
    assert await moderator.get("/account") == {
        "second_factor": None, "recovery_codes": 0, "required": False, "password": True,
    }  # fmt: skip
    made = await moderator.send("POST", "/account/second-factor", {"current": PASSWORD})
    assert made["address"] == f"otpauth://totp/Antechamber:mo?secret={made['key']}&issuer=Antechamber"
    assert ElementTree.fromstring(made["picture"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert (await Desk(client, "mo").sign_in()).status == 200  # nothing has changed yet
    await moderator.send("PUT", "/account/second-factor", {"code": "000000"}, status=422)
    key, codes = await enrolled(moderator)
    assert key != made["key"]
    assert len(set(codes)) == 10
    account = await moderator.get("/account")
    assert account["second_factor"]
    assert account["recovery_codes"] == 10

    door = Desk(client, "mo")
    assert await enter(door) == (401, "code-needed")
    assert await enter(door, password="wrong guess") == (401, "unauthenticated")
    assert await enter(door, "123456") == (401, "unauthenticated")
    code = now(key)
    assert (await enter(door, f"{code[:3]} {code[3:]}"))[0] == 200
    for earlier in (code, now(key, -2), now(key, -9), now(key, 9)):  # used, or of another time
        assert await enter(Desk(client, "mo"), earlier) == (401, "unauthenticated")
    assert (await enter(Desk(client, "mo"), codes[0]))[0] == 200
    assert await enter(Desk(client, "mo"), codes[0]) == (401, "unauthenticated")
    assert (await moderator.get("/account"))["recovery_codes"] == 9

    proof = {"current": PASSWORD, "code": codes[1].upper().replace("-", " ")}
    fresh = await moderator.send("POST", "/account/recovery-codes", proof)
    take(moderator, fresh["session"])
    assert await enter(Desk(client, "mo"), codes[2]) == (401, "unauthenticated")
    await moderator.send("DELETE", "/account/second-factor", {"current": PASSWORD}, status=422)
    proof = {"current": PASSWORD, "code": fresh["codes"][0]}
    take(moderator, await moderator.send("DELETE", "/account/second-factor", proof))
    assert (await Desk(client, "mo").sign_in()).status == 200


async def test_asking_for_the_code_is_no_failure(
    client: TestClient[Any, Any], services: Services, moderator: Desk
) -> None:
    await enrolled(moderator)
    for _ in range(3 * services.settings.sign_in_attempts):
        assert await enter(Desk(client, "mo")) == (401, "code-needed")


async def test_codes_can_not_be_guessed(client: TestClient[Any, Any], services: Services, moderator: Desk) -> None:
    await enrolled(moderator)
    answers = [(await enter(Desk(client, "mo"), "123456"))[0] for _ in range(services.settings.sign_in_attempts + 2)]
    assert answers[-1] == 429


async def test_the_store_holds_neither_secret_nor_codes(services: Services, moderator: Desk) -> None:
    key, codes = await enrolled(moderator)
    redis = services.connection.client
    kept = repr(await redis.hgetall("ac:staff")).upper()
    assert "SECOND" in kept
    for secret in (key, *codes, *(code.replace("-", "") for code in codes)):
        assert secret.upper() not in kept


async def test_enrolling_ends_sessions_that_have_only_a_password(client: TestClient[Any, Any], moderator: Desk) -> None:
    other = Desk(client, "mo")
    await other.sign_in()
    await enrolled(moderator)
    await other.get("/session", status=401)
    await moderator.get("/session")


async def test_an_operator_helps_whoever_lost_it(
    client: TestClient[Any, Any], services: Services, moderator: Desk
) -> None:
    await enrolled(moderator)
    await services.team.forget_second_factor(None, "mo")
    await moderator.get("/session", status=401)
    assert (await moderator.sign_in()).status == 200


async def test_who_takes_a_name_has_not_the_second_factor_of_the_one_before(
    client: TestClient[Any, Any], services: Services, moderator: Desk
) -> None:
    key, codes = await enrolled(moderator)
    await services.team.remove(None, "mo")
    again = await seat(client, services, "mo", Role.MODERATOR)
    fresh, _ = await enrolled(again)
    assert fresh != key
    assert (await enter(Desk(client, "mo"), codes[0]))[0] == 401


class TestRequired:
    """Operators and leads need a second factor."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"sign_in_second_factor": ("operator", "lead")})

    async def test_nothing_but_setting_it_up_is_open_before_it_is(
        self, client: TestClient[Any, Any], services: Services, moderator: Desk
    ) -> None:
        await moderator.get("/comments")
        lead = await seat(client, services, "lee", Role.LEAD)
        assert (await lead.get("/session"))["enrols"]
        for one in ROUTES:
            if one.right is None or one.operation.tag in ("session", "account"):
                continue
            path = path_of(one)
            response = await lead.ask(one.operation.method, path)
            assert response.status == 403, path
            may = one.right in MAY[Role.LEAD]
            kind = "second-factor-required" if may else "forbidden"
            assert (await response.json())["type"] == f"/problems/{kind}", path
        _, codes = await enrolled(lead)
        assert not (await lead.get("/session"))["enrols"]
        await lead.get("/comments")
        await lead.send("DELETE", "/account/second-factor", {"current": PASSWORD, "code": codes[0]}, status=403)

    async def test_who_is_promoted_needs_one_from_then_on(self, services: Services, moderator: Desk) -> None:
        await services.team.set_access(None, "mo", Role.OPERATOR)
        await moderator.get("/comments", status=401)
        assert (await moderator.sign_in()).status == 200
        await moderator.get("/comments", status=403)
