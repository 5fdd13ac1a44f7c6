"""What the store is asked about a submission, and what it knows. Pure: `sight` before the look, `Known` after it.

A comment's *subjects* are whom and what it may be known by: the digests of e-mail address, IP address and network, and
digests of the domains that it links to. The store keeps a record of each; none leads back to an address or a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from service.core.campaigns import Sketch, fold, sketch
from service.core.links import Links, find_links, host_of, registered_domain
from service.core.submission import Submission

MOST_DOMAINS: Final = 4
"""Domains of one comment whose record is kept and looked at: the author's own, then the first ones of the text."""
HALF_LIFE: Final = 90 * 86_400_000
"""Milliseconds after which a decision weighs half as much in somebody's standing. `shared/standing.lua` has it too."""
LANDMARK: Final = 1_767_225_600_000
"""2026-01-01: weights grow from here on instead of being made smaller each time they are looked at (forward decay:
Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009), so that a decision taken back takes its exact weight with it."""
DOUBT: Final = 2.0
"""Decisions of each kind that somebody unknown is thought to have: keeps one or two from deciding a standing."""


class Sighting(NamedTuple):
    """A submission reduced to what it may be known by."""

    email: str  # digests; "" where there is none
    earlier: tuple[str, ...]  # the e-mail's digests under retired keys
    ip: str
    network: str
    domains: tuple[str, ...]  # digests of the domains linked to, the site's own left out
    name: str  # a short digest of the author's name, to tell names apart
    text: Sketch
    links: Links
    url_domain: str  # of the author's address
    own_domain: str  # of the site

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the store keeps a record of."""
        return tuple(filter(None, (self.email, self.ip, self.network, *self.domains)))


class Record(NamedTuple):
    """What is known of one subject, on a site or on the whole box. Counts of comments, as they stand now."""

    approved: int = 0
    rejected: int = 0
    vouched: int = 0  # approved by a human
    refused: int = 0  # rejected by a human
    flagged: int = 0
    good: float = 0.0  # forward-decayed weight of approvals, and of rejections
    bad: float = 0.0
    first: int = 0  # when it was first seen, milliseconds since 1970; 0: now
    short: int = 0  # comments in the last 10 minutes
    long: int = 0  # in the last day; a domain's: in the last 30 days
    names: int = 0  # others seen with it: names with an address or domain, addresses with an IP address

    def standing(self, now: int) -> float:
        """From -1 (all rejected) over 0 (unknown) to 1 (all approved), recent decisions weighing more."""
        doubt: float = DOUBT * 2.0 ** ((now - LANDMARK) / HALF_LIFE)
        good, bad = max(0.0, self.good), max(0.0, self.bad)
        return (good - bad) / (good + bad + doubt)


NO_RECORD: Final = Record()


class Known(NamedTuple):
    """What the store knows around a comment."""

    author: Record = NO_RECORD  # on the site
    author_box: Record = NO_RECORD  # on all sites of the box
    ip: Record = NO_RECORD
    network: Record = NO_RECORD
    domains: Sequence[tuple[Record, Record]] = ()  # (box, site) of each domain
    author_mark: str = ""
    network_mark: str = ""
    repeats: int = 0
    campaign: str = ""
    campaign_size: int = 0
    campaign_sites: int = 0
    campaign_vouched: int = 0
    campaign_refused: int = 0


NOTHING_KNOWN: Final = Known()


def sight(submission: Submission) -> Sighting:
    """Reduce a submission to what it may be known by. Never fails."""
    author = submission.author
    links = find_links(submission.content)
    own = _domain(submission.page.url)
    url_domain = _domain(author.url) if author.url else ""
    domains = dict.fromkeys((url_domain, *links.domains))
    return Sighting(
        email=author.email.digest if author.email else "",
        earlier=author.email.earlier if author.email else (),
        ip=author.ip.digest if author.ip else "",
        network=author.ip.network if author.ip else "",
        domains=tuple("d:" + _short(domain) for domain in domains if domain and domain != own)[:MOST_DOMAINS],
        name=_short("".join(filter(str.isalnum, fold(author.name)))) if author.name else "",
        text=sketch(submission.content),
        links=links,
        url_domain=url_domain,
        own_domain=own,
    )


def _domain(address: str) -> str:
    host = host_of(address)
    return registered_domain(host) if host else ""


@lru_cache(maxsize=20_000)
def _short(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
