"""What a comment without an id is known by, and whether one that is here is the one that is meant. Pure.

Where a platform sends no id, everything that tells people and comments apart is one: place, kind, author (name, web address,
e-mail and IP address) and words. A first check is the same comment only if all of that is the same. Who speaks of a comment
again (a recheck, a correction) may leave something out or have stored it in another form: then what is said must not
contradict what is known, and must point to one comment alone. Nothing here holds an address: digests are keyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from msgspec import Struct

from service.core.comment import Comment
from service.core.identity import IdentityKeys
from service.core.resubmission import said
from service.core.submission import RawComment, Submission
from service.core.text.pages import same_page
from service.core.text.spoken import place, plain, spoken

_ALIKE = 0.3  # Jaccard similarity of words from which on a text may be another one, edited


class Likeness(Struct, frozen=True):
    """What a comment is known by: platform ids that would be its own, and indexes of those by its author on its page.

    Of both, those under the active key come first.
    """

    ids: tuple[str, ...]
    kin: tuple[str, ...]  # the first two are those that it is noted in

    @property
    def noted(self) -> tuple[str, ...]:
        """The indexes that it is noted in."""
        return self.kin[:2]


class Meant(NamedTuple):
    """The comment that a platform speaks of."""

    submission: Submission  # as it describes it
    likeness: Likeness
    guid: str = ""  # our id of it, if it is said
    name: str = ""  # digest of the platform's own id, if it has one by now
    again: bool = False  # it was spoken of before: a recheck, a correction
    edited: bool = False  # … and has other words now
    earlier_id: str = ""  # the platform id that an earlier version made of the words alone


def likeness(raw: RawComment, where: Sequence[str], keys: IdentityKeys) -> Likeness:
    """What a comment is known by; `where` is the site's address and what names the page there."""
    email, ip = raw.email.strip().lower(), _plain_ip(raw.ip)
    place_of = "\0".join(map(same_page, where))
    everything = (place_of, raw.kind, email, ip, *spoken("akismet", raw.content, raw.name, raw.url, raw.trigger))
    kin = [f"{place_of}\0{kind}\0{value}" for kind, value in (("name", plain(raw.name)), ("address", email or ip))]
    return Likeness(
        tuple(f"ak-{digest.rpartition('.')[2]}" for digest in _digests(keys, "a", "\0".join(everything))),
        tuple(
            dict.fromkeys(
                digest for each in zip(*(_digests(keys, "a", one) for one in kin), strict=True) for digest in each
            )
        ),
    )


def is_it(stored: Submission, meant: Submission) -> bool:
    """Whether a comment that is here is the very one: nobody else's, with nothing else said in it."""
    if _fits(stored, meant) is None:
        return False
    return (
        said(stored, "akismet") == said(meant, "akismet") if stored.content else stored.fingerprint == meant.fingerprint
    )


def is_whole(stored: Submission, meant: Submission) -> bool:
    """The same of one that is not known to have been that from the beginning: nothing is left out on either side."""
    return _fits(stored, meant) == _ALL and is_it(stored, meant)


def choose(found: Sequence[Comment], meant: Meant) -> Comment | None:
    """Which of those by its author on its page is meant when it is spoken of again; None when that is not sure."""
    new = meant.submission
    fitting = [
        (fit, one, one.submission)
        for one in found
        if one.submission and (fit := _fits(one.submission, new, edited=meant.edited)) is not None
    ]
    words = said(new, "akismet")[0]
    same = [(fit, one) for fit, one, stored in fitting if stored.content and said(stored, "akismet")[0] == words]
    if same:
        best = max(fit for fit, _ in same)
        only = [one for fit, one in same if fit == best]
        return only[0] if len(only) == 1 else None
    return _edited(fitting, new) if meant.edited else None


def _edited(fitting: Sequence[tuple[int, Comment, Submission]], new: Submission) -> Comment | None:
    """Which of those that fit has been edited to this: the one of that date, the only one, or the one most like it."""
    written = new.form.get("comment_date_gmt", "")
    dated = [one for _, one, stored in fitting if written and stored.form.get("comment_date_gmt", "") == written]
    if len(dated) == 1 or len(fitting) == 1:
        return (dated or [fitting[0][1]])[0]
    alike = sorted(((_alike(stored.content, new.content), one.id, one) for _, one, stored in fitting), reverse=True)
    if alike and alike[0][0] >= _ALIKE and alike[0][0] > alike[1][0]:
        return alike[0][2]
    return None


_ALL = 4


def _fits(stored: Submission, new: Submission, *, edited: bool = False) -> int | None:
    """In how many of name, web address, e-mail and IP address the two are equal; None when one of them contradicts.

    What one of them leaves out contradicts nothing. Who edits may change name and web address, if an address is the same.
    """
    ours, theirs = stored.author, new.author
    email = (
        _compared(ours.email.digest, (theirs.email.digest, *theirs.email.earlier))
        if ours.email and theirs.email
        else None
    )
    ip = _compared(ours.ip.digest, (theirs.ip.digest, *theirs.ip.earlier)) if ours.ip and theirs.ip else None
    if email is False or ip is False or stored.kind != new.kind:
        return None
    free = edited and bool(email or ip)
    equal = 0
    for our, their in ((plain(ours.name), plain(theirs.name)), (place(ours.url), place(theirs.url))):
        if our and their and our != their and not free:
            return None
        equal += our == their
    for compared, given in ((email, ours.email or theirs.email), (ip, ours.ip or theirs.ip)):
        equal += bool(compared) or given is None
    return equal


def _compared(stored: str, given: Sequence[str]) -> bool | None:
    """Whether two digests are of one thing; None when they were made in different ways, so that nobody can tell."""
    if stored in given:
        return True
    return False if stored.rpartition(".")[0] in {one.rpartition(".")[0] for one in given} else None


def _alike(one: str, other: str) -> float:
    words, others = set(one[:20_000].lower().split()), set(other[:20_000].lower().split())
    return len(words & others) / max(1, len(words | others))


def _digests(keys: IdentityKeys, kind: str, value: str) -> tuple[str, ...]:
    return keys.digest(kind, value), *keys.earlier(kind, value)


def _plain_ip(ip: str) -> str:
    try:
        address = ip_address(ip.strip())
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
