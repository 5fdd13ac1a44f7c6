"""The outbox's scripts: who holds a call-back, and what becomes of it when deliverers overlap, die or come late."""

from __future__ import annotations

import random

import msgspec
import pytest

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor
from service.core.delivery import NEVER, Delivery, Settlement
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Site
from service.core.submission import comment_id
from service.store import outbox
from tests.support.delivering import decide

LEASE = 1_000
OWNER = Actor(ActorKind.PLATFORM, "blog")


class Clock:
    """The outbox takes times as arguments, so that leases can run out without anybody waiting."""

    def __init__(self) -> None:
        self.now = now_ms() + 1_000

    def pass_(self, milliseconds: int) -> None:
        self.now += milliseconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def claim(services: Services, clock: Clock, most: int = 100) -> list[Delivery]:
    return await services.outbox.claim(now=clock.now, leased_until=clock.now + LEASE, most=most, per_site=most, room={})


async def settle(services: Services, clock: Clock, delivery: Delivery, result: str = "delivered", **more: int) -> str:
    return await services.outbox.settle(delivery, Settlement(result, **more), now=clock.now, log=100)


async def test_what_is_claimed_is_nobody_elses_until_its_lease_runs_out(
    services: Services, site: Site, clock: Clock
) -> None:
    message = await decide(services, site, "1")
    (first,) = await claim(services, clock)
    assert await claim(services, clock) == []
    assert await services.outbox.under_way("blog") == 1
    clock.pass_(LEASE)
    (second,) = await claim(services, clock)
    assert first.id == second.id == message
    assert (first.body, first.tries, second.tries) == (second.body, 0, 0)


async def test_only_the_holder_of_the_lease_settles(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    (first,) = await claim(services, clock)
    clock.pass_(LEASE)
    (second,) = await claim(services, clock)
    for result in ("delivered", "dead", "retry", "back"):
        assert await settle(services, clock, first, result) == "late"
    assert await claim(services, clock) == []
    assert await services.outbox.undelivered("blog") == []
    assert await settle(services, clock, second) == "delivered"
    assert await services.outbox.under_way("blog") == 0
    assert await services.outbox.next_due() is None


async def test_a_late_deliverer_settles_when_nobody_took_over(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    (delivery,) = await claim(services, clock)
    clock.pass_(10 * LEASE)
    assert await settle(services, clock, delivery) == "delivered"
    assert await claim(services, clock) == []


async def test_settling_twice_changes_nothing_more(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    await decide(services, site, "1", Outcome.REJECT)
    (delivery,) = await claim(services, clock)
    assert await settle(services, clock, delivery, "retry", retry_at=clock.now + 50) == "retry"
    assert await settle(services, clock, delivery, "retry", retry_at=clock.now + 50) == "late"
    clock.pass_(50)
    (again,) = await claim(services, clock)
    assert again.tries == 1
    assert await settle(services, clock, again) == "delivered"
    assert await settle(services, clock, again) == "late"
    (reloader,) = await claim(services, clock)
    assert reloader.type == "comment.rejected"
    assert len(await services.outbox.log("blog")) == 2


async def test_the_next_call_back_of_a_comment_waits_for_the_one_before_it(
    services: Services, site: Site, clock: Clock
) -> None:
    first = await decide(services, site, "1")
    (delivery,) = await claim(services, clock)
    second = await decide(services, site, "1", Outcome.HOLD)
    other = await decide(services, site, "2")
    (unrelated,) = await claim(services, clock)
    assert unrelated.id == other
    await settle(services, clock, delivery, "retry", retry_at=clock.now + 50)
    assert await claim(services, clock) == []
    clock.pass_(50)
    (again,) = await claim(services, clock)
    assert again.id == first
    await settle(services, clock, again)
    (reloader,) = await claim(services, clock)
    assert reloader.id == second


async def test_one_that_is_given_up_does_not_hold_up_the_next(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    second = await decide(services, site, "1", Outcome.HOLD)
    (delivery,) = await claim(services, clock)
    await settle(services, clock, delivery, "dead", status=500)
    (reloader,) = await claim(services, clock)
    assert reloader.id == second
    assert [one.id for one in await services.outbox.undelivered("blog")] == [delivery.id]


async def test_handed_back_is_due_at_once_and_counts_as_no_try(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    (delivery,) = await claim(services, clock)
    assert await settle(services, clock, delivery, "back") == "back"
    assert await services.outbox.under_way("blog") == 0
    (again,) = await claim(services, clock)
    assert again._replace(lease=0) == delivery._replace(lease=0)
    assert await services.outbox.log("blog") == []


async def test_an_erasure_comes_after_what_is_on_its_way_and_instead_of_the_rest(
    services: Services, site: Site, clock: Clock
) -> None:
    await decide(services, site, "1")
    await decide(services, site, "1", Outcome.HOLD)
    (delivery,) = await claim(services, clock)
    await services.moderation.erase(site, comment_id("blog", "1"), OWNER)
    assert await claim(services, clock) == []
    assert await settle(services, clock, delivery, "retry", retry_at=clock.now + 60_000) == "gone"
    (erasure,) = await claim(services, clock)
    assert erasure.type == "comment.erased"
    await settle(services, clock, erasure)
    assert await claim(services, clock) == []
    assert await services.outbox.find("blog", delivery.id) is None


async def test_an_erasure_is_told_even_when_the_deliverer_died(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    await claim(services, clock)
    await services.moderation.erase(site, comment_id("blog", "1"), OWNER)
    clock.pass_(LEASE)
    (erasure,) = await claim(services, clock)
    assert erasure.type == "comment.erased"


async def test_erasing_for_a_site_that_hears_nothing_any_more_leaves_nothing_leased(
    services: Services, site: Site, clock: Clock
) -> None:
    await decide(services, site, "1")
    (delivery,) = await claim(services, clock)
    deaf = (
        await services.accounts.change(site.id, lambda site: msgspec.structs.replace(site, callback=""), "sites.set")
    ).site
    await services.moderation.erase(deaf, comment_id("blog", "1"), OWNER)
    assert await services.outbox.under_way("blog") == 0
    assert await settle(services, clock, delivery) == "late"
    assert await services.outbox.next_due() is None


async def test_erasing_takes_told_and_given_up_call_backs_along(services: Services, site: Site, clock: Clock) -> None:
    told = await decide(services, site, "1")
    await settle(services, clock, (await claim(services, clock))[0])
    given_up = await decide(services, site, "1", Outcome.HOLD)
    await settle(services, clock, (await claim(services, clock))[0], "dead")
    delivered = await services.outbox.find("blog", told)
    (dead,) = await services.outbox.undelivered("blog")
    assert delivered is not None
    assert dead.id == given_up
    await services.moderation.erase(site, comment_id("blog", "1"), OWNER)
    assert await services.outbox.undelivered("blog") == []
    assert (await services.outbox.endpoint("blog")).undelivered == 0
    assert not await services.outbox.replay(delivered)
    assert not await services.outbox.replay(dead)
    (only,) = await claim(services, clock)
    assert only.type == "comment.erased"


async def test_replayed_goes_out_before_what_came_later_with_its_old_id(
    services: Services, site: Site, clock: Clock
) -> None:
    await decide(services, site, "1")
    (delivery,) = await claim(services, clock)
    await settle(services, clock, delivery, "dead")
    later = await decide(services, site, "1", Outcome.HOLD)
    (reloader,) = await claim(services, clock)
    (dead,) = await services.outbox.undelivered("blog")
    assert await services.outbox.replay(dead)
    assert await claim(services, clock) == [], "a call-back of the comment is on its way"
    assert await settle(services, clock, reloader) == "gone"
    (replayed,) = await claim(services, clock)
    assert (replayed.id, replayed.tries) == (delivery.id, 0)
    await settle(services, clock, replayed)
    (last,) = await claim(services, clock)
    assert last.id == later
    await settle(services, clock, last)
    assert await services.outbox.undelivered("blog") == []
    assert await services.outbox.next_due() is None


async def test_a_delivered_call_back_can_be_replayed_for_a_while(services: Services, site: Site, clock: Clock) -> None:
    message = await decide(services, site, "1")
    await settle(services, clock, (await claim(services, clock))[0])
    found = await services.outbox.find("blog", message)
    assert found is not None
    assert await services.outbox.find("other", message) is None
    assert (
        0 < await services.connection.client.pttl(services.connection.keys.delivery("blog", message)) <= 7 * 86_400_000
    )
    assert await services.outbox.replay(found)
    assert await services.connection.client.pttl(services.connection.keys.delivery("blog", message)) == -1
    (again,) = await claim(services, clock)
    assert again.id == message


async def test_a_disabled_receiver_stays_so_until_it_is_resumed(services: Services, site: Site, clock: Clock) -> None:
    first, second = await decide(services, site, "1"), await decide(services, site, "2")
    gone, slow = await claim(services, clock)
    await settle(services, clock, gone, "retry", retry_at=clock.now, pause_until=NEVER)
    await settle(services, clock, slow, "retry", retry_at=clock.now, pause_until=clock.now + 10)
    third = await decide(services, site, "3")
    clock.pass_(1_000_000)
    assert await claim(services, clock) == []
    assert (await services.outbox.endpoint("blog")).paused_until == NEVER
    waiting = await services.outbox.queue("blog")
    assert {one.delivery.id for one in waiting} == {first, second, third}
    assert not any(one.under_way for one in waiting)
    assert await services.outbox.resume("blog") == 3
    assert {one.id for one in await claim(services, clock)} == {first, second, third}
    assert (await services.outbox.endpoint("blog")).paused_until == 0


async def test_resuming_does_not_take_a_lease_away(services: Services, site: Site, clock: Clock) -> None:
    await decide(services, site, "1")
    (delivery,) = await claim(services, clock)
    assert await services.outbox.resume("blog") == 1
    assert await claim(services, clock) == []
    assert await settle(services, clock, delivery) == "delivered"


async def test_resuming_does_not_wait_for_the_schedule(
    services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_RESUMED_AT_ONCE", 2)
    real = Clock()
    told = {await decide(services, site, str(number)) for number in range(7)}
    for delivery in await claim(services, real):
        await settle(services, real, delivery, "retry", retry_at=real.now + 3_600_000)
    assert await claim(services, real) == []
    assert await services.outbox.resume("blog") == 7
    assert {one.id for one in await claim(services, real)} == told


async def test_shares_and_limits_hold(services: Services, site: Site, clock: Clock) -> None:
    other = (await services.accounts.add("other", "https://other.example", site.callback)).site
    for number in range(6):
        await decide(services, site, str(number))
        await decide(services, other, str(number))

    async def sites(most: int, per_site: int, room: dict[str, int]) -> list[str]:
        found = await services.outbox.claim(
            now=clock.now, leased_until=clock.now + LEASE, most=most, per_site=per_site, room=room
        )
        clock.pass_(LEASE)
        return sorted(one.site for one in found)

    assert await sites(100, 2, {}) == ["blog", "blog", "other", "other"]
    assert await sites(3, 2, {"blog": 0}) == ["other", "other"]
    assert await sites(100, 1, {"other": 3}) == ["blog", "other", "other", "other"]
    assert len(await sites(3, 100, {})) == 3


async def test_the_log_keeps_the_newest(services: Services, site: Site, clock: Clock) -> None:
    for number in range(300):
        await decide(services, site, str(number))
    found = await claim(services, clock, most=1_000)
    for delivery in found:
        await services.outbox.settle(delivery, Settlement("delivered", status=200), now=clock.now, log=10)
    lines = await services.outbox.log("blog", 1_000)
    assert 10 <= len(lines) <= 110  # trimmed by whole nodes of the stream
    assert [line.id for line in lines[:10]] == [one.id for one in found[:-11:-1]]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_everything_is_told_in_order(
    services: Services, site: Site, clock: Clock, seed: int
) -> None:
    """Deliverers that are slow, late, dead or handing back, erasures, replays and pauses, in any order."""
    chance = random.Random(seed)
    held: list[Delivery] = []
    told: set[str] = set()
    settled: list[Delivery] = []
    replayed: set[str] = set()
    expected: dict[str, list[str]] = {}
    erased: set[str] = set()

    async def change() -> None:
        number = str(chance.randrange(6))
        comment = comment_id("blog", number)
        if comment in erased:
            return
        if chance.random() < 0.1 and comment in expected:
            await services.moderation.erase(site, comment, OWNER)
            erased.add(comment)
        else:
            expected.setdefault(comment, []).append(await decide(services, site, number, chance.choice(list(Outcome))))

    async def take() -> None:
        held.extend(await claim(services, clock, most=3))

    async def finish(results: tuple[str, ...] = ("delivered", "retry", "dead", "back")) -> None:
        if held:
            delivery = held.pop(chance.randrange(len(held)))
            result = chance.choice(results)
            pause = clock.now + 300 if chance.random() < 0.1 else 0
            if result == "delivered":
                told.add(delivery.id)
            word = await settle(services, clock, delivery, result, retry_at=clock.now + 100, pause_until=pause)
            if word == "delivered":
                settled.append(delivery)

    async def die() -> None:
        if held:
            held.pop(chance.randrange(len(held)))

    async def wait() -> None:
        clock.pass_(chance.choice((1, 100, LEASE)))

    async def replay() -> None:
        for dead in await services.outbox.undelivered("blog"):
            await services.outbox.replay(dead)
            replayed.add(dead.id)

    async def resume() -> None:
        await services.outbox.resume("blog")

    for _ in range(120):
        await chance.choice((change, change, take, take, finish, finish, die, wait, replay, resume))()
        await _check_the_queues(services, clock)

    while await services.outbox.next_due() is not None or await services.outbox.undelivered("blog"):
        clock.pass_(LEASE)
        await replay()
        held.extend(await claim(services, clock))
        while held:
            await finish(("delivered",))
        await _check_the_queues(services, clock)

    assert await services.outbox.under_way("blog") == 0
    for comment, messages in expected.items():
        mine = [delivery for delivery in settled if delivery.comment == comment]
        if comment in erased:
            assert mine[-1].type == "comment.erased"
        else:
            assert told.issuperset(messages)
        in_order = [int(one.id.rpartition("_")[2]) for one in mine if one.id not in replayed]
        assert in_order == sorted(set(in_order))


async def _check_the_queues(services: Services, clock: Clock) -> None:
    client, keys = services.connection.client, services.connection.keys
    due = {name: int(score) for name, score in await client.zrange(keys.site("blog", "due"), 0, -1, withscores=True)}
    leased = {n: int(score) for n, score in await client.zrange(keys.site("blog", "leased"), 0, -1, withscores=True)}
    assert leased.items() <= due.items(), "a lease is a due time"
    for key in await client.keys(keys.queue("blog", "*")):
        assert key.rpartition(b":")[2] in due, "whatever has something to tell is due some time"
    for comment in due:
        (head,) = await client.lrange(keys.queue("blog", comment.decode()), 0, 0)
        assert await client.exists(keys.delivery("blog", head.decode()))
    pause = int(await client.hget(keys.site("blog", "endpoint"), "paused_until") or 0)
    score = await client.zscore(keys.home("blog").due, "blog")
    assert score == (max(min(due.values()), pause) if due else None)
