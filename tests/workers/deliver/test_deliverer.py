"""The deliverer at work: what receivers get, whatever they answer, in which order, and after what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import msgspec
import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from service.container import Services
from service.core.comment import Actor
from service.core.delivery import NEVER
from service.core.errors import StoreUnavailable
from service.core.lifecycle import ActorKind, Outcome
from service.core.site import Site
from service.core.submission import comment_id
from tests.support.delivering import attempts, decide, delivering
from tests.support.receivers import Heard, Receiver, http_receiver
from tests.support.waiting import until
from tests.workers.deliver.conftest import Open


def answers(*statuses: int, **headers: str) -> Callable[[Heard], web.Response]:
    """Answers with these statuses, one after the other; the last one stays."""
    left: Iterator[int] = iter(statuses)
    status = 0

    def answer(_: Heard) -> web.Response:
        nonlocal status
        status = next(left, status)
        return web.Response(status=status, headers=headers if status >= 300 else {})

    return answer


async def test_a_decision_is_told_once_signed_and_without_text(
    services: Services, site: Site, receiver: Receiver
) -> None:
    message = await decide(services, site, "7")
    with capture_logs() as logs:
        async with delivering(services):
            (heard,) = await receiver.wait_for(1)
            (attempt,) = await attempts(services, "blog", 1)
    assert len(receiver.heard) == 1
    assert (attempt.id, attempt.result, attempt.status, attempt.tries) == (message, "delivered", 200, 1)
    known = await services.accounts.get("blog")
    event = Webhook(known.credentials[0].webhook_secret).verify(heard.body, dict(heard.headers))
    assert heard.id == message
    assert heard.headers["content-type"] == "application/json"
    assert event["type"] == "comment.approved"
    assert event["data"]["platform_id"] == "7"
    assert event["data"]["decision"]["outcome"] == "approve"
    assert len(heard.body) < 20_000
    assert "liked" not in heard.body.decode()
    assert [line["delivery"] for line in logs] == [message]
    assert receiver.url not in repr(logs)
    assert heard.headers["webhook-signature"] not in repr(logs)


async def test_every_event_has_its_type(services: Services, site: Site, receiver: Receiver) -> None:
    for outcome in (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT):
        await decide(services, site, "7", outcome)
    async with delivering(services):
        await receiver.wait_for(3)
        await services.moderation.erase(site, comment_id("blog", "7"), Actor(ActorKind.PLATFORM, "blog"))
        await receiver.wait_for(4)
    assert [heard.event["type"] for heard in receiver.heard] == [
        "comment.approved", "comment.flagged", "comment.rejected", "comment.erased",
    ]  # fmt: skip
    assert [heard.event["data"]["revision"] for heard in receiver.heard] == [2, 3, 4, 5]


async def test_a_failure_is_tried_again_under_the_same_id_with_a_new_time(
    services: Services, site: Site, receiver: Receiver
) -> None:
    receiver.answer = answers(500, 302, 204)
    message = await decide(services, site, "1")
    async with delivering(services):
        heard = await receiver.wait_for(3)
        tried = await attempts(services, "blog", 3)
    assert [one.id for one in heard] == [message] * 3
    assert len({one.body for one in heard}) == 1
    assert [(one.result, one.status, one.tries) for one in tried] == [
        ("retry", 500, 1), ("retry", 302, 2), ("delivered", 204, 3),
    ]  # fmt: skip
    secret = (await services.accounts.get("blog")).credentials[0].webhook_secret
    for one in heard:
        Webhook(secret).verify(one.body, dict(one.headers))


async def test_what_is_given_up_is_listed_and_can_be_replayed(
    services: Services, site: Site, receiver: Receiver
) -> None:
    receiver.answer = answers(404)
    message = await decide(services, site, "1")
    async with delivering(services):
        tried = await attempts(services, "blog", 4)
        assert [one.result for one in tried] == ["retry", "retry", "retry", "dead"]
        (dead,) = await services.outbox.undelivered("blog")
        assert (dead.id, dead.tries) == (message, 4)
        assert await services.outbox.next_due() is None
        receiver.answer = answers(200)
        assert await services.outbox.replay(dead)
        await receiver.wait_for(5)
        await attempts(services, "blog", 5)
    assert set(receiver.ids) == {message}
    assert await services.outbox.undelivered("blog") == []


async def test_both_secrets_sign_while_a_rotation_overlaps(services: Services, site: Site, receiver: Receiver) -> None:
    before = (await services.accounts.get("blog")).credentials[0].webhook_secret
    await services.accounts.rotate("blog", overlap_seconds=3600)
    after = (await services.accounts.get("blog")).credentials[0].webhook_secret
    await decide(services, site, "1")
    async with delivering(services):
        (heard,) = await receiver.wait_for(1)
    assert before != after
    for secret in (before, after):
        Webhook(secret).verify(heard.body, dict(heard.headers))
    await services.accounts.rotate("blog", overlap_seconds=0)
    await decide(services, site, "2")
    async with delivering(services):
        await receiver.wait_for(2)
    for secret in (before, after):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(receiver.heard[1].body, dict(receiver.heard[1].headers))


async def test_call_backs_of_one_comment_stay_in_order_whatever_fails(
    services: Services, site: Site, receiver: Receiver
) -> None:
    first_tries: set[str] = set()

    def fails_at_first(heard: Heard) -> web.Response:
        seen = heard.id in first_tries
        first_tries.add(heard.id)
        return web.Response(status=200 if seen else 500)

    receiver.answer = fails_at_first
    told: dict[str, list[str]] = {}
    for outcome in (Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT):
        for number in range(5):
            told.setdefault(str(number), []).append(await decide(services, site, str(number), outcome))
    async with delivering(services):
        await receiver.wait_for(30)
        await attempts(services, "blog", 30)
    for number, messages in told.items():
        mine = [heard.id for heard in receiver.heard if heard.event["data"]["platform_id"] == number]
        assert mine == [message for message in messages for _ in range(2)]


async def test_410_disables_until_somebody_resumes(services: Services, site: Site, receiver: Receiver) -> None:
    receiver.answer = answers(410)
    first = await decide(services, site, "1")
    async with delivering(services):
        await attempts(services, "blog", 1)
        second = await decide(services, site, "2")
        assert (await services.outbox.endpoint("blog"))[:2] == (NEVER, "gone")
        waiting = await services.outbox.queue("blog")
        assert {one.delivery.id for one in waiting} == {first, second}
        assert len(receiver.heard) == 1
        receiver.answer = answers(200)
        await services.outbox.resume("blog")
        await receiver.wait_for(3)
    assert set(receiver.ids[1:]) == {first, second}


async def test_a_receiver_that_asks_to_slow_down_is_left_alone_meanwhile(
    services: Services, site: Site, receiver: Receiver
) -> None:
    receiver.answer = answers(429, 200, **{"Retry-After": "1"})
    await decide(services, site, "1")
    async with delivering(services):
        await attempts(services, "blog", 1)
        await decide(services, site, "2")
        heard = await receiver.wait_for(3)
    assert (await services.outbox.endpoint("blog")).paused_until == 0
    assert min(heard[1].at, heard[2].at) - heard[0].at > 0.95


async def test_slow_receivers_delay_no_other_site(open_with: Open, services: Services, receiver: Receiver) -> None:
    """Two dozen sites never answer, and have more to tell than there are slots; one that does is told at once."""
    async with http_receiver() as slow, open_with(deliver_total=8, deliver_timeout=60, drain_timeout=0.1) as narrow:
        hold = slow.hold()
        fine = (await services.accounts.add("fine", "https://fine.example", receiver.url)).site
        async with delivering(narrow):
            await decide(services, fine, "first")
            await receiver.wait_for(1)
            for number in range(24):
                dead = (await services.accounts.add(f"dead-{number}", "https://dead.example", slow.url)).site
                await decide(services, dead, "1")
                await decide(services, dead, "2")
            await slow.wait_for(4)
            for number in range(40):
                await decide(services, fine, str(number))
            await receiver.wait_for(41)
            assert len(slow.heard) == 4, "half of the slots"
        hold.set()


async def test_one_dead_site_takes_one_slot(open_with: Open, services: Services, receiver: Receiver) -> None:
    async with http_receiver() as slow, open_with(deliver_total=4, drain_timeout=0.1, deliver_timeout=30) as narrow:
        hold = slow.hold()
        dead = (await services.accounts.add("dead", "https://dead.example", slow.url)).site
        fine = (await services.accounts.add("fine", "https://fine.example", receiver.url)).site
        for number in range(20):
            await decide(services, dead, str(number))
        async with delivering(narrow):
            await slow.wait_for(1)
            for number in range(20):
                await decide(services, fine, str(number))
            await receiver.wait_for(20)
            assert len(slow.heard) == 1
        hold.set()


async def test_never_more_at_once_than_a_sites_share(open_with: Open, services: Services, receiver: Receiver) -> None:
    async with open_with(deliver_per_site=3) as narrow:

        async def briefly(_: Heard) -> web.Response:
            await asyncio.sleep(0.01)
            return web.Response()

        receiver.answer = briefly
        busy = (await services.accounts.add("busy", "https://busy.example", receiver.url)).site
        for number in range(40):
            await decide(services, busy, str(number))
        async with delivering(narrow):
            await receiver.wait_for(40)
    assert receiver.most_under_way == 3
    assert len(set(receiver.ids)) == 40


async def test_a_new_address_is_used_for_what_waits(services: Services, site: Site, receiver: Receiver) -> None:
    receiver.answer = answers(503)
    message = await decide(services, site, "1")
    async with http_receiver() as other, delivering(services):
        await receiver.wait_for(1)
        await services.accounts.change(
            site.id, lambda site: msgspec.structs.replace(site, callback=other.url), "sites.set"
        )
        await other.wait_for(1)
        await attempts(services, "blog", 2)
    assert other.ids == [message]


@pytest.mark.parametrize("how", ["site removed", "receiver removed"])
async def test_nobody_to_tell_any_more(services: Services, site: Site, receiver: Receiver, how: str) -> None:
    await decide(services, site, "1")
    if how == "site removed":
        await services.accounts.remove("blog")
    else:
        await services.accounts.change(site.id, lambda site: msgspec.structs.replace(site, callback=""), "sites.set")
    async with delivering(services):
        (attempt,) = await attempts(services, "blog", 1)
    assert (attempt.result, attempt.error, attempt.status) == ("dead", "no-receiver", 0)
    assert receiver.heard == []
    assert len(await services.outbox.undelivered("blog")) == 1


async def test_a_site_without_call_back_writes_none(services: Services) -> None:
    silent = (await services.accounts.add("silent", "https://silent.example")).site
    await decide(services, silent, "1")
    assert await services.outbox.next_due() is None
    assert (await services.outbox.endpoint("silent")).waiting == 0


async def test_one_that_can_not_be_composed_is_given_up_and_stops_no_other(
    services: Services, site: Site, receiver: Receiver
) -> None:
    message, other = await decide(services, site, "1"), await decide(services, site, "2")
    record = services.connection.keys.delivery("blog", message)
    await services.connection.client.hset(record, mapping={"type": "akismet.approved", "body": "nonsense"})
    async with delivering(services):
        await receiver.wait_for(1)
        tried = {one.id: one for one in await attempts(services, "blog", 2)}
    assert (tried[message].result, tried[message].error) == ("dead", "internal")
    assert receiver.ids == [other]


async def test_a_blocked_receiver_is_never_reached_and_the_log_says_why(
    open_with: Open, services: Services, site: Site, receiver: Receiver
) -> None:
    await decide(services, site, "1")
    async with open_with(callback_allow="") as guarded, delivering(guarded):
        tried = await attempts(services, "blog", 4)
    assert {one.error for one in tried} == {"blocked-address"}
    assert receiver.heard == []


async def test_what_is_under_way_is_finished_before_a_stop(services: Services, site: Site, receiver: Receiver) -> None:
    async def slowly(_: Heard) -> web.Response:
        await asyncio.sleep(0.2)
        return web.Response()

    receiver.answer = slowly
    await decide(services, site, "1")
    async with delivering(services) as stop:
        await receiver.wait_for(1)
        stop.set()
    (attempt,) = await services.outbox.log("blog")
    assert attempt.result == "delivered"
    assert await services.outbox.under_way("blog") == 0
    assert await services.outbox.next_due() is None


async def test_what_a_stop_interrupts_is_handed_back(
    open_with: Open, services: Services, site: Site, receiver: Receiver
) -> None:
    hold = receiver.hold()
    message = await decide(services, site, "1")
    async with open_with(deliver_timeout=60, drain_timeout=0.1) as patient, delivering(patient) as stop:
        await receiver.wait_for(1)
        stop.set()
    hold.set()
    assert await services.outbox.under_way("blog") == 0
    assert await services.outbox.log("blog") == []
    receiver.answer = answers(200)
    async with delivering(services):
        await receiver.wait_for(2, seconds=2)
    assert receiver.ids == [message, message]


async def test_it_goes_on_when_redis_was_away(services: Services, site: Site, receiver: Receiver) -> None:
    async with delivering(services):
        await decide(services, site, "1")
        await receiver.wait_for(1)
        await services.connection.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        await until(lambda: _again(services, site))
        await receiver.wait_for(2)
    assert len(set(receiver.ids)) == 2


async def _again(services: Services, site: Site) -> bool:
    try:
        await decide(services, site, "2")
    except StoreUnavailable:
        return False
    return True
