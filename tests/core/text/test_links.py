"""One host, one identity, whoever reads it: domain lists, signals, reputations, the moderators' page and the classifier."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.normalise import normalise
from classifier.normalise.links import parse
from classifier.unicode.hosts import Host
from service.core.signals.subjects import subjects_of
from service.core.submission import Author, Page, Submission
from service.core.text.links import Domains, find_links, locate
from tests.support.spellings import IPS, addresses, hosts, spellings


def subjects(content: str, url: str = "") -> tuple[str, ...]:
    return subjects_of(Submission("1", Page("https://blog.example/x"), Author("Ann", url=url), content)).domains


def test_a_list_with_an_international_domain_finds_it_in_punycode_and_leaves_other_peoples_alone() -> None:
    for written in ("straße.de", "xn--strae-oqa.de", "STRAẞE.de"):
        domains = Domains([written])
        assert domains.found("see https://straße.de/x") == written
        assert domains.found("see https://xn--strae-oqa.de/x") == written
        assert domains.found("just www.stra%C3%9Fe.de") == written
        assert domains.found("see https://strasse.de/x and strasse.de") is None
    assert Domains(["strasse.de"]).found("https://straße.de") is None


def test_an_international_domain_has_one_reputation() -> None:
    assert subjects("https://bücher.de/x") == subjects("https://xn--bcher-kva.de") == subjects("", "BÜCHER.de") != ()
    assert subjects("https://straße.de/x") != subjects("https://strasse.de/x")


def test_what_a_hosts_name_ends_with_is_no_other_host() -> None:
    assert [link.host for link in locate("Look at http://good.example@한국。co。uk here.")] == ["xn--3e0b707e.co.uk"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_spelling_is_the_same_host_to_every_reader(data: st.DataObject) -> None:
    name = data.draw(hosts())
    host = Host.named(name)
    address = data.draw(addresses(data.draw(spellings(name))))
    text = f"Look at {address} here."
    assert Domains([name]).found(text) == name
    assert Domains(["good.example", name]).cover([text])
    assert not Domains(["good.example"]).cover([text])
    assert find_links(text).domains == (host.domain,)
    assert subjects(text) == subjects("", address) == subjects(f"https://{host}/")
    assert [link.host for link in locate(text)] == [host]
    assert parse(address).host == host
    assert host in [link.host for link in normalise(text).links]


@pytest.mark.parametrize(
    "address", ["http://3221225993/", "http://0xc0000209", "http://0300.0.521/", "http://１９２.0.2.9。/"]
)
def test_numbers_are_the_same_address_to_every_reader(address: str) -> None:
    text = f"Look at {address} here."
    assert find_links(text).ip
    assert find_links(text).domains == (IPS[0],)
    assert [link.host for link in locate(text)] == [IPS[0]]
    assert parse(address).host == IPS[0]
    assert normalise(text).links[0].host == IPS[0]


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://good.example&#64;evil.example/">x</a>', '<a href="https://ev&#x69;l.example/">x</a>',
        '<a href="https://good.example\'@evil.example/">x</a>', "<a href='https://ev\nil.example/'>x</a>",
        '<a href="//evil.example/">x</a>', '<a href="https:evil.example">x</a>', '<a href="\\\\evil.example">x</a>',
        "https://evil.example\\@good.example/",
        "https://good.example(@evil.example/", "https:\\\\evil.example/", "ftp://evil.example/",
        "https://user@evil.example:80/", "https://evil&period;example/", "https://x.evil。example/",
        "WWW.evil.example", "evil.example.",
        "„evil.example“", "今天。evil.example。好", "(https://evil.example)", "[x](https://evil.example)",
        "[url=evil.example]x[/url]", "ｅｖｉｌ．ｅｘａｍｐｌｅ", "e\u00advil.example",
    ],
)  # fmt: skip
def test_a_list_finds_a_domain_wherever_a_browser_or_a_reader_would(text: str) -> None:
    assert Domains(["evil.example"]).found(text) == "evil.example"
    assert not Domains(["good.example"]).cover([text, "https://good.example/"]) or text in UNLINKED


UNLINKED = {"evil.example.", "„evil.example“", "今天。evil.example。好", "[url=evil.example]x[/url]", "ｅｖｉｌ．ｅｘａｍｐｌｅ",
            "e\u00advil.example"}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "evil.example.com",
        "https://notevil.example",
        "evil example",
        "an evil.",
        "ann@evil.example",
        "evil。好。example.com",
    ],
)
def test_and_nowhere_else(text: str) -> None:
    assert Domains(["evil.example"]).found(text) is None


def test_only_good_links_are_covered() -> None:
    good = Domains(["good.example", "bücher.de"])
    assert good.cover(
        ["https://good.example/x, (http://www.good.example) [x](https://good.example/y).", "HTTP://XN--BCHER-KVA.de"]
    )
    assert good.cover(['<a href="https://good.example/?a=1&amp;b=2" title=x>x</a>'])
    assert not good.cover(["no link"])


def test_what_is_odd_in_an_attribute_is_read_as_a_browser_does() -> None:
    links = find_links('<a href="https://good.example\'@evil&#46;com/">x</a>')
    assert "evil.com" in links.domains
    assert find_links('<a href="http://ev&#105;l.com/">www.bank.com</a>').mismatch
    assert find_links("<a href='http://[::1]/'>x</a>").ip
    assert not find_links('<a href="http://b&uuml;cher.de/">bücher.de</a>').mismatch


@pytest.mark.parametrize(
    "piece", ["<a href='x&", 'href="', "http:\\", "//", "a.", "a。", "ü.", "www.", "http://é@", "&#", "https:"]
)
def test_hostile_texts_are_read_in_linear_time(piece: str) -> None:
    text = piece * (65_000 // len(piece))
    begun = time.process_time()
    domains = Domains(["evil.example"])
    assert domains.found(text) is None
    assert not domains.cover([text])
    find_links(text)
    locate(text)
    assert time.process_time() - begun < 4


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("see abcd.com now", ["abcd.com"]),
        ("abcd&#46;com", ["abcd.com"]),
        ("ex\u200bample.com", ["example.com"]),
        ("\u0440\u0430ypal.com", ["xn--ypal-43d9g.com"]),
        ("example\u3002com, \uff41\uff42\uff43\uff0e\uff43\uff4f\uff4d", ["example.com", "abc.com"]),
        ("hxxp://bad.com ftp://x.com/a //y.com", ["bad.com", "x.com", "y.com"]),
        ("[url]x.com[/url] [text](evil.com)", ["x.com", "evil.com"]),
        ("<a href='http://evil.example.com'>good.com</a>", ["evil.example.com", "good.com"]),
        ("http://localhost/ https://[::1]/x http://3232235777/", ["localhost", "[::1]", "192.168.1.1"]),
        ("x.com and X.COM and https://x.com/y", ["x.com"]),
        ("me@x.com, e.g. node.js, 1.2.3.4, a.b, end.Of", []),
    ],
)
def test_people_are_shown_every_host_with_a_scheme_or_without(text: str, hosts: list[str]) -> None:
    assert sorted({str(link.host) for link in locate(text)}) == sorted(hosts)


_PIECES = st.sampled_from(
    [
        "abcd",
        "shop",
        ".com",
        ".co.uk",
        ".",
        "&#46;",
        "\u3002",
        "\u200b",
        "http://",
        "www.",
        "//",
        "@",
        " ",
        "<a href=",
        ">",
        "/x",
        "\u0430",
        "xn--",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_what_a_list_of_domains_finds_people_are_shown(text: str) -> None:
    shown = {link.host.domain for link in locate(text)}
    for domain in ("abcd.com", "shop.com", "abcd.co.uk", "shop.co.uk", "abcdshop.com"):
        if Domains([domain]).found(text):
            assert domain in shown, text


@given(st.text(max_size=200))
def test_what_is_shown_stands_in_the_text(text: str) -> None:
    for link in locate(text):
        assert 0 <= link.start < link.end <= len(text)
