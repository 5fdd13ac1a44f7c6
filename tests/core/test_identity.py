"""Addresses become digests and leave nothing behind."""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidSubmission
from service.core.identity import (
    MASK,
    MAX_EMAIL_LENGTH,
    IdentityKeys,
    digest_email,
    digest_ip,
    email_domain,
    has_address,
    let_intranet_in,
    mask_addresses,
)

KEYS = IdentityKeys((("k1", b"1" * 32),))
ROTATED = IdentityKeys((("k2", b"2" * 32), ("k1", b"1" * 32)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.com", "ann@example.COM"),
        ("ann+news@example.com", "ann@example.com"),
        ("a.n.n@gmail.com", "ann@googlemail.com"),
        (" ann@example.com ", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_spellings_of_one_address_have_one_digest(one: str, other: str) -> None:
    assert digest_email(one, KEYS).digest == digest_email(other, KEYS).digest


def test_other_addresses_and_other_keys_have_other_digests() -> None:
    ann = digest_email("ann@example.com", KEYS).digest
    assert ann != digest_email("a.nn@example.com", KEYS).digest
    assert ann != digest_email("ann@example.org", KEYS).digest
    assert ann != digest_email("ann@example.com", IdentityKeys((("k1", b"9" * 32),))).digest


def test_a_digest_names_its_key_and_knows_the_earlier_ones() -> None:
    fresh = digest_email("ann@example.com", ROTATED)
    assert fresh.digest.startswith("e1.k2.")
    assert fresh.earlier == (digest_email("ann@example.com", KEYS).digest,)


def test_a_digest_is_not_a_plain_hash() -> None:
    digest = digest_email("ann@example.com", KEYS).digest
    for name in ("md5", "sha1", "sha256", "sha512"):
        assert digest.rpartition(".")[2] not in hashlib.new(name, b"ann@example.com").hexdigest()


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@example.com", "ann@@example.com", "ann example.com", "ann@example",
     "ann@exa mple.com", "ann@-example.com", "ann@" + "a" * 250 + ".com", "x" * 20_000, "ann@example.com\nbcc:bob@example.com"],
)  # fmt: skip
def test_bad_addresses_are_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        digest_email(address, KEYS)
    error = refused.value
    assert len(address) < 4 or address not in str(error)
    assert error.pointer == "/author/email"
    assert error.__cause__ is None


def test_a_huge_address_costs_nothing() -> None:
    started = time.process_time()
    for _ in range(1_000):
        with pytest.raises(InvalidSubmission, match=str(MAX_EMAIL_LENGTH)):
            digest_email("a." * 10_000 + "@example.com", KEYS)
    assert time.process_time() - started < 1


def test_traits_are_computed_while_the_address_is_in_sight() -> None:
    assert digest_email("x@mailinator.com", KEYS).disposable
    assert digest_email("x@sub.mailinator.com", KEYS).disposable
    assert not digest_email("x@example.com", KEYS).disposable
    assert digest_email("admin@example.com", KEYS).role
    assert email_domain("x@BÜCHER.example") == "xn--bcher-kva.example"
    assert email_domain("nonsense") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("192.0.2.7", "::ffff:192.0.2.7"), ("2001:db8::1", "2001:0db8:0:0:0:0:0:1"), (" 192.0.2.7 ", "192.0.2.7")],
)
def test_spellings_of_one_ip_have_one_digest(one: str, other: str) -> None:
    assert digest_ip(one, KEYS) == digest_ip(other, KEYS)


def test_networks_are_24_and_48() -> None:
    assert digest_ip("192.0.2.7", KEYS).network == digest_ip("192.0.2.250", KEYS).network
    assert digest_ip("192.0.2.7", KEYS).network != digest_ip("192.0.3.7", KEYS).network
    assert digest_ip("2001:db8:1:2::1", KEYS).network == digest_ip("2001:db8:1:ff::9", KEYS).network
    assert digest_ip("2001:db8:1::1", KEYS).network != digest_ip("2001:db8:2::1", KEYS).network


@pytest.mark.parametrize("address", ["", "localhost", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4\0", "[::1]", "1" * 5000])
def test_bad_ips_are_refused(address: str) -> None:
    with pytest.raises(InvalidSubmission):
        digest_ip(address, KEYS)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to ann@example.com.", f"write to {MASK * 3}@{MASK * 12}"),
        ("@ann and @bob, hello", "@ann and @bob, hello"),
        ("<ann@example.com>", f"<{MASK * 3}@{MASK * 11}>"),
        ("https://e.com/?e=ann%40e.com&x=1", f"https://e.com/?e={MASK * 11}&x=1"),
        ("ann&#64;e.com", MASK * 13),
        ("ann＠e.com", MASK * 9),
        ("3 @ 4", "3 @ 4"),
        ("", ""),
    ],
)
def test_addresses_in_text_are_dotted_out(text: str, masked: str) -> None:
    assert mask_addresses(text) == masked
    assert len(masked) == len(text)
    assert has_address(text) is (text != masked)


def test_what_the_author_gave_is_hidden_wherever_it_stands() -> None:
    own = ("ann at example", "192.0.2.7")
    masked = mask_addresses("From 192.0.2.7: I am Ann AT Example", own)
    assert "192" not in masked
    assert "Ann" not in masked


@given(st.text(alphabet="a@.%40&#6; \n＠é", max_size=60))
def test_masking_keeps_every_position_and_leaves_nothing_to_mask(text: str) -> None:
    masked = mask_addresses(text)
    assert len(masked) == len(text)
    assert mask_addresses(masked) == masked
    for before, after in zip(text, masked, strict=True):
        assert after in (before, MASK)


@pytest.mark.parametrize("text", ["@" * 65_000, "a@" * 32_000, "a%40" * 16_000, "a" * 65_000 + "@b", "&#0" * 20_000])
def test_masking_has_no_bad_case(text: str) -> None:
    started = time.process_time()
    mask_addresses(text)
    assert time.process_time() - started < 2


def test_keys_do_not_show_in_a_repr() -> None:
    assert repr(ROTATED) == "IdentityKeys(k2, k1)"


@pytest.mark.parametrize("address", ["ann@corp.local", "ann@localhost", "ann@host.test"])
def test_addresses_of_an_intranet_are_some_where_the_operator_says_so(address: str) -> None:
    with pytest.raises(InvalidSubmission):
        digest_email(address, KEYS)
    try:
        let_intranet_in(["local", "localhost", "test"])
        if "." in address.partition("@")[2]:
            assert digest_email(address, KEYS).digest != digest_email("ann@corp.example", KEYS).digest
        with pytest.raises(InvalidSubmission):
            digest_email("ann@site.onion", KEYS)
    finally:
        let_intranet_in(())
    with pytest.raises(InvalidSubmission):
        digest_email(address, KEYS)
