"""Web addresses in a comment: where its links lead. Pure; nothing is fetched.

How an address is read to its host, and a host to its registered domain, says `Host`: the one reading in the house. Here
stands where in a text addresses are found: `find_links` for signals, `locate` for people, `Domains` for the lists of a policy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import unescape
from itertools import islice
from typing import Final, NamedTuple

from classifier.unicode.confusables import UNSEEN
from classifier.unicode.hosts import Host
from service.core.errors import ValidationErrors
from service.core.text.rendering import shown

# Looks for domains in texts, linked or bare. For `core.policy.measures`.


_NAME = r"(?<![\w@.-])(?:[^\W_](?:[\w-]*[^\W_])?%s)+[^\W\d_](?:[\w-]*[^\W_])?"
_NAMED = re.compile(_NAME % r"\.", re.ASCII)
_NAMED_WIDELY = re.compile(_NAME % "[.。]")
_LONGEST = 253  # characters of a name, from its end: what is under a domain of a list is found by how it ends
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_IPV6 = r"\[[0-9a-f:.]{2,45}\]"
# Whatever a browser, a program or a platform may take for a link: it is better to see one too many here than one too few.
_LINKED = re.compile(rf"(?:https?:[/\\]*|ftp:[/\\]+|[/\\]{{2}}|\bwww\.)(?:{_IPV6}|[^\s<>\"\[\]]+)", re.IGNORECASE)


class Domains:
    """Domains, each with all that is under it; `*.xyz` is a whole top-level domain. Raises InvalidPolicy, as `Entries` does."""

    __slots__ = ("_domains",)

    def __init__(self, entries: Iterable[str]) -> None:
        self._domains: dict[str, str] = {}
        mistakes = ValidationErrors()
        for index, entry in enumerate(entries):
            written = entry.strip()
            domain = Host.named(written.removeprefix("*."))
            if _DOMAIN.match(domain) is None or ("." not in domain and not written.startswith("*.")):
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


def _named(text: str) -> Iterator[Host]:
    """Hosts that a text names in whatever way: bare ones as a reader sees them, then those of links as a browser does."""
    plain = shown(text)
    yield from _bare(text)
    if plain != text:
        yield from _bare(plain)
    # Of an address in ASCII without these signs a browser reads what a reader does.
    if "@" in text or "%" in text or "&" in text or "=" in text or "\\" in text or not text.isascii():
        yield from _linked(text)


def _bare(text: str) -> Iterator[Host]:
    if text.isascii():
        if "." in text:
            yield from [Host.named(found[-_LONGEST:]) for found in _NAMED.findall(text)]
        return
    for found in _NAMED_WIDELY.findall(unicodedata.normalize("NFKC", text.translate(_unseen()))):
        yield Host.named(found[-_LONGEST:])
        if "。" in found:  # a full stop it may be as well, as in most texts
            yield from [Host.named(piece) for piece in found.split("。") if "." in piece]


def _linked(text: str) -> Iterator[Host]:
    if ":" not in text and "//" not in text and "\\" not in text and "www." not in text.lower():
        return
    yield from (Host.of(unescape(found[0])) for found in _LINKED.finditer(text))
    yield from (Host.of(target) for target in _targets(text) if _LINKED.match(target))


@cache
def _unseen() -> dict[int, None]:
    return {code: None for first, last in UNSEEN for code in range(first, last + 1)}


MOST_LINKS: Final = 100
"""Links of a text that are looked at; all are counted."""

_ADDRESS = re.compile(
    rf"(?:https?:[/\\]{{2,}}(?:{_IPV6}[^\s<>\"'\[\]]*|[^\s<>\"'\[\]]{{3,}})|(?<![\w.@/-])www\.[^\s<>\"'\[\]]{{3,}})",
    re.IGNORECASE,
)
_TARGET = re.compile(r"\b(?:href|src)\s*=\s*(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})')", re.IGNORECASE)
_ODD = re.compile(
    r"[&'\[\]\s]"
)  # in the quotes of an attribute: an address that a browser reads otherwise than `_ADDRESS`
# The text shown for a link and the address that it leads to, as HTML, BBCode and Markdown write it.
_SHOWN = (
    re.compile(r"<a\b[^<>]{0,500}?href\s*=\s*[\"']?(?P<to>[^\"'\s<>]{4,500})[^<>]{0,500}>(?P<shown>[^<]{4,200})<", re.IGNORECASE),
    re.compile(r"\[url=[\"']?(?P<to>[^\"'\s\[\]]{4,500})[\"']?\](?P<shown>[^\[]{4,200})\[", re.IGNORECASE),
    re.compile(r"\[(?P<shown>[^\[\]]{4,200})\]\((?P<to>https?://[^\s()]{4,500})\)", re.IGNORECASE),
)  # fmt: skip
_HOST = re.compile(r"(?:[a-z]+:)?[/\\]*(?:[^/\\?#]*@)?([^/\\?#@]*)", re.IGNORECASE)
_SHOWN_HOST = re.compile(r"\s*(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[/?#:]\S*)?\s*\Z", re.IGNORECASE)


class Links(NamedTuple):
    """What a text links to."""

    number: int
    domains: tuple[str, ...]  # registered domains, each once, in order
    punycode: bool
    ip: bool
    mismatch: bool  # one shows another domain than it leads to


class Located(NamedTuple):
    """One link of a text: where its address stands (code points, end exclusive), and what is shown in its place, if anything."""

    start: int
    end: int
    address: str
    shown: str

    @property
    def host(self) -> Host:
        """Where it leads."""
        return Host.of(unescape(self.address))


NO_LINKS: Final = Links(0, (), punycode=False, ip=False, mismatch=False)


def find_links(text: str) -> Links:
    """The links of a text that have a scheme or begin with `www.`. Never fails; linear in the text's length."""
    if ":/" not in text and ":\\" not in text and "www." not in text.lower():
        return NO_LINKS
    addresses = _ADDRESS.findall(text)
    odd = (target for target in _targets(text) if _ADDRESS.match(target)) if "=" in text else ()
    read = dict.fromkeys(map(Host.of, (*map(unescape, addresses[:MOST_LINKS]), *islice(odd, MOST_LINKS))))
    hosts = [host for host in read if host]
    return Links(
        number=len(addresses),
        domains=tuple(dict.fromkeys(host.domain for host in hosts)),
        punycode=any(host.international for host in hosts),
        ip=any(host.ip for host in hosts),
        mismatch=_mismatch(text),
    )


def locate(text: str) -> list[Located]:
    """Where a text leads, in order, at most MOST_LINKS: its links, and hosts that it names without a scheme, each of these once.

    A full stop or bracket behind an address is none of it. A host that stands nowhere as it is read (by its entities, unseen
    characters, …) is said of the whole text.
    """
    found: dict[int, Located] = {}
    for pattern in _SHOWN:
        for link in islice(pattern.finditer(text), MOST_LINKS):
            found[link.start("to")] = Located(link.start("to"), link.end("to"), link["to"], link["shown"].strip())
    for pattern in (_ADDRESS, _LINKED):
        taken = [(link.start, link.end) for link in found.values()]
        for bare in islice(pattern.finditer(text), MOST_LINKS):
            start, address = bare.start(), bare.group().rstrip(".,;:!?)*'_")
            leads = pattern is _ADDRESS or "." in Host.of(unescape(address))
            if leads and not any(left <= start < right for left, right in taken):
                found[start] = Located(start, start + len(address), address, "")
    linked = [found[start] for start in sorted(found)][:MOST_LINKS]
    return [*linked, *islice(_unlinked(text, linked), MOST_LINKS - len(linked))]


def _unlinked(text: str, linked: Sequence[Located]) -> Iterator[Located]:
    """The hosts that a text names beside its links, and that somebody can have registered; addresses of e-mail name none."""
    known = {link.host.domain for link in linked}
    # What a link's own host is in pieces, as of `sh%EF%BD%8Fp.de`, is no host beside it.
    own = [found[1] for link in linked if link.host and (found := _HOST.match(link.address))]
    pieces = {str(piece) for one in own for reading in (one, shown(one)) for piece in _bare(reading)}
    pieces |= {
        ".".join(parts[at:]) for link in linked for parts in [link.host.split(".")] for at in range(1, len(parts))
    }
    for host in dict.fromkeys(_named(text)):
        if host.public and host.domain != host.rpartition(".")[2] and host.domain not in known and host not in pieces:
            known.add(host.domain)
            names = "|".join(re.escape(name) for name in dict.fromkeys((host, host.unicode)))
            place = re.search(rf"(?<![\w@.-])(?:{names})(?![\w@-])", text, re.IGNORECASE)
            start, end = place.span() if place else (0, len(text))
            yield Located(start, end, str(host), "")


def depth_of(address: str) -> int:
    """How many steps the path of a web address has."""
    rest = re.split(r"[?#]", address.partition("://")[2] or address, maxsplit=1)[0]
    return sum(1 for step in rest.split("/")[1:] if step)


def _targets(text: str) -> Iterator[str]:
    """Addresses in attributes of HTML in which a browser sees more than stands there: entities, quotes, broken lines."""
    if "=" not in text:
        return
    for found in _TARGET.finditer(text):
        written = found[1] or found[2]
        if _ODD.search(written):
            yield re.sub(r"[\t\n\r]", "", unescape(written)).strip()


def _mismatch(text: str) -> bool:
    for pattern in _SHOWN:
        for link in islice(pattern.finditer(text), MOST_LINKS):
            shown = _SHOWN_HOST.match(link["shown"])
            if shown and _differ(Host.named(shown[1]), Host.of(unescape(link["to"]))):
                return True
    return False


def _differ(shown: Host, host: Host) -> bool:
    """Whether `shown` names a real domain that is not the one of `host`."""
    return shown.public and shown.domain != host.domain
