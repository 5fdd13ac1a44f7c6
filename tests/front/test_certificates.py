"""The authority vouches for the names that were asked for and for nothing else, and its key is nowhere. By real handshakes."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.front import certificates
from service.front.certificates import Period, context, make, read, save
from service.front.names import names_of

NAMES = names_of(["akismet", "perspective"])
NOW = datetime.now(UTC)


def shake(shown: ssl.SSLContext, authority: bytes, host: str) -> str:
    """What a client that trusts this authority says of a server that calls itself `host`; "" when all is well."""
    client = ssl.create_default_context(cadata=authority.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()

    def answer() -> None:
        with there:
            try:
                shown.wrap_socket(there, server_side=True).close()
            except (ssl.SSLError, OSError):
                return

    server = threading.Thread(target=answer)
    server.start()
    try:
        with here, client.wrap_socket(here, server_hostname=host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        here.close()
        server.join()


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("rest.akismet.com", True), ("0123456789ab.rest.akismet.com", True), ("commentanalyzer.googleapis.com", True),
        ("akismet.com", False), ("a.b.rest.akismet.com", False), ("storage.googleapis.com", False), ("127.0.0.1", False),
    ],
)  # fmt: skip
def test_names_that_were_asked_for_are_trusted_and_no_others(tmp_path: Path, host: str, trusted: bool) -> None:
    made = make(NAMES, days=10, now=NOW)
    save(tmp_path, made)
    assert (shake(context(tmp_path), made.authority, host) == "") is trusted


@pytest.mark.parametrize("other", ["mail.example", "www.googleapis.com", "akismet.com", "rest.akismet.com.example"])
def test_even_with_its_key_the_authority_could_vouch_for_no_other_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    keys: list[ec.EllipticCurvePrivateKey] = []

    def generate(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        keys.append(_generate(curve))
        return keys[-1]

    _generate = ec.generate_private_key
    monkeypatch.setattr(certificates.ec, "generate_private_key", generate)
    made = make(NAMES, days=10, now=NOW)
    authority_key, key = keys
    authority = x509.load_pem_x509_certificate(made.authority)
    period = Period(NOW - timedelta(days=1), NOW + timedelta(days=1))
    forged = certificates.sign(authority, authority_key, key.public_key(), (other,), period)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    save(tmp_path, made._replace(certificate=forged.public_bytes(Encoding.PEM), key=pem))
    assert shake(context(tmp_path), made.authority, other) == "permitted subtree violation"


def test_the_authoritys_key_is_nowhere_and_the_fronts_is_its_owners_alone(tmp_path: Path) -> None:
    made = make(NAMES, days=10, now=NOW)
    save(tmp_path / "tls", made)
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == ["ca.pem", "front.key", "front.pem"]
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "tls" / "front.key").stat().st_mode & 0o777 == 0o600
    assert made.authority.count(b"PRIVATE") == made.certificate.count(b"PRIVATE") == 0
    assert made.key.count(b"PRIVATE") == 2
    assert context(tmp_path / "tls")


def test_what_was_made_can_be_read_and_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, make(NAMES, days=10, now=NOW))
    assert read(tmp_path).names == NAMES
    assert (read(tmp_path).until - NOW).days in (9, 10)
    save(tmp_path, make(("forum.example",), days=400, now=NOW))
    assert read(tmp_path).names == ("forum.example",)


def test_an_expired_one_is_not_trusted(tmp_path: Path) -> None:
    made = make(NAMES, days=1, now=NOW - timedelta(days=3))
    save(tmp_path, made)
    assert shake(context(tmp_path), made.authority, "rest.akismet.com") == "certificate has expired"
