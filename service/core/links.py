"""Web addresses in a comment: where its links lead, by registered domain. Pure; nothing is fetched.

Registered domains follow the Public Suffix List as tldextract bundles it, private suffixes included: a page on a free
host such as `anna.blogspot.com` is a domain of its own.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tldextract import TLDExtract


MOST_LINKS: Final = 100
"""Links of a text that are looked at; all are counted."""

_ADDRESS = re.compile(r"(?:https?://|(?<![\w.@/-])www\.)[^\s<>\"'\[\]]{3,}", re.IGNORECASE)
# The text shown for a link and the address that it leads to, as HTML, BBCode and Markdown write it.
_SHOWN = (
    re.compile(r"<a\b[^<>]{0,500}?href\s*=\s*[\"']?(?P<to>[^\"'\s<>]{4,500})[^<>]{0,500}>(?P<shown>[^<]{4,200})<", re.IGNORECASE),
    re.compile(r"\[url=[\"']?(?P<to>[^\"'\s\[\]]{4,500})[\"']?\](?P<shown>[^\[]{4,200})\[", re.IGNORECASE),
    re.compile(r"\[(?P<shown>[^\[\]]{4,200})\]\((?P<to>https?://[^\s()]{4,500})\)", re.IGNORECASE),
)  # fmt: skip
_SHOWN_HOST = re.compile(r"\s*(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[/?#:]\S*)?\s*\Z", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}:/*", re.IGNORECASE)
_HOST_END = re.compile(r"[/?#\\]")
_IPV4 = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|\d{8,10}|0x[0-9a-f]{8})\Z")
_LONGEST_HOST = 253


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


NO_LINKS: Final = Links(0, (), punycode=False, ip=False, mismatch=False)


def find_links(text: str) -> Links:
    """The links of a text that have a scheme or begin with `www.`. Never fails; linear in the text's length."""
    if "://" not in text and "www." not in text.lower():
        return NO_LINKS
    addresses = _ADDRESS.findall(text)
    hosts = list(dict.fromkeys(host for address in addresses[:MOST_LINKS] if (host := host_of(address))))
    return Links(
        number=len(addresses),
        domains=tuple(dict.fromkeys(map(registered_domain, hosts))),
        punycode=any("xn--" in host or not host.isascii() for host in hosts),
        ip=any(map(is_ip, hosts)),
        mismatch=_mismatch(text),
    )


def locate(text: str) -> list[Located]:
    """The links of a text in order, at most MOST_LINKS; a full stop or bracket behind an address is none of it."""
    found: dict[int, Located] = {}
    for pattern in _SHOWN:
        for link in islice(pattern.finditer(text), MOST_LINKS):
            found[link.start("to")] = Located(link.start("to"), link.end("to"), link["to"], link["shown"].strip())
    taken = [(link.start, link.end) for link in found.values()]
    for bare in islice(_ADDRESS.finditer(text), MOST_LINKS):
        start, address = bare.start(), bare.group().rstrip(".,;:!?)*'_")
        if not any(left <= start < right for left, right in taken):
            found[start] = Located(start, start + len(address), address, "")
    return [found[start] for start in sorted(found)][:MOST_LINKS]


def host_of(address: str) -> str:
    """The host of a web address in lower case, without port, credentials and `www.`; "" when there is none."""
    scheme = _SCHEME.match(address) if "://" in address[:20] else None
    rest = _HOST_END.split(address[scheme.end() if scheme else 0 :][:2_000], maxsplit=1)[0].rpartition("@")[2]
    host = rest.partition("]")[0] + "]" if rest.startswith("[") else rest.partition(":")[0]
    host = host.lower().strip(".,;:!()*'\"-_").removeprefix("www.")
    return host if len(host) <= _LONGEST_HOST else ""


def depth_of(address: str) -> int:
    """How many steps the path of a web address has."""
    rest = re.split(r"[?#]", address.partition("://")[2] or address, maxsplit=1)[0]
    return sum(1 for step in rest.split("/")[1:] if step)


def is_ip(host: str) -> bool:
    """Whether a host is an IP address, however written."""
    return host.startswith("[") or _IPV4.match(host) is not None


@lru_cache(maxsize=20_000)
def registered_domain(host: str) -> str:
    """The domain that somebody registered; the host itself when it has none (an IP address, a name of a local network)."""
    return _suffixes()(host).top_domain_under_public_suffix or host


@cache
def _suffixes() -> TLDExtract:
    import tldextract  # noqa: PLC0415  (it brings an HTTP client along, and most processes look at no links)

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _mismatch(text: str) -> bool:
    for pattern in _SHOWN:
        for at, link in enumerate(pattern.finditer(text)):
            if at >= MOST_LINKS:
                break
            shown = _SHOWN_HOST.match(link["shown"])
            if shown and _differ(shown[1].lower().removeprefix("www."), host_of(link["to"])):
                return True
    return False


def _differ(shown: str, host: str) -> bool:
    """Whether `shown` names a real domain that is not the one of `host`."""
    return bool(_suffixes()(shown).suffix) and registered_domain(shown) != registered_domain(host)
