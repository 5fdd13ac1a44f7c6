"""What the store is asked about a submission, and what it knows. Pure: `subjects_of` before the look, `Reputation` after it.

A comment's *subjects* are whom and what it may be known by: the digests of e-mail address, IP address and network, and
digests of the domains that it links to. The store keeps a record of each; none leads back to an address or a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from classifier.unicode.hosts import Host
from service.core.identity import IpDigest
from service.core.submission import Submission
from service.core.text.links import Links, find_links
from service.core.text.similarity import Sketch, fold, sketch

MOST_DOMAINS: Final = 4
"""Domains of one comment whose record is kept and looked at: the author's own, then the first ones of the text."""
HALF_LIFE: Final = 90 * 86_400_000
"""Milliseconds after which a decision weighs half as much in somebody's standing. `shared/reputation.lua` has it too."""
LANDMARK: Final = 1_767_225_600_000
"""2026-01-01: weights grow from here on instead of being made smaller each time they are looked at (forward decay:
Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009), so that a decision taken back takes its exact weight with it."""
DOUBT: Final = 2.0
"""Decisions of each kind that somebody unknown is thought to have: keeps one or two from deciding a standing."""


class Subjects(NamedTuple):
    """A submission reduced to what it may be known by."""

    email: str  # digests; "" where there is none
    earlier: tuple[str, ...]  # the e-mail's digests under retired keys and in circles before
    ip: str
    network: str
    domains: tuple[str, ...]  # digests of the domains linked to, the site's own left out
    name: str  # a short keyed digest of the author's name, to tell names apart
    name_before: str  # the one without a key that earlier versions noted; it is looked for, and replaced
    text: Sketch
    links: Links
    url_domain: str  # of the author's address
    own_domain: str  # of the site
    ties: tuple[str, ...] = ()  # what shows that an e-mail address is the author's, beside the address
    moved: tuple[
        str, ...
    ] = ()  # digests of IP address and network under retired keys and in circles before, and the present ones

    @property
    def vouched(self) -> bool:
        """Whether the platform vouches for the author."""
        return _VOUCHED in self.ties

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


class Tied(NamedTuple):
    """What is known of an address from those who are tied to this comment: by network, by link, by the platform's word."""

    record: Record = NO_RECORD
    number: int = 0  # comments
    first_approved: int = 0  # when the first of them came that stands approved, milliseconds since 1970; 0: none does


class Reputation(NamedTuple):
    """What the store knows around a comment."""

    author: Record = NO_RECORD  # on the site, as far as the address is shown to be theirs: see `standing_of`
    author_box: Record = NO_RECORD  # on all sites of its circle
    ip: Record = NO_RECORD
    network: Record = NO_RECORD
    domains: Sequence[tuple[Record, Record]] = ()  # (box, site) of each domain
    author_mark: str = ""
    author_claimed: bool = False  # the address is trusted, and nothing shows that it is theirs
    network_mark: str = ""
    repeats: int = 0
    campaign: str = ""
    campaign_size: int = 0
    campaign_sites: int = 0
    campaign_vouched: int = 0
    campaign_refused: int = 0


NOTHING_KNOWN: Final = Reputation()


def standing_of(address: Record, tied: Tied, *, vouched: bool) -> Record:
    """An author's standing, given the record of the address that was typed and of those who are tied to it.

    An address proves nothing, since anybody can type it. So what is good is counted only as far as it was earned by who comes
    with the same tie; what is bad counts against everybody whom no tie sets apart. Rates and names are the address's.
    """
    if vouched:
        return address
    theirs = tied.record if tied.number else address
    good = tied.record
    return address._replace(
        approved=good.approved, vouched=good.vouched, good=good.good, first=address.first if tied.number else 0,
        rejected=theirs.rejected, refused=theirs.refused, flagged=theirs.flagged, bad=theirs.bad,
    )  # fmt: skip


def ties_of(submission: Submission) -> tuple[str, ...]:
    """What shows, beside an address that anybody can type, that the author is who comes with it."""
    author = submission.author
    network = author.ip.network if author.ip else ""
    known = (network, author.link, "vouched" if author.vouched else "")
    return tuple(_TIE + one for one in known if one)


def tie_moved(tie: str, moved: Callable[[str], str]) -> str:
    """A tie with what `moved` makes of its digest."""
    return _TIE + moved(tie.removeprefix(_TIE))


_TIE: Final = "t:"
_VOUCHED: Final = f"{_TIE}vouched"


def subjects_of(submission: Submission) -> Subjects:
    """Reduce a submission to what it may be known by. Never fails."""
    author = submission.author
    links = find_links(submission.content)
    own = Host.of(submission.page.url).domain
    url_domain = Host.of(author.url).domain if author.url else ""
    domains = dict.fromkeys((url_domain, *links.domains))
    return Subjects(
        email=author.email.digest if author.email else "",
        earlier=author.email.earlier if author.email else (),
        ip=author.ip.digest if author.ip else "",
        network=author.ip.network if author.ip else "",
        domains=tuple("d:" + _short(domain) for domain in domains if domain and domain != own)[:MOST_DOMAINS],
        name=author.known_as,
        name_before=_short("".join(filter(str.isalnum, fold(author.name)))) if author.known_as and author.name else "",
        text=sketch(submission.content),
        links=links,
        url_domain=url_domain,
        own_domain=own,
        ties=ties_of(submission),
        moved=_moved(author.ip),
    )


def _moved(ip: IpDigest | None) -> tuple[str, ...]:
    """Each earlier digest, and the present one of the same."""
    if ip is None or not ip.earlier:
        return ()
    present = (ip.digest, ip.network) * (len(ip.earlier) // 2)
    return tuple(one for pair in zip(ip.earlier, present, strict=True) for one in pair)


@lru_cache(maxsize=20_000)
def _short(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
