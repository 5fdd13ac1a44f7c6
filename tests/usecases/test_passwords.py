"""Passwords: as people type them on any keyboard, and however many are guessed at once."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections import Counter
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from service.container import Services
from service.core.errors import Busy, RateLimited, Unauthenticated
from service.core.identity import digest_ip
from service.core.moderator import Role, normal
from service.store.moderators import ModeratorStore
from service.store.push import PushStore
from service.usecases.moderators import Limits, Moderators
from service.usecases.passwords import Passwords

PASSWORD, ODD = "correct horse battery", "Trøndelag–Ångström é ﬁ 한글 ñ"
HOME = "192.0.2.7"


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("antechamber_sign_ins_total", {"result": result}) or 0.0


@pytest.fixture
def cheap(services: Services, monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(services.moderators._passwords, "_hasher", hasher)
    return hasher


@pytest.mark.parametrize("kept", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
async def test_a_password_is_the_same_in_every_way_of_writing_its_letters(
    services: Services, cheap: PasswordHasher, kept: Any, typed: Any
) -> None:
    password = unicodedata.normalize(kept, ODD)
    await services.moderators.add("ann", Role.LEAD, (), password)
    assert (await services.moderators.sign_in("ann", unicodedata.normalize(typed, password), HOME)).token


@pytest.mark.parametrize("hashed", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
async def test_hashes_from_before_still_do_and_are_renewed(
    services: Services, cheap: PasswordHasher, hashed: Any, typed: Any
) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    old = cheap.hash(unicodedata.normalize(hashed, ODD))
    store = ModeratorStore(services.connection, services.secrets.master)
    await store.change("ann", lambda ann: msgspec.structs.replace(ann, password=old))
    assert (await services.moderators.sign_in("ann", unicodedata.normalize(typed, ODD), HOME)).token
    assert cheap.verify((await services.moderators.get("ann")).password, normal(ODD))


async def test_wrong_ones_stay_wrong(services: Services, cheap: PasswordHasher) -> None:
    await services.moderators.add("ann", Role.LEAD, (), ODD)
    for wrong in (ODD + " ", ODD.lower(), unicodedata.normalize("NFKC", ODD), "\ud800" * 9, ""):
        with pytest.raises(Unauthenticated):
            await services.moderators.sign_in("ann", wrong, HOME)


async def test_a_hundred_wrong_ones_from_a_hundred_networks_keep_nobody_out(services: Services) -> None:
    """With hashes as the service makes them: who is known where they are comes in while the attack goes on."""
    moderators, known, new = services.moderators, "192.0.2.7", "198.51.100.9"
    await moderators.add("ann", Role.LEAD, (), PASSWORD)
    await moderators.sign_in("ann", PASSWORD, known)
    started = time.perf_counter()
    await moderators.sign_in("ann", PASSWORD, known)
    alone = time.perf_counter() - started

    async def guess(number: int) -> str:
        try:
            await moderators.sign_in(f"name{number}", "wrong guess", f"10.{number}.0.1")
        except (Busy, Unauthenticated, RateLimited) as error:
            return f"{type(error).__name__} {error.retry_after or ''}".strip()
        raise AssertionError("a wrong password did")

    attack = [asyncio.create_task(guess(number)) for number in range(100)]
    await asyncio.sleep(0.05)
    started = time.perf_counter()
    assert (await moderators.sign_in("ann", PASSWORD, known)).token
    took = time.perf_counter() - started
    answers = Counter(await asyncio.gather(*attack))
    assert answers["Busy 5"] >= 100 - 1 - services.settings.sign_in_queue - 1
    assert answers["Unauthenticated"] >= services.settings.sign_in_queue
    assert took < 1 + 8 * alone  # it shares the cores with one other, and waits for none of the hundred
    assert (await moderators.sign_in("ann", PASSWORD, new)).token


async def test_who_finds_the_lane_full_is_not_counted(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = services.secrets
    limits = Limits(7_200, 43_200, attempts=1, pause=60, longest_pause=60, queue=0)
    moderators = Moderators(
        ModeratorStore(services.connection, secrets.master), services.accounts, PushStore(services.connection, secrets.master),
            identity=secrets.identity,
        master=secrets.master, limits=limits,
    )  # fmt: skip
    await moderators.add("ann", Role.LEAD, (), PASSWORD)
    before = counted("busy")
    async with moderators._passwords.lane(known=False):
        for _ in range(30):
            with pytest.raises(Busy):
                await moderators.sign_in("ann", PASSWORD, HOME)
    assert counted("busy") == before + 30
    assert (await moderators.sign_in("ann", PASSWORD, HOME)).token


async def test_the_lanes_are_apart_and_bounded() -> None:
    passwords = Passwords(2, PasswordHasher())
    inside = asyncio.Event()

    async def stay(known: bool) -> None:
        async with passwords.lane(known=known):
            await inside.wait()

    waiting = [asyncio.create_task(stay(False)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await stay(False)
    async with asyncio.timeout(5), passwords.lane(known=True):
        pass
    inside.set()
    await asyncio.gather(*waiting)
    async with asyncio.timeout(5), passwords.lane(known=False):
        pass


async def test_failures_are_logged_by_network_and_counted(services: Services, cheap: PasswordHasher) -> None:
    await services.moderators.add("ann", Role.LEAD, (), PASSWORD)
    before = counted("wrong")
    with capture_logs() as lines:
        for name in ("ann", "a-password-typed-as-a-name"):
            with pytest.raises(Unauthenticated):
                await services.moderators.sign_in(name, "wrong guess", HOME)
    network = digest_ip(HOME, services.secrets.identity).network
    assert [(one["event"], one["why"], one["network"], one["moderator"]) for one in lines] == [
        ("sign-in failed", "wrong", network, "ann"),
        ("sign-in failed", "wrong", network, ""),
    ]
    assert "wrong guess" not in repr(lines)
    assert HOME not in repr(lines)
    assert counted("wrong") == before + 2
