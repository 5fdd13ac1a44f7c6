"""People without their addresses: keyed digests of e-mail and IP addresses, and the masking of addresses in text.

An address enters this module as an argument and leaves it as a digest, or not at all. No type here or anywhere behind the
parser can hold one. Digests are HMAC-SHA-256 under a key that lives outside Redis; the key's id is part of the digest,
so that keys can be rotated (`docs/operations.md`).

Those of people are of one *circle*: the sites that know people by the same digests, for most sites the site alone. A circle's
digest is made of the plain one (kind and "1"), which is never stored; one can be made of the other without the address.

An e-mail address is normalised before hashing: Unicode NFC and IDNA (email-validator), lower case, everything from the
first `+` of the local part dropped, and for Gmail also the dots (`googlemail.com` counts as `gmail.com`).
"""

from __future__ import annotations

import hmac
import re
import socket
from collections.abc import Collection
from functools import lru_cache
from typing import Final, NamedTuple

import email_validator
from disposable_email_domains import blocklist as DISPOSABLE_DOMAINS
from msgspec import Struct

from service.core.errors import InvalidSubmission
from service.core.text.addresses import MASK, has_address, mask_addresses, masker

__all__ = [
    "MASK", "MAX_EMAIL_LENGTH", "EmailDigest", "IdentityKeys", "IpDigest", "Listing", "digest_email", "digest_ip", "email_domain",
    "has_address", "let_intranet_in", "mask_addresses", "masker", "tombstones",
]  # fmt: skip

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
_PLAIN = re.compile(r"[einl]1\.([A-Za-z0-9]{1,16})\.[0-9a-f]{32}")
_IPV4_MAPPED = b"\0" * 10 + b"\xff\xff"
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


class EmailDigest(Struct, frozen=True, omit_defaults=True):
    """Who wrote, as far as we want to know: a keyed digest of the address and traits computed while it was in sight."""

    digest: str  # "e2.<key id>.<32 hex digits>", of the site's circle
    earlier: tuple[
        str, ...
    ] = ()  # the same address under retired keys and in circles before, so that an author keeps their history
    disposable: bool = False
    role: bool = False
    deliverable: str = "unknown"  # "yes" | "no" | "unknown" (DNS, only if the operator turned it on)
    listed: bool = False  # it is on a list that the operator loaded; see `service.lookups.address_lists`


class Listing(Struct, frozen=True):
    """What http:BL knows against an IP address; see `service.lookups.httpbl`."""

    threat: int  # 0 to 255, logarithmic: 25 is about 100 messages of spam, 50 about 10,000
    days: int  # since it was last seen, at most 255
    suspicious: bool
    harvester: bool  # it gathers e-mail addresses
    spammer: bool  # it spams comments


class IpDigest(Struct, frozen=True, omit_defaults=True):
    """Keyed digests of an IP address and of its network (/24 of IPv4, /48 of IPv6)."""

    digest: str
    network: str
    listing: Listing | None = None  # only if the operator turned http:BL on
    earlier: tuple[str, ...] = ()  # both under retired keys and in circles before, in pairs; for marks
    listed: bool = False  # the address is on a list that the operator loaded


class IdentityKeys(NamedTuple):
    """The keys that digests are made with: (id, secret) pairs, the active one first; and for which circles, the present one
    first, "" for none: such digests are never stored with a comment."""

    keys: tuple[tuple[str, bytes], ...]
    circles: tuple[str, ...] = ("",)

    def __repr__(self) -> str:
        return f"IdentityKeys({', '.join(kid for kid, _ in self.keys)})"

    def digest(self, kind: str, value: str | bytes) -> str:
        """The digest of `value` under the active key; `kind` separates the domains: "e" e-mail, "i" IP, "n" network, "b" the
        body of a request, "k" what a client calls a request, …"""
        return _digest(kind, value, *self.keys[0])

    def earlier(self, kind: str, value: str) -> tuple[str, ...]:
        """The digests of `value` under the retired keys."""
        return tuple(_digest(kind, value, kid, key) for kid, key in self.keys[1:])

    def within(self, circles: tuple[str, ...]) -> IdentityKeys:
        """The same keys, for digests of people of these circles, the present one first."""
        return self._replace(circles=circles)

    def of_people(self, kind: str, value: str | bytes) -> tuple[str, ...]:
        """The digests of `value` in the circles, by all keys: the present one first."""
        plain = [(kid, key, _digest(kind, value, kid, key)) for kid, key in self.keys]
        return tuple(_within(one, circle, key) for circle in self.circles for _, key, one in plain)

    def moved(self, digest: str) -> str:
        """The digest of the present circle that a plain one stands for, as earlier versions kept it; itself if it is none."""
        found = _PLAIN.fullmatch(digest)
        key = dict(self.keys).get(found[1]) if found else None
        return _within(digest, self.circles[0], key) if key is not None else digest


def tombstones(digest: str, keys: IdentityKeys) -> tuple[str, ...]:
    """What stays of somebody who was erased, under the active key and the retired ones: keyed digests of their e-mail digest,
    which no comment ever carries."""
    return keys.digest("t", digest), *keys.earlier("t", digest)


def _within(plain: str, circle: str, key: bytes) -> str:
    """A plain digest in a circle; as long as that."""
    if not circle:
        return plain
    kind, kid, _ = plain.split(".")
    mac = hmac.digest(key, f"circle\0{circle}\0{plain}".encode(), "sha256")
    return f"{kind[0]}2.{kid}.{mac[:16].hex()}"


def _digest(kind: str, value: str | bytes, kid: str, key: bytes) -> str:
    said = value if isinstance(value, bytes) else value.encode(errors="replace")
    mac = hmac.digest(key, kind.encode() + b"\0" + said, "sha256")
    return f"{kind}1.{kid}.{mac[:16].hex()}"


_SPECIAL: Final = tuple(email_validator.SPECIAL_USE_DOMAIN_NAMES)


def let_intranet_in(endings: Collection[str]) -> None:
    """Let these of the endings that are kept for special use (RFC 6761) count as e-mail domains in this process; no others."""
    refused = [name for name in _SPECIAL if name not in endings]
    if refused != email_validator.SPECIAL_USE_DOMAIN_NAMES:
        email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = refused
        _ascii_domain.cache_clear()


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
    digest, *earlier = keys.of_people("e", canonical)
    return EmailDigest(
        digest=digest,
        earlier=tuple(earlier),
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
    (digest, *before), (area, *areas) = keys.of_people("i", packed.hex()), keys.of_people("n", network.hex())
    return IpDigest(digest, area, earlier=tuple(one for pair in zip(before, areas, strict=True) for one in pair))
