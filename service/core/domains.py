"""Looks for domains in texts, linked or bare. For `core.lists`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from service.core.mistakes import Mistakes

_HOST = re.compile(r"(?<![\w@.-])(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_](?:[\w-]*[^\W_])?", re.UNICODE)
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_LINKED = re.compile(r"(?:https?://|//|\bwww\.)([^\s/?#<>\"'\\\[\]()]+)", re.IGNORECASE)


class Domains:
    """Domains, each with all that is under it; `*.xyz` is a whole top-level domain. Raises InvalidPolicy, as `Entries` does."""

    __slots__ = ("_domains",)

    def __init__(self, entries: Iterable[str]) -> None:
        self._domains: dict[str, str] = {}
        mistakes = Mistakes()
        for index, entry in enumerate(entries):
            domain = _ascii(entry.strip().lower().removeprefix("*.").rstrip("."))
            if _DOMAIN.match(domain) is None or ("." not in domain and not entry.strip().startswith("*.")):
                mistakes.add("An entry here is a domain, such as example.com or *.example.", f"/{index}")
            self._domains.setdefault(domain, entry)
        mistakes.refuse()

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
