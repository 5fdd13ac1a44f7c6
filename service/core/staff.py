"""The people who moderate: who they are, what each role may do, and which sites they see. For `service.staff` and what it serves.

`MAY` is the one table of rights; `docs/operations.md` shows it to operators, and a test walks every route of the review API
through it.
"""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

from service.core.errors import InvalidSubmission

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
    AUDIT = "audit"  # see who changed what
    MODELS = "models"  # train, promote, roll back


_MODERATOR = frozenset({Right.QUEUE})
_LEAD = _MODERATOR | {Right.BULK, Right.MARKS, Right.UNDO_OTHERS, Right.PREVIEW, Right.DELIVERIES}
MAY: dict[Role, frozenset[Right]] = {
    Role.MODERATOR: _MODERATOR,
    Role.LEAD: _LEAD,
    Role.OPERATOR: _LEAD | {Right.POLICY, Right.REPLAY, Right.AUDIT, Right.MODELS},
}


class Member(Struct, frozen=True):
    """Somebody who may sign in. The repr hides the password's hash."""

    name: str  # lower-case
    role: Role
    sites: tuple[str, ...]  # the sites that they see; none: all, also those to come
    password: str  # its Argon2 hash, with parameters and salt
    created_at: int  # milliseconds since 1970
    generation: int = 0  # sessions of an earlier one don't count any more

    def __repr__(self) -> str:
        return f"Member({self.name}, {self.role})"

    def may(self, right: Right) -> bool:
        """Whether the role allows it."""
        return right in MAY[self.role]

    def sees(self, site: str) -> bool:
        """Whether they may know of a site at all."""
        return not self.sites or site in self.sites


class Session(Struct, frozen=True):
    """Somebody signed in, from then until it is idle or old enough. Times are milliseconds since 1970."""

    name: str
    generation: int
    since: int
    seen: int  # when it was last used; noted once in a while


def fold_name(name: str) -> str:
    """A name as it is kept: people type capitals and spaces."""
    return name.strip().lower()


def check_name(name: str) -> None:
    """Refuse a name that can't be one. Raises InvalidSubmission."""
    if _NAME.match(name) is None:
        raise InvalidSubmission(
            "A moderator's name has 1 to 63 lower-case letters, digits, dots, hyphens or underscores, "
            "and begins and ends with a letter or digit.",
            pointer="/name",
        )


def check_password(password: str) -> None:
    """Refuse a password that is too short or too long. Raises InvalidSubmission, which never quotes it."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidSubmission(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD:,} characters.", pointer="/password")
