"""From a submission and what is known around it to signals: `signals` computes every one of the `CATALOGUE`. Pure.

Form fields are what the platform passes on. Antechamber's own names are `honeypot`, `seconds_on_form` and `source_links_here`.
The `POST_ak_*` fields are those that the script of Akismet's WordPress plugin gathers (`akismet-frontend.js`): `js` when the
page was shown, `bib` when the first field was entered, `bfs` when the form was sent (milliseconds since 1970), `bkpc` keys
pressed, `bmmc` movements of the mouse, `btmc` of fingers, `btec` touches, `bsc` scrolls, `hp_textarea` a trap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain

from classifier.unicode.hosts import Host
from service.core.signals import CATALOGUE
from service.core.signals.subjects import Record, Reputation, Subjects
from service.core.submission import Submission
from service.core.text.links import depth_of
from service.core.text.similarity import fold
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
    if submission.kind.lower() not in PINGS:
        yield "user_agent_missing", author.ip is not None and not author.user_agent and submission.channel != "import"
        yield "user_agent_program", bool(author.user_agent) and _is_program(author.user_agent)
    came_from = Host.of(referrer) if "://" in referrer else Host()
    yield "referrer_elsewhere", bool(came_from) and came_from.domain != own_domain


@lru_cache(maxsize=4_096)
def _is_program(user_agent: str) -> bool:
    return _PROGRAM.search(user_agent) is not None


def of_ping(submission: Submission, subjects: Subjects, known: Reputation) -> Found:
    """What a pingback or trackback says of its way here."""
    if submission.kind.lower() not in PINGS:
        return
    form, url_domain = submission.form, subjects.url_domain
    own = bool(url_domain) and url_domain == subjects.own_domain
    checked = form.get("source_links_here", "").strip().lower()
    yield "ping", True
    yield "ping_unverified", checked not in _TRUE if checked else submission.kind.lower() == "trackback"
    yield "ping_self_link", not own and _leads_to(submission, url_domain, subjects)
    yield "ping_stranger", not own and not (url_domain and known.domains and known.domains[0][1].approved > 0)
    yield "ping_closed", form.get("pingbacks_closed", "").lower() in _TRUE
    calls = _number(form.get("multicall_count", ""))
    yield "ping_multicall", int(calls or 0) if form.get("is_multicall", "").lower() in _TRUE else 0
    yield "ping_own", own


def _leads_to(submission: Submission, url_domain: str, subjects: Subjects) -> bool:
    """Whether a ping's text names its own source, linked or bare, as "Read more: …" does."""
    return bool(url_domain) and (url_domain in subjects.links.domains or url_domain in submission.content.lower())


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


_QUIET = {name: kind.quiet for name, kind in CATALOGUE.items()}
_DAY = 86_400_000
_WORD = re.compile(r"\w+")
_TOPIC_WORD = re.compile(r"[^\W\d_]{4,}")
_LEAST_TOPIC_WORDS = 2
_MOST_TOPIC_CHARACTERS = 4_000
_NAME_ADDRESS = re.compile(r"://|\bwww\.|(?:[\w-]+\.)+(?:com|net|org|info|biz|shop|online|site|top|xyz|ru|co)\b", re.I)


def signals(submission: Submission, subjects: Subjects, known: Reputation, now: int) -> dict[str, Signal]:
    """The signals that are not quiet; `now` is in milliseconds since 1970. Never fails, whatever was submitted."""
    quiet = _QUIET
    parts = (
        _of_links(subjects),
        _of_domains(known),
        _of_author(submission, subjects, known),
        _of_standing(known, now),
        _of_campaign(known),
        of_form(submission),
        of_browser(submission, subjects.own_domain),
        _of_context(submission, now),
        _of_listing(submission),
        of_ping(submission, subjects, known),
    )
    return {name: value for name, value in chain(*parts) if value is not None and value != quiet[name]}


def _of_links(subjects: Subjects) -> Found:
    links = subjects.links
    if links.number:
        yield "links", links.number
        yield "link_domains", sum(domain != subjects.own_domain for domain in links.domains)
        yield "link_punycode", links.punycode
        yield "link_ip", links.ip
        yield "link_mismatch", links.mismatch


def _of_domains(known: Reputation) -> Found:
    if not known.domains:
        return
    box = max((box for box, _ in known.domains), key=_badness)
    yield "domain_comments", max(0, *(box.long - 1 for box, _ in known.domains))
    yield "domain_names", max(box.names for box, _ in known.domains)
    yield from _counts("domain", max((site for _, site in known.domains), key=_badness))
    yield from _counts("domain_box", box)


def _badness(record: Record) -> tuple[int, int, int]:
    """Of several domains the worst counts: what humans refused, then what stands rejected, then what is least approved."""
    return record.refused, record.rejected, -record.approved


def _of_author(submission: Submission, subjects: Subjects, known: Reputation) -> Found:
    author = submission.author
    if author.url:
        yield "author_url", True
        yield "author_url_deep", depth_of(author.url) > 0
        yield "author_name_in_url", _name_in_url(author.name, author.url)
    yield "author_name_url", _NAME_ADDRESS.search(author.name) is not None
    if author.email is not None:
        yield "email_disposable", author.email.disposable
        yield "email_role", author.email.role
        yield "email_undeliverable", author.email.deliverable == "no"
        yield "list_email", author.email.listed
    if author.ip is not None:
        yield "list_ip", author.ip.listed
    yield "author_vouched_for", author.vouched
    yield "email_names", known.author_box.names
    yield "ip_emails", known.ip.names


@lru_cache(maxsize=4_096)
def _name_in_url(name: str, url: str) -> bool:
    words = [word for word in _WORD.findall(fold(name)) if len(word) > 2]
    if len(words) < 2:
        return False
    address = fold(Host.of(url).unicode + (url.partition("://")[2] or url).partition("/")[2])
    return sum(word in address for word in words) >= 2


def _of_listing(submission: Submission) -> Found:
    listing = submission.author.ip.listing if submission.author.ip is not None else None
    if listing is not None:
        yield "httpbl_threat", listing.threat
        yield "httpbl_days", listing.days
        yield "httpbl_suspicious", listing.suspicious
        yield "httpbl_harvester", listing.harvester
        yield "httpbl_spammer", listing.spammer


def _of_standing(known: Reputation, now: int) -> Found:
    for prefix, record in (("author", known.author), ("author_box", known.author_box)):
        if record.first:
            yield f"{prefix}_days", round(max(0, now - record.first) / _DAY, 2)
        yield from _counts(prefix, record)
        if record.good or record.bad:
            yield f"{prefix}_standing", round(record.standing(now), 3)
    yield "author_flagged", known.author.flagged
    yield "author_mark", known.author_mark
    yield "author_claimed", known.author_claimed
    yield "network_mark", known.network_mark
    for prefix, record in (("ip", known.ip), ("network", known.network)):
        yield from _counts(prefix, record)
    for prefix, record in (("email", known.author_box), ("ip", known.ip), ("network", known.network)):
        yield f"{prefix}_10m", max(0, record.short - 1)
        yield f"{prefix}_1d", max(0, record.long - 1)


def _counts(prefix: str, record: Record) -> Iterator[tuple[str, Signal]]:
    if record.approved or record.rejected:
        yield f"{prefix}_approved", max(0, record.approved)
        yield f"{prefix}_rejected", max(0, record.rejected)
        yield f"{prefix}_vouched", max(0, record.vouched)
        yield f"{prefix}_refused", max(0, record.refused)


def _of_campaign(known: Reputation) -> Found:
    yield "repeats", known.repeats
    if known.campaign_size > 1:
        yield "campaign", known.campaign
        yield "campaign_size", known.campaign_size
        yield "campaign_sites", known.campaign_sites
        yield "campaign_vouched", known.campaign_vouched
        yield "campaign_refused", known.campaign_refused


def _of_context(submission: Submission, now: int) -> Found:
    yield "words", len(submission.content.split())
    yield "text_damaged", "\ufffd" in submission.content or "\ufffd" in submission.author.name
    yield "reply", bool(submission.parent_id or submission.parent_text)
    topic = f"{submission.page.title} {submission.parent_text}".lower()
    words = set(_TOPIC_WORD.findall(topic))
    if len(words) >= _LEAST_TOPIC_WORDS:
        said = set(_TOPIC_WORD.findall(submission.content[:_MOST_TOPIC_CHARACTERS].lower()))
        yield "topic_overlap", round(len(words & said) / len(words), 3)
    yield "page_days", days_since_change(submission, now)
