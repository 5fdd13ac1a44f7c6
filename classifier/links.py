"""Links in comments: finding them in any markup, and what their address gives away. For `classifier` only.

Nothing here fetches anything; a link is judged by its text alone.
"""

import re
from typing import NamedTuple

from classifier.hosts import FREE_HOSTS, LINK_ENDINGS, RISKY_ENDINGS, SHORTENERS

# Common enough top-level domains to take `word.tld` for a link that has no scheme.
_ATTRIBUTE = r"""(?:href|src)\s*=\s*["']?\s*([^\s"'<>]*)"""
# Patterns begin with a literal wherever they can: the engine then skips to it at the speed of memchr.
TAG = re.compile(r"<(?:/?[a-z!][^<>]*>|!--)")
_TARGET = re.compile(_ATTRIBUTE)
_BREAKING = re.compile(r"</?(?:p|br|div|li|ul|ol|tr|td|th|h[1-6]|hr|table|blockquote|pre|img)\b")
BBCODE = re.compile(
    r"\[/?(?:url|link|img|b|i|u|s|quote|code|color|size|font|center|email|list|\*)(?:\s*=\s*([^\[\]]*))?\]",
    re.IGNORECASE,
)
MARKDOWN = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^()\s<>]*)[^()]*\)")
SCHEME_ANCHOR = re.compile("://")
WWW_ANCHOR = re.compile(r"www\.")
ADDRESSED = re.compile(r"(?:(?:https?|hxxps?|ftp)://|(?<![a-z0-9.\-@/_])www\.(?=[^\W\d_]))[^\s<>\"\[\]{}|\\^]*")
_ENDING = r"\.([a-z]{2,8})(?![a-z0-9@\-]|\.[a-z0-9@])"
DOMAIN_ENDING = re.compile(_ENDING)
BARE = re.compile(
    r"(?<![a-z0-9.\-@/_])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,5}"
    + _ENDING
    + r"(?:/[^\s<>\"\[\]{}|\\^]*)?"
)
ADDRESSEE = re.compile(r"@[\w\-]{1,63}\.")
EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@(?:[\w\-]{1,63}\.)+[a-z]{2,24}")
_EDGE = ".,;:!'\"()*-_"
_NOT_IN_HOST = re.compile(r"[^\w.\-]")
_LONGEST_ADDRESS = 2048
SOLE = re.compile(r"https?://[a-z0-9.\-/_?=%#+~,;]+")
_SCHEME = re.compile(r"^(?:[a-z]{2,6}:/+)?(?:www\.)*")


class Link(NamedTuple):
    """A link as found, folded to lower case."""

    host: str
    """The host without `www.`, port and credentials; may be empty or nonsense, as in the comment."""
    path: str
    """What follows the host up to a query or fragment, at most 80 characters, with its leading slash."""
    bare: bool = False
    """It has no scheme: `example.com`."""

    @property
    def text(self) -> str:
        """How the link is written in the folded text."""
        return self.host + self.path

    @property
    def tld(self) -> str:
        """The last label of the host."""
        return self.host.rpartition(".")[2]

    @property
    def shortened(self) -> bool:
        """The host hides the destination."""
        return self.host in SHORTENERS

    @property
    def risky(self) -> bool:
        """The top-level domain is one that spam prefers."""
        return self.tld in RISKY_ENDINGS

    @property
    def free_host(self) -> bool:
        """The page lives where anybody gets one for nothing."""
        return self.host in FREE_HOSTS or self.host.partition(".")[2] in FREE_HOSTS


def parse(address: str, *, bare: bool = False) -> Link:
    """Take an address apart. Never fails: what is not an address becomes an odd host."""
    rest = _bared(address[:_LONGEST_ADDRESS].lower())
    for mark in "?#":
        rest = rest.partition(mark)[0]
    host, slash, path = rest.partition("/")
    named = _bared(host.rpartition("@")[2].partition(":")[0])
    host = _NOT_IN_HOST.split(named[:253], 1)[0].partition("www.")[0].rstrip(_EDGE)
    path = (slash + path.replace(":", "").replace("@", ""))[:80].rstrip("/" + _EDGE)
    return Link(host, path, bare)


def _bared(address: str) -> str:
    """The address without scheme, `www.` and stray punctuation in front."""
    while True:
        scheme = _SCHEME.match(address)
        rest = address[scheme.end() if scheme else 0 :].lstrip(_EDGE)
        if len(rest) == len(address):
            return rest
        address = rest


def known_ending(match: re.Match[str]) -> bool:
    """Whether a match of `BARE` ends in a top-level domain common enough to take it for a link."""
    return match[1] in LINK_ENDINGS


def tag_target(tag: str) -> str:
    """The address in an HTML tag, or the empty string."""
    found = _TARGET.search(tag)
    return found[1] if found else ""


def breaks_line(tag: str) -> bool:
    """The tag separates words (`<br>`), unlike `<b>`."""
    return _BREAKING.match(tag) is not None
