"""Bench and backtest on an imported history: the signals that can still be told are there, and what can't is said."""

from __future__ import annotations

import pytest

from service.container import Services
from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.rules import Rule
from service.core.site import Known
from service.core.submission import comment_id
from service.imports.record import Fate, Leftovers, Record
from service.learning.backtest import backtest
from service.learning.evidence import UNKNOWN
from service.learning.history import history
from service.learning.reports import backtest_page
from service.learning.thresholds import Bound, Promised, with_promise
from service.scorer import ModelScorer
from service.usecases.importing import Import, Source

BEGIN = 1_551_445_200_000  # 2019-03-01
HOUR = 3_600_000


@pytest.fixture
async def past(services: Services, site: Known) -> Known:
    """Forty good comments by five regulars, and twenty that advertise one domain; imported."""
    rows = [
        Record(
            f"line {number}", f"g{number}", f"I keep bees too, number {number}, and they are well this year.", Fate.APPROVED,
            name=f"Ann {number % 5}", email=f"ann{number % 5}@example.com", ip=f"192.0.2.{number % 5}",
            created_at=BEGIN + number * HOUR,
        )
        for number in range(40)
    ]  # fmt: skip
    rows += [
        Record(
            f"line {number}", f"b{number}", f"Look {number} at https://pills.example/{number} and https://www.pills.example/x",
            Fate.SPAM, name="Pills", email=f"p{number}@pills.example", created_at=BEGIN + (number * 2 + 1) * HOUR,
        )
        for number in range(20)
    ]  # fmt: skip
    with Leftovers(None) as leftovers:
        job = Import(site.site, Source("csv", "CSV", "f00d"), rows, leftovers)
        _ = [one async for one in services.importing.bring(job)]
    return site


def rule(when: str) -> Policy:
    return Policy(rules=(Rule(name="tried", when=when, then="hold"),))


@pytest.mark.parametrize(
    ("when", "hits"),
    [
        ("links >= 2", 20),
        ("author_approved >= 2", 30),
        ("author_approved >= 7", 5),
        ("author_days > 1", 15),
        ("domain_refused >= 5", 15),
        ("email_1d >= 4", 20),
        ("words > 8 and not reply", 40),
    ],
)
async def test_the_bench_sees_what_live_judging_would_have_seen(
    services: Services, past: Known, when: str, hits: int
) -> None:
    found = await services.policies.preview(past.site, rule(when))
    fired = found.hits["tried"].fired
    assert fired.approve + fired.reject + fired.nobody == hits
    assert (found.looked, found.scored_now, found.without_scores, found.unknown) == (60, 60, 0, {})
    together = found.all.before
    assert together.approve + together.hold + together.reject == 60
    assert found.approved_by_humans.before.approve + found.approved_by_humans.before.hold >= 39


async def test_what_can_not_be_known_is_counted_and_named(services: Services, past: Known) -> None:
    found = await services.policies.preview(past.site, rule("honeypot or campaign_size >= 3 or links >= 2"))
    assert found.unknown == {"honeypot": 60, "campaign_size": 60}
    assert {"honeypot", "campaign_size", "author_mark", "list_ip"} <= UNKNOWN
    assert not {"links", "author_approved", "domain_refused", "words", "email_disposable", "ip_1d"} & UNKNOWN


async def test_a_backtest_weighs_the_presets_side_by_side(services: Services, past: Known) -> None:
    pages = history(services.comments, services.examples, "blog", last=1_000)
    result = await backtest("blog", pages, ModelScorer(), rule("links >= 2"))
    assert (result.unjudged, result.comments) == (60, 60)
    assert result.outcomes["reject"].get("approve", 0) == 0
    assert list(result.presets) == ["quiet", "balanced", "strict"]
    assert result.advice in result.presets
    prices = {name: cost.price for name, cost in result.presets.items()}
    assert prices[result.advice] == min(prices.values())
    cost = result.presets["balanced"]
    assert cost.minutes_a_day == pytest.approx(cost.held / 6 / cost.days)
    assert (cost.total.good, cost.total.bad, cost.total.bad_through) == (40, 20, 0)
    page = backtest_page(result)
    assert "choose this" in page
    assert "minutes a day" in page
    few = await backtest("blog", history(services.comments, services.examples, "blog", last=5), ModelScorer(), Policy())
    assert (few.advice, "it takes 30 comments that humans approved" in few.why) == ("", True)


async def test_a_backtest_says_what_it_left_out(services: Services, past: Known) -> None:
    result = await services.learning.backtest(
        "blog", model=None, policy=None, since=None, last=25, progress=lambda _: None
    )
    assert (result.comments, result.skipped) == (25, 35)


@pytest.mark.parametrize(("hold", "reject"), [(0.3, 0.976), (0.5, 0.4), (0.2, 0.9), (1.0000000001, 1.0000000001)])
def test_the_four_outcomes_stay_in_their_order(site: Known, hold: float, reject: float) -> None:
    found = Promised(
        "blog", "m", "spam", 0.9, 500, Bound(0.02, hold, 0.01, hold, 400, 0), Bound(0.9, reject, 0.95, reject, 100, 0)
    )
    policy = with_promise(site.site, found)
    steps = policy.thresholds["spam"]
    known = [step for step in (steps.hold, steps.reject, steps.discard) if step is not None]
    assert known == sorted(known)
    assert steps.discard is None or steps.discard > (steps.reject or 0)
    assert policy.promise is not None
    assert (policy.promise.label, policy.promise.model) == ("spam", "m")


async def test_how_a_promise_stands(services: Services, past: Known) -> None:
    assert await services.learning.promise_now("blog") is None
    found = Promised("blog", "m", "spam", 0.9, 60, Bound(0.2, 0.4, 0.1, 0.4, 40, 0), Bound(0.8, 0.9, 0.9, 0.9, 20, 0))
    await services.policies.save("blog", with_promise(past.site, found), by="operator")
    now = await services.learning.promise_now("blog")
    assert now is not None
    assert (now.made_for, now.decisions, now.label) == ("m", 60, "spam")
    assert now.good_held is not None
    assert now.reject_precision is not None
    assert (now.good_held.rows, now.good_held.threshold) == (40, 0.4)
    assert now.good_held.kept == (now.good_held.bound <= 0.2)
    comment = await services.comments.get(comment_id("blog", "g1"))
    assert comment is not None
    assert comment.ruled is Outcome.APPROVE
