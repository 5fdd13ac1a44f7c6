"""E-mail and IP addresses, and the spellings of them that readers, browsers and programs take for the same; for tests."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote

from hypothesis import strategies as st

LOCALS = ("leakzoe", "leakzoe.miller", "leakzoe_7", "leakzoe+news", "leakzöe")
DOMAINS = ("hidden-7.example", "mail.hidden-7.co.uk", "hidden-7.de", "xhidden.com")
IPV4 = ("203.0.113.77", "198.51.100.9", "8.8.4.4")
IPV6 = ("2001:db8:feed:beef::77", "2001:db8::1", "fe80::1:2:3", "2001:db8:1:2:3:4:5:6")
ATS = (
    "@", "＠", "﹫", "&#64;", "&#064;", "&#0000000064;", "&#64", "&#x40;", "&#X0040", "&commat;", "&amp;#64;",
    "&amp;amp;#x40;",
    "%40", "%2540", "%252540", "%EF%BC%A0", "&#37;40", "%26%2364;", "=40", "\\u0040", "\\x40", "%u0040", "\\@",
    "<wbr>@", "@<wbr/>", "@<!-- -->", "<b>@</b>", "[b]@[/b]", "\u200b@", "@\u200b", "\u00ad@", "\u2060@\u2060", "&shy;@",
    "&#8203;@",
    "&zwnj;@", "(x)@", "@(at home)", "(x) @ (y)", " @ ", "@ ", " @", "\u00a0@\u00a0", "&nbsp;@&nbsp;", "(at)", "[at]",
    "{at}", " (at) ",
    " [AT] ", "<at>", " ( at ) ", "[@]", "(@)", "&#40;at&#41;", " [at]", " (ät) ", "(arroba)",
)  # fmt: skip
DOTS = (
    ".", "．", "。", "&#46;", "&period;", "%2E", "%252e", "=2E", " dot ", " DOT ", "(dot)", "[.]", " [dot] ", "\\.",
    "<wbr>.", "\u200b.",
    "&#x2e;",
)  # fmt: skip
QUOTES = ('"{}"', '"{}"', "&quot;{}&quot;", "“{}”", "{}", "{}", "{}", "{}")


@st.composite
def spelt_emails(draw: st.DrawFn, local: str, domain: str) -> str:
    """A spelling of an e-mail address."""
    at = draw(st.sampled_from((*ATS, " at ", " AT ")))
    dot = draw(st.sampled_from(DOTS if at.strip().lower() != "at" else (" dot ", " DOT ", " [dot] ", "(dot)")))
    name = (
        draw(st.sampled_from(QUOTES)).format(_letters(draw, local))
        if at.strip("\u00a0 ").lower() not in ("at", "")
        else local
    )
    host = dot.join(_letters(draw, label) for label in domain.split("."))
    return name + at + host


@st.composite
def spelt_ips(draw: st.DrawFn, address: str) -> str:
    """A spelling of an IP address."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        octets = address.split(".")
        number = f"{int(parsed):08x}"
        ways = [
            address, f"::ffff:{address}", f"[::FFFF:{address}]", str(int(parsed)), hex(int(parsed)), f"{address}:8080",
            f"{address}.",
            ".".join(octet.zfill(3) for octet in octets), ".".join(map(hex, map(int, octets))), "&#46;".join(octets),
            "%2E".join(octets), "．".join(octets), ".".join(f"0{int(octet):o}" for octet in octets),
            f"::ffff:{number[:4]}:{number[4:]}",
        ]  # fmt: skip
    else:
        full = parsed.exploded
        short = ":".join(f"{int(part, 16):x}" for part in full.split(":"))
        ways = [address, address.upper(), full, full.upper(), short, f"[{full}]", f"[{address}]:443", full.replace(":",
        "%3A"),
                address.replace(":", "&#58;"), f"{address}%eth0", address.replace(":", "："), f"{short}."]  # fmt: skip
    return draw(st.sampled_from(ways))


def _letters(draw: st.DrawFn, text: str) -> str:
    """A part of an address, some of whose letters are in a costume."""
    way = draw(st.sampled_from(("plain", "plain", "plain", "upper", "entity", "percent", "wide", "split")))
    at = draw(st.integers(0, len(text) - 1))
    one = text[at]
    said = {
        "plain": one,
        "upper": one.upper() if len(one.upper()) == 1 else one,
        "entity": f"&#{ord(one)};",
        "percent": quote(one) if not one.isalnum() or not one.isascii() else f"%{ord(one):02X}",
        "wide": chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one,
        "split": one + "\u200b",
    }[way]
    return text[:at] + said + text[at + 1 :]
