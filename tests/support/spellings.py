"""Hosts, and the spellings of them that browsers take for the same; for tests."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

LABELS = (
    "example", "a_b", "spam-7", "r3---sn-x", "bücher", "straße", "strasse", "faß", "åbc", "ελλάς", "пример", "日本語", "한국",
    "नमस्ते", "מבחן", "x💩y", "i\u0307x", "đồng", "shop",
)  # fmt: skip
ENDINGS = ("com", "de", "co.uk", "github.io", "рф", "भारत", "xn--p1ai", "中国")
IPS = ("192.0.2.9", "127.0.0.1", "8.8.8.8")


@st.composite
def hosts(draw: st.DrawFn) -> str:
    """A host as its owner would write it."""
    return ".".join([*draw(st.lists(st.sampled_from(LABELS), min_size=1, max_size=3)), draw(st.sampled_from(ENDINGS))])


@st.composite
def spellings(draw: st.DrawFn, host: str) -> str:
    """Another way to write it, for which every browser goes to the same place; some are long."""
    labels = [draw(st.sampled_from((_as_it_is, _coded)))(label) for label in host.split(".")]
    written = ""
    for at, label in enumerate(labels):
        written += draw(st.sampled_from(".。．｡")) if at else ""
        coded = label.startswith("xn--")
        for character in label:
            ways = [character, character.upper() if character.upper().lower() == character else character]
            if character.isascii() and character.isalnum():
                ways.append(chr(ord(character) + 0xFEE0))
            ways += [quote(way) for way in ways]
            written += draw(st.sampled_from(ways)) + (
                "" if coded else draw(st.sampled_from(("", "", "", "\u00ad", "\u200b")))
            )
    return written + draw(st.sampled_from(("", "", ".", "。", "%2e")))


def _as_it_is(label: str) -> str:
    return label


def _coded(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


@st.composite
def addresses(draw: st.DrawFn, written: str) -> str:
    """A web address with a host, however written."""
    scheme = draw(st.sampled_from(("http://", "https://", "HTTPS://", "https:\\\\", "http:/\\", "https:////")))
    user = draw(st.sampled_from(("", "", "good.example@", "a:b@", "a@b:80@")))
    port = draw(st.sampled_from(("", "", ":", ":8080")))
    return (
        scheme
        + user
        + written
        + port
        + draw(st.sampled_from(("", "/", "/a/b?c=d", "?x", "#y", "\\z", "\\@good.example/")))
    )
