"""A name that is used again belongs to somebody new: nothing that the one before was given holds for them, or comes back."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from service.container import Services
from service.core.errors import Unauthenticated
from service.core.moderator import NOWHERE, Moderator, Role
from tests.support.desk import PASSWORD, Desk, seat

VIEW = {"items": [{"name": "Mine", "query": {"list": "flagged", "site": "blog"}}]}
ACTS = ("add", "remove", "password", "everywhere", "access", "sign-in")


async def test_a_removed_moderators_cookie_never_lives_again(
    client: TestClient[Any, Any], services: Services, moderator: Desk
) -> None:
    await services.team.remove(None, moderator.name)
    await services.moderators.add(moderator.name, Role.OPERATOR, (), "another good password")
    await moderator.get("/session", status=401)
    await moderator.get("/audit-log", status=401)
    assert (await moderator.sign_in()).status == 401


async def _act(act: str, services: Services) -> str:
    """Do it; the token of a session that was begun."""
    moderators = services.moderators
    match act:
        case "add":
            await moderators.add("ann", Role.OPERATOR, (), PASSWORD)
        case "remove":
            await services.team.remove(None, "ann")
        case "password":
            await moderators.set_password("ann", PASSWORD)
        case "everywhere":
            await moderators.sign_out_everywhere("ann")
        case "access":
            role = (await moderators.get("ann")).role
            await services.team.set_access(None, "ann", Role.OPERATOR if role is Role.LEAD else Role.LEAD)
        case "sign-in":
            return (await moderators.sign_in("ann", PASSWORD, "192.0.2.7")).token
    return ""


async def _good(token: str, services: Services) -> bool:
    try:
        await services.moderators.session(token)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_only_sessions_begun_since_are_good(services: Services, seed: int) -> None:
    chance, tokens, good = Random(seed), [], set[str]()
    there = False
    for _ in range(16):
        act = chance.choice(ACTS) if there else "add"
        if act == "add" and there:
            continue
        there = act != "remove"
        if act in ("remove", "password", "everywhere", "access"):
            good.clear()
        if token := await _act(act, services):
            tokens.append(token)
            good.add(token)
        assert {one for one in tokens if await _good(one, services)} == good


async def test_views_networks_and_lines_of_the_log_are_not_inherited(
    client: TestClient[Any, Any], services: Services
) -> None:
    first = await seat(client, services, "ann", Role.OPERATOR, ())
    await services.accounts.add("blog", "https://blog.example")
    await first.send("PUT", "/views", VIEW)
    await services.team.remove(None, "ann")
    await services.review.lists.save_views("ann", json.dumps(VIEW).encode())  # a request that was under way
    second = await seat(client, services, "ann", Role.OPERATOR, ["blog"])
    assert (await second.get("/views"))["items"] == []
    lines = (await second.get("/audit-log"))["items"]
    assert [(one["what"], one["site"]) for one in lines] == [("session.begin", ""), ("sites.add", "blog")]


async def test_who_saw_a_site_sees_nothing_of_the_next_one_of_that_name(
    client: TestClient[Any, Any], services: Services
) -> None:
    await services.sites.add("blog", "https://blog.example")
    await services.sites.add("shop", "https://shop.example")
    both, one = (
        await seat(client, services, "bo", Role.OPERATOR, ["blog", "shop"]),
        await seat(client, services, "ann", Role.OPERATOR, ["blog"]),
    )
    await services.sites.remove("blog")
    assert (await services.moderators.get("ann")).sites == (NOWHERE,)
    known = await services.sites.add("blog", "https://elsewhere.example")
    await services.sites.add("third", "https://third.example")
    assert (await both.get("/session"))["sites"] == ["shop"]
    assert (await one.get("/session"))["sites"] == []
    await one.get("/comments", status=404, site="blog")
    await services.team.set_access(None, "ann", sites=["blog"])
    await one.sign_in()
    assert (await one.get("/session"))["sites"] == ["blog"]
    assert len(known.site.generations) == 1


async def test_a_site_removed_by_an_earlier_version_is_nobodys_either(
    client: TestClient[Any, Any], services: Services
) -> None:
    await services.sites.add("blog", "https://blog.example")
    one = await seat(client, services, "ann", Role.OPERATOR, ["blog"])
    await services.accounts.remove("blog")
    await services.sites.add("blog", "https://elsewhere.example")
    assert (await one.get("/session"))["sites"] == []


async def test_a_removed_sites_keys_are_no_keys_of_the_next(client: TestClient[Any, Any], services: Services) -> None:
    old = (await services.sites.add("blog", "https://blog.example")).credentials[0]
    await services.sites.rotate("blog", 7)
    await services.sites.remove("blog")
    new = (await services.sites.add("blog", "https://blog.example")).credentials[0]
    assert not set(old) & set(new)
    for key in (old.api_key, old.akismet_key):
        assert await services.access.by_key(key) is None
    assert await services.access.by_key(new.api_key) is not None


@given(sites=st.lists(st.sampled_from("abcd"), unique=True), gone=st.lists(st.sampled_from("abcd")))
def test_nobody_sees_more_when_sites_go(sites: list[str], gone: list[str]) -> None:
    member = Moderator("ann", Role.LEAD, tuple(sites), "", 0)
    for site in gone:
        before = member
        member = Moderator("ann", Role.LEAD, member.without(site), "", 0)
        seen = [one for one in "abcdef" if member.sees(one)]
        assert [one for one in seen if not before.sees(one)] == []
        assert not sites or site not in seen
