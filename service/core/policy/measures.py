"""What rules and lists of a policy have in common, and the lists: words or domains, where they are looked for, what follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from service.core.errors import ValidationErrors
from service.core.identity import has_address
from service.core.policy.fields import TEXTS, Facts
from service.core.submission import Submission
from service.core.text.links import Domains
from service.core.text.search import MAX_ENTRY, Entries

MAX_NOTE = 500  # characters
MAX_TAGS = 8

Then = Literal["approve", "hold", "reject", "discard", "tag"]
Status = Literal["live", "shadow", "draft"]
Slug = Annotated[str, Meta(extra_json_schema={"pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"})]
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


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


def check_measure(measure: Measure, mistakes: ValidationErrors) -> None:
    """Note what can't be; places are those in the measure."""
    if _SLUG.match(measure.name) is None:
        mistakes.add(
            "A name has 1 to 63 lower-case letters, digits, - or _, and begins with a letter or digit.", "/name"
        )
    if measure.code is not None and _SLUG.match(measure.code) is None:
        mistakes.add(
            "A reason code has 1 to 63 lower-case letters, digits, - or _, and begins with a letter or digit.", "/code"
        )
    if len(measure.tags) > MAX_TAGS:
        mistakes.add(f"At most {MAX_TAGS} tags.", "/tags")
    if not all(map(_SLUG.match, measure.tags)):
        mistakes.add(
            "A tag has 1 to 63 lower-case letters, digits, - or _, and begins with a letter or digit.", "/tags"
        )
    if measure.then == "tag" and not measure.tags:
        mistakes.add("It is to tag; say with which tags.", "/tags")
    for field in ("owner", "note"):
        if has_address(getattr(measure, field)):
            mistakes.add("No e-mail address is kept here; say it with a name.", f"/{field}")


@lru_cache(maxsize=1024)
def _end_of(day: date) -> int:
    """Milliseconds since 1970 at which a day is over in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) + 86_400_000


MAX_LISTS = 50
MAX_ENTRIES = 5_000  # of one list
MAX_ALL_ENTRIES = 20_000  # of a policy

ListField = Annotated[str, Meta(extra_json_schema={"enum": list(TEXTS)})]
_WHERE: dict[str, tuple[str, ...]] = {
    "words": ("content", "author.name", "author.url"),
    "domains": ("content", "author.name", "author.url"),
}


class WordList(Measure, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One list of a policy: when an entry stands in one of the fields, it does what `then` says.

    A list of domains that approves does so only if every link of the comment leads to one of them.
    """

    entries: Annotated[
        tuple[Annotated[str, Meta(max_length=MAX_ENTRY)], ...],
        Meta(max_length=MAX_ENTRIES, description="Words, phrases (`*` stands for any letters), or domains."),
    ]
    kind: Annotated[Literal["words", "domains"], Meta(description="What the entries are.")] = "words"
    fields: Annotated[
        tuple[ListField, ...],
        Meta(max_length=len(TEXTS), description="Where to look; content, author.name and author.url unless told."),
    ] = ()

    @property
    def where(self) -> tuple[str, ...]:
        """The fields that are looked at."""
        return self.fields or _WHERE[self.kind]


class CompiledList(NamedTuple):
    """A list, and the function that finds an entry of it: (entry, field), or None."""

    words: WordList
    find: Callable[[Facts], tuple[str, str] | None]


def compile_list(words: WordList) -> CompiledList:
    """Check a list and make it ready. Raises InvalidPolicy; places are those in the list."""
    mistakes = ValidationErrors()
    check_measure(words, mistakes)
    for index, field in enumerate(words.fields):
        if field not in TEXTS:
            mistakes.add(f"A list looks at: {', '.join(TEXTS)}.", f"/fields/{index}")
    if len(words.entries) > MAX_ENTRIES:
        mistakes.add(f"A list has at most {MAX_ENTRIES:,} entries.", "/entries")
        mistakes.refuse()  # so many are not even looked at
    with mistakes.gathered("/entries"):
        entries = Domains(words.entries) if words.kind == "domains" else Entries(words.entries)
    mistakes.refuse()
    find = _finding_domains(words, entries) if isinstance(entries, Domains) else _finding_words(words, entries)
    return CompiledList(words, find)


def _readers(words: WordList) -> list[tuple[str, Callable[[Submission], str]]]:
    return [(field, TEXTS[field][1]) for field in words.where]


def _finding_words(words: WordList, entries: Entries) -> Callable[[Facts], tuple[str, str] | None]:
    readers = _readers(words)

    def find(facts: Facts) -> tuple[str, str] | None:
        for field, read in readers:
            text = read(facts.case.submission)
            if text and (entry := entries.found(facts.text(text))) is not None:
                return entry, field
        return None

    return find


def _finding_domains(words: WordList, domains: Domains) -> Callable[[Facts], tuple[str, str] | None]:
    readers = _readers(words)

    def find(facts: Facts) -> tuple[str, str] | None:
        for field, read in readers:
            if (entry := domains.found(read(facts.case.submission))) is not None:
                return entry, field
        return None

    def find_all(facts: Facts) -> tuple[str, str] | None:
        if not domains.cover(read(facts.case.submission) for _, read in readers):
            return None
        return find(facts)

    return find_all if words.then == "approve" else find
