"""Hosts of web addresses: `Host`, of which every spelling that browsers take for the same host has one. Nothing is fetched.

The reading is that of the URL Standard (url.spec.whatwg.org), as browsers have it: percent-encoding is undone, Unicode is
mapped by UTS 46 without its transitional part (`straße.de` is `xn--strae-oqa.de`, and `strasse.de` is somebody else's), IPv4
is read in every notation, and a final dot does not count. It is more lenient where that tells no two hosts apart: joiners
and directions are not checked. Addresses come from texts, so that punctuation behind them is none of theirs.

What browsers refuse leads nowhere, yet has an identity too, which no other host has: it is percent-encoded, or a label
`xn--…` that says nothing, or a number that is no address. Reading never fails, and is linear in what it reads.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from classifier.unicode.confusables import folds, twins

if TYPE_CHECKING:
    from tldextract import TLDExtract

_LONGEST: Final = 253  # characters of a host in ASCII, by the rules of the name system
_CACHED: Final = 300  # characters of a name that is remembered; what is longer would fill the memory
_CHUNK: Final = 500  # characters that are mapped at once; idna takes 1,024
_ENDING = ".,;:!?()*'\"-_"
_BEGINNING = ".,;:!?()*'\""

_SCHEME = re.compile(r"(?:https?|ftp|wss?):[/\\]*|[a-z][a-z0-9+.-]{0,15}://+|[/\\]{2,}", re.IGNORECASE)
_COMMON = re.compile(r"https?://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?![^/?#])")
_AUTHORITY = re.compile(r"[^/?#\\]*")
_UNSEEN = re.compile(r"[\t\n\r]")
# Nothing to be read in it: no label of Punycode's, and no number at the end.
_PLAIN = re.compile(r"(?!.*xn--)(?:[a-z0-9_-]+\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?\Z")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\"#%/:<>?@\[\\\]^`{|}]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*\Z")
_ZEROS = re.compile(r"(?<![0-9a-f])0(?::0)+(?![0-9a-f])")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}\Z")


class Host(str):
    """A host by its ASCII form, which is its identity; "" is none. Always printable ASCII in lower case, at most 253 long."""

    __slots__ = ()

    @classmethod
    def of(cls, address: str) -> Host:
        """The host of a web address: `https://user@example.com:80/x`, `//example.com`, `example.com/x`. Never fails."""
        common = _COMMON.match(address)
        if common is not None:
            return cls.named(common[1])
        if "\n" in address or "\t" in address or "\r" in address:
            address = _UNSEEN.sub("", address)
        address = address.lstrip()
        scheme = _SCHEME.match(address)
        authority = _AUTHORITY.match(address, scheme.end() if scheme else 0)
        name = authority[0].rpartition("@")[2] if authority else ""
        bracket = name.find("]") if name.startswith("[") else -1
        return cls.named(name[: bracket + 1] if bracket > 0 else name.partition(":")[0])

    @classmethod
    def named(cls, name: str) -> Host:
        """The host of a name as people write it, without scheme, port and path. Never fails."""
        return _remembered(name) if len(name) <= _CACHED else _read(name)

    @property
    def ip(self) -> bool:
        """Whether it is an IP address, however it was written."""
        return self.startswith("[") or _IPV4.match(self) is not None

    @property
    def international(self) -> bool:
        """Whether a label of it is beyond ASCII, in Punycode."""
        return "xn--" in self and any(label.startswith("xn--") for label in self.split("."))

    @property
    def domain(self) -> str:
        """What somebody registered, by the Public Suffix List as tldextract bundles it, private suffixes included.

        A page on a free host such as `anna.blogspot.com` is a domain of its own. The host itself where there is none: an IP
        address, a name of a local network.
        """
        return _registered(self)[0]

    @property
    def public(self) -> bool:
        """Whether its ending is on the Public Suffix List."""
        return _registered(self)[1]

    @property
    def unicode(self) -> str:
        """In the letters of its language, whatever they look like; for reading on, not for showing."""
        if not self.international:
            return str(self)
        return ".".join(_decoded(label) or label for label in self.split("."))

    @property
    def shown(self) -> str:
        """As it can be shown to people: in the letters of its language, but for labels that could pass for others.

        Those stay in Punycode: they mix scripts, have only letters that pass for Latin ones, have marks piled on, signs
        instead of letters, or look like the name of somebody well known.
        """
        if "%" in self or not self.international:
            return str(self)
        return ".".join(_safe(label) for label in self.split("."))


@lru_cache(maxsize=20_000)
def _remembered(name: str) -> Host:
    return _read(name)


def _read(name: str) -> Host:
    lower = name.lower()
    if len(lower) <= _LONGEST and _PLAIN.match(lower):
        return Host(lower)
    if name.startswith("[") and (number := _ipv6(name)):
        return Host(number)
    if "%" in name:
        name = unquote(name, errors="replace")
    name = name.encode(errors="backslashreplace").decode()  # half a surrogate pair is no character
    mapped = _mapped(name)
    if mapped is None:
        name = _trimmed(name)
        mapped = _mapped(name)
    if mapped is None:
        return Host(_quoted(name))
    mapped = _trimmed(mapped)
    read = _ascii(mapped)
    read = read if read is not None else _quoted(mapped)
    return Host(read if len(read) <= _LONGEST else "")


def _quoted(name: str) -> str:
    """The identity of what browsers refuse: no host that they take has a percent sign."""
    quoted = quote(name.lower(), safe="").lower() if len(name) <= _LONGEST else ""
    return quoted if len(quoted) <= _LONGEST else ""


def _mapped(name: str) -> str | None:
    """By the table of UTS 46; None where a character has no place in a host."""
    if name.isascii():
        return name.lower()
    import idna  # noqa: PLC0415  (its tables take a while, and most hosts are plain)

    try:
        chunks = [idna.uts46_remap(name[at : at + _CHUNK], std3_rules=False) for at in range(0, len(name), _CHUNK)]
    except idna.IDNAError:
        return None
    return unicodedata.normalize("NFC", "".join(chunks))


def _trimmed(name: str) -> str:
    """Without what a text may put around an address; no name of a top-level domain ends in a sign."""
    name = name.lstrip(_BEGINNING).rstrip(_ENDING)
    end = len(name)
    while end and not (name[end - 1].isalnum() or unicodedata.category(name[end - 1]).startswith("M")):
        end -= 1
    return name[:end]


def _ascii(mapped: str) -> str | None:
    """The ASCII form of a mapped name; None if it has none."""
    if len(mapped) > _LONGEST:
        return ""  # Punycode is no shorter
    if _FORBIDDEN.search(mapped):
        return None
    labels = mapped.split(".")
    if any(label.startswith("xn--") and not label.isascii() for label in labels):
        return None
    name = ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels)
    return _ipv4(name) if _NUMBER.fullmatch(labels[-1]) else name


def _ipv4(name: str) -> str:
    """Four decimal numbers for an IPv4 address in decimal, octal or hexadecimal numbers, one to four; else as it is."""
    try:
        *firsts, last = [_number(part) for part in name.split(".")]
    except ValueError:
        return name
    if len(firsts) > 3 or any(part > 255 for part in firsts) or last >= 256 ** (4 - len(firsts)):
        return name
    whole = sum(part << 8 * (3 - at) for at, part in enumerate(firsts)) + last
    return ".".join(str(whole >> shift & 255) for shift in (24, 16, 8, 0))


def _number(part: str) -> int:
    if len(part) > 50 or not _NUMBER.fullmatch(part):
        raise ValueError
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _ipv6(name: str) -> str:
    """As RFC 5952 writes it, but without an IPv4 address inside, of which Python makes this or that; "" if it is none."""
    inside = name[1:-1] if name.endswith("]") and "%" not in name else ""
    try:
        number = int(ipaddress.IPv6Address(inside))
    except ValueError:
        return ""
    groups = ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
    zeros = max(_ZEROS.finditer(groups), key=lambda run: len(run[0]), default=None)
    if zeros is not None:
        groups = groups[: zeros.start()].rstrip(":") + "::" + groups[zeros.end() :].lstrip(":")
    return f"[{groups}]"


@lru_cache(maxsize=20_000)
def _registered(host: str) -> tuple[str, bool]:
    found = _suffixes()(host)
    return found.top_domain_under_public_suffix or str(host), bool(found.suffix)


@cache
def _suffixes() -> TLDExtract:
    import tldextract  # noqa: PLC0415  (it brings an HTTP client along, and most processes look at no links)

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


_TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "BOPOMOFO"}, {"CJK", "HANGUL"})
"""Scripts that one word has together."""
_WELL_KNOWN = """
adobe airbnb alibaba aliexpress allegro amazon americanexpress aol apple baidu bankofamerica barclays binance bing
blockchain booking chase cisco citibank coinbase dhl disney docusign dropbox ebay etsy facebook fedex github gitlab gmail
google hotmail hsbc icloud ikea imgur instagram kraken linkedin live mastercard medium mercadolibre messenger meta
metamask microsoft mozilla naver netflix nike nytimes office openai oracle outlook paypal pinterest playstation reddit
revolut roblox samsung santander shopify signal skype slack snapchat sparkasse spotify steam stripe telegram tesla tiktok
tumblr twitch twitter uber ups usps visa vk wellsfargo whatsapp wikipedia wordpress yahoo yandex youtube zoom
"""
WELL_KNOWN = frozenset(_WELL_KNOWN.split())
"""Names that others like to pass for."""


def _decoded(label: str) -> str:
    """The letters of a label `xn--…`; "" where it has none, or not those that a browser would write so."""
    if not label.startswith("xn--"):
        return ""
    try:
        text = label[4:].encode().decode("punycode")
        again = _mapped(text)
        spelt = text.encode("punycode").decode()
    except (ValueError, IndexError, OverflowError):
        return ""
    return text if not text.isascii() and again == text and spelt == label[4:] else ""


@lru_cache(maxsize=4_096)
def _safe(label: str) -> str:
    """A label of a host in the form in which it can be shown."""
    text = _decoded(label)
    if not text:
        return label
    import idna  # noqa: PLC0415

    try:
        idna.check_label(text)
    except idna.IDNAError:
        return label
    scripts = {_script(character) for character in text if not character.isascii() or character.isalpha()}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        return label
    if any(plain.isascii() and (scripts != {"LATIN"} or _known(plain)) for plain in _plain(text)):
        return label
    return text


def _known(plain: str) -> bool:
    return not WELL_KNOWN.isdisjoint([plain, *plain.split("-")])


def _script(character: str) -> str:
    """The script of a letter, by its name; a mark of no script is one of its own, which goes with nothing."""
    first = unicodedata.name(character, character).replace("-", " ").partition(" ")[0]
    return {"IDEOGRAPHIC": "CJK", "EXTENDED": "ARABIC"}.get(first, first)


def _plain(text: str) -> Iterator[str]:
    """What a hasty reader sees: letters without accents, and Latin ones where others look like them; by both tables."""
    plain, alike = folds().plain, twins()
    yield "".join(plain.get(c) or alike.get(c, c) for c in text).lower()
    yield "".join(alike.get(c) or plain.get(c, c) for c in text).lower()
