"""What is ruled whatever the scores say."""

from __future__ import annotations

import msgspec

from service.core.lifecycle import Outcome
from service.core.policy.evaluate import fixed_ruling
from service.core.submission import Author, Page, Submission

PLAIN = Submission(platform_id="1", page=Page("https://b.example"), author=Author("Ann"), content="Hello")


def test_nothing_is_ruled_of_a_plain_comment() -> None:
    assert fixed_ruling(PLAIN) is None


def test_a_test_value_is_spam_even_when_an_administrator_sends_it() -> None:
    admin = msgspec.structs.replace(PLAIN, author=Author("Ann", role="administrator"))
    ruling = fixed_ruling(admin)
    assert ruling is not None
    assert (ruling.outcome, ruling.reasons[0].code) == (Outcome.APPROVE, "administrator")
    tested = fixed_ruling(msgspec.structs.replace(admin, trigger="spam"))
    assert tested is not None
    assert (tested.outcome, tested.reasons[0].code, tested.discard) == (Outcome.REJECT, "test-trigger", False)
