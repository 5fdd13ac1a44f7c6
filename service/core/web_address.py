"""Whether an address can be reached by HTTP, as far as it can be told by looking: for what operators type; and whether two of
anybody's are on one host."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from classifier.unicode.hosts import Host

_URL = re.compile(r"https?://[^\s/?#@\\]+(?:[/?#]\S*)?\Z", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)\Z")
_MOST_HOST = 253  # characters


def is_web_address(url: str) -> bool:
    """Whether something can be reached there: http or https, a host that can be one, a port from 1 to 65535, nobody's name."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return _URL.match(url) is not None and port != 0 and not parts.netloc.endswith(":") and is_host(host)


def same_host(one: str, other: str) -> bool:
    """Whether two addresses are on one host, as browsers read them, and lists of domains: `https://a\\@b` is on a. See ADR 15."""
    return bool(host := Host.of(one)) and host == Host.of(other)


def is_host(host: str) -> bool:
    """Whether it can be the name or the address of a host."""
    last = host.removesuffix(".").rpartition(".")[2]
    if (
        ":" in host or last.isdigit() or last.startswith("0x")
    ):  # as browsers have it, a number at the end makes it an address
        try:
            return bool(ip_address(host))
        except ValueError:
            return False
    labels = host.removesuffix(".").split(".")
    return len(host) <= _MOST_HOST and all(_LABEL.match(label) for label in labels)
