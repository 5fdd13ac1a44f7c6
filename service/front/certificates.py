"""The front's certificate, and the authority that vouches for it: made together, and the authority's key is kept nowhere.

So nothing else can ever be vouched for by whom the platforms are told to trust; and the authority's certificate itself says that
it is good for these names only (RFC 5280, 4.2.1.10), which clients check as well. Another name or a renewal is another authority.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY: Final = "ca.pem"
"""What platforms are given. No secret."""
CERTIFICATE: Final = "front.pem"
_KEY: Final = "front.key"
_EARLIER = timedelta(days=1)  # clocks differ
_ANY_ADDRESS = (x509.IPAddress(IPv4Network("0.0.0.0/0")), x509.IPAddress(IPv6Network("::/0")))


class Made(NamedTuple):
    """An authority's certificate, and of the front's the certificate and the key, each as PEM."""

    authority: bytes
    certificate: bytes
    key: bytes


class Period(NamedTuple):
    """From when until when a certificate is good."""

    begin: datetime
    end: datetime


class Front(NamedTuple):
    """What lies in a folder: the names that the certificate is for, and until when."""

    names: tuple[str, ...]
    until: datetime


def make(names: Sequence[str], *, days: int, now: datetime) -> Made:
    """An authority for these names, and its certificate for them; the authority's key ends with this call."""
    period = Period(now - _EARLIER, now + timedelta(days=days))
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, names, period)
    return Made(
        authority.public_bytes(Encoding.PEM),
        sign(authority, authority_key, key.public_key(), names, period).public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _authority(key: ec.EllipticCurvePrivateKey, names: Sequence[str], period: Period) -> x509.Certificate:
    who = _called(f"Antechamber, for {len(names)} names only")
    allowed = [x509.DNSName(name.removeprefix("*.")) for name in names]
    usage = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period.begin)
        .not_valid_after(period.end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=_ANY_ADDRESS), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def sign(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    names: Sequence[str],
    period: Period,
) -> x509.Certificate:
    """A server's certificate for names."""
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=False, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(_called("Antechamber's front"))
        .issuer_name(authority.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(period.begin)
        .not_valid_after(period.end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def save(folder: Path, made: Made) -> None:
    """Put them into a folder; the key for its owner alone. What was there is replaced. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content, mode in (
        (_KEY, made.key, 0o600), (CERTIFICATE, made.certificate, 0o644), (AUTHORITY, made.authority, 0o644),
    ):  # fmt: skip
        draft = folder / f".{name}.new"
        draft.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(content)
            draft.replace(folder / name)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


def read(folder: Path) -> Front:
    """What lies in a folder. Raises OSError, ValueError."""
    found = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return Front(tuple(names.get_values_for_type(x509.DNSName)), found.not_valid_after_utc)


def context(folder: Path) -> ssl.SSLContext:
    """What a server shows. Raises OSError, ssl.SSLError."""
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.minimum_version = ssl.TLSVersion.TLSv1_2
    shown.load_cert_chain(folder / CERTIFICATE, folder / _KEY)
    return shown


def present() -> datetime:
    """Now, as certificates count."""
    return datetime.now(UTC)
