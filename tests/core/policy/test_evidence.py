"""Traps and pings in the default policy: neither proves anything alone that a browser or a friend's blog may do."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from service.core.lifecycle import Outcome
from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.rules import Rule
from service.core.signals.compute import signals
from service.core.signals.subjects import NO_RECORD, Record, Reputation, subjects_of
from service.core.submission import RawComment, Requirements, Strict, Submission, prepare
from service.core.verdict import LABELS, Case, Signal, Verdict
from tests.core.test_submission import KEYS

AT = 1_800_000_000_000
PAGE = "https://blog.example/post"
KNOWN = Reputation(domains=[(NO_RECORD, Record(approved=2))])


def ruled(spam: float = 0.01, policy: Policy | None = None, **found: Signal) -> Any:
    verdict = Verdict(dict.fromkeys(LABELS, 0.0) | {"spam": spam}, "m")
    text = prepare(
        RawComment(platform_id="1", content="Hello", page_url=PAGE), KEYS, Strict(Requirements(False, False))
    )
    return evaluate(policy or Policy(), Case(text.submission, "blog", found, AT), verdict)


def ping(
    kind: str, content: str = "A good read about bees.", url: str = "https://friend.example/x", **more: Any
) -> Submission:
    raw = RawComment(platform_id="1", content=content, page_url=PAGE, name="Friend", url=url, kind=kind, **more)
    return prepare(raw, KEYS, Strict(Requirements(email=False))).submission


def pinged(one: Submission, known: Reputation = KNOWN, policy: Policy | None = None, spam: float = 0.01) -> Any:
    found = signals(one, subjects_of(one), known, AT)
    verdict = Verdict(dict.fromkeys(LABELS, 0.0) | {"spam": spam}, "m")
    return evaluate(policy or Policy(), Case(one, "blog", found, AT), verdict)


SIGNS: list[dict[str, Signal]] = [
    {"form_no_script": True}, {"form_nonce_failed": True}, {"user_agent_missing": True}, {"user_agent_program": True},
    {"email_disposable": True}, {"seconds_to_submit": 1.0}, {"form_keypresses": 0}, {"repeats": 1}, {"campaign_size": 4},
    {"domain_refused": 1}, {"links": 3}, {"httpbl_spammer": True},
]  # fmt: skip


def test_a_filled_trap_alone_is_no_proof() -> None:
    assert ruled(honeypot=True).outcome is Outcome.APPROVE


@pytest.mark.parametrize("sign", SIGNS)
def test_a_trap_beside_another_sign_holds_and_the_sign_alone_does_not(sign: dict[str, Signal]) -> None:
    held = ruled(honeypot=True, **sign)
    assert (held.outcome, held.reasons[0].code, held.reasons[0].phase) == (Outcome.HOLD, "trap", "scores")
    assert ruled(**sign).outcome is Outcome.APPROVE


@pytest.mark.parametrize("two", list(itertools.combinations(SIGNS, 2))[::5])
def test_a_trap_beside_two_rejects(two: tuple[dict[str, Signal], ...]) -> None:
    rejected = ruled(honeypot=True, **two[0], **two[1])
    assert (rejected.outcome, rejected.reasons[0].code) == (Outcome.REJECT, "spam")


def test_a_trap_and_a_text_like_spam_reject() -> None:
    assert ruled(0.6).outcome is Outcome.HOLD
    assert ruled(0.6, honeypot=True).outcome is Outcome.REJECT


def test_signs_that_an_honest_person_gives_are_none() -> None:
    quiet = ruled(honeypot=True, seconds_to_submit=40.0, form_keypresses=120, links=1, author_url=True, words=12)
    assert quiet.outcome is Outcome.APPROVE


@pytest.mark.parametrize(
    ("one", "known", "code"),
    [
        (ping("trackback"), KNOWN, "ping-unverified"),
        (ping("pingback", form={"source_links_here": "false"}), KNOWN, "ping-unverified"),
        (ping("pingback", "Read more: https://friend.example/x"), KNOWN, "ping-self-link"),
        (
            ping("trackback", "Read more: https://friend.example/x", form={"source_links_here": "true"}),
            KNOWN,
            "ping-self-link",
        ),
        (ping("pingback", "Read more at FRIEND.example"), KNOWN, "ping-self-link"),
        (ping("pingback"), Reputation(domains=[(Record(approved=9), NO_RECORD)]), "ping-stranger"),
        (ping("pingback", url=""), Reputation(), "ping-stranger"),
        (ping("trackback", url="https://blog.example/other"), Reputation(), "ping-unverified"),
    ],
)
def test_pings_that_are_held(one: Submission, known: Reputation, code: str) -> None:
    decided = pinged(one, known)
    assert (decided.outcome, decided.reasons[0].code) == (Outcome.HOLD, code)
    for mode in ("by-score", "approve-first"):
        assert pinged(one, known, Policy(mode=mode)).outcome is Outcome.HOLD  # type: ignore[arg-type]
    assert pinged(one, known, spam=0.99).outcome is Outcome.REJECT, "a score that rejects is stricter"
    rule = Rule(name="pings", when="ping", then="approve")
    assert pinged(one, known, Policy(rules=(rule,))).outcome is Outcome.APPROVE, "a site may want it otherwise"


@pytest.mark.parametrize(
    ("one", "known"),
    [
        (ping("pingback", url="https://blog.example/other"), Reputation()),
        (ping("pingback", "See https://blog.example/other", url="https://blog.example/other"), Reputation()),
        (ping("pingback"), KNOWN),
        (ping("trackback", form={"source_links_here": "true"}), KNOWN),
        (ping("comment", "Read more: https://friend.example/x"), Reputation()),
    ],
)
def test_pings_that_pass(one: Submission, known: Reputation) -> None:
    assert pinged(one, known).outcome is Outcome.APPROVE


def test_without_a_verdict_evidence_holds_too() -> None:
    policy = Policy(on_no_verdict=Outcome.APPROVE)
    found = signals(ping("trackback"), subjects_of(ping("trackback")), KNOWN, AT)
    assert evaluate(policy, Case(ping("trackback"), "blog", found, AT), None).outcome is Outcome.HOLD
