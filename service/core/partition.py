"""Which partition of the data keeps what: a site's by its name, and a comment's by its id, which begins with its site's digits.

How many there are is settled when data is begun. With one, which is the rule, ids have no such digits: they are those of
`core.submission.comment_id`. Two digits and not the partition's number, so that an id stays good whatever their number is.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from msgspec import Struct

from service.core.submission import comment_id

MOST: Final = 64
"""Partitions that data may have: each costs every worker two waiting connections."""
_DIGITS: Final = 2


@lru_cache(maxsize=10_000)
def digits_of(site: str) -> str:
    """The two hexadecimal digits of a site, by which it and all its ids find their partition."""
    return hashlib.blake2b(site.encode(), digest_size=_DIGITS // 2).hexdigest()


class Partitions(Struct, frozen=True):
    """The partitions of some data, numbered from 0. No method raises: what is no id leads somewhere, and is not there."""

    count: int = 1

    def of_site(self, site: str) -> int:
        """The partition that keeps a site."""
        return self._of_digits(digits_of(site)) if self.count > 1 else 0

    def of_comment(self, comment: str) -> int:
        """The partition that keeps a comment, by its id."""
        return self._of_digits(comment[1 : 1 + _DIGITS]) if self.count > 1 else 0

    def of_campaign(self, campaign: str) -> int:
        """The partition that keeps a campaign: its id begins like that of its first comment."""
        return self._of_digits(campaign[:_DIGITS]) if self.count > 1 else 0

    def comment_id(self, site: str, platform_id: str) -> str:
        """Our id of a comment, by the platform's; see `core.submission.comment_id`."""
        plain = comment_id(site, platform_id)
        return f"{plain[0]}{digits_of(site)}{plain[1 + _DIGITS :]}" if self.count > 1 else plain

    def _of_digits(self, digits: str) -> int:
        try:
            return int(digits, 16) % self.count
        except ValueError:
            return 0
