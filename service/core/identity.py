"""People without their addresses: keyed digests of e-mail and IP addresses, and the masking of addresses in text.

An address enters this module as an argument and leaves it as a digest, or not at all. No type here or anywhere behind the
parser can hold one. Digests are HMAC-SHA-256 under a key that lives outside Redis; the key's id is part of the digest,
so that keys can be rotated (`docs/operations.md`).

An e-mail address is normalised before hashing: Unicode NFC and IDNA (email-validator), lower case, everything from the
first `+` of the local part dropped, and for Gmail also the dots (`googlemail.com` counts as `gmail.com`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import email_validator
from disposable_email_domains import blocklist as DISPOSABLE_DOMAINS
from msgspec import Struct

from service.core.errors import InvalidSubmission

MAX_EMAIL_LENGTH = 254
"""Characters; longer input is refused before it is parsed, since parsing is not linear in the length (RFC 5321)."""

_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_ROLE_NAMES = frozenset(
    [
        "abuse",
        "admin",
        "administrator",
        "billing",
        "contact",
        "enquiries",
        "hello",
        "help",
        "hostmaster",
        "info",
        "jobs",
        "mail",
        "marketing",
        "news",
        "newsletter",
        "no-reply",
        "noreply",
        "office",
        "orders",
        "postmaster",
        "privacy",
        "root",
        "sales",
        "security",
        "seo",
        "service",
        "spam",
        "staff",
        "support",
        "team",
        "test",
        "webmaster",
    ]
)
_IPV4_MAPPED = b"\0" * 10 + b"\xff\xff"
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


class EmailDigest(Struct, frozen=True):
    """Who wrote, as far as we want to know: a keyed digest of the address and traits computed while it was in sight."""

    digest: str  # "e1.<key id>.<32 hex digits>"
    earlier: tuple[str, ...] = ()  # the same address under retired keys, so that an author keeps their history
    disposable: bool = False
    role: bool = False
    deliverable: str = "unknown"  # "yes" | "no" | "unknown" (DNS, only if the operator turned it on)


class Listing(Struct, frozen=True):
    """What http:BL knows against an IP address; see `service.httpbl`."""

    threat: int  # 0 to 255, logarithmic: 25 is about 100 messages of spam, 50 about 10,000
    days: int  # since it was last seen, at most 255
    suspicious: bool
    harvester: bool  # it gathers e-mail addresses
    spammer: bool  # it spams comments


class IpDigest(Struct, frozen=True):
    """Keyed digests of an IP address and of its network (/24 of IPv4, /48 of IPv6)."""

    digest: str
    network: str
    listing: Listing | None = None  # only if the operator turned http:BL on


class IdentityKeys(NamedTuple):
    """The keys that digests are made with: (id, secret) pairs, the active one first."""

    keys: tuple[tuple[str, bytes], ...]

    def __repr__(self) -> str:
        return f"IdentityKeys({', '.join(kid for kid, _ in self.keys)})"

    def digest(self, kind: str, value: str) -> str:
        """The digest of `value` under the active key; `kind` ("e" e-mail, "i" IP, "n" network) separates the domains."""
        return _digest(kind, value, *self.keys[0])

    def earlier(self, kind: str, value: str) -> tuple[str, ...]:
        """The digests of `value` under the retired keys."""
        return tuple(_digest(kind, value, kid, key) for kid, key in self.keys[1:])


def _digest(kind: str, value: str, kid: str, key: bytes) -> str:
    mac = hmac.digest(key, f"{kind}\0{value}".encode(), hashlib.sha256)
    return f"{kind}1.{kid}.{mac[:16].hex()}"


@lru_cache(maxsize=65_536)
def _ascii_domain(domain: str) -> str:
    """The validated domain in its ASCII form. Raises EmailNotValidError; failures are not cached."""
    return email_validator.validate_email(f"x@{domain}", check_deliverability=False).ascii_domain.lower()


def _parse(address: str) -> tuple[str, str]:
    """(local part, ASCII domain), validated. The common case costs a regular expression and a cached domain."""
    local, at, domain = address.rpartition("@")
    if at and len(local) <= 64 and _PLAIN_LOCAL_PART.match(local):
        return local, _ascii_domain(domain)
    valid = email_validator.validate_email(address, check_deliverability=False)
    return valid.local_part, valid.ascii_domain.lower()


def email_domain(address: str) -> str:
    """The validated ASCII domain of `address`, or "" when the address is not valid."""
    if len(address) > MAX_EMAIL_LENGTH:
        return ""
    try:
        return _parse(address.strip())[1]
    except email_validator.EmailNotValidError:
        return ""


def digest_email(address: str, keys: IdentityKeys, *, deliverable: str = "unknown") -> EmailDigest:
    """Validate an address and turn it into its digest. Raises InvalidSubmission, which never quotes the address."""
    address = address.strip()
    if len(address) > MAX_EMAIL_LENGTH:
        raise InvalidSubmission(
            f"The e-mail address is longer than {MAX_EMAIL_LENGTH} characters.", pointer="/author/email"
        )
    try:
        local, domain = _parse(address)
    except email_validator.EmailNotValidError:
        raise InvalidSubmission("The e-mail address is not a valid one.", pointer="/author/email") from None
    local = local.lower().partition("+")[0] or local.lower()
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    canonical = f"{local}@{domain}"
    return EmailDigest(
        digest=keys.digest("e", canonical),
        earlier=keys.earlier("e", canonical),
        disposable=_is_disposable(domain),
        role=local in _ROLE_NAMES,
        deliverable=deliverable,
    )


def _is_disposable(domain: str) -> bool:
    if domain in DISPOSABLE_DOMAINS:
        return True
    _, dot, parent = domain.partition(".")
    return bool(dot) and "." in parent and parent in DISPOSABLE_DOMAINS


def digest_ip(address: str, keys: IdentityKeys) -> IpDigest:
    """Turn an IP address into its digests; an IPv4 address in IPv6 clothes counts as IPv4. Raises InvalidSubmission."""
    address = address.strip()
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        raise InvalidSubmission("The IP address is not a valid one.", pointer="/author/ip") from None
    packed = packed.removeprefix(_IPV4_MAPPED)
    network = packed[:3] if len(packed) == 4 else packed[:6]
    return IpDigest(digest=keys.digest("i", packed.hex()), network=keys.digest("n", network.hex()))


# An at-sign in running text, also percent-encoded or written as an HTML entity.
_AT = re.compile(r"(?:@|＠|﹫|%40|&#0*64;|&#[xX]0*40;|&commat;)+")
_STOPS = frozenset(" \t\r\n\f\v\u00a0\u2028\u2029@＠﹫<>\"'(),;:[]{}|\\/?=&#")
_RIGHT_STOPS = _STOPS - set("@＠﹫")
MASK = "•"


def mask_addresses(text: str, own: tuple[str, ...] = ()) -> str:
    """`text` with e-mail addresses, and any of the strings `own`, dotted out.

    Code points are replaced one by one, so that positions in the text stay what they were. Liberal on purpose: hiding
    too much costs a reader little, hiding too little breaks the promise. `own` holds what the author gave as e-mail
    and IP address: these are hidden in any case, however odd they look.
    """
    if own:
        folded = text.casefold()
        for secret in own:
            if len(secret) >= 3 and secret.casefold() in folded:
                text = re.sub(re.escape(secret), lambda found: MASK * len(found.group()), text, flags=re.IGNORECASE)
    if not _may_hold_address(text):
        return text
    spans = list(_address_spans(text))
    if not spans:
        return text
    pieces, seen = [], 0
    for start, end in spans:
        pieces += [text[seen:start], "".join("@" if char == "@" else MASK for char in text[start:end])]
        seen = end
    return "".join([*pieces, text[seen:]])


def masker(own: tuple[str, ...], texts: str) -> Callable[[str], str]:
    """`mask_addresses` for several texts of one submission; `texts` is all of them together.

    Most submissions have nothing to hide outside their own fields, and one look at everything tells.
    """
    folded = texts.casefold()
    if _may_hold_address(texts) or any(secret.casefold() in folded for secret in own):
        return lambda text: mask_addresses(text, own)
    return str


def _may_hold_address(text: str) -> bool:
    """A quick look that lets most texts pass unsearched."""
    return "@" in text or "%40" in text or "&" in text or "＠" in text or "﹫" in text


def has_address(text: str) -> bool:
    """Whether `mask_addresses` would hide something in `text`."""
    return next(_address_spans(text), None) is not None


def _address_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand: an at-sign and what touches it on both sides. Linear: no character is looked at twice."""
    done = 0
    for at in _AT.finditer(text):
        start, end = at.span()
        if start < done:
            continue
        while start > done and text[start - 1] not in _STOPS:
            start -= 1
        while end < len(text) and text[end] not in _RIGHT_STOPS:
            end += 1
        if start < at.start() and end > at.end():
            yield start, end
            done = end
        else:
            done = at.end()
