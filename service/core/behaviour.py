"""Signals of how a comment was written and sent: form fields, behaviour, browser, pingbacks. Pure, for `evidence.py` only.

Form fields are what the platform passes on. Antechamber's own names are `honeypot` and `seconds_on_form`. The `POST_ak_*`
fields are those that the script of Akismet's WordPress plugin gathers (`akismet-frontend.js`): `js` when the page was
shown, `bib` when the first field was entered, `bfs` when the form was sent (milliseconds since 1970), `bkpc` keys pressed,
`bmmc` movements of the mouse, `btmc` of fingers, `btec` touches, `bsc` scrolls, `hp_textarea` a trap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from service.core.links import host_of, registered_domain
from service.core.submission import Submission
from service.core.verdict import Signal

Found = Iterator[tuple[str, Signal | None]]

PINGS = frozenset({"pingback", "trackback", "linkback", "webmention"})
_TRAPS = ("honeypot", "POST_ak_hp_textarea", "ak_hp_textarea")
_MOVEMENTS = ("bmmc", "btmc", "btec", "bsc")
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,6})?\Z")
_YEAR_2001 = 10**12  # milliseconds: what is less is no time, but what the form holds before its script has run
_LONGEST_FORM = 30 * 86_400.0  # seconds; more is a clock gone wrong
_LONG_TEXT = 60  # characters from which on hardly a key pressed means that it was pasted
_PROGRAM = re.compile(
    r"\A(?:curl|wget|python|java|go-http|libwww|lwp|php|ruby|perl|okhttp|axios|node|guzzle|winhttp|http|ureq|reqwest)"
    r"|headless|phantomjs|selenium|puppeteer|playwright|scrapy|crawler|\bbot\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?")
_TRUE = frozenset({"1", "true", "yes", "on"})


def of_form(submission: Submission) -> Found:
    """How the form was filled in."""
    form = submission.form
    if not form:
        return
    yield "honeypot", any(form.get(name, "").strip() for name in _TRAPS)
    yield "form_nonce_failed", form.get("akismet_comment_nonce") == "failed"
    yield "seconds_to_submit", _seconds_to_submit(submission)
    shown, sent = _behaviour(submission, "js"), _behaviour(submission, "bfs")
    yield "form_no_script", shown is not None and shown < _YEAR_2001 and sent is None
    keys = _behaviour(submission, "bkpc")
    if keys is not None:
        yield "form_keypresses", int(keys)
        yield "form_pasted", len(submission.content) >= _LONG_TEXT and keys * 10 < len(submission.content)
    moves = [_behaviour(submission, name) for name in _MOVEMENTS]
    if any(count is not None for count in moves):
        yield "form_movements", int(sum(count or 0 for count in moves))


def of_browser(submission: Submission, own_domain: str) -> Found:
    """What the visitor's browser said of itself."""
    author, referrer = submission.author, submission.form.get("referrer", "")
    if submission.kind not in PINGS:
        yield "user_agent_missing", author.ip is not None and not author.user_agent and submission.channel != "import"
        yield "user_agent_program", bool(author.user_agent) and _is_program(author.user_agent)
    came_from = host_of(referrer) if "://" in referrer else ""
    yield "referrer_elsewhere", bool(came_from) and registered_domain(came_from) != own_domain


@lru_cache(maxsize=4_096)
def _is_program(user_agent: str) -> bool:
    return _PROGRAM.search(user_agent) is not None


def of_ping(submission: Submission, own_domain: str, url_domain: str) -> Found:
    """What a pingback or trackback says of its way here."""
    if submission.kind not in PINGS:
        return
    form = submission.form
    yield "ping", True
    yield "ping_unverified", submission.kind == "trackback"
    yield "ping_closed", form.get("pingbacks_closed", "").lower() in _TRUE
    calls = _number(form.get("multicall_count", ""))
    yield "ping_multicall", int(calls or 0) if form.get("is_multicall", "").lower() in _TRUE else 0
    yield "ping_own", bool(url_domain) and url_domain == own_domain


def days_since_change(submission: Submission, now: int) -> float | None:
    """Days since the page was last changed, where the platform says when that was."""
    found = _TIME.match(submission.form.get("comment_post_modified_gmt", ""))
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        changed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return round(max(0.0, now / 86_400_000 - changed.timestamp() / 86_400), 2)


def _seconds_to_submit(submission: Submission) -> float | None:
    said = _number(submission.form.get("seconds_on_form", ""))
    if said is None:
        sent = _behaviour(submission, "bfs") or 0
        begun = _behaviour(submission, "js") or 0
        if begun < _YEAR_2001:
            begun = _behaviour(submission, "bib") or 0
        if begun < _YEAR_2001 or sent < begun:
            return None
        said = (sent - begun) / 1_000
    return round(said, 1) if said <= _LONGEST_FORM else None


def _behaviour(submission: Submission, name: str) -> float | None:
    form = submission.form
    return _number(form.get(f"POST_ak_{name}", form.get(f"ak_{name}", "")))


def _number(said: str) -> float | None:
    return float(said) if _NUMBER.match(said) else None
