"""What a receiver's answer means, and when a try follows."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from pydantic import ValidationError

from service.core.delivery import NEVER, Settlement
from service.settings import Settings
from service.workers.deliver.message import Response, seconds_asked, settlement

SCHEDULE = (0.0, 5.0, 300.0, 1_800.0)
NOW = 1_800_000_000_000


def settled(answer: Response, tries: int = 1, jitter: float = 1.0) -> Settlement:
    return settlement(answer, tries=tries, schedule=SCHEDULE, now=NOW, jitter=jitter, took_ms=3)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_success(status: int) -> None:
    assert settled(Response(status)) == Settlement("delivered", status=status, took_ms=3)


@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 308, 400, 401, 404, 409, 418, 500, 503, 599])
def test_anything_else_is_tried_again(status: int) -> None:
    found = settled(Response(status))
    assert (found.result, found.retry_at, found.pause_until) == ("retry", NOW + 5_000, 0)
    assert (found.status, found.error) == (status, "refused")


@pytest.mark.parametrize("error", ["timeout", "connection", "tls", "broken-answer", "blocked-address"])
def test_no_answer_is_tried_again(error: str) -> None:
    assert settled(Response(error=error))[:4] == ("retry", NOW + 5_000, 0, "")


def test_a_2xx_that_broke_off_is_no_success() -> None:
    assert settled(Response(200, error="broken-answer")).result == "retry"


def test_the_schedule_is_followed_with_jitter_and_then_given_up() -> None:
    found = [settled(Response(500), tries, jitter=1.1) for tries in (1, 2, 3, 4, 5)]
    assert [one.result for one in found] == ["retry", "retry", "retry", "dead", "dead"]
    assert [one.retry_at - NOW for one in found[:3]] == [5_500, 330_000, 1_980_000]


@pytest.mark.parametrize("tries", [1, 4, 9])
def test_410_disables_and_keeps_what_waits(tries: int) -> None:
    found = settled(Response(410), tries)
    assert (found.result, found.retry_at, found.pause_until, found.pause_why) == ("retry", NOW, NEVER, "gone")


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_receiver_that_can_not_follow_gets_a_pause(status: int) -> None:
    assert settled(Response(status)).pause_until == NOW + 5_000
    assert settled(Response(status), tries=3).pause_until == NOW + 60_000
    assert settled(Response(status), tries=4).pause_until == NOW + 60_000
    assert settled(Response(status, "7")).pause_until == NOW + 7_000


def test_503_pauses_the_site_only_when_it_says_for_how_long() -> None:
    assert settled(Response(503)).pause_until == 0
    assert settled(Response(503, "7")).pause_until == NOW + 7_000


def test_retry_after_can_lengthen_the_wait_but_not_shorten_it() -> None:
    assert settled(Response(500, "60")).retry_at == NOW + 60_000
    assert settled(Response(429, "1"), tries=2).retry_at == NOW + 300_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120), (" 3 ", 3), ("0", 0), ("", 0), ("-5", 0), ("soon", 0), ("1.5", 0), ("٣", 0), ("9" * 400, 86_400),
        (formatdate(NOW / 1000 + 90, usegmt=True), 90), (formatdate(NOW / 1000 - 90, usegmt=True), 0),
        (formatdate(NOW / 1000 + 9e6, usegmt=True), 86_400), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Mon, 99 Foo 2030 99:99:99", 0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_within_reason(header: str, seconds: float) -> None:
    assert seconds_asked(header, NOW / 1000) == seconds


@pytest.mark.parametrize("schedule", ["", "5", "5,0", "0,-1", "0,inf", "0,nan", "0,9999999", "0,soon"])
def test_a_schedule_that_can_not_be_followed_is_refused(schedule: str) -> None:
    with pytest.raises(ValidationError):
        Settings(deliver_schedule=schedule)


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert Settings().deliver_schedule == (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert Settings(deliver_schedule="0, 0.5").deliver_schedule == (0, 0.5)
