"""What every reader of a history yields: records, and places where there was none to be had; and the list of the latter."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

import msgspec

from service.core.errors import MalformedRequest
from service.core.identity import mask_addresses
from service.core.lifecycle import Outcome
from service.core.verdict import LABELS

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#~+=-]{0,199}\Z")
_MADE = re.compile(r"x-[0-9a-f]{26}\Z")
_PATH = re.compile(
    r"\.{0,2}[/?#](?!/)"  # /2020/bees/, ../bees, ?p=3
    r"|(?![\w+-]+:)[^/.\s@]+/"  # posts/bees
    r"|[^/\s:@]+\.(?:html?|php\d?|aspx?|jsp|md)(?:[?#]|\Z)",  # bees.html
    re.IGNORECASE,
)
_NO_WEBSITE = "an author's website that is a page of some site: it is left out"
_LONGEST_WORD = 30  # characters of a word that was not known


NO_TEXT = "a comment without text"
NO_OBJECT = "not a JSON object, or longer than any comment"


class Fate(StrEnum):
    """What had become of a comment where it comes from."""

    APPROVED = "approved"  # somebody, or the system's own rules, let it through
    HELD = "held"  # it waits for a moderator
    SPAM = "spam"
    REMOVED = "removed"  # deleted or refused, without a word on why
    ORPHANED = "orphaned"  # went away with its page; nobody judged it
    SHOWN = "shown"  # the source says nothing of approval


class Meaning(NamedTuple):
    """What a fate means here. `judged`: somebody decided about the comment itself."""

    outcome: Outcome
    labels: Mapping[str, float] | None
    judged: bool


MEANINGS = {
    Fate.APPROVED: Meaning(Outcome.APPROVE, dict.fromkeys(LABELS, 0.0), judged=True),
    Fate.HELD: Meaning(Outcome.HOLD, None, judged=False),
    Fate.SPAM: Meaning(Outcome.REJECT, {"spam": 1.0}, judged=True),
    Fate.REMOVED: Meaning(Outcome.REJECT, None, judged=True),
    Fate.ORPHANED: Meaning(Outcome.REJECT, None, judged=False),
    Fate.SHOWN: Meaning(Outcome.APPROVE, None, judged=False),
}


class Record(NamedTuple):
    """One comment as its source has it. It may hold addresses: it is never stored, logged or shown."""

    place: str  # where in the file: "line 12"
    platform_id: str
    content: str
    fate: Fate
    page_url: str = ""
    page_title: str = ""
    name: str = ""
    email: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    parent_id: str = ""
    created_at: int = 0  # milliseconds since 1970; 0 when the source does not say
    kind: str = "comment"
    labels: Mapping[str, float] | None = None  # what the source says beyond what its fate means
    said_at: str = ""  # its time in the source's own words
    doubts: tuple[str, ...] = ()  # what had to be assumed of it, in words

    def __repr__(self) -> str:
        return f"Record({self.place})"


class Left(NamedTuple):
    """Something that is not brought along: where it stands, and why, in words that quote nothing but `word`."""

    place: str
    why: str
    word: str = ""  # the word that was not known, see `quoted`


def without_text(place: str, *, deleted: bool) -> Left:
    """A comment of which there is no text."""
    return Left(place, "a deleted comment, of which no text is left" if deleted else NO_TEXT)


def quoted(word: str) -> str:
    """A word of a file to be shown: short, printable, without an address."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in mask_addresses(word)).split())
    return plain if len(plain) <= _LONGEST_WORD else plain[:_LONGEST_WORD] + "…"


def name(*words: str) -> str:
    """A platform id of the source's own words, if that can be one, else of their digest.

    The first word is the system's, unless comments are known by the same id when they come in through the platform's own
    entrance: so WordPress's and Remark42's are bare, until `prefixed` puts the system before them.
    """
    own = ":".join(words)
    return own if _ID.match(own) else made(*words)


def own(system: str, given: str, *words: str) -> str:
    """The platform id of a comment of a system, by its own id there, or where it has none, by its words."""
    return (name(system, given) if system else name(given)) if given.strip() else made(*words)


def prefixed(prefix: str, own: str) -> str:
    """A bare id with what makes it nobody else's before it; one that was made of words is nobody else's as it is."""
    return own if not own or _MADE.match(own) else name(prefix + own)


def made(*words: str) -> str:
    """A platform id for a comment that its source gives none: the same words make the same id, addresses in them aside."""
    return "x-" + hashlib.blake2b(mask_addresses("\0".join(words)).encode(errors="replace"), digest_size=13).hexdigest()


def with_page(one: Record) -> Record:
    """A record whose author has no path for a website: a relative address is a page's, and nobody's."""
    url = one.url.strip()
    if not _PATH.match(url):
        return one
    return (
        one._replace(url="", page_url=url)
        if not one.page_url
        else one._replace(url="", doubts=(*one.doubts, _NO_WEBSITE))
    )


def text(value: object) -> str:
    """A field's value as text: numbers and truth values written out, anything that is no single value as nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


# The list of what an import left out: one JSON line for each place and the reason, and nothing of what stands there.


_encode = msgspec.json.Encoder().encode


class Leftovers:
    """A file that is begun with the first line, and can be taken up where an import that was stopped had come.

    "-" is standard error, where nothing can be taken up.
    """

    def __init__(self, path: Path | None) -> None:
        self._printed = path is not None and str(path) == "-"
        self._path = None if self._printed else path
        self._file: BinaryIO | None = sys.stderr.buffer if self._printed else None
        self.size = 0  # bytes

    def go_on(self, size: int) -> None:
        """Drop what was written beyond so many bytes: the import goes on from there."""
        self.size = size
        if self._path is not None and self._path.is_file():
            with _written(), self._path.open("r+b") as file:
                file.truncate(size)

    def add(self, number: int, left: Left) -> None:
        """Note what is left out. Raises MalformedRequest."""
        if self._file is None and self._path is not None:
            with _written():
                self._file = self._path.open("ab" if self.size else "wb")
        said = {"record": number, "place": left.place, "why": left.why} | ({"word": left.word} if left.word else {})
        if self._file is None:
            return
        with _written():
            self.size += self._file.write(_encode(said) + b"\n")

    def flush(self) -> None:
        """Let the file hold all that was noted. Raises MalformedRequest."""
        if self._file is not None:
            with _written():
                self._file.flush()

    def __enter__(self) -> Leftovers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and not self._printed:
            with suppress(OSError) if error is not None else _written():
                self._file.close()


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MalformedRequest(
            f"The list of what is left out can't be written: {os.strerror(error.errno or 0)}. --left-out names another "
            "place; - is standard error."
        ) from None
