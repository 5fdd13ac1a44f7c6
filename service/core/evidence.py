"""From what was seen and what is known to signals: `signals` computes every one of `signals.CATALOGUE`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from service.core.behaviour import Found, days_since_change, of_browser, of_form, of_ping
from service.core.campaigns import fold
from service.core.links import depth_of, host_of
from service.core.sighting import Known, Record, Sighting
from service.core.signals import CATALOGUE
from service.core.submission import Submission
from service.core.verdict import Signal

_QUIET = {name: kind.quiet for name, kind in CATALOGUE.items()}
_DAY = 86_400_000
_WORD = re.compile(r"\w+")
_TOPIC_WORD = re.compile(r"[^\W\d_]{4,}")
_LEAST_TOPIC_WORDS = 2
_MOST_TOPIC_CHARACTERS = 4_000
_NAME_ADDRESS = re.compile(r"://|\bwww\.|(?:[\w-]+\.)+(?:com|net|org|info|biz|shop|online|site|top|xyz|ru|co)\b", re.I)


def signals(submission: Submission, sighting: Sighting, known: Known, now: int) -> dict[str, Signal]:
    """The signals that are not quiet; `now` is in milliseconds since 1970. Never fails, whatever was submitted."""
    quiet = _QUIET
    parts = (
        _of_links(sighting),
        _of_domains(known),
        _of_author(submission, sighting, known),
        _of_standing(known, now),
        _of_campaign(known),
        of_form(submission),
        of_browser(submission, sighting.own_domain),
        _of_context(submission, now),
        _of_listing(submission),
        of_ping(submission, sighting.own_domain, sighting.url_domain),
    )
    return {name: value for name, value in chain(*parts) if value is not None and value != quiet[name]}


def _of_links(sighting: Sighting) -> Found:
    links = sighting.links
    if links.number:
        yield "links", links.number
        yield "link_domains", sum(domain != sighting.own_domain for domain in links.domains)
        yield "link_punycode", links.punycode
        yield "link_ip", links.ip
        yield "link_mismatch", links.mismatch


def _of_domains(known: Known) -> Found:
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


def _of_author(submission: Submission, sighting: Sighting, known: Known) -> Found:
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
    yield "email_names", known.author_box.names
    yield "ip_emails", known.ip.names


@lru_cache(maxsize=4_096)
def _name_in_url(name: str, url: str) -> bool:
    words = [word for word in _WORD.findall(fold(name)) if len(word) > 2]
    if len(words) < 2:
        return False
    address = fold(host_of(url) + (url.partition("://")[2] or url).partition("/")[2])
    return sum(word in address for word in words) >= 2


def _of_listing(submission: Submission) -> Found:
    listing = submission.author.ip.listing if submission.author.ip is not None else None
    if listing is not None:
        yield "httpbl_threat", listing.threat
        yield "httpbl_days", listing.days
        yield "httpbl_suspicious", listing.suspicious
        yield "httpbl_harvester", listing.harvester
        yield "httpbl_spammer", listing.spammer


def _of_standing(known: Known, now: int) -> Found:
    for prefix, record in (("author", known.author), ("author_box", known.author_box)):
        if record.first:
            yield f"{prefix}_days", round(max(0, now - record.first) / _DAY, 2)
        yield from _counts(prefix, record)
        if record.good or record.bad:
            yield f"{prefix}_standing", round(record.standing(now), 3)
    yield "author_flagged", known.author.flagged
    yield "author_mark", known.author_mark
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


def _of_campaign(known: Known) -> Found:
    yield "repeats", known.repeats
    if known.campaign_size > 1:
        yield "campaign", known.campaign
        yield "campaign_size", known.campaign_size
        yield "campaign_sites", known.campaign_sites
        yield "campaign_vouched", known.campaign_vouched
        yield "campaign_refused", known.campaign_refused


def _of_context(submission: Submission, now: int) -> Found:
    yield "words", len(submission.content.split())
    yield "reply", bool(submission.parent_id or submission.parent_text)
    topic = f"{submission.page.title} {submission.parent_text}".lower()
    words = set(_TOPIC_WORD.findall(topic))
    if len(words) >= _LEAST_TOPIC_WORDS:
        said = set(_TOPIC_WORD.findall(submission.content[:_MOST_TOPIC_CHARACTERS].lower()))
        yield "topic_overlap", round(len(words & said) / len(words), 3)
    yield "page_days", days_since_change(submission, now)
