"""Hosts: every spelling that browsers take for the same host has one identity, two hosts have two, and nothing fails."""

from __future__ import annotations

import subprocess
import sys
import time

import idna
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier.unicode.confusables import twins
from classifier.unicode.hosts import WELL_KNOWN, Host
from tests.support.spellings import addresses, hosts, spellings


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("straße.de", "xn--strae-oqa.de"), ("STRASSE.de", "strasse.de"), ("XN--STRAE-OQA.de", "xn--strae-oqa.de"),
        ("bücher.de", "xn--bcher-kva.de"), ("bu\u0308cher.de", "xn--bcher-kva.de"), ("BÜCHER.DE.", "xn--bcher-kva.de"),
        ("ｅｘａｍｐｌｅ。ＣＯＭ", "example.com"), ("ex\u00adam\u200bple.com", "example.com"), ("𝐞xample.ⓒⓞⓜ", "example.com"),
        ("ex%61mple%E3%80%82com", "example.com"), ("ΟΔΟΣ.gr", "xn--pxavbq.gr"), ("οδος.gr", "xn--pxavbm.gr"),
        ("a_b.example.com", "a_b.example.com"), ("_a.example.com", "_a.example.com"),
        ("r3---sn-x.example.com", "r3---sn-x.example.com"),
        ("💩.la", "xn--ls8h.la"), ("☃.net", "xn--n3h.net"), ("a..b", "a..b"), ("www.com", "www.com"), ("localhost", "localhost"),
        ("good.com,x.evil.com", "good.com,x.evil.com"), ("example.com…", "example.com"), ("", ""), (".", ""), ("👍", ""),
        ("xn--a.com", "xn--a.com"), ("xn--.com", "xn--.com"), ("XN--ü.com", "xn--%c3%bc.com"), ("a\u2024com", "a%e2%80%a4com"),
        ("%E2%80%AEevil.com", "%e2%80%aeevil.com"), ("a%2fb.com", "a%2fb.com"), ("a%00b.com", "a%00b.com"),
        ("℀.com", "a%2fc.com"),
        ("a" * 64 + ".com", "a" * 64 + ".com"), ("a" * 254, ""), ("ü" * 254, ""),
        ("example.com" + "\u00ad" * 9_000, "example.com"),
    ],
)  # fmt: skip
def test_names(written: str, host: str) -> None:
    assert Host.named(written) == host


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("127.0.0.1", "127.0.0.1"), ("127.0.0.1.", "127.0.0.1"), ("127.1", "127.0.0.1"), ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"), ("0X7F000001", "127.0.0.1"), ("017700000001", "127.0.0.1"), ("0177.0.0.0x1", "127.0.0.1"),
        ("１２７．０．０．１", "127.0.0.1"), ("%31%32%37.1", "127.0.0.1"), ("0x", "0.0.0.0"), ("[::1]", "[::1]"),
        ("[2001:DB8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]"), ("[::FFFF:192.0.2.9]", "[::ffff:c000:209]"), ("[0:0::]", "[::]"),
    ],
)  # fmt: skip
def test_addresses_of_the_internet_in_every_notation(written: str, host: str) -> None:
    assert Host.named(written) == host
    assert Host.named(written).ip
    assert Host.named(written).domain == host


@pytest.mark.parametrize(
    "written", ["1.2.3.4.5", "256.1.1.1", "foo.1", "4294967296", "08", "[::1", "[::1%eth0]", "[x]", "1.2.0x1g"]
)
def test_what_only_looks_like_one_is_none(written: str) -> None:
    assert not Host.named(written).ip


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("HTTP://User:Pass@WWW.Example.COM:8080/a?b", "www.example.com"), ("example.com", "example.com"),
        ("//example.com/x", "example.com"), ("\\\\example.com/x", "example.com"), ("http:\\\\example.com\\x", "example.com"),
        ("https:/example.com", "example.com"), ("https:example.com", "example.com"), ("https://evil.com\\@good.com/", "evil.com"),
        ("https://good.com(@evil.com/", "evil.com"), ("https://good.com#@evil.com/", "good.com"),
        ("ht\ntps://exa\tmple.com\r", "example.com"),
        ("https://[2001:db8::1]:80/", "[2001:db8::1]"), ("http://u@[::1]/", "[::1]"), ("hxxp://example.com/", "example.com"),
        ("example.com:80/x", "example.com"), ("/path", ""), ("#top", ""), ("", ""), ("http://", ""), ("http://" + "a" * 300, ""),
        ("https://" + "a" * 9_000 + "@evil.com/", "evil.com"), ("  https://example.com", "example.com"),
    ],
)  # fmt: skip
def test_addresses(address: str, host: str) -> None:
    assert Host.of(address) == host


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_spelling_of_a_host_has_one_identity(data: st.DataObject) -> None:
    host = data.draw(hosts())
    address = data.draw(addresses(data.draw(spellings(host))))
    broken = address[:9] + data.draw(st.sampled_from(("", "\t", "\n"))) + address[9:]
    assert Host.of(address) == Host.of(broken) == Host.named(host)


@settings(deadline=None)
@given(hosts(), hosts())
@example("straße.de", "strasse.de")
@example("bücher.de", "bucher.de")
@example("ελλάς.gr", "ελλάσ.gr")
def test_two_hosts_never_share_one(one: str, other: str) -> None:
    mapped = [idna.uts46_remap(host, std3_rules=False).replace("xn--p1ai", "рф") for host in (one, other)]
    assert (Host.named(one) == Host.named(other)) is (mapped[0] == mapped[1])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "http://", "//", "http://[", "xn--", "http://%", "http://0x", "."]))
@example("\ud800.com", "")
@example("%5c%2e%2e", "http://")
@example("0℀", "")
def test_nothing_makes_reading_fail_and_reading_again_changes_nothing(text: str, before: str) -> None:
    host = Host.of(before + text)
    assert Host.named(host) == host
    assert host.isascii()
    assert not host or host.isprintable()
    assert len(host) <= 253
    assert Host.named(host.shown) == host
    assert isinstance(host.domain, str)
    assert (host.public, host.ip, host.unicode) is not None


def test_characters_that_have_no_place_in_a_host_give_no_other_hosts_name() -> None:
    for code in (*range(0x80, 0x3000), *range(0x3000, 0x110000, 211)):
        try:
            idna.uts46_remap(chr(code), std3_rules=False)
        except idna.IDNAError:
            assert "%" in Host.named(f"a{chr(code)}b.com"), hex(code)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("xn--bcher-kva.de", "bücher.de"), ("straße.de", "straße.de"), ("яндекс.рф", "яндекс.рф"),
        ("ひらがなカナ漢字.jp", "ひらがなカナ漢字.jp"),
        ("한국.kr", "한국.kr"), ("العربية.com", "العربية.com"), ("เว็บ.com", "เว็บ.com"), ("नमस्ते.भारत", "नमस्ते.भारत"),
        ("p\u0430ypal.com", "xn--pypal-4ve.com"), ("аррӏе.com", "xn--80ak6aa92e.com"), ("googlé.com", "xn--googl-fsa.com"),
        ("ɢoogle.com", "xn--oogle-wmc.com"), ("páypal-login.com", "xn--pypal-login-k7a.com"), ("💩.la", "xn--ls8h.la"),
        ("googlé.bücher.de", "xn--googl-fsa.bücher.de"), ("x\u0323\u0307a.com", "xn--a-udb161s.com"), ("1א.com", "xn--1-0hc.com"),
    ],
)  # fmt: skip
def test_a_host_is_shown_in_its_letters_unless_they_could_be_taken_for_others(written: str, shown: str) -> None:
    assert Host.named(written).shown == shown


@settings(deadline=None)
@given(st.sampled_from(sorted(WELL_KNOWN)), st.data())
def test_what_is_shown_never_looks_like_a_well_known_name(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    alike = [c for c, letter in twins().items() if letter == name[at] and c == c.lower()] + [
        name[at] + mark for mark in "\u0301\u0308\u0323"
    ]
    host = Host.named(name[:at] + data.draw(st.sampled_from(alike or [name[at]])) + name[at + 1 :] + ".com")
    assert host.shown.isascii()


@pytest.mark.parametrize(
    ("written", "domain", "public"),
    [
        ("a.b.BÜCHER.de", "xn--bcher-kva.de", True), ("www.example.co.uk", "example.co.uk", True), ("co.uk", "co.uk", True),
        ("anna.blogspot.com", "anna.blogspot.com", True), ("a.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn", True),
        ("fritz.box", "fritz.box", True), ("router", "router", False), ("good.com,x.evil.com", "evil.com", True),
    ],
)  # fmt: skip
def test_registered_domains(written: str, domain: str, public: bool) -> None:
    host = Host.named(written)
    assert (host.domain, host.public) == (domain, public)


@pytest.mark.parametrize(
    "piece", ["a.", "ü.", "xn--", "%61", "%", "\u00ad", "@", "[", "0x1.", "\t", "é\u0323", "。", "\U0010ffff"]
)
def test_reading_is_linear(piece: str) -> None:
    begun = time.process_time()
    Host.of("http://" + piece * (200_000 // len(piece)))
    assert time.process_time() - begun < 2


def test_who_reads_hosts_alone_loads_nothing_heavy() -> None:
    heavy = ["numpy", "sklearn", "redis", "requests", "tldextract", "idna"]
    code = (
        "import sys, service.core.text.links, service.core.text.folding, service.core.signals.subjects as s;"
        "s.Host.of('https://www.example.com/x');"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(said.strip("[]\n").replace("'", "").replace(" ", "").split(",")) <= {
        "idna",
        "",
    }  # email-validator has idna
