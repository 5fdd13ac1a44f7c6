"""Searches texts for entries: words and phrases with wildcards, and domains. For `core.rules` and `core.lists`.

An entry of letters, digits, spaces, hyphens, apostrophes and dots is found as whole words, in any case, accents and
look-alike letters aside; `*` in it stands for any letters or digits. An entry with other signs (`[url=`, `c++`) is found as
it stands, anywhere, case aside. Regular expressions run on RE2: linear in the text, whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import re2

from service.core.errors import InvalidPolicy
from service.core.facts import Text
from service.core.folding import fold, spaced
from service.core.identity import has_address

MAX_ENTRY = 200  # characters
MAX_PROGRAM = 5_000  # instructions of one regular expression
_MEMORY = 16 << 20  # bytes that one expression may use while it runs; beyond, RE2 takes its slower way
_PLAIN = re.compile(r"[\w\s'’*.-]+\Z")
_HOST = re.compile(r"(?<![\w@.-])(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_](?:[\w-]*[^\W_])?", re.UNICODE)
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_LINKED = re.compile(r"(?:https?://|//|\bwww\.)([^\s/?#<>\"'\\\[\]()]+)", re.IGNORECASE)


def compiled(pattern: str, *, ignore_case: bool = False, bounded: bool = True) -> re2._Regexp:
    """A regular expression of RE2's syntax. Raises InvalidPolicy when it is none, or too large."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = not ignore_case
    try:
        expression = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        raise InvalidPolicy(
            "This is not a regular expression that RE2 reads (no look-around, no back-references)."
        ) from None
    if bounded and expression.programsize > MAX_PROGRAM:
        raise InvalidPolicy("This regular expression is too large; write it shorter, or repeat less.")
    return expression


def is_wordy(entry: str) -> bool:
    """Whether an entry is looked for as words; else it is found as it stands, anywhere."""
    return _PLAIN.match(fold(entry.strip())) is not None


class Entries:
    """Words and phrases, ready to be searched for all at once. Raises InvalidPolicy, with the index as its pointer."""

    __slots__ = ("_entries", "_signs", "_words")

    def __init__(self, entries: Sequence[str]) -> None:
        words: list[str] = []
        signs: list[str] = []
        self._entries: list[tuple[str, str, bool]] = []
        for index, entry in enumerate(entries):
            try:
                pattern, about_words = _pattern(entry)
            except InvalidPolicy as error:
                raise InvalidPolicy(error.detail, pointer=f"/{index}") from None
            (words if about_words else signs).append(pattern)
            self._entries.append((entry, pattern, about_words))
        self._words = _any(words)
        self._signs = _any(signs)

    def found(self, text: Text) -> str | None:
        """The first entry that stands in a text, or None."""
        if self._words is not None:
            for view in text.words:
                if self._words.search(view):
                    return self._which(view, about_words=True)
        if self._signs is not None:
            for view in text.signs:
                if self._signs.search(view):
                    return self._which(view, about_words=False)
        return None

    def _which(self, view: str, *, about_words: bool) -> str:
        """Only for a text in which something was found: one entry after the other."""
        return next(
            entry for entry, pattern, words in self._entries if words is about_words and _alone(pattern).search(view)
        )


class Domains:
    """Domains, each with all that is under it; `*.xyz` is a whole top-level domain. Raises InvalidPolicy, as `Entries` does."""

    __slots__ = ("_domains",)

    def __init__(self, entries: Iterable[str]) -> None:
        self._domains: dict[str, str] = {}
        for index, entry in enumerate(entries):
            domain = _ascii(entry.strip().lower().removeprefix("*.").rstrip("."))
            if _DOMAIN.match(domain) is None or ("." not in domain and not entry.strip().startswith("*.")):
                raise InvalidPolicy("An entry here is a domain, such as example.com or *.example.", pointer=f"/{index}")
            self._domains.setdefault(domain, entry)

    def found(self, text: str) -> str | None:
        """The entry of the first domain that the text names, linked or bare, or None."""
        return next((entry for host in _named(text) if (entry := self._entry(host)) is not None), None)

    def cover(self, texts: Iterable[str]) -> bool:
        """Whether the texts link somewhere, and only to these."""
        hosts = [host for text in texts for host in _linked(text)]
        return bool(hosts) and all(self._entry(host) is not None for host in hosts)

    def _entry(self, host: str) -> str | None:
        while host:
            if host in self._domains:
                return self._domains[host]
            host = host.partition(".")[2]
        return None


def _named(text: str) -> Iterator[str]:
    return (_ascii(found[0].lower()) for found in _HOST.finditer(text)) if "." in text else iter(())


def _linked(text: str) -> Iterator[str]:
    for found in _LINKED.finditer(text):
        host = found[1].rpartition("@")[2].partition(":")[0]
        yield _ascii(host.lower().rstrip("."))


def _ascii(domain: str) -> str:
    """A domain as the name system has it; what can't be one stays as it is, and is nobody's."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _any(patterns: Sequence[str]) -> re2._Regexp | None:
    return compiled("|".join(patterns), bounded=False) if patterns else None


@lru_cache(maxsize=4096)
def _alone(pattern: str) -> re2._Regexp:
    return compiled(pattern, bounded=False)


def _pattern(entry: str) -> tuple[str, bool]:
    """The pattern of an entry, and whether it is about words (`Text.words`). Raises InvalidPolicy when it can find nothing."""
    if len(entry) > MAX_ENTRY:
        raise InvalidPolicy(f"An entry has at most {MAX_ENTRY} characters.")
    folded = fold(entry.strip())
    if not folded:
        raise InvalidPolicy("An entry is empty.")
    if has_address(entry):
        raise InvalidPolicy("E-mail addresses are dotted out in comments; block the author instead.")
    if not _PLAIN.match(folded):
        return re2.escape(folded), False
    pieces = folded.split("*")
    if all(spaced(piece).isspace() for piece in pieces):
        raise InvalidPolicy("An entry needs a letter or a digit.")
    last = len(pieces) - 1
    pattern = "[^ ]*".join(re2.escape(_beside(piece, at > 0, at < last)) for at, piece in enumerate(pieces))
    # A wildcard at an end is no boundary there, and no more: spelt out it would slow the search down a thousandfold.
    return pattern.removeprefix("[^ ]*").removesuffix("[^ ]*"), True


def _beside(piece: str, behind: bool, before: bool) -> str:
    """A piece of an entry as words, whose boundaries are spaces: there is none where it touches a wildcard."""
    words = spaced(piece)
    if behind and not _edge(piece[:1]):
        words = words.lstrip(" ")
    if before and not _edge(piece[-1:]):
        words = words.rstrip(" ")
    return words


def _edge(character: str) -> bool:
    return bool(character) and not character.isalnum()
