"""Slots are shared so that a site which answers always finds one."""

from __future__ import annotations

import random

from service.workers.deliver.slots import Round, Slots


def tried(shares: Slots, site: str, *answers: bool | None) -> None:
    for answered in answers:
        shares.take(site)
        shares.give_back(site, answered=answered)


def test_a_site_begins_with_one_and_doubles_up_to_its_share() -> None:
    shares, widths = Slots(total=64, per_site=8), []
    assert shares.for_answering() == Round(0, 0, {})
    assert shares.for_others() == Round(32, 1, {})
    for _ in range(4):
        tried(shares, "blog", True)
        widths.append(shares.for_answering().room["blog"])
        assert shares.for_others().room == {"blog": 0}
    assert widths == [2, 4, 8, 8]


def test_a_failure_takes_it_back_to_one_among_the_others() -> None:
    shares = Slots(total=64, per_site=8)
    tried(shares, "blog", True, True, False)
    assert shares.for_answering() == Round(0, 0, {})
    assert shares.for_others() == Round(32, 1, {})


def test_what_is_under_way_counts() -> None:
    shares = Slots(total=64, per_site=8)
    shares.take("new")
    tried(shares, "blog", True)
    shares.take("blog")
    assert shares.for_answering() == Round(62, 0, {"blog": 1})
    assert shares.for_others() == Round(31, 1, {"blog": 0, "new": 0})


def test_not_asked_says_nothing_about_a_receiver() -> None:
    shares = Slots(total=64, per_site=8)
    tried(shares, "blog", True, None)
    tried(shares, "new", None)
    assert shares.for_answering().room == {"blog": 2}
    assert shares.for_others().room == {"blog": 0}


def test_sites_that_do_not_answer_share_half_of_the_slots() -> None:
    shares = Slots(total=8, per_site=8)
    tried(shares, "healthy", True)
    for number in range(4):
        shares.take(f"dead-{number}")
    assert shares.for_others().most == 0
    assert shares.for_answering() == Round(4, 0, {"healthy": 2})


def test_the_last_quarter_is_for_sites_that_have_none() -> None:
    shares = Slots(total=8, per_site=8)
    tried(shares, "busy", True, True, True)
    tried(shares, "quiet", True)
    for _ in range(6):
        shares.take("busy")
    assert shares.for_answering() == Round(2, 0, {"busy": 0, "quiet": 1})
    assert shares.for_others().most == 2


def test_one_slot_serves_everybody_in_turn() -> None:
    shares = Slots(total=1, per_site=8)
    assert shares.for_others() == Round(1, 1, {})
    tried(shares, "blog", True)
    assert shares.for_answering() == Round(1, 0, {"blog": 2})
    shares.take("blog")
    assert shares.for_others().most == shares.for_answering().most == 0


def test_it_forgets_whom_it_told_something_longest_ago() -> None:
    shares = Slots(total=8, per_site=8)
    for number in range(5_000):
        tried(shares, f"site-{number}", True)
    room = shares.for_answering().room
    assert len(room) == 4_096
    assert "site-4999" in room


def test_nothing_is_lost_or_overdrawn_whatever_happens() -> None:
    chance = random.Random(7)
    shares, busy = Slots(total=16, per_site=4), []
    for _ in range(5_000):
        share = chance.choice((shares.for_answering, shares.for_others))()
        site = f"site-{chance.randrange(12)}"
        if chance.random() < 0.6 and share.most > 0 and share.room.get(site, share.per_site) > 0:
            shares.take(site)
            busy.append(site)
        elif busy:
            shares.give_back(busy.pop(chance.randrange(len(busy))), answered=chance.choice((True, True, False, None)))
        assert shares.free == 16 - len(busy) >= 0
        assert all(busy.count(site) <= 4 for site in busy)
    while busy:
        shares.give_back(busy.pop(), answered=True)
    assert shares.free == 16
