"""Lists of a policy: words or domains, where they are looked for, and what follows. `compile_list` makes one ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from service.core.domains import Domains
from service.core.facts import TEXTS, Facts
from service.core.measures import Measure, check_measure
from service.core.mistakes import Mistakes
from service.core.submission import Submission
from service.core.words import MAX_ENTRY, Entries

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
    mistakes = Mistakes()
    check_measure(words, mistakes)
    for index, field in enumerate(words.fields):
        if field not in TEXTS:
            mistakes.add(f"A list looks at: {', '.join(TEXTS)}.", f"/fields/{index}")
    if len(words.entries) > MAX_ENTRIES:
        mistakes.add(f"A list has at most {MAX_ENTRIES} entries.", "/entries")
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
