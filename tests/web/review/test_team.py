"""The team at the page: who may change whom, links that do once, the last who may, races, and what the log and the store hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from service.container import Services
from service.core.errors import AntechamberError, Forbidden
from service.core.moderator import MAY, Moderator, Right, Role, SecondFactor, check_name, skeleton
from service.core.site import Known
from service.store.moderators import ModeratorStore
from tests.support.desk import PASSWORD, Desk, seat
from tests.support.platform import Platform

NEW = "a password of my own"
NAMES = st.text("abilmnorvw01._-", min_size=1, max_size=12)


def token_of(answer: dict[str, Any]) -> str:
    """What stands behind the # of a link."""
    address, _, token = str(answer["link"]).partition("#/invited/")
    assert address == "/review"
    return token


async def invited(desk: Desk, name: str = "bo", role: str = "moderator", sites: tuple[str, ...] = ("blog",)) -> str:
    return token_of(await desk.send("POST", "/team", {"name": name, "role": role, "sites": [*sites]}))


async def accept(client: TestClient[Any, Any], token: str, name: str = "bo", password: str = NEW) -> tuple[int, Any]:
    body = {"token": token, "name": name, "password": password}
    response = await client.post("/review/api/invitation/accept", json=body)
    return response.status, await response.json()


async def person(desk: Desk, name: str) -> Any:
    return next(one for one in (await desk.get("/team"))["items"] if one["name"] == name)


async def test_a_link_from_the_invitation_to_the_first_comment_and_every_act_after_it(
    client: TestClient[Any, Any], services: Services, operator: Desk, shop: Platform
) -> None:
    """What somebody may do and see changes with each, their sessions end, and the log has before and after."""
    token = await invited(operator)
    assert (await person(operator, "bo"))["state"] == "invited"
    assert [one.name for one in await services.moderators.who_see("blog")] == ["olga"], "who has not come is nobody yet"
    looked = await client.post("/review/api/invitation", json={"token": token})
    view = await looked.json()
    assert (view["name"], view["role"], view["sites"], view["new"], view["password"]) == (
        "bo", "moderator", ["blog"], True, True,
    )  # fmt: skip
    assert "Set-Cookie" not in looked.headers
    status, body = await accept(client, token, "Bobby")
    assert (status, body) == (200, {"name": "bobby"})
    assert (await accept(client, token, "bobby"))[0] == 404, "a link does once"
    bobby = Desk(client, "bobby")
    assert (await bobby.sign_in(NEW)).status == 200
    await bobby.get("/deliveries", status=403)
    them = await person(operator, "bobby")
    assert (them["state"], them["sites"], them["link_until"], them["second_factor"]) == (
        "active",
        ["blog"],
        None,
        False,
    )
    assert them["last_seen"]

    changed = await operator.send("PUT", "/team/bobby", {"role": "lead", "sites": ["blog", "shop"]})
    assert (changed["role"], changed["sites"]) == ("lead", ["blog", "shop"])
    await bobby.get("/session", status=401)
    await bobby.sign_in(NEW)
    await bobby.get("/deliveries", site="shop")
    await operator.send("PUT", "/team/bobby", {"role": "lead", "sites": ["shop", "blog"]})
    await bobby.get("/session")  # nothing has changed

    await operator.send("DELETE", "/team/bobby/sessions", status=204)
    await bobby.get("/session", status=401)
    assert (await operator.send("PUT", "/team/bobby/lock", {"locked": True}))["state"] == "locked"
    assert (await bobby.sign_in(NEW)).status == 401
    await operator.send("POST", "/team/bobby/link", {}, status=409)
    assert (await operator.send("PUT", "/team/bobby/lock", {"locked": False}))["state"] == "active"
    assert (await bobby.sign_in(NEW)).status == 200
    await operator.send("DELETE", "/team/bobby", status=204)
    await bobby.get("/session", status=401)
    await operator.send("DELETE", "/team/bobby", status=404)

    lines = (await operator.get("/audit-log"))["items"]
    kept = [(one["what"], one["subject"], one["note"]) for one in reversed(lines) if one["what"] != "session.begin"]
    assert kept[-8:] == [
        ("moderators.invite", "bo", "new: moderator, blog"),
        ("account.accept", "bobby", "by invitation, as bo → bobby"),
        ("moderators.access", "bobby", "moderator, blog → lead, blog, shop"),
        ("session.end-all", "bobby", ""),
        ("moderators.lock", "bobby", "active → locked"),
        ("session.refused", "bobby", "wrong"),
        ("moderators.lock", "bobby", "locked → active"),
        ("moderators.remove", "bobby", "was lead, blog, shop"),
    ]
    assert {one["actor"] for one in lines if one["what"].startswith("moderators.") and one["subject"] != "olga"} == {
        "moderator:olga"
    }


async def test_a_link_for_who_lost_their_password_and_second_factor(
    client: TestClient[Any, Any], services: Services, operator: Desk, moderator: Desk
) -> None:
    store = ModeratorStore(services.connection, services.secrets.master)
    second = SecondFactor("seed", 1)
    await store.change("mo", lambda mo: msgspec.structs.replace(mo, second=second))
    keeping = token_of(await operator.send("POST", "/team/mo/link", {}))
    await moderator.get("/session")  # nothing has changed yet
    assert (await accept(client, keeping, "other"))[1]["pointer"] == "/name", "who is there keeps their name"
    assert (await accept(client, keeping, "mo"))[0] == 200
    await moderator.get("/session", status=401)
    refused = await moderator.sign_in(NEW)
    assert (await refused.json())["type"].endswith("/code-needed"), "a link is no way around the second factor"
    first = token_of(await operator.send("POST", "/team/mo/link", {"forget_second_factor": True}))
    later = token_of(await operator.send("POST", "/team/mo/link", {"forget_second_factor": True}))
    assert (await accept(client, first, "mo"))[0] == 404, "an earlier link is good no more"
    assert (await person(operator, "mo"))["second_factor"]
    assert (await accept(client, later, "mo", "another password"))[0] == 200
    assert (await moderator.sign_in("another password")).status == 200
    gone = token_of(await operator.send("POST", "/team/mo/link", {}))
    await services.moderators.set_password("mo", PASSWORD)
    assert (await accept(client, gone, "mo"))[0] == 404, "a new password ends the links that there were"
    notes = [one["note"] for one in (await operator.get("/audit-log"))["items"] if one["what"] == "account.accept"]
    assert notes == ["by a link: new password, second factor on → taken away", "by a link: new password"]


async def test_tokens_that_are_none(
    client: TestClient[Any, Any], services: Services, operator: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired, tampered, too long, guessed; and none of them stands in the store, the log or the audit log."""
    far = {"X-Forwarded-For": "203.0.113.9"}
    with capture_logs() as logs:
        token = await invited(operator)
        for wrong in (token[:-1], f"{token}0", token.upper(), token[::-1], "", "'", "../../x", "0" * 48):
            response = await client.post("/review/api/invitation", json={"token": wrong})
            assert response.status == 404, wrong
        for number in range(6 * services.settings.sign_in_attempts + 3):
            guess = {"token": f"{number:048}"}
            response = await client.post("/review/api/invitation", json=guess, headers=far)
        assert response.status == 429, "guessing costs strangers pauses, as at the door"
        assert response.headers["Retry-After"]
        assert (await client.post("/review/api/invitation", json={"token": token})).status == 200, "and nobody else"
        long = await client.post("/review/api/invitation", json={"token": "0" * 101})
        assert long.status == 422
    redis = services.connection.client
    held = repr([await redis.hgetall("ac:staff"), await redis.xrange("ac:audit")])
    assert token not in held
    assert token not in json.dumps(logs, default=str)
    now = services.invitations._clock()
    monkeypatch.setattr(services.invitations, "_clock", lambda: now + 7 * 86_400_000 + 1_000)
    assert (await accept(client, token))[0] == 404
    assert (await person(operator, "bo"))["state"] == "invited"


@pytest.mark.parametrize("names", [("bo", "bo"), ("bo", "bob"), ("bob", "beth")])
async def test_of_two_who_accept_at_once_one_does(
    client: TestClient[Any, Any], services: Services, operator: Desk, names: tuple[str, str]
) -> None:
    token = await invited(operator)
    answers = await asyncio.gather(*(accept(client, token, name, f"{NEW} {name}") for name in (*names, *names)))
    assert sorted(status for status, _ in answers).count(200) == 1
    assert {status for status, _ in answers} <= {200, 404, 409}
    there = [one.name for one in await services.moderators.all() if one.name != "olga"]
    assert len(there) == 1
    assert there[0] in names


async def test_names_that_are_taken_or_look_alike(
    client: TestClient[Any, Any], services: Services, operator: Desk, moderator: Desk
) -> None:
    await seat(client, services, "will", Role.LEAD, ["blog"])
    for name, pointer in (
        ("mo", "/name"), ("MO ", "/name"), ("m0", "/name"), ("wi11", "/name"), ("w.ill", "/name"), ("vvill", "/name"),
        ("rno", "/name"), ("mо", "/name"), ("a b", "/name"), ("../x", "/name"),
    ):  # fmt: skip
        response = await operator.ask(
            "POST", "/review/api/team", json={"name": name, "role": "moderator", "sites": ["blog"]}
        )
        assert response.status in (409, 422), name
        assert (await response.json())["pointer"] == pointer, name
    token = await invited(operator)
    for name in ("mo", "m-o", "olga", "o1ga"):
        status, said = await accept(client, token, name)
        assert (status, said["pointer"]) == (409, "/name"), name
    assert (await accept(client, token, "bo", "short"))[1]["pointer"] == "/password"
    assert (await accept(client, token, "b0"))[0] == 200, "their own place may be spelled otherwise"


async def test_nobody_goes_beyond_what_they_are(
    client: TestClient[Any, Any], services: Services, operator: Desk, moderator: Desk, shop: Platform
) -> None:
    """Oneself, a lead and a moderator, another site's operator, and who saw more than one does."""
    other = await seat(client, services, "sho", Role.OPERATOR, ["shop"])
    both = await seat(client, services, "both", Role.LEAD, ["blog", "shop"])
    lead = await seat(client, services, "lea", Role.LEAD)
    for desk in (moderator, lead):
        await desk.get("/team", status=403)
        await desk.send("POST", "/team", {"name": "x", "role": "operator", "sites": []}, status=403)
        await desk.send("PUT", f"/team/{desk.name}", {"role": "operator", "sites": []}, status=403)
    for path, method, body in acts("olga"):
        await operator.send(method, path, body, status=403)
    before = await services.moderators.all()
    for path, method, body in acts("mo"):
        await other.send(method, path, body, status=404)  # they work on no site of theirs
    for name in ("both", "olga", "lea"):
        for path, method, body in acts(name):
            await other.send(method, path, body, status=403)
    for sites, status in (([], 422), (["blog"], 404), (["shop", "blog"], 404), (["nothing"], 404)):
        await other.send("POST", "/team", {"name": "x", "role": "moderator", "sites": sites}, status=status)
    assert await services.moderators.all() == before
    seen = {one["name"]: one for one in (await other.get("/team"))["items"]}
    assert set(seen) == {"sho", "both", "olga", "lea"}
    assert (seen["both"]["sites"], seen["both"]["elsewhere"], seen["both"]["governed"]) == (["shop"], True, False)
    assert "blog" not in json.dumps(seen)
    await other.send("POST", "/team", {"name": "x", "role": "operator", "sites": ["shop"]})
    await both.get("/session")
    for headers in ({"X-CSRF-Token": "x"}, {"Origin": "https://evil.example"}):
        assert (await operator.ask("DELETE", "/review/api/team/mo", headers=headers)).status == 403
    evil = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/review/api/invitation", "/review/api/invitation/accept"):
        assert (await client.post(path, json={"token": "x"}, headers=evil)).status == 403


def acts(name: str) -> Iterator[tuple[str, str, Any]]:
    """Every act at somebody."""
    yield f"/team/{name}", "PUT", {"role": "moderator", "sites": ["shop"]}
    yield f"/team/{name}/link", "POST", {}
    yield f"/team/{name}/sessions", "DELETE", None
    yield f"/team/{name}/lock", "PUT", {"locked": True}
    yield f"/team/{name}", "DELETE", None


async def test_a_team_never_loses_the_last_who_may_keep_it(
    client: TestClient[Any, Any], services: Services, site: Known
) -> None:
    """Operators turn on each other at once, by every act; one stays, whoever was first."""
    for round_ in range(6):
        desks = [await seat(client, services, f"op{letter}{round_}", Role.OPERATOR) for letter in "abc"]
        jobs = [
            desk.ask(method, f"/review/api{path}", **({} if body is None else {"json": body}))
            for desk in desks
            for other in desks
            if other is not desk
            for path, method, body in (
                (f"/team/{other.name}", "PUT", {"role": "moderator", "sites": []}),
                (f"/team/{other.name}/lock", "PUT", {"locked": True}),
                (f"/team/{other.name}", "DELETE", None),
            )
        ]
        statuses = [answer.status for answer in await asyncio.gather(*jobs)]
        assert set(statuses) <= {200, 204, 401, 403, 404, 409}, statuses
        left = [one for one in await services.moderators.all() if one.may(Right.TEAM) and not one.locked_at]
        assert left
        for one in await services.moderators.all():
            await services.team.remove(None, one.name)


async def test_who_was_demoted_while_they_asked_does_nothing(
    client: TestClient[Any, Any], services: Services, operator: Desk, moderator: Desk
) -> None:
    """The use case is given who they were; the store knows who they are."""
    other = await seat(client, services, "ed", Role.OPERATOR)
    me = await services.moderators.session(other.token)
    await services.team.set_access(None, "ed", Role.MODERATOR)
    for act in (
        services.team.invite(me, "new", Role.OPERATOR, ()),
        services.team.link(me, "mo"),
        services.team.set_access(me, "mo", Role.OPERATOR),
        services.team.sign_out(me, "mo"),
        services.team.lock(me, "olga", locked=True),
        services.team.remove(me, "olga"),
    ):
        with pytest.raises(Forbidden):
            await act
    assert {one.name for one in await services.moderators.all()} == {"olga", "mo", "ed"}


async def test_preferences_go_with_the_account(
    client: TestClient[Any, Any], services: Services, moderator: Desk, operator: Desk
) -> None:
    assert (await moderator.get("/session"))["preferences"] == {}
    liked = {"theme": "dark", "mask": False, "keys": {"approve": "y", "reject": ""}}
    assert await moderator.send("PUT", "/account/preferences", liked) == liked
    assert await moderator.send("PUT", "/account/preferences", {"mask": None, "blind": True}) == {
        "theme": "dark", "blind": True, "keys": liked["keys"],
    }  # fmt: skip
    elsewhere = Desk(client, "mo")
    assert (await (await elsewhere.sign_in()).json())["preferences"]["theme"] == "dark"
    assert (await operator.get("/session"))["preferences"] == {}
    for wrong in ({"theme": "pink"}, {"mask": 1}, {"keys": {"a b": "x"}}, {"keys": {"a": "x" * 21}}, {"x": 1}):
        await moderator.send("PUT", "/account/preferences", wrong, status=422)
    await services.team.remove(None, "mo")
    again = await seat(client, services, "mo", Role.MODERATOR)
    assert (await again.get("/session"))["preferences"] == {}, "a name that is used again begins anew"
    assert (await person(operator, "mo"))["last_seen"]


ROLES = st.sampled_from(Role)
SITES = st.sets(st.sampled_from(["a", "b", "c", "-"])).map(lambda sites: tuple(sorted(sites)))
PEOPLE = st.builds(
    Moderator, name=st.sampled_from(["x", "y"]), role=ROLES, sites=SITES, password=st.just(""), created_at=st.just(0)
)


@given(PEOPLE, PEOPLE)
def test_who_governs_has_all_that_the_other_has(me: Moderator, other: Moderator) -> None:
    if me.governs(other):
        assert MAY[other.role] <= MAY[me.role]
        assert all(me.sees(site) for site in ("a", "b", "c", "-", "new") if other.sees(site))
        assert me.name != other.name
        assert me.works_with(other)


@given(NAMES, NAMES)
def test_what_looks_alike_stays_alike(one: str, other: str) -> None:
    assert skeleton(one.replace("l", "1").replace("o", "0")) == skeleton(one)
    if skeleton(one) == skeleton(other) and one != other:
        for name in (one, other):
            try:
                check_name(name)
            except AntechamberError:
                return
        assert set(one + other) & set("1l0oi._-rnmvw")
