"""Slots are shared so that a site which answers always finds one."""

from __future__ import annotations

import random

from service.workers.shares import Shares


def test_a_site_begins_with_one_and_doubles_up_to_its_share() -> None:
    shares = Shares(total=64, per_site=8)
    widths = []
    for _ in range(5):
        widths.append(shares.room().get("blog", 1))
        shares.take("blog")
        shares.give_back("blog", answered=True)
    assert widths == [1, 2, 4, 8, 8]


def test_a_failure_takes_it_back_to_one() -> None:
    shares = Shares(total=64, per_site=8)
    for answered in (True, True, True, False):
        shares.take("blog")
        shares.give_back("blog", answered=answered)
    assert "blog" not in shares.room()


def test_what_is_under_way_counts() -> None:
    shares = Shares(total=64, per_site=8)
    shares.take("blog")
    assert shares.room() == {"blog": 0}
    shares.give_back("blog", answered=True)
    shares.take("blog")
    assert shares.room() == {"blog": 1}
    assert shares.free == 63


def test_not_asked_says_nothing_about_a_receiver() -> None:
    shares = Shares(total=2, per_site=8)
    shares.take("blog")
    shares.give_back("blog", answered=None)
    shares.take("other")
    assert shares.room() == {"other": 0}


def test_sites_that_fail_share_half_of_the_slots() -> None:
    shares = Shares(total=8, per_site=8)
    failing = [f"dead-{number}" for number in range(20)]
    for site in failing:
        shares.take(site)
        shares.give_back(site, answered=False)
    for site in failing[:4]:
        shares.take(site)
    room = shares.room()
    assert all(room[site] == 0 for site in failing)
    assert "healthy" not in room


def test_the_last_quarter_is_for_sites_that_have_none() -> None:
    shares = Shares(total=8, per_site=8)
    for _ in range(3):
        shares.take("busy")
        shares.give_back("busy", answered=True)
    for _ in range(6):
        shares.take("busy")
    assert shares.room() == {"busy": 0}
    assert shares.free == 2


def test_nothing_is_lost_or_overdrawn_whatever_happens() -> None:
    chance = random.Random(7)
    shares, busy = Shares(total=16, per_site=4), []
    for _ in range(5_000):
        site = f"site-{chance.randrange(12)}"
        if chance.random() < 0.5 and shares.free > 0 and shares.room().get(site, 1) > 0:
            shares.take(site)
            busy.append(site)
        elif busy:
            shares.give_back(busy.pop(chance.randrange(len(busy))), answered=chance.choice((True, False, None)))
        assert shares.free == 16 - len(busy)
        assert all(busy.count(site) <= 4 for site in busy)
    while busy:
        shares.give_back(busy.pop(), answered=True)
    assert shares.free == 16
