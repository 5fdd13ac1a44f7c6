"""Signals: named evidence beyond the text. The `CATALOGUE` of all of them; whoever reads or writes one asks it.

A signal that is missing from a comment has its quiet value. Where the quiet value is None, nothing is known, and no
condition on it is met. Only what differs from the quiet value is stored with a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from service.core.verdict import Signal


class SignalKind(NamedTuple):
    """One signal: what it is called, what it holds and what it means."""

    name: str
    type: type[bool] | type[int] | type[float] | type[str]
    meaning: str  # one sentence, for operators and moderators
    unit: str = ""  # "comments", "seconds", "days", "share"; "" for yes or no
    quiet: Signal | None = None  # the value when it is missing; None: unknown then


def _flag(name: str, meaning: str) -> SignalKind:
    return SignalKind(name, bool, meaning, quiet=False)


def _count(name: str, unit: str, meaning: str) -> SignalKind:
    return SignalKind(name, int, meaning, unit, 0)


def _standing(prefix: str, whom: str, where: str) -> tuple[SignalKind, ...]:
    return (
        _count(f"{prefix}_approved", "comments", f"Comments {whom} that stand approved {where}."),
        _count(f"{prefix}_rejected", "comments", f"Comments {whom} that stand rejected {where}."),
        _count(f"{prefix}_vouched", "comments", f"Comments {whom} that a human approved {where}."),
        _count(f"{prefix}_refused", "comments", f"Comments {whom} that a human rejected {where}."),
    )


GROUPS: Final[Mapping[str, tuple[SignalKind, ...]]] = {
    "Links": (
        _count("links", "links", "Links in the text that have a scheme or begin with www."),
        _count(
            "link_domains", "domains", "Different registered domains that they lead to, the site's own not counted."
        ),
        _flag("link_punycode", "A link's host has a label in Punycode or beyond ASCII."),
        _flag("link_ip", "A link leads to a bare IP address."),
        _flag("link_mismatch", "A link's text shows another domain than the one that it leads to."),
    ),
    "Domains linked to, in the text or as the author's address (of several the worst)": (
        _count(
            "domain_comments",
            "comments",
            "Other comments of the last 30 days, on any site of the box, that link to it.",
        ),
        _count("domain_names", "names", "Different author names that linked to it, at most 16."),
        *_standing("domain", "that link to it", "on this site"),
        *_standing("domain_box", "that link to it", "on any site of the box"),
    ),
    "Author": (
        _flag("author_url", "The author gave a web address."),
        _flag("author_url_deep", "The author's web address is a page inside a site."),
        _flag("author_name_url", "The author's name is or holds a web address."),
        _flag("author_name_in_url", "Two or more words of the author's name stand in the author's web address."),
        _flag("email_disposable", "The e-mail address belongs to a throw-away service."),
        _flag("email_role", "The e-mail address is a function's, such as info or sales, and no person's."),
        _flag("email_undeliverable", "The e-mail address's domain takes no mail."),
        _count("email_names", "names", "Other author names seen with this e-mail address, at most 16."),
        _count("ip_emails", "addresses", "Other e-mail addresses seen from this IP address, at most 16."),
    ),
    "The author's standing": (
        SignalKind("author_days", float, "Days since the author's first comment on this site.", "days"),
        *_standing("author", "of the author", "on this site"),
        _count("author_flagged", "comments", "Comments of the author that wait for a moderator on this site."),
        SignalKind(
            "author_standing",
            float,
            "The author's record on this site with decay: 1 all approved, -1 all rejected, 0 unknown.",
            "from -1 to 1",
            0.0,
        ),
        SignalKind(
            "author_box_days", float, "Days since the author's first comment on any site of the circle.", "days"
        ),
        *_standing("author_box", "of the author", "on any site of the circle"),
        SignalKind(
            "author_box_standing",
            float,
            "The author's record on all sites of the circle with decay, as in author_standing.",
            "from -1 to 1",
            0.0,
        ),
        *_standing("ip", "from this IP address", "on any site of the circle"),
        *_standing("network", "from this network (/24, /48)", "on any site of the circle"),
        SignalKind("author_mark", str, "What a moderator marked the author as: trusted or blocked.", "word", ""),
        _flag(
            "author_claimed", "The e-mail address is one that a moderator trusts, and nothing shows that it is theirs."
        ),
        _flag("author_vouched_for", "The platform vouches for the author: signed in, verified, or with a role there."),
        SignalKind("network_mark", str, "What a moderator marked the network as: trusted or blocked.", "word", ""),
    ),
    "Rates, on all sites of the circle together": (
        _count("email_10m", "comments", "Other comments with this e-mail address in the last 10 minutes."),
        _count("email_1d", "comments", "Other comments with this e-mail address in the last day."),
        _count("ip_10m", "comments", "Other comments from this IP address in the last 10 minutes."),
        _count("ip_1d", "comments", "Other comments from this IP address in the last day."),
        _count("network_10m", "comments", "Other comments from this network (/24, /48) in the last 10 minutes."),
        _count("network_1d", "comments", "Other comments from this network (/24, /48) in the last day."),
    ),
    "Repeats and campaigns": (
        _count(
            "repeats",
            "comments",
            "Other comments of the last 30 days that say exactly the same, letters and case aside.",
        ),
        SignalKind("campaign", str, "The campaign of near-duplicates that the comment belongs to.", "id", ""),
        _count("campaign_size", "comments", "Comments in the campaign so far, this one counted."),
        _count("campaign_sites", "sites", "Sites that the campaign has reached."),
        _count("campaign_vouched", "comments", "Comments of the campaign that a human approved."),
        _count("campaign_refused", "comments", "Comments of the campaign that a human rejected."),
    ),
    "Form and behaviour": (
        _flag("honeypot", "A form field that people can't see was filled in."),
        SignalKind("seconds_to_submit", float, "Seconds from when the form was shown to when it was sent.", "seconds"),
        _flag("form_no_script", "The form was sent without its script having run."),
        _flag("form_nonce_failed", "The form's one-time token was wrong."),
        SignalKind("form_keypresses", int, "Keys pressed while the comment was written.", "keys"),
        _flag("form_pasted", "Hardly a key was pressed for a longer text."),
        SignalKind("form_movements", int, "Movements of the mouse, touches and scrolls on the page.", "events"),
    ),
    "Browser": (
        _flag("user_agent_missing", "A visitor's IP address came with no user agent."),
        _flag("user_agent_program", "The user agent names a program and no browser."),
        _flag("referrer_elsewhere", "The referrer is not on the site that was commented on."),
    ),
    "Context": (
        _count("words", "words", "Words in the text."),
        _flag("text_damaged", "Half a character or a NUL came in the text or the name; U+FFFD stands for it."),
        _flag("reply", "It answers another comment."),
        SignalKind(
            "topic_overlap", float, "Share of the words of page title and parent that the text takes up.", "share"
        ),
        SignalKind("page_days", float, "Days since the page was last changed.", "days"),
    ),
    "Pingbacks and trackbacks": (
        _flag("ping", "It is a pingback or a trackback."),
        _flag(
            "ping_unverified",
            "Nobody has seen that its source links to the page: it is a trackback, or the platform looked in vain.",
        ),
        _flag("ping_self_link", "Its text leads to its own source."),
        _flag("ping_stranger", "Nothing that came from its source's domain stands approved on this site."),
        _flag("ping_closed", "Its target takes no pingbacks."),
        _count("ping_multicall", "calls", "Calls in the request that it came in."),
        _flag("ping_own", "Its source is on the site itself."),
    ),
    "Outside lists (only where the operator turned them on)": (
        _flag("list_email", "The e-mail address is on a list that the operator loaded."),
        _flag("list_ip", "The IP address is on a list that the operator loaded."),
        _count("httpbl_threat", "from 0 to 255", "How threatening http:BL finds the IP address."),
        SignalKind("httpbl_days", int, "Days since http:BL last saw the IP address do harm, at most 255.", "days"),
        _flag("httpbl_suspicious", "http:BL finds the IP address suspicious."),
        _flag("httpbl_harvester", "http:BL saw the IP address gather e-mail addresses."),
        _flag("httpbl_spammer", "http:BL saw the IP address spam comments."),
    ),
    "Another reader (only where the operator named one)": (
        SignalKind("other_spam", float, "How likely the other reader finds it to be spam.", "share"),
        SignalKind("other_toxicity", float, "How likely the other reader finds it to be abuse of any kind.", "share"),
        _flag("other_flagged", "The other reader says that it is spam or abuse."),
        _flag("other_silent", "The other reader has not answered, and its word is asked for."),
    ),
}
"""All signals by what they are about, in the order in which they are shown."""

CATALOGUE: Final[Mapping[str, SignalKind]] = {kind.name: kind for kinds in GROUPS.values() for kind in kinds}
"""All signals by name."""


ELSEWHERE: Final = frozenset(
    kind.name
    for title, kinds in GROUPS.items()
    for kind in kinds
    if re.search("of the (?:box|circle)", kind.meaning + title)
)
"""Signals that tell of other sites as well. Who sees only some sites is not shown what was made of somebody on others."""


def value(signals: Mapping[str, Signal], name: str) -> Signal | None:
    """A signal's value in a comment's `signals`; None when it is unknown. Raises KeyError for a name that is none."""
    found = signals.get(name)
    return CATALOGUE[name].quiet if found is None else found
