"""The numbers of the statistics page: counted as things happen, taken back when they are, and kept apart by site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from service.clock import now_ms
from service.container import Services
from service.core.comment import Actor, Decision
from service.core.counters import MAX_ACTOR, words
from service.core.errors import InvalidSubmission
from service.core.example import SampledDecision
from service.core.lifecycle import ActorKind, Outcome
from service.core.moderator import Role
from service.core.verdict import Reason
from service.store.statistics import Numbers
from service.usecases.statistics import Statistics
from tests.support.desk import Desk, seat
from tests.support.platform import Platform

DAY = 86_400_000


async def _judged(platform: Platform, *contents: str) -> None:
    for number, content in enumerate(contents):
        assert (await platform.submit(id=f"{number}", content=content)).status == 202
    await platform.judge()


async def _decide(platform: Platform, number: int, decision: str, moderator: str, *reasons: str) -> None:
    body = {"decision": decision, "moderator": moderator, "reasons": list(reasons)}
    response = await platform.ask("POST", platform.path(str(number), "/decision"), json=body)
    assert response.status == 200


async def test_an_empty_box_has_empty_numbers(operator: Desk) -> None:
    view = await operator.get("/statistics", days=7)
    assert len(view["days"]) == 7
    assert view["totals"]["arrived"] == 0
    assert view["totals"]["automatic"] is None
    assert view["totals"]["overturned"] is None
    assert view["queues"] == [
        {"site": "blog", "held": 0, "median": None, "ninetieth": None, "oldest": None, "pending": 0}
    ]
    assert (view["people"], view["models"], view["reasons"]) == ([], [], [])


async def test_what_happened_is_counted(platform: Platform, operator: Desk) -> None:
    await _judged(platform, "Nice.", "Good.", "Buy pills!", "It maybe is.", "So maybe.")
    await platform.submit(id="waiting", content="Not judged yet.")
    await _decide(platform, 3, "approve", "zoe")
    await _decide(platform, 1, "reject", "zoe", "spam", "insult")
    await _decide(platform, 2, "approve", "yan")
    view = await operator.get("/statistics", days=3)
    today = view["days"][-1]
    assert today["day"] == view["until"] == datetime.now(UTC).date().isoformat()
    assert today["arrived"] == 6
    assert today["machine"] == {"approve": 2, "hold": 2, "reject": 1}
    assert today["people"] == {"approve": 2, "hold": 0, "reject": 1}
    assert (today["missed"], today["false_alarm"]) == (1, 1)
    totals = view["totals"]
    assert totals["automatic"] == 0.6
    assert totals["overturned"] == round(2 / 3, 4)
    assert [(one["name"], one["total"], one["decided"]) for one in view["people"]] == [
        ("platform:blog/zoe", 2, {"approve": 1, "hold": 0, "reject": 1}),
        ("platform:blog/yan", 1, {"approve": 1, "hold": 0, "reject": 0}),
    ]
    (model,) = view["models"]
    assert (model["name"], model["total"]) == ("words-1", 5)
    assert (model["first"], model["last"]) == (view["until"], view["until"])
    counted = {(one["by"], one["outcome"], one["code"]): one["count"] for one in view["reasons"]}
    assert counted[("machine", "hold", "spam")] == 2
    assert counted[("machine", "reject", "spam")] == 1
    assert counted[("human", "reject", "insult")] == 1
    assert not [one for one in view["reasons"] if one["outcome"] == "approve"]
    (queue,) = view["queues"]
    assert (queue["held"], queue["pending"]) == (1, 1)


async def test_a_word_that_is_taken_back_is_not_wrong_any_more(platform: Platform, operator: Desk) -> None:
    await _judged(platform, "Buy pills!")
    await _decide(platform, 0, "approve", "zoe")
    assert (await operator.get("/statistics"))["totals"]["false_alarm"] == 1
    await _decide(platform, 0, "reject", "zoe")
    assert (await operator.get("/statistics"))["totals"]["false_alarm"] == 0


async def test_ages_are_looked_up_by_rank(services: Services, platform: Platform) -> None:
    now = now_ms()
    held = services.connection.keys.site("blog", "flagged")
    ages = {f"c{number:026x}": now - number * 60_000 for number in range(1, 21)}
    await services.connection.client.zadd(held, {name: float(at) for name, at in ages.items()})
    (queue,) = (await Statistics(Numbers(services.connection), lambda: now).of([platform.site], 1)).queues
    assert (queue.held, queue.oldest, queue.ninetieth, queue.median) == (20, 1_200, 1_080, 600)


async def test_days_end_at_midnight_in_utc(services: Services, platform: Platform) -> None:
    midnight = now_ms() // DAY * DAY
    everything = services.connection.keys.site("blog", "all")
    marks = {"a": midnight - 1, "b": midnight, "c": midnight + DAY - 1, "d": midnight - DAY}
    await services.connection.client.zadd(everything, {name: float(at) for name, at in marks.items()})
    view = await Statistics(Numbers(services.connection), lambda: midnight + 1).of([platform.site], 3)
    assert [day.arrived for day in view.days] == [0, 2, 2]


async def test_a_site_has_a_midnight_of_its_own(services: Services, platform: Platform) -> None:
    """The day on which clocks change has 25 hours."""
    berlin = msgspec.structs.replace(platform.site, time_zone="Europe/Berlin")
    begins = [int(datetime(2026, 10, day, hour, tzinfo=UTC).timestamp() * 1000) for day, hour in ((24, 22), (25, 23))]
    marks = {"a": begins[0] - 1, "b": begins[0], "c": begins[1] - 1, "d": begins[1]}
    everything = services.connection.keys.site("blog", "all")
    await services.connection.client.zadd(everything, {name: float(at) for name, at in marks.items()})
    counting = Statistics(Numbers(services.connection), lambda: begins[1] + 1)
    view = await counting.of([berlin], 3)
    assert [(day.day, day.arrived) for day in view.days] == [("2026-10-24", 1), ("2026-10-25", 2), ("2026-10-26", 1)]
    assert [(one.zone, one.at, one.sites) for one in view.midnights] == [
        ("Europe/Berlin", "2026-10-25T23:00:00.000Z", ("blog",))
    ]
    shop = msgspec.structs.replace(platform.site, id="shop")
    both = await counting.of([shop, berlin], 3)
    assert both.days == view.days
    assert both.sites == ("shop", "blog")
    assert [(one.zone, one.at) for one in both.midnights] == [
        ("UTC", "2026-10-25T00:00:00.000Z"), ("Europe/Berlin", "2026-10-25T23:00:00.000Z"),
    ]  # fmt: skip


async def test_what_is_decided_counts_on_the_sites_day(services: Services, platform: Platform, operator: Desk) -> None:
    now = datetime.now(UTC)
    zone = "Pacific/Kiritimati" if now.hour >= 12 else "Etc/GMT+12"  # where it is another day
    platform.site = (await services.sites.change("blog", time_zone=zone)).site
    await _judged(platform, "Nice.", "Buy pills!")
    await _decide(platform, 1, "approve", "zoe")
    view = await operator.get("/statistics", days=1)
    assert view["until"] == datetime.now(ZoneInfo(zone)).date().isoformat() != now.date().isoformat()
    (today,) = view["days"]
    assert (today["arrived"], today["machine"]["approve"], today["people"]["approve"]) == (2, 1, 1)
    assert today["false_alarm"] == 1
    report = await services.feedback.days(platform.site, now.date() - timedelta(days=2))
    assert [(day.day.isoformat(), day.approve, day.false_alarm) for day in report] == [(view["until"], 1, 1)]


async def test_a_time_zone_is_one_that_there_is(services: Services, platform: Platform) -> None:
    for wrong in ("Berlin", "../../etc/passwd", "Europe", "CEST+1"):
        with pytest.raises(InvalidSubmission):
            await services.sites.change("blog", time_zone=wrong)


async def test_months_and_years_are_crossed(services: Services, platform: Platform) -> None:
    new_year = int(datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp() * 1000)
    keys = services.connection.keys
    for month, day, count in (("2026-12", "31", 4), ("2027-01", "01", 8), ("2026-11", "30", 2), ("2026-11", "29", 1)):
        await services.connection.client.hset(keys.tally("blog", month), f"{day}:by:hold:policy:m-{month}", count)
    view = await Statistics(Numbers(services.connection), lambda: new_year).of([platform.site], 33)
    assert (view.since, view.until) == ("2026-11-30", "2027-01-01")
    assert [(one.name, one.total) for one in view.models] == [("m-2027-01", 8), ("m-2026-12", 4), ("m-2026-11", 2)]


async def test_sites_are_added_up_and_kept_apart(
    client: TestClient[Any, Any], services: Services, platform: Platform, shop: Platform, operator: Desk
) -> None:
    await _judged(platform, "Nice.")
    await _judged(shop, "Buy pills!", "Nice.")
    both = await operator.get("/statistics")
    assert both["sites"] == ["blog", "shop"]
    assert both["totals"]["arrived"] == 3
    assert [queue["site"] for queue in both["queues"]] == ["blog", "shop"]
    assert (await operator.get("/statistics", site="shop"))["totals"]["machine"] == {
        "approve": 1,
        "hold": 0,
        "reject": 1,
    }
    local = await seat(client, services, "lou", Role.MODERATOR, ["blog"])
    assert (await local.get("/statistics"))["totals"]["arrived"] == 1
    await local.get("/statistics", status=404, site="shop")


@pytest.mark.parametrize("days", ["0", "-1", "367", "1e2", "x", "٣", "1000000", "00000366999"])
async def test_a_number_of_days_that_is_none(operator: Desk, days: str) -> None:
    await operator.get("/statistics", status=400, days=days)


def test_words_have_no_line_breaks_and_an_end() -> None:
    actor = Actor(ActorKind.MODERATOR, "a:b\nc" + "x" * 500)
    reasons = (Reason("spam"), Reason("spam"), Reason("insult"))
    said = words(Decision(Outcome.REJECT, actor, reasons, 0, 2))
    assert said[0].startswith("by:reject:moderator:a:b cx")
    assert len(said[0]) == len("by:reject:") + MAX_ACTOR
    assert said[1:] == ("why:human:reject:spam", "why:human:reject:insult")
    machine = Decision(Outcome.HOLD, Actor(ActorKind.POLICY, "m-1"), (Reason("spam"),), 0, 2)
    assert words(machine) == ("by:hold:policy:m-1", "why:machine:hold:spam")


async def test_an_actor_with_colons_is_one(services: Services, platform: Platform) -> None:
    today = datetime.now(UTC).date()
    await services.connection.client.hset(
        services.connection.keys.tally("blog", f"{today:%Y-%m}"), f"{today:%d}:by:hold:moderator:a:b", 3
    )
    view = await Statistics(Numbers(services.connection)).of([platform.site], 2)
    assert [(one.name, one.total) for one in view.people] == [("moderator:a:b", 3)]
    assert view.since == (today - timedelta(days=1)).isoformat()


async def test_the_audit_sample_shows_how_good_the_machine_is(
    client: TestClient[Any, Any], services: Services, platform: Platform, operator: Desk
) -> None:
    assert await operator.get("/quality", days=7) == {"items": [{"site": "blog", "report": None}]}
    await _judged(platform, "Nice.", "Buy pills!")
    comments = [await services.comments.get(platform.path(str(number)).rpartition("/")[2]) for number in range(2)]
    for comment in comments:
        assert comment is not None
        assert comment.verdict is not None
        outcome = Outcome.APPROVE if comment.state == "approved" else Outcome.REJECT
        drawn = SampledDecision(comment.id, comment.updated_at, outcome, 0.5, comment.verdict.model)
        await services.quality.quality_sample.add([("blog", drawn)])
        assert await services.quality.answer("blog", comment.id, Outcome.REJECT, "moderator:olga")
    (item,) = (await operator.get("/quality", site="blog"))["items"]
    report = item["report"]
    assert (report["sampled"], report["answered"]) == (2, 2)
    assert report["precision"]["estimate"] == 1.0
    assert report["missed"]["estimate"] == 1.0
    await services.accounts.add("shop", "https://shop.example")
    local = await seat(client, services, "lou", Role.MODERATOR, ["shop"])
    assert [item["site"] for item in (await local.get("/quality"))["items"]] == ["shop"]
