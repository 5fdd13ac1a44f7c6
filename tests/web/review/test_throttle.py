"""Guessing costs time, and keeps nobody out but the one who guesses."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from service.container import Services
from service.core.errors import RateLimited, Unauthenticated
from service.core.moderator import Role
from service.store.moderators import ModeratorStore
from service.store.push import PushStore
from service.usecases.moderators import Limits, Moderators
from tests.support.desk import PASSWORD, Desk

HOME, OFFICE, ELSEWHERE = "192.0.2.7", "198.51.100.9", "203.0.113.5"


class Box:
    """Staff with a clock of its own; `ann` has signed in from HOME before."""

    def __init__(self, services: Services) -> None:
        self.now = 1_800_000_000_000
        secrets = services.secrets
        self.moderators = Moderators(
            ModeratorStore(services.connection, secrets.master), services.accounts,
            PushStore(services.connection, secrets.master), identity=secrets.identity,
            master=secrets.master, limits=Limits(7_200, 43_200, attempts=2, pause=2, longest_pause=16),
            clock=lambda: self.now,
        )  # fmt: skip

    async def fail(self, name: str, address: str) -> int:
        """A wrong guess: 0, or the seconds that one is told to wait."""
        try:
            await self.moderators.sign_in(name, "wrong guess", address)
        except RateLimited as error:
            return error.retry_after or 0
        except Unauthenticated:
            return 0
        raise AssertionError("a wrong password did")

    async def enter(self, name: str, address: str) -> bool:
        try:
            await self.moderators.sign_in(name, PASSWORD, address)
        except RateLimited:
            return False
        return True


@pytest.fixture
async def box(services: Services) -> Box:
    box = Box(services)
    await box.moderators.add("ann", Role.LEAD, (), PASSWORD)
    await box.moderators.add("bo", Role.LEAD, (), PASSWORD)
    assert await box.enter("ann", HOME)
    return box


async def test_pauses_double_up_to_the_longest(box: Box) -> None:
    assert [await box.fail("ann", HOME) for _ in range(3)] == [0, 0, 0]
    for pause in (2, 4, 8, 16, 16):
        assert await box.fail("ann", HOME) == pause
        assert not await box.enter("ann", HOME)
        box.now += pause * 1000 - 1
        assert await box.fail("ann", HOME) == 1
        box.now += 1
        assert await box.fail("ann", HOME) == 0
    box.now += 16_000
    assert await box.enter("ann", HOME)
    assert [await box.fail("ann", HOME) for _ in range(3)] == [0, 0, 0]


async def test_a_day_later_all_is_forgotten_by_redis(box: Box, services: Services) -> None:
    await box.fail("ann", HOME)
    redis = services.connection.client
    for name in await redis.keys("ac:{staff}:tries:*"):
        assert 86_000_000 < await redis.pttl(name) <= 86_400_000


async def test_guessing_elsewhere_keeps_nobody_out_of_where_they_are_known(box: Box) -> None:
    for _ in range(100):
        if await box.fail("ann", ELSEWHERE):
            break
    assert not await box.enter("ann", ELSEWHERE)
    assert await box.enter("ann", HOME)
    assert await box.enter("bo", OFFICE)


async def test_guessing_from_many_networks_slows_strangers_only(box: Box) -> None:
    waits = [await box.fail("ann", f"10.0.{network}.1") for network in range(20)]
    assert waits.count(0) == 9
    assert not await box.enter("ann", OFFICE)
    assert await box.enter("ann", HOME)
    assert await box.enter("bo", OFFICE)


async def test_guessing_names_from_one_network_slows_that_network(box: Box) -> None:
    waits = [await box.fail(f"name{number}", ELSEWHERE) for number in range(20)]
    assert waits.count(0) == 13
    assert not await box.enter("bo", ELSEWHERE)
    assert await box.enter("bo", OFFICE)


async def test_a_neighbour_in_one_s_own_network_keeps_nobody_out(box: Box) -> None:
    for number in range(20):
        await box.fail(f"name{number}", HOME)
    assert await box.enter("ann", HOME)


async def test_pauses_do_not_tell_who_there_is(box: Box) -> None:
    for _ in range(9):
        known, unknown = await box.fail("bo", ELSEWHERE), await box.fail("nobody", OFFICE)
        assert known == unknown


async def test_a_new_password_forgives(box: Box) -> None:
    for network in range(20):
        await box.fail("ann", f"10.0.{network}.1")
    await box.moderators.set_password("ann", PASSWORD)
    assert await box.enter("ann", OFFICE)


async def test_the_answer_says_how_long(client: TestClient[Any, Any], services: Services) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    desk = Desk(client, "ann")
    for _ in range(services.settings.sign_in_attempts + 1):
        assert (await desk.sign_in("wrong")).status == 401
    response = await desk.sign_in()
    assert response.status == 429
    assert response.headers["Retry-After"] == str(int(services.settings.sign_in_pause))


async def test_networks_are_those_behind_a_trusted_proxy(client: TestClient[Any, Any], services: Services) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    desk = Desk(client, "ann")
    for _ in range(services.settings.sign_in_attempts + 1):
        await desk.sign_in("wrong", **{"X-Forwarded-For": f"{OFFICE}, {ELSEWHERE}"})
    assert (await desk.sign_in(**{"X-Forwarded-For": ELSEWHERE})).status == 429
    assert (await desk.sign_in(**{"X-Forwarded-For": f"{OFFICE}:4711, ::1"})).status == 200
