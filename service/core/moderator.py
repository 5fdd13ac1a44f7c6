"""The people who moderate: who they are, what each role may do, which sites they see; and their marks on authors. Values only.

`MAY` is the one table of rights; `docs/operations.md` shows it to operators, and a test walks every route of the review API
through it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from service.core.errors import InvalidSubmission


class Mark(Struct, frozen=True):
    """A moderator's mark on an e-mail digest, an IP digest or a network's digest, on one site."""

    what: Literal["trusted", "blocked"]
    until: int = 0  # milliseconds since 1970; 0: until it is taken back
    note: str = ""
    by: str = ""  # the actor who set it
    at: int = 0  # when, milliseconds since 1970
    ties: tuple[str, ...] | None = (
        None  # of an address: networks and links (digests) that it is trusted with; None: not noted
    )

    def live(self, now: int) -> bool:
        """Whether it still counts at `now`."""
        return self.until == 0 or now < self.until


MIN_PASSWORD = 8
"""Characters; the least that NIST SP 800-63B takes. Generated ones have far more."""
MAX_PASSWORD = 1_000
"""Characters; hashing more would be work for nothing."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?\Z")


class Role(StrEnum):
    """What somebody is here for. Each may do what those before may."""

    MODERATOR = "moderator"
    LEAD = "lead"
    OPERATOR = "operator"


class Right(StrEnum):
    """Something that not everybody may do."""

    QUEUE = "queue"  # read and decide comments one by one or by selection; claims, notes, own views; statistics, policy
    BULK = "bulk"  # decide everything that a query finds
    MARKS = "marks"  # ban or trust authors
    UNDO_OTHERS = "undo-others"  # take back what somebody else decided
    PREVIEW = "preview"  # try a policy on what was kept
    DELIVERIES = "deliveries"  # see the log of call-backs
    POLICY = "policy"  # save a site's policy
    REPLAY = "replay"  # send call-backs again
    ERASE = "erase"  # erase a comment, or all of its author's, for good
    AUDIT = "audit"  # see who changed what
    MODELS = "models"  # train, promote, roll back
    TEAM = "team"  # invite people, change what they may do and see, lock and remove them


_MODERATOR = frozenset({Right.QUEUE})
_LEAD = _MODERATOR | {Right.BULK, Right.MARKS, Right.UNDO_OTHERS, Right.PREVIEW, Right.DELIVERIES}
MAY: dict[Role, frozenset[Right]] = {
    Role.MODERATOR: _MODERATOR,
    Role.LEAD: _LEAD,
    Role.OPERATOR: _LEAD | {Right.POLICY, Right.REPLAY, Right.ERASE, Right.AUDIT, Right.MODELS, Right.TEAM},
}


HANDED_TO = (Role.LEAD, Role.OPERATOR)
"""The roles that a comment can be handed to, beside persons."""


NOWHERE = "-"
"""Stands for the sites of somebody whose last one was removed: no site is called so, and no site at all would mean every one."""


class SecondFactor(Struct, frozen=True):
    """What a moderator proves beside their password: codes of the time (RFC 6238), or a recovery code in need."""

    seed: str  # the secret is derived from it and the master secret, so that the store holds none
    since: int  # milliseconds since 1970
    step: int = 0  # the latest period whose code was used: each does once
    recovery: tuple[str, ...] = ()  # keyed digests of the recovery codes that are left


class Moderator(Struct, frozen=True):
    """Somebody who may sign in. The repr hides the password's hash."""

    name: str  # lower-case
    role: Role
    sites: tuple[str, ...]  # the sites that they see; none: all, also those to come
    password: str  # its Argon2 hash, with parameters and salt; "": they sign in at the provider alone
    created_at: int  # milliseconds since 1970
    generation: int = 0  # sessions of another one don't count; it begins anywhere, so that a name used again meets none
    second: SecondFactor | None = None
    enrolling: str = ""  # the seed of a second factor that is not confirmed yet
    provider: str = ""  # keyed digest of who they are at the team's provider; "": they don't sign in there
    managed: bool = False  # their groups there say what they may do and see, at each sign-in anew
    invited: str = ""  # keyed digest of the link that was made for them; "": none is good
    invited_until: int = 0  # milliseconds since 1970
    link_sets_password: bool = (
        False  # who has the link may choose a password; else it only connects them with the provider
    )
    link_forgets_second: bool = False  # using the link takes the second factor away
    locked_at: int = 0  # since when they may not sign in, milliseconds since 1970; 0: they may

    def __repr__(self) -> str:
        return f"Moderator({self.name}, {self.role})"

    def may(self, right: Right) -> bool:
        """Whether the role allows it."""
        return right in MAY[self.role]

    @property
    def answers_for(self) -> dict[str, int]:
        """What is handed to them: to whom (see `core.review.Handed`), and since when (milliseconds since 1970).

        A name that is used again has no part in what was handed to the one before.
        """
        roles = {f"role:{role}": 0 for role in HANDED_TO if MAY[role] <= MAY[self.role]}
        return {f"moderator:{self.name}": self.created_at, **roles}

    @property
    def accepted(self) -> bool:
        """Whether they can sign in in some way; else they were only invited."""
        return bool(self.password or self.provider)

    def sees(self, site: str) -> bool:
        """Whether they may know of a site at all."""
        return not self.sites or site in self.sites

    def works_with(self, other: Moderator) -> bool:
        """Whether there is a site that both see, or could see."""
        return not self.sites or not other.sites or not set(self.sites).isdisjoint(other.sites)

    def covers(self, sites: Sequence[str]) -> bool:
        """Whether they see all that who has these sites (none: every one) would see."""
        return not self.sites or (bool(sites) and set(sites) <= set(self.sites))

    def governs(self, other: Moderator) -> bool:
        """Whether they may change somebody: another one, who is nothing more than they are and sees nothing that they don't."""
        return other.name != self.name and MAY[other.role] <= MAY[self.role] and self.covers(other.sites)

    def without(self, site: str) -> tuple[str, ...]:
        """The sites that they see when this one is gone: never more than before."""
        left = tuple(one for one in self.sites if one != site)
        return left or (self.sites and (NOWHERE,))


class Session(Struct, frozen=True):
    """Somebody signed in, from then until it is idle or old enough. Times are milliseconds since 1970."""

    name: str
    generation: int
    since: int
    seen: int  # when it was last used; noted once in a while
    provider: bool = False  # it began at the team's provider, whose second factor counts


def fold_name(name: str) -> str:
    """A name as it is kept: people type capitals and spaces."""
    return name.strip().lower()


def skeleton(name: str) -> str:
    """What a name looks like: two that are the same here are easily taken for one another.

    Names are ASCII (`check_name`), so this is all that looks alike in them in common typefaces.
    """
    for seen, alike in (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("i", "l")):
        name = name.replace(seen, alike)
    return re.sub(r"[._-]", "", name)


def check_name(name: str) -> None:
    """Refuse a name that can't be one. Raises InvalidSubmission."""
    if _NAME.match(name) is None:
        raise InvalidSubmission(
            "A moderator's name has 1 to 63 lower-case letters, digits, dots, hyphens or underscores, "
            "and begins and ends with a letter or digit.",
            pointer="/name",
        )


def normal(password: str) -> str:
    """A password as it is hashed: keyboards differ in how they write one and the same letter (NFC, as RFC 8265 has it)."""
    return unicodedata.normalize("NFC", password)


def spellings(password: str) -> tuple[str, ...]:
    """What a typed password may have been hashed as, the present way first: earlier hashes are of what was typed then."""
    return tuple(dict.fromkeys([normal(password), password, unicodedata.normalize("NFD", password)]))


def check_password(password: str) -> None:
    """Refuse a password that is too short or too long. Raises InvalidSubmission, which never quotes it."""
    if any("\ud800" <= letter <= "\udfff" for letter in password):
        raise InvalidSubmission("A password is text; this is not.", pointer="/password")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidSubmission(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD:,} characters.", pointer="/password")
