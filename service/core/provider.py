"""Whom a team's own sign-in (an OpenID Connect provider) says somebody is, and what their groups there are here. Values only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple

from service.core.errors import Unauthenticated
from service.core.moderator import Role

_ROLES = "|".join(Role)
_GRANT = re.compile(rf"(?P<group>.+)=(?P<role>{_ROLES})(?::(?P<sites>[a-z0-9-]+(?:\+[a-z0-9-]+)*))?\Z")
_LONGEST_NAME = 40  # characters, so that a number may follow


class Why(StrEnum):
    """Why somebody who was at the provider does not come in; the page has words for each."""

    CANCELLED = "cancelled"  # they said no there, or the provider did
    REFUSED = "refused"  # what they bring is not good
    LATE = "late"
    UNKNOWN = "unknown"  # nobody here knows them
    INVITATION = "invitation"  # theirs is good no more
    ANOTHER = "another"  # they have another account here


class NotAdmitted(Unauthenticated):
    """Somebody comes from the provider, and does not come in."""

    def __init__(self, why: Why) -> None:
        super().__init__("Signing in there did not work.")
        self.why = why


class Grant(NamedTuple):
    """What the members of a group at the provider are here."""

    group: str
    role: Role
    sites: tuple[str, ...]  # that they see; none: all


class Identity(NamedTuple):
    """Somebody as the provider vouches for them. The repr hides it."""

    subject: str  # the provider, and what it calls them for good: nobody else anywhere
    name: str  # what they would like to be called; anything
    groups: frozenset[str]

    def __repr__(self) -> str:
        return "Identity(…)"


def grant(text: str) -> Grant:
    """`GROUP=ROLE`, or `GROUP=ROLE:SITE+SITE`. Raises ValueError, in words for an operator."""
    found = _GRANT.match(text.strip())
    if found is None:
        raise ValueError(f"GROUP=ROLE or GROUP=ROLE:SITE+SITE, and a role is one of {', '.join(Role)}")
    sites = found["sites"]
    return Grant(found["group"].strip(), Role(found["role"]), tuple(sorted(set(sites.split("+")))) if sites else ())


def granted(grants: Sequence[Grant], groups: Collection[str]) -> Grant | None:
    """What somebody in these groups is: the first that fits, so that no two add up to more than either; None: nothing."""
    return next((one for one in grants if one.group in groups), None)


def names(wanted: str) -> list[str]:
    """What an account for somebody may be called, the best first: letters and digits of what they are called there."""
    plain = unicodedata.normalize("NFKD", wanted.partition("@")[0]).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9._-]+", "-", plain)[:_LONGEST_NAME].strip(".-_") or "member"
    return [base, *(f"{base}-{number}" for number in range(2, 100))]
