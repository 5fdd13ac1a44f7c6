"""What every policy makes of evidence that no score sees, unless a list, a rule or a mode decides before.

It is traps, pings, and the word of another reader. A browser may fill in a field that nobody sees, so a filled trap alone decides
nothing; beside another sign it holds, beside two, or a score that would hold, it rejects. A ping that nobody has checked, that
leads to its own source, or whose source was never approved here, is held. So is what another reader flags, where the operator
named one. What a site wants otherwise, a rule says: rules come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from service.core.lifecycle import Outcome
from service.core.signals import value
from service.core.verdict import Reason, Signal


class Evidence(NamedTuple):
    """What is found: the outcome that it asks for, and why."""

    outcome: Outcome
    reason: Reason


_OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "other_flagged": ("other-reader", "The other reader says that it is spam or abuse."),
    "other_silent": ("other-reader-silent", "The other reader has not answered, and nothing passes without its word."),
}
CODES: Final = frozenset(
    {"other-reader", "other-reader-silent", "trap", "ping-unverified", "ping-self-link", "ping-stranger"}
)
"""The reason codes that hold here. What is rejected here is rejected for `spam`."""
_SIGNS: Final[Mapping[str, tuple[float, str]]] = {
    "form_no_script": (1, "its script did not run"),
    "form_nonce_failed": (1, "its one-time token was wrong"),
    "user_agent_missing": (1, "no browser is named"),
    "user_agent_program": (1, "a program sent it"),
    "email_disposable": (1, "the e-mail address is a throw-away one"),
    "list_ip": (1, "the IP address is on a list"),
    "list_email": (1, "the e-mail address is on a list"),
    "httpbl_spammer": (1, "the IP address has spammed elsewhere"),
    "repeats": (1, "the same was said before"),
    "campaign_size": (3, "near-duplicates came before"),
    "domain_refused": (1, "a moderator refused a domain that it links to"),
    "links": (2, "it has several links"),
}
"""What a person who was caught by a trap does not show as well: the signal, from which value on, and in words."""
_TOO_FAST: Final = 3.0  # seconds from which on somebody may have written a comment
_PINGS: Final[Mapping[str, tuple[str, str]]] = {
    "ping_unverified": ("ping-unverified", "Nobody has seen that its source links to the page."),
    "ping_self_link": ("ping-self-link", "It leads to its own source in the text."),
    "ping_stranger": ("ping-stranger", "Nothing from its source was ever approved here."),
}


def evidence(signals: Mapping[str, Signal], *, spammy: bool) -> Iterator[Evidence]:
    """What is found among a comment's signals; `spammy`: its score alone would hold it."""
    yield from _others(signals)
    if value(signals, "honeypot"):
        yield from _trap(_signs(signals), spammy=spammy)
    if value(signals, "ping") and not (value(signals, "ping_own") and not value(signals, "ping_unverified")):
        for signal, (code, text) in _PINGS.items():
            if value(signals, signal):
                yield Evidence(Outcome.HOLD, Reason(code, text, phase="scores"))


def _others(signals: Mapping[str, Signal]) -> Iterator[Evidence]:
    for signal, (code, text) in _OTHERS.items():
        if value(signals, signal):
            yield Evidence(Outcome.HOLD, Reason(code, text, phase="scores"))


def _trap(signs: list[str], *, spammy: bool) -> Iterator[Evidence]:
    beside = ["its text looks like spam", *signs] if spammy else signs
    if not beside:
        return
    text = f"A form field that people can't see was filled in, and {beside[0]}{', and more' if beside[1:] else ''}."
    if spammy or len(beside) > 1:
        yield Evidence(Outcome.REJECT, Reason("spam", text, phase="scores"))
    else:
        yield Evidence(Outcome.HOLD, Reason("trap", text, phase="scores"))


def _signs(signals: Mapping[str, Signal]) -> list[str]:
    def number(name: str) -> float | None:
        found = value(signals, name)
        return float(found) if isinstance(found, bool | int | float) else None

    signs = [said for name, (least, said) in _SIGNS.items() if (number(name) or 0) >= least]
    seconds = number("seconds_to_submit")
    signs += ["it was sent too fast for a person"] if seconds is not None and seconds < _TOO_FAST else []
    signs += ["no key was pressed"] if number("form_keypresses") == 0 and not number("form_movements") else []
    return signs
