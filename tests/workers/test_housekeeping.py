"""Keeping house when something is wrong: a clock that was put right, and a server whose memory is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.clock import now_ms
from service.container import Services, open_services
from service.core.comment import Actor, Idempotency
from service.core.delivery import Settlement
from service.core.errors import StoreUnavailable
from service.core.lifecycle import ActorKind, Outcome, State
from service.core.site import Known
from service.keyfiles import KeyFiles
from service.settings import Settings
from service.workers.classify import Worker
from service.workers.housekeeping import drop_old_texts, put_clock_right
from tests.support.moderation import WordScorer, submission
from tests.support.servers import servers

DAY = 86_400_000
EVE = Actor(ActorKind.MODERATOR, "eve")


async def _told(services: Services, site: Known) -> None:
    """A comment that was judged, so that a call-back waits."""
    await services.moderation.submit(site.site, submission(services))
    await Worker(services, WordScorer()).drain()


async def test_call_backs_that_a_wrong_clock_put_ahead_are_brought_back(services: Services, site: Known) -> None:
    await _told(services, site)
    ahead = now_ms() + 3 * DAY
    (one,) = await services.outbox.claim(now=ahead, leased_until=ahead + 20_000, most=1, per_site=1, room={})
    await services.outbox.settle(one, Settlement("retry", retry_at=ahead + DAY), now=ahead, log=10)
    assert (await services.outbox.next_due() or 0) > now_ms() + 3 * DAY
    assert await put_clock_right(services) == 1
    assert (await services.outbox.next_due() or 0) <= now_ms()
    assert (await services.deliveries.endpoint("blog")).failing_since <= now_ms()
    assert await put_clock_right(services) == 0


async def test_a_lease_of_a_wrong_clock_ends_and_a_pause_too(services: Services, site: Known) -> None:
    await _told(services, site)
    ahead = now_ms() + 3 * DAY
    (one,) = await services.outbox.claim(now=ahead, leased_until=ahead + 20_000, most=1, per_site=1, room={})
    await services.outbox.settle(
        one, Settlement("back", pause_until=ahead + DAY, pause_why="throttled"), now=ahead, log=10
    )
    (one,) = await services.outbox.claim(
        now=ahead + 2 * DAY, leased_until=ahead + 2 * DAY + 20_000, most=1, per_site=1, room={}
    )
    assert await put_clock_right(services) == 1
    assert (await services.outbox.next_due() or 0) <= now_ms()
    assert (await services.deliveries.endpoint("blog")).paused_until == 0


async def test_what_waits_for_its_time_by_a_right_clock_is_left(services: Services, site: Known) -> None:
    await _told(services, site)
    now = now_ms()
    (one,) = await services.outbox.claim(now=now + 1_000, leased_until=now + 20_000, most=1, per_site=1, room={})
    await services.outbox.settle(one, Settlement("retry", retry_at=now + DAY), now=now, log=10)
    assert await put_clock_right(services) == 0
    assert (await services.outbox.next_due() or 0) >= now + DAY


async def test_a_receiver_is_failing_until_a_try_succeeds_and_resuming_moves_what_waits(
    services: Services, site: Known
) -> None:
    await _told(services, site)
    now = now_ms()
    for result, failing in (("retry", now), ("retry", now), ("delivered", 0)):
        (one,) = await services.outbox.claim(
            now=now_ms() + 1_000, leased_until=now + 20_000, most=1, per_site=1, room={}
        )
        await services.outbox.settle(one, Settlement(result, retry_at=now + DAY), now=now, log=10)
        assert (await services.deliveries.endpoint("blog")).failing_since == failing
        if failing:
            assert (await services.gauges.measure())["antechamber_sites_failing"] == 1
            await services.deliveries.resume("blog")
            assert (await services.outbox.next_due() or 0) <= now_ms()


async def test_at_maxmemory_erasing_and_retention_still_make_room(
    secrets: KeyFiles, settings: Settings, tmp_path: Path
) -> None:
    with servers(tmp_path / "servers", 1) as (server,):
        async with open_services(settings, secrets, server.url) as services:
            site = await services.accounts.add("blog", "https://blog.example", "https://blog.example/hook")
            for name in ("1", "2"):
                await services.moderation.submit(site.site, submission(services, name))
            await Worker(services, WordScorer()).drain()
            with server.client() as client:
                client.config_set("maxmemory", 1)
            with pytest.raises(StoreUnavailable):
                await services.moderation.submit(site.site, submission(services, "3"))
            assert await services.erasure.comment("blog", "1") == 1
            assert (await services.accounts.audited(1))[0].what == "comments.erase"
            assert await drop_old_texts(services, now_ms() + 400 * DAY) == 1
            assert (await services.privacy.erase("ann@example.com")).comments == {"blog": 1}


async def test_of_what_remains_nothing_is_left_when_its_time_has_come(services: Services, site: Known) -> None:
    """Comments that were named, asked for, answered, decided, reported and learnt from; who else is there stays."""
    taken = {}
    for number, content in (("1", "Fine words, and many."), ("2", "maybe"), ("3", "pills"), ("4", "maybe not")):
        asked = Idempotency(f"key-{number}", "request", DAY, 1_000)
        said = submission(services, number, content, parent_id="1" if number == "2" else "", parent_text="Fine words")
        taken[number] = (await services.moderation.submit(site.site, said, idempotency=asked)).comment
        await services.platform_ids.name("blog", f"name-{number}", taken[number], [f"kin-{number}"], now_ms())
    await Worker(services, WordScorer()).drain()
    for number, outcome in (("2", Outcome.REJECT), ("3", Outcome.APPROVE)):
        await services.moderation.decide(site.site, taken[number], outcome, actor=EVE, reasons=["other"])
    gone = [taken[number].encode() for number in "123"]

    async def told() -> set[str]:
        """The keys that say anything of them; call-backs and their log end by themselves."""
        kept = [(key, (key.encode(), *values)) async for key, values in services.privacy._personal.everything()]
        return {
            key
            for key, blobs in kept
            if not key.endswith(":log") and ":d:" not in key and any(one in blob for one in gone for blob in blobs)
        }

    await drop_old_texts(services, now_ms() + 800 * DAY)
    assert len(await told()) > 10
    await drop_old_texts(services, now_ms() + 1_100 * DAY)
    assert await told() == set()
    kept = await services.moderation.get(site.site, taken["4"])
    assert (kept.state, kept.submission and kept.submission.content) == ("flagged", "maybe not")
    assert await services.comments.counts("blog") == dict.fromkeys(State, 0) | {"flagged": 1}
    assert (await services.moderation.submit(site.site, submission(services, "1", "Anew."))).word == "accepted"
