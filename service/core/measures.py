"""What rules and lists of a policy have in common: a name, what they do, and how long they count. For `core`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

from service.core.identity import has_address
from service.core.mistakes import Mistakes

MAX_NOTE = 500  # characters
MAX_TAGS = 8

Then = Literal["approve", "hold", "reject", "discard", "tag"]
Status = Literal["live", "shadow", "draft"]
Slug = Annotated[str, Meta(extra_json_schema={"pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"})]
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")
_SLUG_WORDS = "1 to 63 lower-case letters, digits, - or _, and begins with a letter or digit"


class Measure(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A rule or a list, as the operator wrote it."""

    name: Annotated[Slug, Meta(description="Names it among the site's rules and lists, and in the reasons.")]
    then: Annotated[Then, Meta(description="What it does. `discard` rejects as blatant; `tag` only tags.")]
    code: Annotated[str | None, Meta(description="The reason code that it gives, `rule` or `list` unless told.")] = None
    tags: Annotated[tuple[Slug, ...], Meta(max_length=MAX_TAGS, description="Tags for the comment.")] = ()
    status: Annotated[Status, Meta(description="`live`; `shadow`: noted, without effect; `draft`: not looked at.")] = (
        "live"
    )
    expires: Annotated[date | None, Meta(description="The last day, in UTC, on which it counts.")] = None
    owner: Annotated[str, Meta(max_length=100, description="Who answers for it.")] = ""
    note: Annotated[str, Meta(max_length=MAX_NOTE, description="What it is there for.")] = ""

    def counts(self, at: int) -> bool:
        """Whether it is to be looked at, at a time in milliseconds since 1970."""
        if self.status == "draft":
            return False
        return self.expires is None or at < _end_of(self.expires)


def check_measure(measure: Measure, mistakes: Mistakes) -> None:
    """Note what can't be; places are those in the measure."""
    if _SLUG.match(measure.name) is None:
        mistakes.add(f"A name has {_SLUG_WORDS}.", "/name")
    if measure.code is not None and _SLUG.match(measure.code) is None:
        mistakes.add(f"A reason code has {_SLUG_WORDS}.", "/code")
    if len(measure.tags) > MAX_TAGS:
        mistakes.add(f"At most {MAX_TAGS} tags.", "/tags")
    if not all(map(_SLUG.match, measure.tags)):
        mistakes.add(f"A tag has {_SLUG_WORDS}.", "/tags")
    if measure.then == "tag" and not measure.tags:
        mistakes.add("It is to tag; say with which tags.", "/tags")
    for field in ("owner", "note"):
        if has_address(getattr(measure, field)):
            mistakes.add("No e-mail address is kept here; say it with a name.", f"/{field}")


@lru_cache(maxsize=1024)
def _end_of(day: date) -> int:
    """Milliseconds since 1970 at which a day is over in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) + 86_400_000
